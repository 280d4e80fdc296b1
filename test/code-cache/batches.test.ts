/** Requests for compilation share modules: few wait for others, unless they are urgent. */
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

/** @param patience Tiering.patience. @returns what has been sent when the program has ended. */
function batchesOf(program: string, patience?: number): readonly number[] {
  const remote = new Listener();
  const { machine, tiering } = createTieredMachine('auto', remote, undefined);
  if (patience !== undefined) tiering.patience = patience;
  const { processor } = machine;
  machine.write(CODE, [...assemble(`${program} hlt`, CODE)]);
  processor.rip = BigInt(CODE);
  while (processor.run(1000) !== 'halt') tiering.poll();
  tiering.poll();
  return remote.batches;
}

describe('requests', () => {
  /** Rounds after which a loop has asked, but is not urgent. */
  const LUKEWARM = 1100;
  const few = Array.from({ length: 5 }, () => LUKEWARM);

  it('wait for others', () => {
    expect(batchesOf(loops(few))).toEqual([]);
  });

  it('wait only so long, from the first of them on', () => {
    // 100,000 instructions, none of them hot.
    const cold = loops([900, 900], 60).replaceAll(/l(?=\d)/g, 'cold');
    expect(batchesOf(loops(few) + cold, 100_000)).toEqual([5]);
    expect(batchesOf(`${cold}\n${loops(few)}`, 100_000)).toEqual([]);
  });

  it('are sent when there are enough for a module', () => {
    expect(batchesOf(loops(Array.from({ length: 72 }, () => LUKEWARM)))).toEqual([64]);
  });

  it('are sent with what is urgent', () => {
    expect(batchesOf(loops([...few, 20_000]))).toEqual([6]);
  });
});
