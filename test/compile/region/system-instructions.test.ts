/** Instructions of the system that regions run where there is little to do, and leave to their handlers where there is more. */
import { describe, expect, it } from 'vitest';
import { compileRegions } from '../../../src/compile/compiler.ts';
import type { Processor } from '../../../src/cpu/processor.ts';
import { CR4_PKE, CR4_TSD, FLAG_AC } from '../../../src/layout/architecture.ts';
import { CR2, CR4, MSR_TSC_AUX, PKRU } from '../../../src/layout/cpu-state.ts';
import { TIME, TIME_LEFT, TIME_TRUSTED } from '../../../src/layout/runtime-state.ts';
import { createTieredMachine, runRounds, runToHalt } from '../../code-cache/tiered-machine.ts';
import { Transitions } from '../../golden/transitions.ts';
import { CODE, HANDLERS, USER_CODE } from '../../isa/system-machine.ts';
import { assemble } from '../../support/assembler.ts';

const TURNS = 100;
const [RAX, RCX, RDX, RBX] = [0, 1, 2, 3];
const [INVALID_OPCODE, GENERAL_PROTECTION] = [6, 13];

/** Runs a loop around an instruction that is hot by then. @param prepare each run. @param last only the one that counts. @param cpl 0 or 3. */
async function loop(
  tier: 'interpreter' | 'compiled',
  instruction: string,
  prepare: (processor: Processor) => void,
  last: (processor: Processor) => void = () => {},
  cpl = 0,
) {
  const tiered = createTieredMachine(tier, undefined, compileRegions);
  const { machine } = tiered;
  const { processor } = machine;
  machine.now = 1_000_000;
  const code = `mov esi,${TURNS}; again: ${instruction}; add rbx,rax; dec esi; jne again; hlt`;
  const place = cpl === 0 ? CODE : USER_CODE;
  machine.write(place, [...assemble(code, place)]);
  const begin = (): void => {
    if (cpl === 0) machine.toKernel();
    else machine.toUser();
    for (const register of [RAX, RCX, RDX, RBX]) processor.setGpr(register, 0n);
    processor.setU32(TIME_LEFT, 0);
    processor.setU64(TIME, 0n);
    prepare(processor);
    processor.rip = BigInt(place);
  };
  runRounds(tiered, tier, begin);
  const { counts } = await Transitions.watch(processor);
  begin();
  last(processor);
  runToHalt(tiered);
  const registers = [RAX, RCX, RDX, RBX].map((register) => processor.gpr(register));
  const outcome = { registers, flags: processor.flags, rip: Number(processor.rip) };
  return { outcome, left: counts.get('region -> handler') ?? 0 };
}

/** What both tiers come to, and how often a region was left for a handler. */
async function inBothTiers(
  ...[instruction, ...rest]: Parameters<typeof loop> extends [unknown, ...infer Rest] ? Rest : never
) {
  const interpreted = await loop('interpreter', instruction, ...rest);
  const compiled = await loop('compiled', instruction, ...rest);
  expect(compiled.outcome).toEqual(interpreted.outcome);
  return compiled;
}

const withKeys = (processor: Processor): void => {
  processor.setU64(CR4, processor.u64(CR4) | BigInt(CR4_PKE));
  processor.setU32(PKRU, 0x5555_5554);
};

describe('are run by the region', () => {
  it('RDPKRU', async () => {
    const { outcome, left } = await inBothTiers('rdpkru', withKeys);
    expect(outcome.registers).toEqual([0x5555_5554n, 0n, 0n, 0x5555_5554n * BigInt(TURNS)]);
    expect(left).toBeLessThan(TURNS / 10);
  });

  it.each([
    ['clac', 0],
    ['stac', FLAG_AC],
  ])('%s where AC is so already', async (name, flags) => {
    const { outcome, left } = await inBothTiers(name, (processor) => {
      processor.flags = 2 | flags;
    });
    expect(outcome.flags & FLAG_AC).toBe(flags);
    expect(left).toBeLessThan(TURNS / 10);
  });

  it('MOV from a control register', async () => {
    const { outcome, left } = await inBothTiers('mov rax,cr2', (processor) => processor.setU64(CR2, 0x1234n));
    expect(outcome.registers).toEqual([0x1234n, 0n, 0n, 0x1234n * BigInt(TURNS)]);
    expect(left).toBeLessThan(TURNS / 10);
  });

  it.each([
    ['rdtsc', 0n],
    ['rdtscp', 7n],
  ])('%s where the host need not be asked', async (name, rcx) => {
    const { outcome, left } = await inBothTiers(name, (processor) => {
      processor.setU32(TIME_TRUSTED, 100_000);
      processor.setU64(MSR_TSC_AUX, 7n);
    });
    // A nanosecond for each reading and for each four of the instructions, by whole ones, behind the first.
    expect(outcome.registers.slice(0, 3)).toEqual([1_000_000n + BigInt((TURNS - 1) * 2), rcx, 0n]);
    expect(left).toBeLessThan(TURNS / 10);
  });
});

describe('are left to the handler', () => {
  it.each(['rdtsc', 'rdtscp'])('%s where the host has to be asked', async (name) => {
    const { outcome, left } = await inBothTiers(name, (processor) => processor.setU32(TIME_TRUSTED, 0));
    expect(outcome.registers[RAX]).toBe(1_000_000n);
    expect(left).toBeGreaterThanOrEqual(TURNS);
  });

  it.each(['rdtsc', 'rdtscp'])('%s where CR4.TSD is set, which forbids it to programs', async (name) => {
    const { left } = await inBothTiers(name, (processor) => {
      processor.setU32(TIME_TRUSTED, 100_000);
      processor.setU64(CR4, processor.u64(CR4) | BigInt(CR4_TSD));
    });
    expect(left).toBeGreaterThanOrEqual(TURNS);
  });

  it('MOV from CR8, for which a device is asked', async () => {
    const { outcome, left } = await inBothTiers('mov rax,cr8', () => {});
    expect(outcome.registers[RAX]).toBe(5n);
    expect(left).toBeGreaterThanOrEqual(TURNS);
  });

  it('STAC that changes AC', async () => {
    const { outcome } = await inBothTiers(
      'stac',
      (processor) => {
        processor.flags = 2 | FLAG_AC;
      },
      (processor) => {
        processor.flags = 2;
      },
    );
    expect(outcome.flags & FLAG_AC).toBe(FLAG_AC);
  });

  it('RDPKRU of a register that there is not', async () => {
    const { outcome } = await inBothTiers('rdpkru', withKeys, (processor) => processor.setGpr(RCX, 1n));
    expect(outcome.rip).toBe(HANDLERS + GENERAL_PROTECTION * 16 + 1);
  });
});

describe('raise an exception in a region, too:', () => {
  const raised = (outcome: { rip: number }): number => (outcome.rip - 1 - HANDLERS) / 16;

  it.each([
    ['clac', 0],
    ['stac', FLAG_AC],
  ])('%s of a program, where AC is so already', async (name, flags) => {
    const setFlags = (processor: Processor): void => {
      processor.flags = 2 | flags;
    };
    const { outcome } = await inBothTiers(name, setFlags, undefined, 3);
    expect(raised(outcome)).toBe(INVALID_OPCODE);
  });

  it.each(['rdtsc', 'rdtscp'])('%s of a program that may not', async (name) => {
    const forbid = (processor: Processor): void => {
      processor.setU64(CR4, processor.u64(CR4) | BigInt(CR4_TSD));
    };
    const { outcome } = await inBothTiers(name, forbid, undefined, 3);
    expect(raised(outcome)).toBe(GENERAL_PROTECTION);
  });

  it('RDPKRU without protection keys', async () => {
    const { outcome } = await inBothTiers('rdpkru', () => {});
    expect(raised(outcome)).toBe(INVALID_OPCODE);
  });
});
