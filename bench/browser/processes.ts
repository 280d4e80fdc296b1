/** Memory and processor time of a program with all processes it has started. Linux only. */
import { readdirSync, readFileSync } from 'node:fs';

/** Kernel ticks in a second as /proc tells time: USER_HZ. */
const TICKS = 100;
/** Fields of /proc/PID/stat behind the program's name, from 0. Source: proc_pid_stat(5). */
const PARENT = 1;
const USER = 11;
const SYSTEM = 12;

function fieldsOf(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    // It has ended.
    return undefined;
  }
}

function family(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const fields = /^\d+$/.test(name) ? fieldsOf(Number(name)) : undefined;
    if (fields !== undefined) parents.set(Number(name), Number(fields[PARENT]));
  }
  const all = [root];
  for (const pid of all) for (const [child, parent] of parents) if (parent === pid) all.push(child);
  return all;
}

/** Seconds that the processes have computed so far. */
export function processorSeconds(root: number): number {
  const ticks = family(root).map((pid) => {
    const fields = fieldsOf(pid);
    return fields === undefined ? 0 : Number(fields[USER]) + Number(fields[SYSTEM]);
  });
  return ticks.reduce((sum, one) => sum + one, 0) / TICKS;
}

/** Resident bytes, where what several processes share counts once (PSS). */
export function residentBytes(root: number): number {
  return family(root).reduce((sum, pid) => {
    try {
      const pss = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
      return sum + Number(pss?.[1] ?? 0) * 1024;
    } catch {
      return sum;
    }
  }, 0);
}
