/** The guest programs of bench/programs.ts: shell commands of the initramfs, and the times they took. */

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

/** Shell commands that run all programs and print `program NAME START END`, in seconds since the guest booted. */
export function programsScript(): string {
  const commands = PROGRAM_NAMES.map((name) => `t ${name} '${PROGRAMS[name].replaceAll("'", "'\\''")}'`);
  const uptime = "$(cut -d' ' -f1 /proc/uptime)";
  return [`t() { a=${uptime}; eval "$2" >/dev/null; echo "program $1 $a ${uptime}"; }`, ...commands].join(
    '\n',
  );
}

/** @throws Error if the output has no times of the program. */
export function programSeconds(output: string, name: Program): number {
  const times = new RegExp(`^program ${name} ([\\d.]+) ([\\d.]+)$`, 'm').exec(output);
  if (times === null) throw new Error(`no times of ${name}:\n${output.slice(-2000)}`);
  return Number(times[2]) - Number(times[1]);
}
