/** Requests for compilation share modules: few wait for others, unless they are urgent or there are few modules. */
import { describe, expect, it } from 'vitest';
import { NEVER } from '../../src/code-cache/installed-regions.ts';
import type { CompileRequest, CompileResult, RemoteCompiler } from '../../src/code-cache/tiering.ts';
import { compileRegions } from '../../src/compile/compiler.ts';
import { unpackRegions } from '../../src/compile/region-source.ts';
import { CODE } from '../isa/system-machine.ts';
import { assemble } from '../support/assembler.ts';
import { createTieredMachine } from './tiered-machine.ts';

/** Sends nothing back. */
class Listener implements RemoteCompiler {
  /** Regions of each batch that it was sent. */
  readonly batches: number[] = [];
  post({ regions }: CompileRequest): void {
    this.batches.push(unpackRegions(regions).length);
  }
  listen(): void {}
  async close(): Promise<void> {}
}

/** Loops one after the other, each with its own number of rounds. @param size instructions of each, but two. */
const loops = (rounds: readonly number[], size = 1): string =>
  rounds
    .map((count, loop) => `mov ecx,${count}; l${loop}: ${'add rbx,rcx;'.repeat(size)} dec ecx; jne l${loop};`)
    .join('\n');

interface Situation {
  /** In place of Tiering.patience. */
  readonly patience?: number;
  /** There is no module yet, and this many is what there may be. */
  readonly modules?: number;
}

/** @returns what has been sent when the program has ended. */
function batchesOf(program: string, { patience, modules = 0 }: Situation = {}): readonly number[] {
  const remote = new Listener();
  const { machine, tiering } = createTieredMachine('auto', remote, undefined, { modules, bytes: 2 ** 20 });
  if (patience !== undefined) tiering.patience = { whileRoomy: 0, later: patience };
  const { processor } = machine;
  machine.write(CODE, [...assemble(`${program} hlt`, CODE)]);
  processor.rip = BigInt(CODE);
  while (processor.run(1000) !== 'halt') tiering.poll();
  tiering.poll();
  return remote.batches;
}

describe('requests', () => {
  /** Rounds after which a loop has asked, but is not urgent. */
  const LUKEWARM = 4100;
  const few = Array.from({ length: 5 }, () => LUKEWARM);

  it('wait for others', () => {
    expect(batchesOf(loops(few))).toEqual([]);
  });

  it('wait only so long, from the first of them on', () => {
    // 100,000 instructions, none of them hot.
    const cold = loops([900, 900], 60).replaceAll(/l(?=\d)/g, 'cold');
    expect(batchesOf(loops(few) + cold, { patience: 100_000 })).toEqual([5]);
    expect(batchesOf(`${cold}\n${loops(few)}`, { patience: 100_000 })).toEqual([]);
  });

  it('are sent when there are enough for a module', () => {
    expect(batchesOf(loops(Array.from({ length: 72 }, () => LUKEWARM)))).toEqual([64]);
  });

  it('share smaller modules and wait less while there may be many more modules', () => {
    const more = Array.from({ length: 20 }, () => LUKEWARM);
    expect(batchesOf(loops(more), { modules: 2 })).toEqual([8, 8]);
    // Each asks in a slice of its own, and nothing comes back: there is room for two batches.
    expect(batchesOf(loops(few), { modules: 2, patience: 1e9 })).toEqual([1, 1]);
    expect(batchesOf(loops(few), { patience: 1e9 })).toEqual([]);
  });

  it('are sent with what is urgent', () => {
    expect(batchesOf(loops([...few, 21_000]))).toEqual([6]);
  });
});

/** Compiles each batch at once. */
class Compiler implements RemoteCompiler {
  /** Tiers of each batch's regions. */
  readonly batches: string[] = [];
  private onResult: (result: CompileResult) => void = () => {};
  post({ id, regions }: CompileRequest): void {
    const sources = unpackRegions(regions);
    this.batches.push(sources.map(({ tier }) => tier).join(' '));
    const module = new WebAssembly.Module(compileRegions(sources) as BufferSource);
    this.onResult({ kind: 'compiled', id, module, bytes: 1, milliseconds: 0 });
  }
  listen(onResult: (result: CompileResult) => void): void {
    this.onResult = onResult;
  }
  async close(): Promise<void> {}
}

describe('what is hot once more', () => {
  /** Batches of ten loops that become hot together, and of some that run in one of their rounds each. */
  function batchesOfTiers(modules: number): readonly string[] {
    const remote = new Compiler();
    const { machine, tiering } = createTieredMachine('auto', remote, undefined, { modules, bytes: 2 ** 20 });
    // In which several become hot: each ends a slice.
    tiering.patience = { whileRoomy: 0, later: 40_000 };
    tiering.hotInstructions = { first: 20_000, second: NEVER };
    const { processor } = machine;
    const ten = Array.from({ length: 10 }, () => 150);
    const once = Array.from({ length: 18 }, (_, i) => 4 * i + 4)
      .map((at) => `cmp ebp,${at}; jne done${at}; mov ecx,1600; at${at}: dec ecx; jne at${at}; done${at}:`)
      .join('\n');
    const program = `mov ebp,120; again: ${loops(ten)}\n${once} dec ebp; jne again; hlt`;
    machine.write(CODE, [...assemble(program, CODE)]);
    processor.rip = BigInt(CODE);
    while (processor.run(40_000) !== 'halt') tiering.poll();
    tiering.poll();
    return remote.batches;
  }

  it('has a module of its own, behind what is hot for the first time', () => {
    const batches = batchesOfTiers(768);
    expect(batches.filter((tiers) => tiers.includes('second')).length).toBeGreaterThan(2);
    expect(batches.filter((tiers) => tiers.includes('second') && tiers !== 'second')).toEqual([]);
  });

  it('has its turn, however much is hot for the first time', () => {
    const remote = new Compiler();
    const { machine, tiering } = createTieredMachine('auto', remote, undefined, {
      modules: 768,
      bytes: 2 ** 20,
    });
    tiering.patience = { whileRoomy: 0, later: 0 };
    tiering.hotInstructions = { first: 5000, second: NEVER };
    const { processor } = machine;
    // Of 30 new loops in a slice two batches have 16. Between two there are fifty rounds of one that all share.
    const news = Array.from(
      { length: 300 },
      (_, i) => `mov ecx,1600; n${i}: dec ecx; jne n${i}; mov ecx,50; call shared`,
    );
    machine.write(CODE, [
      ...assemble(`jmp begin; shared: dec ecx; jne shared; ret; begin: ${news.join('\n')}\nhlt`, CODE),
    ]);
    processor.rip = BigInt(CODE);
    while (processor.run(100_000) !== 'halt') tiering.poll();
    expect(remote.batches).toContain('second');
  });

  it('shares it with others of its kind where there are many modules', () => {
    const batches = batchesOfTiers(4);
    expect(batches.some((tiers) => tiers.startsWith('second second'))).toBe(true);
    expect(batches.filter((tiers) => /first.*second/.test(tiers))).toEqual([]);
  });
});
