/** One line on what is going on. */
export function progress(message: string): void {
  process.stderr.write(`${message}\n`);
}
