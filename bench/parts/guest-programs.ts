/** The script that runs programs in a guest, and what it prints of them. */
import type { TimedLine } from '../run/child.ts';

/** Shell commands by name. */
export type Commands = Readonly<Record<string, string>>;

export const BUSYBOX_COMMANDS: Commands = {
  shell: 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done',
  awk: "awk 'BEGIN { for (i = 0; i < 500000; i++) { s += i * 1.5; a[i % 1000] = s } print s }'",
  sort: 'seq 200000 | sort -r',
  gzip: 'cat /bin/busybox /bin/busybox /bin/busybox /bin/busybox | gzip -c',
  md5sum: 'dd if=/dev/zero bs=1M count=100 2>&- | md5sum',
  pipe: 'dd if=/dev/zero bs=512 count=200000 2>&- | cat',
  fork: 'i=0; while [ $i -lt 1000 ]; do /bin/true; i=$((i+1)); done',
};

/**
 * Runs the command $2 called $1 when it is its turn (run/turns.ts). What is kept is told when the time has been taken: the status, and a
 * sum of what was printed.
 */
const RUN = {
  discarded: 't() { echo "ready $1"; read -r turn; echo "begin $1"; eval "$2" >/dev/null; echo "end $1"; }',
  kept:
    't() { echo "ready $1"; read -r turn; echo "begin $1"; eval "$2" >output 2>&1; s=$?; echo "end $1"; ' +
    'echo "result $1: $s $(cksum <output)"; }',
} as const;

/** Shell commands that run all programs and print `begin NAME` before and `end NAME` behind each, when a line of input has come. */
export function programsScript(commands: Commands, output: keyof typeof RUN): string {
  const calls = Object.entries(commands).map(
    ([name, command]) => `t '${name}' '${command.replaceAll("'", "'\\''")}'`,
  );
  return [RUN[output], ...calls].join('\n');
}

/** Seconds of the host's clock. @throws Error if the output does not say when the program began and ended. */
export function programSeconds(lines: readonly TimedLine[], name: string): number {
  const [begin, end] = [`begin ${name}`, `end ${name}`].map((line) =>
    lines.find(({ text }) => text === line),
  );
  if (begin === undefined || end === undefined) throw new Error(`no times of ${name}`);
  return end.seconds - begin.seconds;
}

/** What a program gave, its status first, if that was kept. */
export function programResult(lines: readonly TimedLine[], name: string): string | undefined {
  const start = `result ${name}: `;
  return lines.find(({ text }) => text.startsWith(start))?.text.slice(start.length);
}
