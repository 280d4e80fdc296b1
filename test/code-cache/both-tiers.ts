/** Runs machine code in both tiers and expects the same of them. */
import { expect } from 'vitest';
import { compileRegions } from '../../src/compile/compiler.ts';
import { CODE, DATA, type SystemMachine } from '../isa/system-machine.ts';
import { createTieredMachine } from './tiered-machine.ts';

/** Bytes from DATA on that are compared. */
export const DATA_SIZE = 0x8000;
const SLICE = 100_000;

export type Prepare = (machine: SystemMachine) => void;

function run(tier: 'interpreter' | 'compiled', code: string, prepare: Prepare) {
  const { machine, tiering } = createTieredMachine(tier, undefined, compileRegions);
  const { processor } = machine;
  prepare(machine);
  machine.write(CODE, [...Buffer.from(code.replaceAll(' ', ''), 'hex')]);
  processor.rip = BigInt(CODE);
  expect(processor.run(SLICE)).toBe('halt');
  return {
    registers: Array.from({ length: 16 }, (_, register) => processor.gpr(register)),
    flags: processor.flags,
    rip: processor.rip,
    data: Array.from({ length: DATA_SIZE / 8 }, (_, index) => machine.read64(DATA + index * 8)),
    instructions: processor.instructions,
    regions: tiering.statistics.regions,
  };
}

/** What both tiers reach. @param code hexadecimal, at CODE, ends with HLT. */
export function runBothTiers(code: string, prepare: Prepare) {
  const { regions: _, ...interpreted } = run('interpreter', code, prepare);
  const { regions, ...compiled } = run('compiled', code, prepare);
  expect(regions).toBeGreaterThan(0);
  expect(compiled).toEqual(interpreted);
  return compiled;
}
