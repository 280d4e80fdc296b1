/**
 * FMA3 and F16C. The sum of a product and an addend is rounded once: by the engine if it has an operation for that, else
 * by runtime functions (wasm-runtime/sse/fused.ts): a quick one that gives NaNs where it does not do, and one that does
 * everything.
 */
import { MXCSR_PE } from '../../layout/cpu-state.ts';
import type { Expression } from '../../wasm/builder.ts';
import { i64, v128 } from '../../wasm/value-types.ts';
import type { Computation, Emitter, Rounding, Value } from '../emitter.ts';
import type { Semantics } from '../row.ts';
import { floatBits, floats } from './float-lanes.ts';
import { lanes } from './vector.ts';

/** What is negated: bit 0 the product, bit 1 the addend of even elements, bit 2 that of odd ones. */
export const FMADD = 0;
export const FMSUB = 6;
export const FNMADD = 1;
export const FNMSUB = 7;
export const FMADDSUB = 2;
export const FMSUBADD = 4;

/** Which operands are multiplied, and which is added: VFMADD132, 213, 231. */
const ORDERS = { 132: [0, 2, 1], 213: [1, 0, 2], 231: [1, 2, 0] } as const;
export type FusedOrder = keyof typeof ORDERS;

/** `value` with the signs of even (bit 1) and odd (bit 2) elements changed. */
function negated(e: Emitter, size: 4 | 8, value: Value, negations: number): Expression {
  const { m } = e;
  const even = negations & 2 ? -0x8000_0000 : 0;
  const odd = negations & 4 ? -0x8000_0000 : 0;
  if (even === 0 && odd === 0) return value();
  return m.v128.xor(value(), lanes(m, 4, size === 4 ? [even, odd, even, odd] : [0, even, 0, odd]));
}

/** A product and an addend, in one 128-bit lane. */
interface Fusion extends Pick<Rounding, 'size' | 'isScalar' | 'places' | 'lane'> {
  /** The factors and the addend, none of them negated. Of scalars only the low elements count, and so of the result. */
  readonly operands: readonly [Value, Value, Value];
  readonly negations: number;
}

/** The factors and the addend as they are multiplied and added. */
function terms(e: Emitter, { size, operands: [a, b, c], negations }: Fusion) {
  return [negated(e, size, a, negations & 1 ? 6 : 0), b(), negated(e, size, c, negations)] as const;
}

/** The same number in all elements, so that none but the low one signals anything. */
function spread(e: Emitter, fusion: Fusion): Fusion {
  const { size, isScalar, operands, negations } = fusion;
  if (!isScalar) return fusion;
  const lanes = floats(e.m, size);
  const [a, b, c] = operands;
  const low =
    (value: Value): Value =>
    () =>
      lanes.splat(lanes.extract_lane(value(), 0));
  return {
    ...fusion,
    operands: [low(a), low(b), low(c)],
    negations: negations & 2 ? negations | 4 : negations,
  };
}

function byRuntime(e: Emitter, { size, operands: [a, b, c], negations }: Fusion): Computation {
  const args = [e.record(), a(), b(), c(), e.m.i32.const(negations)];
  return { type: v128, name: `sseFused${floatBits(size)}`, args };
}

function fused(e: Emitter, fusion: Fusion): Value {
  const { m } = e;
  const { size } = fusion;
  const all = spread(e, fusion);
  if (e.fusesMultiplyAdd) {
    const result = e.let(floats(m, size).relaxed_madd(...terms(e, fusion)), v128);
    const toVector = (vector: Expression): Expression => vector;
    return e.rounded({ ...fusion, result, underflow: 'fused', call: byRuntime(e, all), toVector });
  }
  const fast = e.let(e.call(`fuse${floatBits(size)}`, [...terms(e, all)], v128), v128);
  const unusual = m.v128.any_true(floats(m, size).ne(fast(), fast()));
  const rare = m.i32.or(unusual, e.specialMxcsr(MXCSR_PE));
  const [result] = e.unlessRare(rare, { fast, ...byRuntime(e, all) }) as [Value];
  return result;
}

function ordered(order: FusedOrder, operands: readonly Value[]): Fusion['operands'] {
  return ORDERS[order].map((operand) => operands[operand]) as [Value, Value, Value];
}

export function fusedPacked(size: 4 | 8, order: FusedOrder, negations: number): Semantics {
  return (e) => {
    const source = e.readLanes(2);
    const vectors = [e.readLanes(0), e.readLanes(1), source];
    const results: Value[] = [];
    e.asOneOperation(() => {
      for (let lane = 0; lane < source.length; lane++) {
        const operands = ordered(
          order,
          vectors.map((lanes) => lanes[lane] as Value),
        );
        const places = ORDERS[order];
        results.push(fused(e, { size, isScalar: false, operands, places, lane, negations }));
      }
    });
    e.writeLanes(0, results);
  };
}

/** The low element; the others of the lane stay. */
export function fusedScalar(size: 4 | 8, order: FusedOrder, negations: number): Semantics {
  return (e) => {
    const lanes = floats(e.m, size);
    const vectors = [2, 1, 0].map((operand) => e.let(e.readFloatLane(operand), v128)).reverse();
    const operands = ordered(order, vectors);
    const result = fused(e, { size, isScalar: true, operands, places: ORDERS[order], lane: 0, negations });
    const low = lanes.extract_lane(result(), 0);
    e.writeLanes(0, [e.let(lanes.replace_lane(e.readLow(0), 0, low), v128)]);
  };
}

export function vcvtph2ps(e: Emitter): void {
  const args = [e.record(), e.readVector(1)];
  e.write(0, e.computed({ name: 'halvesToSingles', args, type: v128 })());
}

/** The halves of all singles, as wide as where they go to. */
function halves(e: Emitter, lanes: readonly Value[]): Value {
  const { m } = e;
  const parts: Value[] = [];
  e.asOneOperation(() => {
    for (const lane of lanes)
      parts.push(e.computed({ name: 'singlesToHalves', args: [e.record(), lane(), e.read(2)], type: i64 }));
  });
  const [low, high] = parts as [Value, Value | undefined];
  if (high === undefined && !e.isRegister(0)) return low;
  return e.let(m.i64x2.replace_lane(m.i64x2.splat(low()), 1, high?.() ?? m.i64.const(0n)), v128);
}

/** @param probesFirst whether memory is looked at before the numbers are (layout/vendor.ts). */
export function vcvtps2ph(probesFirst: boolean): Semantics {
  return (e) => {
    const lanes = e.readLanes(1);
    if (e.isRegister(0)) e.writeLanes(0, [halves(e, lanes)]);
    else if (probesFirst) e.writeProbed(0, () => halves(e, lanes));
    else e.write(0, halves(e, lanes)());
  };
}
