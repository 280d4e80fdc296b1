/** Tells a person at a terminal what is going on, on one line that goes away when it is done. */

/** Milliseconds between two updates of the elapsed time. */
const INTERVAL = 100;
/** ECMA-48: erase the line, cursor at its beginning. */
const ERASE_LINE = '\r\x1b[2K';

/** What is needed of process.stderr. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export class Progress {
  private readonly output: ProgressOutput;
  private readonly now: () => number;
  private timer: ReturnType<typeof setInterval> | undefined;
  private message = '';
  private since = 0;

  /**
   * @param output shows nothing unless it is a terminal.
   * @param now host time in milliseconds.
   */
  constructor(output: ProgressOutput, now: () => number = () => performance.now()) {
    this.output = output;
    this.now = now;
  }

  /** Shows a message and the time since it was first shown, in place of the one before. */
  show(message: string): void {
    if (this.output.isTTY !== true) return;
    this.message = message;
    this.since = this.now();
    this.draw();
    this.timer ??= setInterval(() => this.draw(), INTERVAL).unref();
  }

  /** Takes the line away. Nothing happens the second time. */
  done(): void {
    if (this.timer === undefined) return;
    clearInterval(this.timer);
    this.timer = undefined;
    this.output.write(ERASE_LINE);
  }

  private draw(): void {
    const seconds = ((this.now() - this.since) / 1000).toFixed(1);
    this.output.write(`${ERASE_LINE}longmode: ${this.message} ... ${seconds} s`);
  }
}
