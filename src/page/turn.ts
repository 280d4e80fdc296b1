/** Ends the task of the page's thread that this is in, so that the visitor is heard before the next piece of work. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
