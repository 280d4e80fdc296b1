/** Regions that stay hot are compiled again: together with what they lead to, and then optimised. */
import { describe, expect, it } from 'vitest';
import { compileRegions } from '../../src/compile/compiler.ts';
import { compilerWith } from '../../src/compile/optimizing.ts';
import type { RegionSource } from '../../src/compile/region-source.ts';
import {
  BRANCH_SITE_SIZE,
  BRANCH_SITES,
  BRANCH_SITES_BITS,
  CPU_STATE,
} from '../../src/layout/linear-memory.ts';
import { HEAD_COUNTDOWN, RECORD_FN, SLOT_GUARDED } from '../../src/layout/record.ts';
import {
  COUNTER_INTERPRETED_INSTRUCTIONS,
  GUARDED_COUNT,
  GUARDED_OFFSETS,
} from '../../src/layout/runtime-state.ts';
import { optimize } from '../../src/wasm/optimizer.ts';
import { CODE } from '../isa/system-machine.ts';
import { assemble } from '../support/assembler.ts';
import { runBothTiers } from './both-tiers.ts';
import { shapeOf } from './region-shape.ts';
import { createTieredMachine } from './tiered-machine.ts';

/** The function is hot before the loop is, so it is a region of its own that the loop's leaves to. */
const program = (rounds: number): string => `
  mov ecx,${rounds}
  l1: mov rdi,rcx
  call l2
  add rax,rdi
  call l2
  xor rax,rdi
  dec ecx
  jne l1
  hlt
  l2: ror rdi,5
  adc rbx,rdi
  ret
`;

function run(rounds: number) {
  const { machine, tiering } = createTieredMachine('compiled', undefined, compileRegions);
  const { processor } = machine;
  machine.write(CODE, [...assemble(program(rounds), CODE)]);
  processor.rip = BigInt(CODE);
  while (processor.run(1000) !== 'halt') tiering.poll();
  return {
    compiled: processor.instructions - processor.counter(COUNTER_INTERPRETED_INSTRUCTIONS),
    firstTier: tiering.instructions.first,
    secondTierRegions: tiering.statistics.secondTierRegions,
  };
}

describe('the second tier', () => {
  it('makes one region of a loop and the function it calls', () => {
    const { regions } = runBothTiers(program(40_000));
    const loops = regions.filter((region) => shapeOf(region).back > 0);
    expect(loops.map(({ tier }) => tier)).toContain('second');
    expect(loops.map(({ tier }) => tier)).not.toContain('first');
  });

  it('is where most of what stays hot runs', () => {
    const { compiled, firstTier, secondTierRegions } = run(60_000);
    expect(secondTierRegions).toBeGreaterThan(0);
    expect(firstTier).toBeGreaterThan(100_000);
    expect(firstTier / compiled).toBeLessThan(0.5);
  });

  it('is not reached by what runs a short time: every instruction is counted in the first', () => {
    const { compiled, firstTier, secondTierRegions } = run(500);
    expect(secondTierRegions).toBe(0);
    expect(firstTier).toBe(compiled);
    expect(compiled).toBeGreaterThan(5000);
  });
});

it('leads where the first tier led to, also if what was noted of its jumps has made room for others', () => {
  // Four cases in turn, but only two of them in the first hundred rounds: the others are noted where the first region is left.
  const cases = CODE + 0x200;
  const next = CODE + 0x100;
  const code = `
    mov ecx,8000
    mov eax,ecx # from here on again
    mov edx,ecx
    sub edx,7900
    sar edx,31
    or edx,1
    and eax,edx
    and eax,3
    shl eax,4
    add eax,${cases}
    jmp rax
  `;
  const regions: RegionSource[] = [];
  const { machine, tiering } = createTieredMachine('compiled', undefined, (sources) => {
    regions.push(...sources);
    return compileRegions(sources);
  });
  tiering.hotInstructions = { first: 20_000, second: 0x7fff_ffff };
  const { processor } = machine;
  const again = CODE + 5;
  machine.write(CODE, [...assemble(code, CODE)]);
  machine.write(next, [...assemble(`dec ecx; jne ${again}; hlt`, next)]);
  for (const [number, constant] of [1, 3, 5, 7].entries()) {
    const at = cases + number * 16;
    machine.write(at, [...assemble(`add rbx,${constant}; jmp ${next}`, at)]);
  }
  processor.rip = BigInt(CODE);
  const mostTargets = (): number =>
    Math.max(0, ...regions.flatMap(({ blocks }) => blocks.map(({ targets }) => targets.length)));
  let hasForgotten = false;
  // What is left of a slice is interpreted, which notes targets, too.
  while (processor.run(hasForgotten ? 1_000_000 : 100) !== 'halt') {
    tiering.poll();
    if (hasForgotten || mostTargets() === 0) continue;
    expect(mostTargets()).toBe(2);
    processor.views.u8.fill(0, BRANCH_SITES, BRANCH_SITES + (BRANCH_SITE_SIZE << BRANCH_SITES_BITS));
    hasForgotten = true;
  }
  expect(regions.map(({ tier }) => tier)).toContain('second');
  expect(mostTargets()).toBe(4);
});

describe('the third tier', () => {
  it('optimises what stays hot, one region a module, and keeps its branch hints', () => {
    const modules: { readonly before: Uint8Array; readonly after: Uint8Array }[] = [];
    const compile = compilerWith((before) => {
      const after = optimize(before);
      modules.push({ before, after });
      return after;
    });
    const { machine, tiering } = createTieredMachine('compiled', undefined, compile);
    tiering.hotInstructions = { first: 2000, second: 4000 };
    const { processor } = machine;
    machine.write(CODE, [...assemble(program(10_000), CODE)]);
    processor.rip = BigInt(CODE);
    while (processor.run(1000) !== 'halt') tiering.poll();
    const { thirdTierRegions } = tiering.statistics;
    expect(thirdTierRegions).toBeGreaterThan(0);
    expect(modules).toHaveLength(thirdTierRegions);
    const { first, second, third } = tiering.instructions;
    expect(third).toBeGreaterThan(first + second);
    for (const { before, after } of modules) {
      expect(after.length).toBeLessThan(before.length);
      expect(Buffer.from(after).includes('metadata.code.branch_hint')).toBe(true);
    }
  });

  it('is for machines that compile everything: others end with the second', () => {
    const { machine, tiering } = createTieredMachine('auto', undefined, compilerWith(optimize));
    tiering.hotInstructions = { first: 2000, second: 4000 };
    const { processor } = machine;
    machine.write(CODE, [...assemble(program(20_000), CODE)]);
    processor.rip = BigInt(CODE);
    while (processor.run(1000) !== 'halt') tiering.poll();
    expect(tiering.statistics).toMatchObject({ thirdTierRegions: 0 });
    expect(tiering.instructions.second).toBeGreaterThan(100_000);
  });

  it('is not asked for again by what is in it', () => {
    const { machine, tiering } = createTieredMachine('compiled', undefined, compilerWith(optimize));
    tiering.hotInstructions = { first: 100, second: 100 };
    const { processor } = machine;
    machine.write(CODE, [...assemble(program(1000), CODE)]);
    processor.rip = BigInt(CODE);
    while (processor.run(100) !== 'halt') {
      tiering.poll();
      // As if two thousand million instructions had gone by.
      const loop = processor.runtime.findRegistered(CODE >> 12, 5, processor.mode);
      if (tiering.statistics.thirdTierRegions > 0) processor.views.i32[(loop + HEAD_COUNTDOWN) >> 2] = 1;
    }
    expect(tiering.statistics.thirdTierRegions).toBeLessThan(10);
  });
});

it('a block that may have a breakpoint stays as it is, however hot', () => {
  const { machine, tiering } = createTieredMachine('compiled', undefined, compileRegions);
  const { processor } = machine;
  const code = assemble(program(20_000), CODE);
  machine.write(CODE, [...code]);
  // The loop begins after the first instruction, of five bytes.
  processor.setU32(GUARDED_COUNT, 1);
  processor.views.u16[(CPU_STATE + GUARDED_OFFSETS) >> 1] = (CODE + 5) & 0xfff;
  processor.rip = BigInt(CODE);
  while (processor.run(1000) !== 'halt') tiering.poll();
  const loop = processor.runtime.findRegistered(CODE >> 12, 5, processor.mode);
  expect(processor.views.u32[(loop + RECORD_FN) >> 2]).toBe(SLOT_GUARDED);
});
