/**
 * Runs two loops compiled from C natively, in QEMU TCG and in longmode's tiers, and compares their speeds. The
 * program times itself (bench/loops/loops.c), so booting does not count.
 * Usage: node bench/loops.ts [--cli FILE]
 *   --cli  program to measure instead of dist/cli.js, such as src/cli.ts
 */
import { parseArgs } from 'node:util';
import { type ChildRun, runChild } from './child.ts';
import { longmodeCli, QEMU_Q35, runLongmode, runQemu, stockGuest } from './guest.ts';
import { buildLoopsProgram, LOOPS, type Loop, nanosecondsPerIteration } from './loops-program.ts';
import { describeEnvironment, milli, progress, report } from './report.ts';

const COMMAND_LINE = 'console=ttyS0 quiet';
/** Longest time the program may take natively, in seconds. */
const NATIVE_TIMEOUT = 60;

interface Contestant {
  readonly name: string;
  run(): Promise<ChildRun>;
}

interface Result {
  readonly name: string;
  readonly loop: Loop;
  readonly nanosecondsPerIteration: number;
  readonly instructionsPerIteration: number;
  /** Million instructions in a second. */
  readonly mips: number;
  /** Speed relative to QEMU TCG and to the processor itself: more is faster. */
  readonly timesQemu: number;
  readonly timesNative: number;
}

const { values } = parseArgs({ options: { cli: { type: 'string' } } });
const environment = describeEnvironment();
const cli = longmodeCli(values.cli);
const { kernel, kernelVersion } = await stockGuest();
const { executable, initrd, instructions } = buildLoopsProgram();
const files = { kernel, initrd };

const native: Contestant = { name: 'native', run: () => runChild(executable, [], NATIVE_TIMEOUT) };
const qemu: Contestant = { name: 'QEMU TCG', run: () => runQemu(QEMU_Q35, files, COMMAND_LINE) };
const tiers = ['interpreter', 'auto'].map((tier) => ({
  name: `longmode --tier ${tier}`,
  run: () => runLongmode(cli, files, COMMAND_LINE, ['--tier', tier]),
}));
const contestants: readonly Contestant[] = [native, qemu, ...tiers];

const outputs = new Map<Contestant, string>();
for (const contestant of contestants) {
  progress(`running ${contestant.name}`);
  outputs.set(contestant, (await contestant.run()).output);
}

function iteration(contestant: Contestant, loop: Loop): number {
  return nanosecondsPerIteration(outputs.get(contestant) as string, loop);
}

const results: readonly Result[] = LOOPS.flatMap((loop) =>
  contestants.map((contestant) => {
    const nanoseconds = iteration(contestant, loop);
    return {
      name: contestant.name,
      loop,
      nanosecondsPerIteration: milli(nanoseconds),
      instructionsPerIteration: instructions[loop],
      mips: milli((instructions[loop] / nanoseconds) * 1000),
      timesQemu: milli(iteration(qemu, loop) / nanoseconds),
      timesNative: milli(iteration(native, loop) / nanoseconds),
    };
  }),
);

report(
  LOOPS.flatMap((loop, i) => [
    ...(i === 0 ? [] : [[]]),
    [
      `${loop} (${instructions[loop]} instructions)`,
      'ns/iteration',
      'M instructions/s',
      'x QEMU',
      'x native',
    ],
    ...results
      .filter((result) => result.loop === loop)
      .map((result) => [
        result.name,
        result.nanosecondsPerIteration.toFixed(2),
        result.mips.toFixed(0),
        result.timesQemu.toFixed(2),
        result.timesNative.toFixed(3),
      ]),
  ]),
  { benchmark: 'loops', environment, kernel: kernelVersion, results },
);
