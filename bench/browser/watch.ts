/** Runs in the page from its opening on, beside it, and writes down in `watched` when it is how far. */
export interface Watched {
  /** Milliseconds from the opening of the page to the first line of the kernel, and to the shell's prompt. */
  readonly kernel?: number;
  readonly shell?: number;
  /** Milliseconds of the main thread's long tasks; null in engines without the Long Tasks API. */
  readonly longTasks: readonly number[] | null;
  /** Milliseconds from each key to its echo in the terminal. */
  readonly echoes: readonly number[];
}

/** JavaScript for a document that is about to be loaded. @param prompt of the shell. */
export function watchScript(prompt: string): string {
  return `
    const canTell = PerformanceObserver.supportedEntryTypes.includes('longtask');
    globalThis.watched = { longTasks: canTell ? [] : null, echoes: [] };
    const rows = () => document.querySelector('.xterm-rows')?.textContent ?? '';
    const look = () => {
      const now = performance.now();
      if (document.querySelector('#stages')?.textContent.includes('Kernel')) watched.kernel ??= now;
      if (rows().includes(${JSON.stringify(prompt)})) watched.shell = now;
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
    if (canTell) new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) watched.longTasks.push(duration);
    }).observe({ type: 'longtask', buffered: true });
    addEventListener('keydown', () => {
      const before = rows();
      const start = performance.now();
      const echo = () => {
        if (rows() === before) return void requestAnimationFrame(echo);
        watched.echoes.push(performance.now() - start);
      };
      requestAnimationFrame(echo);
    }, { capture: true });
  `;
}
