/**
 * Counts how guest code goes from one function of the table to the next: every slot gets a function that tells and
 * goes on with what was there.
 */
import { wabt } from '../../scripts/dump/wat.ts';
import type { Processor } from '../../src/cpu/processor.ts';
import { FIRST_REGION_SLOT } from '../../src/isa/instruction-set.ts';
import { SLOT_END, SLOT_ENTER, SLOT_STALE } from '../../src/layout/record.ts';

/** `host`: run() begins or returns. `block`: one that is not compiled. `end`: from one block to the next in order. */
export type Kind = 'host' | 'region' | 'block' | 'handler' | 'end' | 'stale';

/** Regions that are counted. */
const MOST_REGIONS = 64;

function kindOf(slot: number): Kind {
  if (slot >= FIRST_REGION_SLOT) return 'region';
  if (slot === SLOT_ENTER) return 'block';
  if (slot === SLOT_STALE) return 'stale';
  return slot === SLOT_END ? 'end' : 'handler';
}

export class Transitions {
  /** Times of `from -> to`. */
  readonly counts = new Map<string, number>();
  private last: Kind = 'host';
  private readonly table: WebAssembly.Table;
  private readonly originals: WebAssembly.Table;
  private readonly watchers: WebAssembly.Exports;

  private constructor(processor: Processor, module: WebAssembly.Module) {
    this.table = processor.table;
    this.originals = new WebAssembly.Table({ element: 'anyfunc', initial: FIRST_REGION_SLOT + MOST_REGIONS });
    const tell = (slot: number): void => this.go(kindOf(slot));
    this.watchers = new WebAssembly.Instance(module, { watch: { table: this.originals, tell } }).exports;
    this.watchNew();
  }

  static async watch(processor: Processor): Promise<Transitions> {
    const slots = Array.from({ length: FIRST_REGION_SLOT + MOST_REGIONS }, (_, slot) => slot);
    const functions = slots.map(
      (slot) =>
        `(func (export "${slot}") (param i32) (call $tell (i32.const ${slot}))` +
        ` (return_call_indirect (type $record) (local.get 0) (i32.const ${slot})))`,
    );
    const text = `(module (type $record (func (param i32)))
      (import "watch" "tell" (func $tell (param i32)))
      (import "watch" "table" (table ${slots.length} funcref))
      ${functions.join('\n')})`;
    const parsed = (await wabt()).parseWat('watch.wat', text, { tail_call: true });
    const { buffer } = parsed.toBinary({});
    parsed.destroy();
    return new Transitions(processor, new WebAssembly.Module(Uint8Array.from(buffer)));
  }

  /** Puts watchers where something else has been put since. */
  watchNew(): void {
    const { table, originals, watchers } = this;
    for (let slot = 1; slot < Math.min(table.length, originals.length); slot++) {
      const present = table.get(slot);
      if (present === null || present === watchers[slot]) continue;
      originals.set(slot, present);
      table.set(slot, watchers[slot]);
    }
  }

  private go(to: Kind): void {
    const name = `${this.last} -> ${to}`;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    this.last = to;
  }

  /** run() has returned. */
  returned(): void {
    this.go('host');
  }
}
