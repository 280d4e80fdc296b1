/** Requests for compilation share modules: few wait for others, unless they are urgent or there are few modules. */
import { describe, expect, it } from 'vitest';
import type { CompileRequest, RemoteCompiler } from '../../src/code-cache/tiering.ts';
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
  const LUKEWARM = 1600;
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
    expect(batchesOf(loops([...few, 20_000]))).toEqual([6]);
  });
});
