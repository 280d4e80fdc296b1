import { expect } from 'vitest';
import type { RegionLimits } from '../../src/code-cache/installed-regions.ts';
import { type LocalCompiler, type RemoteCompiler, type Tier, Tiering } from '../../src/code-cache/tiering.ts';
import type { ProcessorOptions } from '../../src/cpu/processor.ts';
import type { PackPlace } from '../../src/saved-code/messages.ts';
import { SystemMachine } from '../isa/system-machine.ts';

/** More than the entries after which the tier `compiled` compiles a block. */
export const ROUNDS = 12;

/** A machine whose blocks are compiled when they ask for it. */
export function createTieredMachine(
  tier: Tier,
  remote: RemoteCompiler | undefined,
  local: LocalCompiler | undefined,
  limits?: RegionLimits,
  options: Partial<ProcessorOptions> = {},
  keptIn?: PackPlace,
) {
  let tiering: Tiering | undefined;
  const machine = new SystemMachine({
    ...options,
    requestCompile: (head) => tiering?.request(head),
    blockDropped: (head) => tiering?.drop(head),
  });
  tiering = new Tiering(machine.processor, tier, remote, local, () => 0, keptIn, limits);
  return { machine, tiering };
}

export type TieredMachine = ReturnType<typeof createTieredMachine>;

/** Slices of 1000 instructions after which a program that has not come to its HLT is taken to hang. */
const MOST_SLICES = 100;

/** Runs to a HLT and compiles what asks for it. */
export function runToHalt({ machine: { processor }, tiering }: TieredMachine): void {
  for (let slices = 1; ; slices++) {
    const reason = processor.run(1000);
    tiering.poll();
    if (reason === 'halt') return;
    if (reason !== 'budget' || slices === MOST_SLICES)
      throw new Error(`the program does not come to its HLT: ${reason}`);
  }
}

/** Runs to a HLT often enough to be compiled, where that is the tier. @param prepare sets RIP and what else there is to a run. */
export function runRounds(tiered: TieredMachine, tier: Tier, prepare: () => void): void {
  for (let round = 0; round < ROUNDS; round++) {
    prepare();
    runToHalt(tiered);
  }
  if (tier === 'compiled') expect(tiered.tiering.statistics.regions).toBeGreaterThan(0);
}
