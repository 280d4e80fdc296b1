/** Adds up how long something lasts that begins and ends many times. */
export class StopWatch {
  private readonly now: () => number;
  private total = 0;
  private since: number | undefined;

  /** @param now milliseconds. */
  constructor(now: () => number) {
    this.now = now;
  }

  start(): void {
    this.since = this.now();
  }

  stop(): void {
    this.total = this.milliseconds;
    this.since = undefined;
  }

  /** What is going on counts too. */
  get milliseconds(): number {
    return this.total + (this.since === undefined ? 0 : this.now() - this.since);
  }
}
