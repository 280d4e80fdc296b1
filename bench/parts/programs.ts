/** Runs programs of the initramfs in QEMU TCG and in longmode, in turn, and measures their times by the host's clock. */
import type { PartResult } from '../report/comparison.ts';
import { milli, spread } from '../report/statistics.ts';
import type { TimedLine } from '../run/child.ts';
import { QEMU_Q35, runLongmode, runQemu } from '../run/guest.ts';
import { type Bench, BOOT_SECONDS, type Part, roundsOf } from '../run/part.ts';
import { progress } from '../run/progress.ts';
import { PROGRAM_NAMES, programSeconds, programsScript } from './guest-programs.ts';

const ROUNDS = 2;
/** About how long the programs take together. */
const SECONDS = 10;
/** How long they may take on a busy machine, in seconds. */
const TIMEOUT = 600;

async function measure(bench: Bench): Promise<PartResult> {
  const script = Buffer.from(programsScript()).toString('base64');
  const commandLine = `console=ttyS0 quiet longmode.script=${script}`;
  const qemu: (readonly TimedLine[])[] = [];
  const longmode: (readonly TimedLine[])[] = [];
  for (let round = 0; round < roundsOf(bench, ROUNDS); round++) {
    progress('programs: QEMU TCG');
    qemu.push((await runQemu(QEMU_Q35, bench.guest, commandLine, TIMEOUT)).lines);
    progress('programs: longmode');
    longmode.push((await runLongmode(bench.cli, bench.guest, commandLine, [], TIMEOUT)).lines);
  }
  const seconds = (outputs: readonly (readonly TimedLine[])[], name: (typeof PROGRAM_NAMES)[number]) =>
    outputs.map((lines) => programSeconds(lines, name));
  const results = PROGRAM_NAMES.map((name) => ({
    name,
    qemu: seconds(qemu, name),
    longmode: seconds(longmode, name),
  }));
  return {
    comparisons: results.map(({ name, qemu, longmode }) => ({
      name,
      measure: 'start to end',
      peer: 'QEMU TCG',
      speed: spread(qemu.map((value, i) => value / (longmode[i] as number))),
    })),
    errors: [],
    notes: [],
    details: {
      programs: results.map(({ name, qemu, longmode }) => ({
        name,
        qemuSeconds: qemu.map(milli),
        longmodeSeconds: longmode.map(milli),
      })),
    },
  };
}

export const PROGRAMS: Part = {
  title: 'programs of busybox',
  means: true,
  needs: ['qemu'],
  seconds: (bench) => 2 * roundsOf(bench, ROUNDS) * (SECONDS + BOOT_SECONDS),
  measure,
};
