/** Runs a program that does not end by itself until it says something. */
import { spawn } from 'node:child_process';

/**
 * @param text in its output, on one line. @param timeout seconds.
 * Returns the seconds from its start. It is ended then.
 * @throws Error with the end of its output when it ends before, or takes too long.
 */
export function runUntil(
  program: string,
  args: readonly string[],
  text: string,
  timeout: number,
): Promise<number> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let seconds: number | undefined;
    const timer = setTimeout(() => child.kill('SIGKILL'), timeout * 1000);
    const look = (data: Buffer): void => {
      output += data.toString('latin1');
      if (seconds !== undefined || !output.includes(text)) return;
      seconds = (performance.now() - start) / 1000;
      child.kill('SIGKILL');
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(timer);
      const command = [program, ...args].join(' ');
      if (seconds !== undefined) resolve(seconds);
      else reject(new Error(`${command}\nended without "${text}"; its last output:\n${output.slice(-2000)}`));
    });
  });
}
