/** Gathers the guest's output into messages, and holds the guest while too much of it has not been taken. */

/** Bytes under way from which on the guest is held. */
const LIMIT = 2 ** 20;
/** Milliseconds between two messages while the guest computes: a screen is drawn more seldom. */
const INTERVAL = 5;

export interface OutputGateOptions {
  readonly now: () => number;
  readonly send: (bytes: Uint8Array<ArrayBuffer>) => void;
  /** The guest has to wait, or may go on. */
  readonly hold: (held: boolean) => void;
}

export class OutputGate {
  private readonly options: OutputGateOptions;
  private waiting: Uint8Array[] = [];
  private lastSent = Number.NEGATIVE_INFINITY;
  private underWay = 0;

  constructor(options: OutputGateOptions) {
    this.options = options;
  }

  add(bytes: Uint8Array): void {
    this.waiting.push(bytes);
    if (this.options.now() - this.lastSent >= INTERVAL) this.flush();
  }

  flush(): void {
    if (this.waiting.length === 0) return;
    const length = this.waiting.reduce((sum, bytes) => sum + bytes.length, 0);
    const all = new Uint8Array(length);
    let at = 0;
    for (const bytes of this.waiting) {
      all.set(bytes, at);
      at += bytes.length;
    }
    this.waiting = [];
    this.lastSent = this.options.now();
    const wasOpen = this.underWay <= LIMIT;
    this.underWay += length;
    this.options.send(all);
    if (wasOpen && this.underWay > LIMIT) this.options.hold(true);
  }

  taken(bytes: number): void {
    const wasHeld = this.underWay > LIMIT;
    this.underWay -= bytes;
    if (wasHeld && this.underWay <= LIMIT) this.options.hold(false);
  }
}
