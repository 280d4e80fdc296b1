/** Finds out how far a boot has come from what the guest sends and how long it sleeps. */
import type { BootStage } from '../protocol.ts';

/** Linux, init/main.c, run_init_process(). */
const INIT_LINE = /Run \S+ as init process/;
/** Longer than any line that is looked for. */
const KEPT = 200;
/** Milliseconds, and how much of them the guest sleeps when it is idle: the timer tick still wakes it. */
const WINDOW = 200;
const IDLE_SHARE = 0.9;

export class BootWatch {
  private readonly now: () => number;
  private readonly tell: (stage: BootStage) => void;
  private stage: BootStage | 'none' = 'none';
  private tail = '';
  private windowStart = 0;
  private slept = 0;
  private sleepStart = 0;

  /** @param now milliseconds. */
  constructor(now: () => number, tell: (stage: BootStage) => void) {
    this.now = now;
    this.tell = tell;
  }

  /** The machine starts anew. */
  restart(): void {
    this.stage = 'none';
    this.tail = '';
  }

  output(bytes: Uint8Array): void {
    if (this.stage === 'none') this.reach('kernel');
    if (this.stage !== 'kernel') return;
    // One character a byte: nothing but ASCII is looked for.
    this.tail += String.fromCharCode(...bytes.subarray(-4 * KEPT));
    if (INIT_LINE.test(this.tail)) {
      this.reach('init');
      this.windowStart = this.now();
      this.slept = 0;
    }
    this.tail = this.tail.slice(-KEPT);
  }

  /** The guest falls asleep, or wakes. */
  sleeping(asleep: boolean): void {
    if (this.stage !== 'init') return;
    const now = this.now();
    if (asleep) {
      this.sleepStart = now;
      return;
    }
    this.slept += now - Math.max(this.sleepStart, this.windowStart);
    if (now - this.windowStart < WINDOW) return;
    if (this.slept >= IDLE_SHARE * (now - this.windowStart)) this.reach('idle');
    this.windowStart = now;
    this.slept = 0;
  }

  private reach(stage: BootStage): void {
    this.stage = stage;
    this.tell(stage);
  }
}
