/** What has been compiled stays within its limits, and what is in use stays. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RegionLimits } from '../../src/code-cache/installed-regions.ts';
import type { Tier } from '../../src/code-cache/tiering.ts';
import { compileRegions } from '../../src/compile/compiler.ts';
import { FIRST_REGION_SLOT } from '../../src/isa/instruction-set.ts';
import { CODE } from '../isa/system-machine.ts';
import { assemble } from '../support/assembler.ts';
import { createTieredMachine } from './tiered-machine.ts';

const SLICE = 100_000;
const UNLIMITED = { modules: 1e9, bytes: 1e9 };
/** The guest writes so many loops and runs each. */
const LOOPS = 256;
const FUNCTION = 0x18_0000;
const RBX = 3;

/** Writes a loop, runs it and calls a function that is always the same. */
const WRITES_LOOPS = `
  mov r12d,0x100
  mov r13d,0x100000
  again: mov BYTE PTR [r13],0xb8 # mov eax,r12d
  mov DWORD PTR [r13+1],r12d
  mov DWORD PTR [r13+5],0xc9ffc301 # l: add ebx,eax; dec ecx
  mov DWORD PTR [r13+9],0xc3fa75 # jne l; ret
  mov ecx,9
  call r13
  mov edi,${FUNCTION}
  call enter # no region follows a return that no call belongs to
  inc r12d
  add r13,64
  cmp r12d,${0x100 + LOOPS}
  jb again
  hlt
  enter: push rdi
  ret
`;
const FUNCTION_CODE = `
  mov ecx,3
  again: xor rbx,rcx
  ror rbx,7
  dec ecx
  jne again
  ret
`;

/** Runs loops one after the other, all of them as often as there are passes. */
const manyLoops = (passes: number, loops: number, rounds: number): string => `
  mov r12d,${passes}
  again: ${Array.from(
    { length: loops },
    (_, loop) => `mov ecx,${rounds}; l${loop}: add rbx,rcx; dec ecx; jne l${loop};`,
  ).join('\n')}
  dec r12d
  jne again
  hlt
`;
const MANY_LOOPS = manyLoops(7, LOOPS, 5);

/** @param afterSlice is called after each slice and what was compiled behind it. */
function run(
  tier: Tier,
  limits: RegionLimits,
  afterSlice: (table: number) => void = () => {},
  program = WRITES_LOOPS,
) {
  const heads: number[] = [];
  const { machine, tiering } = createTieredMachine(
    tier,
    undefined,
    (regions) => {
      heads.push(...regions.map(({ blocks }) => blocks[0]?.head as number));
      return compileRegions(regions);
    },
    limits,
  );
  const { processor } = machine;
  machine.write(FUNCTION, [...assemble(FUNCTION_CODE)]);
  machine.write(CODE, [...assemble(program)]);
  processor.rip = BigInt(CODE);
  while (processor.run(SLICE) !== 'halt') {
    tiering.poll();
    const { liveModules } = tiering.statistics;
    expect(liveModules).toBeLessThanOrEqual(limits.modules);
    afterSlice(processor.table.length);
  }
  const result = { rbx: processor.gpr(RBX), instructions: processor.instructions };
  const headOfFunction = processor.runtime.findRegistered(FUNCTION >> 12, 0, processor.mode);
  return { result, heads, headOfFunction, statistics: tiering.statistics };
}

describe('a guest that writes new code for ever', () => {
  const interpreted = run('interpreter', UNLIMITED);

  it('has as many modules as loops without limits', () => {
    const { result, statistics } = run('compiled', UNLIMITED);
    expect(result).toEqual(interpreted.result);
    expect(statistics.liveModules).toBe(statistics.modules);
    expect(statistics.liveModules).toBeGreaterThan(LOOPS);
    expect(statistics.evicted).toBe(0);
  });

  it('has no more modules and table slots than it may', () => {
    let slots = 0;
    const { result, statistics } = run('compiled', { modules: 16, bytes: 1e9 }, (table) => {
      slots = Math.max(slots, table - FIRST_REGION_SLOT);
    });
    expect(result).toEqual(interpreted.result);
    expect(statistics.liveModules).toBe(16);
    expect(statistics.evicted).toBe(statistics.regions - statistics.liveRegions);
    expect(slots).toBeLessThanOrEqual(1024);
  });

  it('has no more WebAssembly than it may', () => {
    const all = run('compiled', UNLIMITED).statistics;
    const share = run('compiled', { modules: 1e9, bytes: all.moduleBytes / 8 }).statistics;
    // The loop that calls the others is in use, and half of what there may be.
    expect(share.liveModules).toBeGreaterThan(all.modules / 32);
    expect(share.liveModules).toBeLessThan(all.modules / 4);
  });

  it('keeps what is in use: it is compiled once', () => {
    const { heads, headOfFunction, statistics } = run('compiled', { modules: 16, bytes: 1e9 });
    expect(heads.filter((head) => head === headOfFunction)).toHaveLength(1);
    // Put back again and again.
    expect(statistics.requests).toBeGreaterThan(statistics.regions + 10);
  });
});

describe('what has been evicted', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('is not compiled again until it is hot indeed', () => {
    const interpreted = run('interpreter', UNLIMITED, undefined, MANY_LOOPS);
    const { result, statistics } = run('compiled', { modules: 16, bytes: 1e9 }, undefined, MANY_LOOPS);
    expect(result).toEqual(interpreted.result);
    expect(statistics.evicted).toBeGreaterThan(LOOPS - 32);
    // The loops, and what is behind them.
    expect(statistics.regions).toBeLessThan(2 * LOOPS + 16);
  });

  it('is compiled again after twice as many entries each time', () => {
    const loops = 48;
    // Evicted in each pass but the last, if it is compiled in it: the first, and when 1000, 2000 and 4000 entries have passed.
    const { statistics } = run('compiled', { modules: 8, bytes: 1e9 }, undefined, manyLoops(8, loops, 1010));
    expect(statistics.regions).toBeGreaterThan(3 * loops);
    expect(statistics.regions).toBeLessThan(5 * loops);
  });

  it('can be collected by the engine', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const { Module } = WebAssembly;
    const modules: WeakRef<WebAssembly.Module>[] = [];
    vi.stubGlobal('WebAssembly', {
      ...Object.fromEntries(
        Object.entries(Object.getOwnPropertyDescriptors(WebAssembly)).map(([name, { value }]) => [
          name,
          value,
        ]),
      ),
      Module: class extends Module {
        constructor(bytes: BufferSource) {
          super(bytes);
          modules.push(new WeakRef(this));
        }
      },
    });
    run('compiled', { modules: 16, bytes: 1e9 });
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    expect(modules.length).toBeGreaterThan(LOOPS);
    expect(modules.filter((module) => module.deref() !== undefined).length).toBeLessThan(LOOPS / 4);
  });
});

it('one batch at a time is compiled between two slices', () => {
  let before = 0;
  const { machine, tiering } = createTieredMachine('compiled', undefined, compileRegions);
  const { processor } = machine;
  const source = `
    mov ebp,6
    mov eax,0x100000
    again: ${'add BYTE PTR [rax],al;'.repeat(0x700)}
    dec ebp
    jne again
    hlt
  `;
  machine.write(CODE, [...assemble(source, CODE)]);
  processor.rip = BigInt(CODE);
  let slices = 0;
  while (processor.run(SLICE) !== 'halt') {
    tiering.poll();
    expect(tiering.statistics.regions - before).toBeLessThanOrEqual(8);
    before = tiering.statistics.regions;
    slices += 1;
  }
  expect(tiering.statistics.regions).toBeGreaterThan(8);
  expect(slices).toBeGreaterThan(8);
});
