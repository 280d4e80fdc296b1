/** Runs two loops compiled from C natively, in QEMU TCG and in longmode's tiers: instructions a second. */
import type { Comparison, PartResult } from '../report/comparison.ts';
import { milli, spread } from '../report/statistics.ts';
import { type ChildRun, runChild } from '../run/child.ts';
import { QEMU, QEMU_Q35, runLongmode, runQemu } from '../run/guest.ts';
import { type Bench, BOOT_SECONDS, type Part } from '../run/part.ts';
import { progress } from '../run/progress.ts';
import { buildLoopsProgram, LOOPS, nanosecondsPerIteration } from './loops-program.ts';

const COMMAND_LINE = 'console=ttyS0 quiet';
/** Longest time the program may take natively, in seconds. */
const NATIVE_TIMEOUT = 60;
/** The same in a guest: the interpreter on a busy machine takes minutes. */
const GUEST_TIMEOUT = 900;
const TIERS = ['interpreter', 'auto'] as const;
/** About how long the loops take in all contestants together. */
const SECONDS = 40;

async function measure(bench: Bench): Promise<PartResult> {
  const { executable, initrd, instructions } = buildLoopsProgram();
  const files = { kernel: bench.guest.kernel, initrd };
  const outputs = new Map<string, string>();
  const run = async (name: string, contestant: Promise<ChildRun>) => {
    progress(`loops: ${name}`);
    outputs.set(name, (await contestant).output);
  };
  await run('native', runChild(executable, [], NATIVE_TIMEOUT));
  if (bench.qemu) await run(QEMU, runQemu(QEMU_Q35, files, COMMAND_LINE, GUEST_TIMEOUT));
  const peers = [...outputs.keys()];
  for (const tier of TIERS) {
    await run(`--tier ${tier}`, runLongmode(bench.cli, files, COMMAND_LINE, ['--tier', tier], GUEST_TIMEOUT));
  }
  const comparisons = LOOPS.flatMap((loop) =>
    TIERS.flatMap((tier) =>
      peers.map((peer): Comparison => {
        const [theirs, ours] = [peer, `--tier ${tier}`].map((name) =>
          nanosecondsPerIteration(outputs.get(name) as string, loop),
        ) as [number, number];
        return { name: loop, measure: `with --tier ${tier}`, peer, speed: spread([theirs / ours]) };
      }),
    ),
  );
  const loops = LOOPS.map((loop) => ({
    loop,
    instructionsPerIteration: instructions[loop],
    nanosecondsPerIteration: Object.fromEntries(
      [...outputs].map(([name, output]) => [name, milli(nanosecondsPerIteration(output, loop))]),
    ),
  }));
  return { comparisons, errors: [], notes: [], details: { loops } };
}

export const LOOPS_PART: Part = {
  title: 'loops',
  means: true,
  needs: ['gcc'],
  seconds: () => SECONDS + (TIERS.length + 1) * BOOT_SECONDS,
  measure,
};
