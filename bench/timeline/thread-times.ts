/** The processor time of a process' threads while it runs, from Linux' /proc. */
import { readdirSync, readFileSync } from 'node:fs';

export interface ThreadTime {
  readonly thread: number;
  /** What the thread calls itself, at most 15 characters. */
  readonly name: string;
  /** Seconds on a processor, and waiting for one. */
  readonly running: number;
  readonly waiting: number;
}

/** Source: Linux Documentation/scheduler/sched-stats.rst, /proc/<pid>/schedstat. */
export function parseSchedstat(text: string): { readonly running: number; readonly waiting: number } {
  const [running, waiting] = text.trim().split(' ').map(Number);
  if (!(Number.isFinite(running) && Number.isFinite(waiting)))
    throw new Error(`not a schedstat line: ${text}`);
  return { running: (running as number) / 1e9, waiting: (waiting as number) / 1e9 };
}

/** The threads that there are now; none when the process has ended. */
function threadTimes(pid: number): ThreadTime[] {
  const folder = `/proc/${pid}/task`;
  const read = (thread: string): ThreadTime[] => {
    try {
      const name = readFileSync(`${folder}/${thread}/comm`, 'utf8').trim();
      const times = parseSchedstat(readFileSync(`${folder}/${thread}/schedstat`, 'utf8'));
      return [{ thread: Number(thread), name, ...times }];
    } catch (error) {
      if (isGone(error)) return [];
      throw error;
    }
  };
  try {
    return readdirSync(folder).flatMap(read);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

/** The thread or the process ended between two looks. */
function isGone(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ESRCH';
}

/** What a thread did between two looks, in seconds; the looks in microseconds of the monotonic clock. */
export interface ThreadStep {
  readonly thread: number;
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly running: number;
  readonly waiting: number;
}

const INTERVAL_MILLISECONDS = 20;

/** Looks at the threads of a process until stopped. */
export class ThreadWatch {
  readonly steps: ThreadStep[] = [];
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;
  #last = new Map<number, ThreadTime>();
  #lastTime: number;

  constructor(pid: number) {
    this.#pid = pid;
    this.#lastTime = microseconds();
    this.#timer = setInterval(() => this.#look(), INTERVAL_MILLISECONDS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = microseconds();
    const times = threadTimes(this.#pid);
    for (const { thread, name, running, waiting } of times) {
      const last = this.#last.get(thread);
      this.steps.push({
        thread,
        name,
        from: this.#lastTime,
        to: now,
        running: running - (last?.running ?? 0),
        waiting: waiting - (last?.waiting ?? 0),
      });
    }
    this.#last = new Map(times.map((time) => [time.thread, time]));
    this.#lastTime = now;
  }
}

/** The monotonic clock, which is also that of V8's profiles. */
export function microseconds(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
