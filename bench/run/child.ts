/** Runs a program to its end and measures it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

export interface TimedLine {
  readonly text: string;
  readonly seconds: number;
}

export interface ChildRun {
  /** Standard output and standard error, in the order they came. */
  readonly output: string;
  /** The same by lines, each with the seconds from the start of the program until its end had come. */
  readonly lines: readonly TimedLine[];
  /** Wall-clock time from the start of the program to its end, in seconds. */
  readonly seconds: number;
  /**
   * User and system time of all its threads, in seconds, to 0.01 s; undefined where there is no /proc. Unlike the
   * wall-clock time it does not grow while the program waits for a processor.
   */
  readonly cpuSeconds: number | undefined;
}

/** Kernel ticks in a second as /proc tells time: USER_HZ. */
const TICKS = 100;
/** Fields of /proc/self/stat behind the program's name, from 0: cutime and cstime. Source: proc_pid_stat(5). */
const CHILDREN_USER = 13;
const CHILDREN_SYSTEM = 14;

const STAT = '/proc/self/stat';

/** Processor time of all children that have ended, in seconds. */
function childrenTime(): number | undefined {
  if (!existsSync(STAT)) return undefined;
  const text = readFileSync(STAT, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[CHILDREN_USER]) + Number(fields[CHILDREN_SYSTEM])) / TICKS;
}

interface TimedChunk {
  readonly data: Buffer;
  readonly seconds: number;
}

function textOf(data: Buffer): string {
  return data.toString('utf8').replaceAll('\r', '');
}

function timeLines(chunks: readonly TimedChunk[]): TimedLine[] {
  const lines: TimedLine[] = [];
  let begun = '';
  for (const { data, seconds } of chunks) {
    const parts = (begun + textOf(data)).split('\n');
    begun = parts.pop() as string;
    lines.push(...parts.map((text) => ({ text, seconds })));
  }
  return lines;
}

/** Called with a program when it runs, with its input open. */
export type Started = (child: ChildProcess) => void;

/**
 * Runs a program to its end, without input where nobody wants to know when it runs. The processor time is that of all
 * children that end meanwhile.
 *
 * @param timeout seconds after which it is killed.
 * @throws Error with the end of its output when it fails, or takes too long.
 */
export function runChild(
  program: string,
  args: readonly string[],
  timeout: number,
  started?: Started,
): Promise<ChildRun> {
  const cpuBefore = childrenTime();
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const input = started === undefined ? 'ignore' : 'pipe';
    const child = spawn(program, args, { stdio: [input, 'pipe', 'pipe'] });
    if (child.pid !== undefined) started?.(child);
    const chunks: TimedChunk[] = [];
    const keep = (data: Buffer) => chunks.push({ data, seconds: (performance.now() - start) / 1000 });
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, timeout * 1000);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const seconds = (performance.now() - start) / 1000;
      const output = textOf(Buffer.concat(chunks.map(({ data }) => data)));
      if (late || code !== 0) {
        const what = late ? `took more than ${timeout} s` : `ended with ${signal ?? code}`;
        const command = [program, ...args].join(' ');
        reject(new Error(`${command}\n${what}; its last output:\n${output.slice(-4000)}`));
        return;
      }
      const cpuAfter = childrenTime();
      const cpuSeconds = cpuBefore === undefined || cpuAfter === undefined ? undefined : cpuAfter - cpuBefore;
      resolve({ output, lines: timeLines(chunks), seconds, cpuSeconds });
    });
  });
}
