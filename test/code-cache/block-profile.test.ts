/** Where a region of a later tier has not room for all that is around its head, it consists of what is entered most. */
import { describe, expect, it } from 'vitest';
import { BlockProfile, PROFILED_INSTRUCTIONS } from '../../src/code-cache/block-profile.ts';
import { InstalledModule, InstalledRegions, NEVER } from '../../src/code-cache/installed-regions.ts';
import { compileRegions } from '../../src/compile/compiler.ts';
import type { RegionSource } from '../../src/compile/region-source.ts';
import { HEAD_COUNTDOWN, RECORD_FN, SLOT_ENTER } from '../../src/layout/record.ts';
import { COUNTER_INTERPRETED_INSTRUCTIONS } from '../../src/layout/runtime-state.ts';
import { CODE, SystemMachine } from '../isa/system-machine.ts';
import { assemble } from '../support/assembler.ts';
import { shapeOf } from './region-shape.ts';
import { createTieredMachine } from './tiered-machine.ts';

const [RAX, RDX] = [0, 2];
const TURNS = 1000;
/** So that the loop is hot once more long before its end. */
const HOT = { first: 20_000, second: NEVER };

/** Blocks of eight instructions in a row. */
const chain = (name: string, blocks: number, instruction: string): string =>
  Array.from(
    { length: blocks },
    (_, at) => `${name}${at}: ${`${instruction};`.repeat(7)} jmp ${name}${at + 1};`,
  ).join('\n');

const FIRST_TEN = `cmp ecx,${TURNS - 10}; ja u0`;
const EACH_EIGHTH = 'test cl,7; je u0';

/** A loop whose turns go by `usual` blocks, but some by `unusual` ones. */
const loopOf = (usual: number, unusual: number, isUnusual = FIRST_TEN): string => `
  mov ecx,${TURNS}
  again: ${isUnusual}
  ${chain('c', usual, 'add rax,rcx')}
  c${usual}: dec ecx
  jne again
  hlt
  ${chain('u', unusual, 'xor rdx,rax')}
  u${unusual}: jmp c${usual}
`;

/** Runs a loop. */
function run(tier: 'interpreter' | 'compiled', code: string) {
  const regions: RegionSource[] = [];
  const tiered = createTieredMachine(tier, undefined, (sources) => {
    regions.push(...sources);
    return compileRegions(sources);
  });
  const { machine, tiering } = tiered;
  const { processor } = machine;
  tiering.hotInstructions = HOT;
  machine.write(CODE, [...assemble(code, CODE)]);
  processor.rip = BigInt(CODE);
  while (processor.run(PROFILED_INSTRUCTIONS) !== 'halt') tiering.poll();
  const registers = [RAX, RDX].map((register) => processor.gpr(register));
  const interpreted = processor.counter(COUNTER_INTERPRETED_INSTRUCTIONS);
  return { outcome: { registers, instructions: processor.instructions }, interpreted, regions };
}

/** Blocks of the second tier's regions, and whether there are ways back within them. */
function regionsOf(code: string) {
  const { outcome, interpreted, regions } = run('compiled', code);
  expect(outcome).toEqual(run('interpreter', code).outcome);
  const second = regions.filter(({ tier }) => tier === 'second').map(shapeOf);
  return { shapes: second.map(({ blocks, back }) => ({ blocks, isLoop: back > 0 })), interpreted };
}

describe('a region of the second tier', () => {
  it('of a loop of 52 blocks is only that, where 50 more are around it', () => {
    const { shapes, interpreted } = regionsOf(loopOf(50, 50));
    expect(shapes).toEqual([{ blocks: 52, isLoop: true }]);
    // The first turns, and those that are counted.
    expect(interpreted).toBeLessThan(PROFILED_INSTRUCTIONS * 1.1);
  });

  it('of a loop of which each eighth turn goes another way is only what the others do, where there is not room for both', () => {
    expect(regionsOf(loopOf(50, 50, EACH_EIGHTH)).shapes).toContainEqual({ blocks: 52, isLoop: true });
  });

  it('of a loop has what is around it, too, where there is room', () => {
    expect(regionsOf(loopOf(30, 30)).shapes).toEqual([{ blocks: 30 + 30 + 3, isLoop: true }]);
  });

  it('of a loop that is too long by itself is a part of it', () => {
    expect(regionsOf(loopOf(90, 5)).shapes).not.toContainEqual(expect.objectContaining({ isLoop: true }));
  });
});

/** Bytes: 5 and 2, 1 and 2, 1. */
const THREE_BLOCKS = 'mov ecx,3; jmp second; second: nop; jmp third; third: hlt';
const HEADS = [CODE, CODE + 7, CODE + 10];

/** A machine that has run three blocks, of which the first is one that a region is entered at. */
function withRegion() {
  const machine = new SystemMachine();
  const { processor } = machine;
  machine.write(CODE, [...assemble(THREE_BLOCKS, CODE)]);
  const run = (): void => {
    processor.rip = BigInt(CODE);
    expect(processor.run(1000)).toBe('halt');
  };
  run();
  const heads = HEADS.map((address) => {
    processor.rip = BigInt(address);
    return processor.runtime.lookup();
  }) as [number, number, number];
  const installed = new InstalledRegions(processor, { modules: 9, bytes: 9 }, HOT);
  installed.add(new InstalledModule(1), 'first', heads[0], [heads[0]], processor.table.get(SLOT_ENTER));
  const read = (field: number): number[] =>
    heads.map((head) => processor.views.i32[(head + field) >> 2] as number);
  return { processor, installed, heads, run, read };
}

describe('a profile', () => {
  it('counts the entries of blocks and regions, and leaves all as it was', () => {
    const { processor, installed, heads, run, read } = withRegion();
    const before = [read(HEAD_COUNTDOWN), read(RECORD_FN)];
    const profile = new BlockProfile(processor, installed, new Set(heads));
    expect(read(RECORD_FN)[0]).toBe(SLOT_ENTER);
    run();
    run();
    expect(profile.end()).toEqual(new Map(heads.map((head) => [head, 2])));
    expect([read(HEAD_COUNTDOWN), read(RECORD_FN)]).toEqual(before);
  });

  it('writes nothing where a block or a region was that is gone', () => {
    const { processor, installed, heads, run, read } = withRegion();
    const [, before] = read(HEAD_COUNTDOWN);
    const profile = new BlockProfile(processor, installed, new Set(heads));
    run();
    const [first, second, third] = heads;
    for (const head of [first, third]) {
      profile.drop(head);
      installed.drop(head);
      processor.views.i32[(head + HEAD_COUNTDOWN) >> 2] = 77;
    }
    expect(profile.end()).toEqual(new Map([[second, 1]]));
    expect(read(HEAD_COUNTDOWN)).toEqual([77, before, 77]);
    expect(read(RECORD_FN)).toEqual([SLOT_ENTER, SLOT_ENTER, SLOT_ENTER]);
  });
});
