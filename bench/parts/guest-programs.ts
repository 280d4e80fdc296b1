/** The guest programs of bench/programs.ts: shell commands of the initramfs, and the times they took. */
import type { TimedLine } from '../run/child.ts';

/** Commands by name; what they print is thrown away. */
export const PROGRAMS = {
  shell: 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done',
  awk: "awk 'BEGIN { for (i = 0; i < 500000; i++) { s += i * 1.5; a[i % 1000] = s } print s }'",
  sort: 'seq 200000 | sort -r',
  gzip: 'cat /bin/busybox /bin/busybox /bin/busybox /bin/busybox | gzip -c',
  md5sum: 'dd if=/dev/zero bs=1M count=100 2>&- | md5sum',
  pipe: 'dd if=/dev/zero bs=512 count=200000 2>&- | cat',
  fork: 'i=0; while [ $i -lt 1000 ]; do /bin/true; i=$((i+1)); done',
} as const;

export type Program = keyof typeof PROGRAMS;
export const PROGRAM_NAMES = Object.keys(PROGRAMS) as Program[];

/** Shell commands that run all programs and print `begin NAME` before and `end NAME` behind each. */
export function programsScript(): string {
  const commands = PROGRAM_NAMES.map((name) => `t ${name} '${PROGRAMS[name].replaceAll("'", "'\\''")}'`);
  return ['t() { echo "begin $1"; eval "$2" >/dev/null; echo "end $1"; }', ...commands].join('\n');
}

/** Seconds of the host's clock. @throws Error if the output does not say when the program began and ended. */
export function programSeconds(lines: readonly TimedLine[], name: Program): number {
  const [begin, end] = [`begin ${name}`, `end ${name}`].map((line) =>
    lines.find(({ text }) => text === line),
  );
  if (begin === undefined || end === undefined) throw new Error(`no times of ${name}`);
  return end.seconds - begin.seconds;
}
