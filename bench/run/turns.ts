/**
 * Programs that do the same work, each piece in one of them at a time while the others wait for theirs: so what is compared was done
 * within a minute, since a machine's speed may change with what else its hardware does.
 */
import type { ChildProcess } from 'node:child_process';
import type { ChildRun, Started } from './child.ts';

/**
 * Prints `ready NAME` before a piece of work, and begins when it gets a line of input; what it has ended when it asks for the next, or
 * ends.
 */
export type TurnTaker = (started: Started) => Promise<ChildRun>;

const READY = /^ready (.+?)\r?\n/m;

class Running {
  readonly end: Promise<ChildRun>;
  private child: ChildProcess | undefined;
  /** What it has printed in its turn. */
  private output = '';
  private wake: () => void = () => {};

  constructor(taker: TurnTaker) {
    this.end = taker((child) => {
      this.child = child;
      child.stdout?.on('data', (data: Buffer) => {
        this.output += data.toString('latin1');
        this.wake();
      });
    });
  }

  /** @returns the piece that it waits for, undefined when it has ended. @throws Error when it failed. */
  async next(): Promise<string | undefined> {
    for (;;) {
      const ready = READY.exec(this.output)?.[1];
      if (ready !== undefined) return ready;
      const printed = new Promise<true>((resolve) => {
        this.wake = () => resolve(true);
      });
      if ((await Promise.race([printed, this.end])) !== true) return undefined;
    }
  }

  async takeTurn(): Promise<void> {
    this.output = '';
    this.child?.stdin?.write('\n');
    await this.next();
  }

  stop(): void {
    this.child?.kill('SIGKILL');
  }
}

/**
 * @param pieces of work in the order in which they are done; what a contestant leaves out is left out.
 * @param contestants by name, in the order in which each piece is done.
 * @param tell called before each piece.
 * @returns what each contestant printed.
 * @throws Error when one fails; then all are ended.
 */
export async function runInTurn(
  pieces: readonly string[],
  contestants: ReadonlyMap<string, TurnTaker>,
  tell: (piece: string) => void,
): Promise<Map<string, ChildRun>> {
  const running = new Map<string, Running>();
  try {
    for (const [name, contestant] of contestants) {
      const one = new Running(contestant);
      running.set(name, one);
      await one.next();
    }
    for (const piece of pieces) {
      tell(piece);
      for (const one of running.values()) if ((await one.next()) === piece) await one.takeTurn();
    }
    const runs = new Map<string, ChildRun>();
    for (const [name, { end }] of running) runs.set(name, await end);
    return runs;
  } finally {
    for (const one of running.values()) one.stop();
    await Promise.allSettled([...running.values()].map(({ end }) => end));
  }
}
