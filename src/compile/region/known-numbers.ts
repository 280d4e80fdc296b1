/**
 * What a block, or one that only it leads to, knows of the numbers in vector registers, so that none is looked at twice (isa/semantics/sse-exceptions.ts):
 * which are not denormal, which are no NaNs, and which are results of the current attempt.
 */

import type { Rounding, Value } from '../../isa/emitter.ts';

/** How a register is seen. What is known of all lanes of a size is known of the low one. */
type View = Pick<Rounding, 'size' | 'isScalar'>;

/** A result that may be infinite or a NaN unless an operation that shows it has used it. */
export interface Result extends View {
  readonly value: Value;
  isUsed: boolean;
}

export interface Knowledge {
  /** A bit for each view in which it is not denormal. */
  readonly views: number;
  /** The same where it is no NaN. */
  readonly ordered: number;
  /** The same where the current attempt looks at it. */
  readonly looked: number;
  readonly result: Result | undefined;
}

const NOTHING: Knowledge = { views: 0, ordered: 0, looked: 0, result: undefined };

/** Bits of which one says it of the view. */
function bitsFor(view: View): number {
  return bitOf(view) | bitOf({ size: view.size, isScalar: false });
}

function bitOf({ size, isScalar }: View): number {
  return size * (isScalar ? 1 : 4);
}

export class KnownNumbers {
  /** By the number of a 128-bit lane: twice that of its register, and one more for an upper half. */
  private made: Map<number, Knowledge> | undefined = undefined;

  /** @param before of the block that leads to this one, in the same group. */
  constructor(before: KnownNumbers | undefined) {
    if (before?.made !== undefined) this.made = new Map(before.made);
  }

  /** Most blocks have none. */
  private get lanes(): Map<number, Knowledge> {
    this.made ??= new Map();
    return this.made;
  }

  private of(lane: number): Knowledge {
    return this.made?.get(lane) ?? NOTHING;
  }

  isOrdinary(lane: number, view: View): boolean {
    return (this.of(lane).views & bitsFor(view)) !== 0;
  }

  /** Whether it is an operand that the attempt looks at, among those of the same view. */
  isLooked(lane: number, view: View): boolean {
    return (this.of(lane).looked & bitOf(view)) !== 0;
  }

  isOrdered(lane: number, view: View): boolean {
    return (this.of(lane).ordered & bitsFor(view)) !== 0;
  }

  setOrdinary(lane: number, view: View): void {
    const known = this.of(lane);
    this.lanes.set(lane, { ...known, views: known.views | bitOf(view) });
  }

  setLooked(lane: number, view: View): void {
    const known = this.of(lane);
    this.lanes.set(lane, { ...known, looked: known.looked | bitOf(view) });
    this.setOrdinary(lane, view);
  }

  setOrdered(lane: number, view: View): void {
    const known = this.of(lane);
    this.lanes.set(lane, { ...known, ordered: known.ordered | bitOf(view) });
  }

  /** It is no NaN, or the attempt fails. */
  setResult(lane: number, result: Result): void {
    this.lanes.set(lane, { ...this.of(lane), result });
    this.setOrdered(lane, result);
  }

  /** The lane is an operand of an operation that is not finite if the operand is not. */
  use(lane: number, view: View): void {
    const { result } = this.of(lane);
    if (result?.size === view.size && (result.isScalar || !view.isScalar)) result.isUsed = true;
  }

  /** Something else is written. */
  forget(lane: number): void {
    this.made?.delete(lane);
  }

  copy(from: number, to: number): void {
    if (this.made !== undefined) this.lanes.set(to, this.of(from));
  }

  /** What is known of a vector of elements of others. @param size of an element. */
  joined(from: readonly number[], size: Rounding['size']): Knowledge {
    const views = bitOf({ size: 4, isScalar: false }) | (size === 8 ? bitOf({ size, isScalar: false }) : 0);
    const all = { views, ordered: views, looked: views, result: undefined };
    return from.reduce((known, lane) => {
      const { views, ordered, looked } = this.of(lane);
      return {
        views: known.views & views,
        ordered: known.ordered & ordered,
        looked: known.looked & looked,
        result: undefined,
      };
    }, all);
  }

  /** @param isLooked the attempt is still the same. */
  setJoined(lane: number, known: Knowledge, isLooked: boolean): void {
    this.lanes.set(lane, isLooked ? known : { ...known, looked: 0 });
  }

  /** An attempt ends: results of it have been looked at. */
  endAttempt(): void {
    if (this.made === undefined) return;
    for (const [lane, known] of this.made) this.lanes.set(lane, { ...known, looked: 0, result: undefined });
  }
}
