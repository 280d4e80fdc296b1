/** Notices that a guest will never do anything again although its processor runs. */

/**
 * `interrupts disabled`: nothing can take the processor out of what it does, and that touches no device.
 * `kernel panic`: Linux said so, and has done nothing but wait in the kernel since.
 */
export type Stall = 'interrupts disabled' | 'kernel panic';

/** What is looked at after each slice. */
export interface ProcessorActivity {
  /** Machine time, in nanoseconds. */
  readonly now: number;
  readonly halted: boolean;
  readonly interruptsEnabled: boolean;
  /** Current privilege level. */
  readonly cpl: number;
  /** Accesses to ports and MMIO since the start. */
  readonly deviceAccesses: () => number;
}

/** Linux, kernel/panic.c: what it says first, and what it says if it restarts by itself after a while. */
const PANIC = 'Kernel panic - not syncing';
const RESTART = 'Rebooting in ';
/** Characters of output to keep, more than a line that is looked for. */
const KEPT = 64;

/**
 * Nanoseconds. Firmware and early kernels run without interrupts for parts of a second, and long computations that
 * do (memory testers) talk to a device more often than this.
 */
const WITHOUT_INTERRUPTS = 10e9;
/** Nanoseconds. After the message only panicking code runs: no process, and no sleep. */
const IN_PANIC = 3e9;

export class StallWatch {
  private readonly tell: (stall: Stall) => void;
  private hasTold = false;
  private tail = '';
  /** Machine time since which interrupts have been off and no device touched. */
  private deafSince: number | undefined;
  private accesses = 0;
  private hasPanicked = false;
  private panickedSince: number | undefined;

  /** @param tell called at most once between restarts. */
  constructor(tell: (stall: Stall) => void) {
    this.tell = tell;
  }

  /** The machine starts anew. */
  restart(): void {
    this.hasTold = false;
    this.tail = '';
    this.deafSince = undefined;
    this.hasPanicked = false;
  }

  /** What the guest sent to its console. */
  output(bytes: Uint8Array): void {
    // One character a byte: nothing but ASCII is looked for.
    let text = this.tail;
    for (const byte of bytes) text += String.fromCharCode(byte);
    const panic = text.lastIndexOf(PANIC);
    if (panic >= 0) {
      this.hasPanicked = true;
      this.panickedSince = undefined;
    }
    if (text.lastIndexOf(RESTART) > panic) this.hasPanicked = false;
    // A message that has been found is not found again.
    this.tail = text.slice(Math.max(-KEPT, panic < 0 ? -KEPT : panic + PANIC.length - text.length));
  }

  slice(activity: ProcessorActivity): void {
    if (this.hasTold) return;
    if (this.isDeaf(activity)) this.report('interrupts disabled');
    else if (this.isInPanic(activity)) this.report('kernel panic');
  }

  private isDeaf({ now, halted, interruptsEnabled, deviceAccesses }: ProcessorActivity): boolean {
    if (interruptsEnabled || halted) {
      this.deafSince = undefined;
      return false;
    }
    const accesses = deviceAccesses();
    if (this.deafSince === undefined || accesses !== this.accesses) this.deafSince = now;
    this.accesses = accesses;
    return now - this.deafSince >= WITHOUT_INTERRUPTS;
  }

  private isInPanic({ now, halted, cpl }: ProcessorActivity): boolean {
    // A process runs, or may: the text was only text.
    if (halted || cpl !== 0) this.hasPanicked = false;
    if (!this.hasPanicked) return false;
    this.panickedSince ??= now;
    return now - this.panickedSince >= IN_PANIC;
  }

  private report(stall: Stall): void {
    this.hasTold = true;
    this.tell(stall);
  }
}
