/** One instruction with random operands at a place in the code area: what a number stands for in a run with --native. */
import type { Variant } from '../../src/isa/variant.ts';
import { CODE, type CodeMode } from '../../test/vectors/layout.ts';
import { Random } from '../recorder/values.ts';
import { anyForm, type Family } from './choices.ts';
import type { Parts, Purpose } from './inputs.ts';
import { withOperands } from './operands.ts';
import { assemble, type Program } from './program.ts';
import { isDefined, type Undefined, undefinedAfter } from './undefined.ts';

/** Bytes of the code area that a form has to itself. */
const PLACE_SIZE = 0x140;
const FIRST_PLACE = CODE + 0x40;
/** Forms that fit into the code area. */
export const PLACES = 25;
const BOUNDARY = CODE + 0x1000;
/** The place that the boundary between the two pages is in: its form is across it. */
const PLACE_ACROSS = Math.floor((BOUNDARY - FIRST_PLACE) / PLACE_SIZE);
const FILLER = 0xcc;

/** Families that have the state of SSE, and that of the x87, as operands. */
const VECTORS = /^(?:sse|avx|fma|f16c|mmx)/;
const X87 = /^(?:x87|mmx|sse-convert)$/;

export interface Form extends Purpose {
  /** Such as `seed/3`. */
  readonly name: string;
  readonly family: string;
  readonly variant: Variant;
  /** Without a state to start from. */
  readonly program: Program;
  readonly undefinedBits: Undefined;
}

function partsOf({ name }: Family): Parts {
  return {
    vectors: VECTORS.test(name),
    x87: X87.test(name),
  };
}

/** The form that a number of a seed stands for. */
export function formOf(seed: string, number: number, mode: CodeMode): Form {
  const name = `${seed}/${number}`;
  const random = new Random(name);
  const placed = FIRST_PLACE + (number % PLACES) * PLACE_SIZE + random.below(64);
  for (;;) {
    const { family, variant } = anyForm(random, mode);
    if (!isDefined(variant)) continue;
    const made = withOperands({ random, keepsCounter: false, keepsFlags: true, mode }, variant);
    if (made === undefined) continue;
    const { items, place } = made;
    const program: Program = {
      mode,
      items,
      base: placed,
      entry: 0,
      start: { registers: new Map(), memory: new Map() },
    };
    const length = assemble(program)?.bytes.length ?? 0;
    const base = number % PLACES === PLACE_ACROSS ? BOUNDARY - random.below(length) : placed;
    const bytes = assemble({ ...program, base })?.bytes;
    if (bytes === undefined) continue;
    const code = new Uint8Array((bytes.length + 7) & ~7).fill(FILLER);
    code.set(bytes);
    return {
      name,
      mode,
      family: family.name,
      variant,
      program: { ...program, base },
      entry: base,
      code,
      place,
      parts: partsOf(family),
      undefinedBits: undefinedAfter(variant),
    };
  }
}
