/** A console's output as text, and who waits for some. */

/** Characters of output kept that nobody has waited for: the older ones are forgotten. */
const KEPT = 2 ** 20;

interface Waiter {
  readonly pattern: string | RegExp;
  found(text: string): void;
}

export class TextLog {
  private readonly decoder = new TextDecoder();
  private text = '';
  private readonly waiters = new Set<Waiter>();

  add(bytes: Uint8Array): void {
    this.text += this.decoder.decode(bytes, { stream: true });
    for (const waiter of this.waiters) this.look(waiter);
    if (this.text.length > 2 * KEPT) this.text = this.text.slice(-KEPT);
  }

  /**
   * Waits for a text that no earlier call has waited for or passed over.
   * @returns the output up to and with the text. Rejects when the signal is aborted or `ended` is.
   */
  async waitFor(
    pattern: string | RegExp,
    signal: AbortSignal | undefined,
    ended: AbortSignal,
  ): Promise<string> {
    const signals = signal === undefined ? [ended] : [signal, ended];
    return await new Promise<string>((resolve, reject) => {
      const settle = (): void => {
        this.waiters.delete(waiter);
        for (const one of signals) one.removeEventListener('abort', abort);
      };
      const abort = (): void => {
        settle();
        reject(signals.find(({ aborted }) => aborted)?.reason);
      };
      const waiter = {
        pattern,
        found: (text: string) => {
          settle();
          resolve(text);
        },
      };
      this.waiters.add(waiter);
      this.look(waiter);
      if (!this.waiters.has(waiter)) return;
      for (const one of signals) one.addEventListener('abort', abort);
      if (signals.some(({ aborted }) => aborted)) abort();
    });
  }

  private look({ pattern, found }: Waiter): void {
    let end = -1;
    if (typeof pattern === 'string') {
      const start = this.text.indexOf(pattern);
      if (start >= 0) end = start + pattern.length;
    } else {
      const match = new RegExp(pattern, pattern.flags.replace(/[gy]/g, '')).exec(this.text);
      if (match !== null) end = match.index + match[0].length;
    }
    if (end < 0) return;
    const seen = this.text.slice(0, end);
    this.text = this.text.slice(end);
    found(seen);
  }
}
