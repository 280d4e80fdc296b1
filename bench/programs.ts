/**
 * Runs programs of the initramfs in QEMU TCG and in longmode, in turn, and compares the medians of the times that
 * the guest measures. Booting does not count, compiling does.
 * Usage: node bench/programs.ts [--rounds N] [--cli FILE]
 *   --rounds  runs of each, 3 by default
 *   --cli     program to measure instead of dist/cli.js, such as src/cli.ts
 */
import { longmodeCli, QEMU_Q35, runLongmode, runQemu, stockGuest } from './guest.ts';
import { PROGRAM_NAMES, programSeconds, programsScript } from './guest-programs.ts';
import { roundOptions } from './options.ts';
import { describeEnvironment, median, milli, progress, report } from './report.ts';

const { rounds, cli: givenCli } = roundOptions(3);

const environment = describeEnvironment();
const cli = longmodeCli(givenCli);
const files = await stockGuest();
const script = Buffer.from(programsScript()).toString('base64');
const commandLine = `console=ttyS0 quiet longmode.script=${script}`;

const qemu: string[] = [];
const longmode: string[] = [];
for (let round = 1; round <= rounds; round++) {
  progress(`round ${round} of ${rounds}`);
  qemu.push((await runQemu(QEMU_Q35, files, commandLine)).output);
  longmode.push((await runLongmode(cli, files, commandLine)).output);
}

const results = PROGRAM_NAMES.map((name) => {
  const qemuSeconds = median(qemu.map((output) => programSeconds(output, name)));
  const longmodeSeconds = median(longmode.map((output) => programSeconds(output, name)));
  return {
    name,
    qemuSeconds: milli(qemuSeconds),
    longmodeSeconds: milli(longmodeSeconds),
    timesQemu: milli(longmodeSeconds / qemuSeconds),
  };
});

report(
  [
    ['program', 'QEMU TCG s', 'longmode s', 'x QEMU'],
    ...results.map(({ name, qemuSeconds, longmodeSeconds, timesQemu }) => [
      name,
      qemuSeconds.toFixed(2),
      longmodeSeconds.toFixed(2),
      timesQemu.toFixed(2),
    ]),
  ],
  { benchmark: 'programs', environment, kernel: files.kernelVersion, rounds, results },
);
