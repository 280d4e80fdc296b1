/** Reads what runner.sh prints: the output of each program between two marked lines. */
import type { Outcome } from './program.ts';

const BEGIN = /^@@ begin (\S+)$/;
const END = /^@@ end (\S+) (\d+)$/;

export interface TranscriptEvents {
  begun?(name: string): void;
  ended?(name: string, outcome: Outcome): void;
}

export class Transcript {
  readonly outcomes = new Map<string, Outcome>();
  /** Lines outside of programs: what the kernel says. */
  readonly others: string[] = [];
  /** Of the program that runs. */
  #current: { readonly name: string; readonly lines: string[]; readonly start: number } | undefined;
  #begunLine = '';
  readonly #events: TranscriptEvents;
  readonly #now: () => number;

  /** @param now milliseconds, of any start. */
  constructor(events: TranscriptEvents = {}, now = () => performance.now()) {
    this.#events = events;
    this.#now = now;
  }

  /** The program that has begun and not ended. */
  get running(): string | undefined {
    return this.#current?.name;
  }

  /** Takes the next piece of the output; lines may end in CR LF, as a serial console has them. */
  push(text: string): void {
    const lines = (this.#begunLine + text).split('\n');
    this.#begunLine = lines.pop() as string;
    for (const line of lines) this.#line(line.replace(/\r+$/, ''));
  }

  /** What came last, for a run that ended too early. */
  tail(): string {
    const lines = [...this.others, ...(this.#current?.lines ?? []), this.#begunLine];
    return lines.slice(-20).join('\n');
  }

  #line(line: string): void {
    const current = this.#current;
    const begun = BEGIN.exec(line)?.[1];
    if (begun !== undefined) {
      this.#current = { name: begun, lines: [], start: this.#now() };
      this.#events.begun?.(begun);
      return;
    }
    if (current === undefined) {
      this.others.push(line);
      return;
    }
    const [, name, status] = END.exec(line) ?? [];
    if (name !== current.name) {
      current.lines.push(line);
      return;
    }
    // The runner puts a line feed before the mark, as the output need not end in one.
    const output = current.lines.join('\n');
    const outcome = { status: Number(status), output, seconds: (this.#now() - current.start) / 1000 };
    this.outcomes.set(name, outcome);
    this.#current = undefined;
    this.#events.ended?.(name, outcome);
  }
}
