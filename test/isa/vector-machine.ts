/** Runs instruction test vectors (test/vectors) on the emulator, in either tier and by either back end. */
import { RegionCollector } from '../../src/code-cache/region-collector.ts';
import { regionExports } from '../../src/code-cache/region-exports.ts';
import { FIRST_REGION_SLOT } from '../../src/isa/instruction-set.ts';
import { regionName } from '../../src/layout/contract.ts';
import { RECORD_FN } from '../../src/layout/record.ts';
import { BACK_ENDS, type BackEnd } from '../support/back-ends.ts';
import { initialState, type State, type Vector, type WholeState } from '../vectors/vector.ts';
import { UserMachine } from './user-machine.ts';

/** What runs a vector: the interpreter, or what a back end compiles. */
export type Engine = 'interpreter' | BackEnd;
export const ENGINES: readonly Engine[] = ['interpreter', 'writer', 'Binaryen', 'optimizer'];

export class VectorMachine extends UserMachine {
  private nextSlot = FIRST_REGION_SLOT;

  /** Runs the vector until INT3 or a fault and gives the state reached. */
  run(vector: Vector, engine: Engine): State {
    return this.runFrom(initialState(vector), engine);
  }

  /** The same from any state. */
  runFrom(initial: WholeState, engine: Engine): WholeState {
    this.load(initial);
    if (engine !== 'interpreter') this.compileAtRip(engine);
    this.processor.run(100_000);
    return this.state();
  }

  private compileAtRip(backEnd: BackEnd): void {
    const { processor } = this;
    const { table } = processor;
    let head: number;
    try {
      head = processor.runtime.lookup();
    } catch {
      return; // the fetch faults: run() will find the same
    }
    const slot = this.nextSlot;
    if (slot >= table.length) table.grow(4096);
    this.nextSlot = slot >= FIRST_REGION_SLOT + 60_000 ? FIRST_REGION_SLOT : slot + 1;
    const bytes = BACK_ENDS[backEnd]([
      {
        tier: 'first',
        isLast: false,
        roundsInPlace: backEnd === 'writer',
        blocks: new RegionCollector(processor.views, processor.runtime).collect(
          head,
          Number.POSITIVE_INFINITY,
        ),
      },
    ]);
    const exports = regionExports(new WebAssembly.Module(bytes as BufferSource), processor);
    table.set(slot, exports[regionName(0)]);
    processor.views.u32[(head + RECORD_FN) >> 2] = slot;
  }
}
