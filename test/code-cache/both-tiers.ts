/** Runs machine code in both tiers, compiled by both back ends, and expects the same of them. */
import { expect } from 'vitest';
import type { HotInstructions } from '../../src/code-cache/installed-regions.ts';
import type { RegionSource } from '../../src/compile/region-source.ts';
import { YMM } from '../../src/layout/cpu-state.ts';
import { CODE, DATA, type SystemMachine } from '../isa/system-machine.ts';
import { assemble } from '../support/assembler.ts';
import { BACK_ENDS, type BackEnd } from '../support/back-ends.ts';
import { createTieredMachine } from './tiered-machine.ts';

/** Bytes from DATA on that are compared. */
export const DATA_SIZE = 0x8000;
/** Instructions in a slice: everything at once, and so few that budgets end anywhere in a region. */
const SLICES = [100_000, 101, 7];

export type Prepare = (machine: SystemMachine) => void;

function run(
  tier: 'interpreter' | 'compiled',
  code: string,
  prepare: Prepare,
  slice: number,
  backEnd: BackEnd,
  hotInstructions?: HotInstructions,
) {
  const regions: RegionSource[] = [];
  const { machine, tiering } = createTieredMachine(tier, undefined, (sources) => {
    regions.push(...sources);
    return BACK_ENDS[backEnd](sources);
  });
  if (hotInstructions !== undefined) tiering.hotInstructions = hotInstructions;
  const { processor } = machine;
  prepare(machine);
  machine.write(CODE, [...assemble(code, CODE)]);
  processor.rip = BigInt(CODE);
  for (let before = 0; processor.run(slice) !== 'halt'; before = processor.instructions) {
    // Asking for compilation ends a slice early.
    expect(processor.instructions).toBeLessThanOrEqual(before + slice);
    tiering.poll();
  }
  const state = {
    registers: Array.from({ length: 16 }, (_, register) => processor.gpr(register)),
    xmm: Array.from({ length: 32 }, (_, half) => processor.u64(YMM + (half >> 1) * 32 + (half & 1) * 8)),
    flags: processor.flags,
    rip: processor.rip,
    data: Array.from({ length: DATA_SIZE / 8 }, (_, index) => machine.read64(DATA + index * 8)),
    instructions: processor.instructions,
  };
  return { state, regions };
}

/**
 * What both tiers reach, and the regions that were compiled on the way.
 * @param code instructions (support/assembler.ts), at CODE, ends with HLT. @param hotInstructions after which regions are
 * compiled again, if not the usual ones.
 */
export function runBothTiers(code: string, prepare: Prepare = () => {}, hotInstructions?: HotInstructions) {
  const { state } = run('interpreter', code, prepare, SLICES[0] as number, 'writer');
  const backEnds = Object.keys(BACK_ENDS) as BackEnd[];
  const [regions] = SLICES.flatMap((slice) =>
    backEnds.map((backEnd) => {
      const compiled = run('compiled', code, prepare, slice, backEnd, hotInstructions);
      expect(compiled.state).toEqual(state);
      return compiled.regions;
    }),
  );
  return { ...state, regions: regions as RegionSource[] };
}
