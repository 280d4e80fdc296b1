/** Runs instruction test vectors (test/vectors) on the emulator, in either tier. */
import { RegionCollector } from '../../src/code-cache/region-collector.ts';
import { compileRegions } from '../../src/compile/compiler.ts';
import { regionName } from '../../src/compile/region-source.ts';
import { FIRST_REGION_SLOT } from '../../src/isa/instruction-set.ts';
import { RECORD_FN } from '../../src/layout/record.ts';
import { type InitialState, initialState, type State, type Vector } from '../vectors/vector.ts';
import { UserMachine } from './user-machine.ts';

export type Tier = 'interpreter' | 'compiled';

export class VectorMachine extends UserMachine {
  private nextSlot = FIRST_REGION_SLOT;

  /** Runs the vector until INT3 or a fault and gives the state reached. */
  run(vector: Vector, tier: Tier): State {
    return this.runFrom(initialState(vector), tier);
  }

  /** The same from any state. */
  runFrom(initial: InitialState, tier: Tier): State {
    this.load(initial);
    if (tier === 'compiled') this.compileAtRip();
    this.processor.run(100_000);
    return this.state();
  }

  private compileAtRip(): void {
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
    const bytes = compileRegions([
      {
        blocks: new RegionCollector(processor.views, processor.runtime).collect(
          head,
          Number.POSITIVE_INFINITY,
        ),
      },
    ]);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes as BufferSource), {
      env: { memory: processor.memory },
      runtime: processor.runtime as unknown as WebAssembly.ModuleImports,
    });
    table.set(slot, exports[regionName(0)]);
    processor.views.u32[(head + RECORD_FN) >> 2] = slot;
  }
}
