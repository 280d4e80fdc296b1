/** Floating-point instructions that exist in single (SSE) and in double precision (SSE2). */

import { type Case, Input } from '../case.ts';
import {
  anyMxcsr,
  boundaries,
  joinLanes,
  laneValue,
  MXCSR_ROUNDINGS,
  MXCSR_UNMASKED,
  SPECIAL_F32,
  SPECIAL_F64,
  vectorValue,
} from '../lanes.ts';
import { type AddressingCycle, memory, type Operand, register, type Size } from '../operands.ts';
import { anyFlags, anyValue, Random } from '../values.ts';
import { narrow, specialCases, vectorCase, vectorCases, XMM_PAIRS, xmm } from './vectors.ts';

/** What distinguishes the two precisions: suffixes of packed and scalar instructions, lanes, bits. */
export interface Precision {
  packed: 'ps' | 'pd';
  scalar: 'ss' | 'sd';
  lane: 'f32' | 'f64';
  bits: 32 | 64;
}

export const SINGLE: Precision = { packed: 'ps', scalar: 'ss', lane: 'f32', bits: 32 };
export const DOUBLE: Precision = { packed: 'pd', scalar: 'sd', lane: 'f64', bits: 64 };

/** The predicates of CMPPS and its kin: EQ, LT, LE, UNORD, NEQ, NLT, NLE and ORD. */
const PREDICATES = [0, 1, 2, 3, 4, 5, 6, 7];

function specials(precision: Precision): readonly bigint[] {
  return precision.lane === 'f32' ? SPECIAL_F32 : SPECIAL_F64;
}

/** ADD, SUB, MUL, DIV, MIN, MAX and SQRT. */
export function* arithmeticCases(precision: Precision, cycle: AddressingCycle): Generator<Case> {
  const { packed, scalar, lane, bits } = precision;
  for (const op of ['add', 'sub', 'mul', 'div', 'min', 'max', 'sqrt']) {
    yield* vectorCases(`${op}${packed}`, { lanes: lane, float: true }, cycle);
    yield* specialCases(`${op}${packed}`, lane);
    yield* vectorCases(`${op}${scalar}`, { lanes: lane, bits, float: true, count: 4 }, cycle);
  }
}

/** CMPcc, COMI and UCOMI. */
export function* compareCases(precision: Precision, cycle: AddressingCycle): Generator<Case> {
  const { packed, scalar, lane, bits } = precision;
  yield* vectorCases(`cmp${packed}`, { lanes: lane, float: true, immediates: PREDICATES, count: 1 }, cycle);
  yield* vectorCases(
    `cmp${scalar}`,
    { lanes: lane, bits, float: true, immediates: PREDICATES, count: 1 },
    cycle,
  );
  const random = new Random(`cmp${packed} specials`);
  const [first, second] = XMM_PAIRS[0];
  const every = specials(precision).flatMap((a) => specials(precision).map((b): [bigint, bigint] => [a, b]));
  for (const predicate of PREDICATES) {
    for (const test of specialCases(`cmp${packed}`, lane)) {
      if (random.below(2)) yield { ...test, asm: `${test.asm}, ${predicate}` };
    }
  }
  for (const op of [`comi${scalar}`, `ucomi${scalar}`]) {
    yield* vectorCases(op, { lanes: lane, bits, float: true }, cycle);
    for (const [a, b] of every) {
      const values: [Operand, bigint][] = [
        [first, joinLanes([a, laneValue(random, lane)], lane)],
        [second, joinLanes([b, laneValue(random, lane)], lane)],
      ];
      const mxcsr = random.below(8) ? anyMxcsr(random) : random.pick(MXCSR_UNMASKED);
      const test = vectorCase(`${op} ${first.text}, ${second.text}`, values, random, mxcsr);
      test.input.registers.set('rflags', anyFlags(random));
      yield test;
    }
  }
}

/** Conversions of a scalar to and from a general register. */
export function* integerConversions(precision: Precision, cycle: AddressingCycle): Generator<Case> {
  const { scalar, lane } = precision;
  const random = new Random(`cvtsi2${scalar}`);
  for (const size of [32, 64] as const) {
    for (const op of [`cvt${scalar}2si`, `cvtt${scalar}2si`]) {
      yield* toInteger(op, size, precision, cycle, random);
    }
    const op = `cvtsi2${scalar}`;
    for (const [target, source] of [
      [0, 0],
      [9, 3],
      [3, 10],
      [15, 15],
      [4, -1],
      [12, -1],
    ]) {
      const operand = source < 0 ? memory(cycle.next(), size) : register(source, size);
      for (let i = 0; i < 5; i++) {
        const values: [Operand, bigint][] = [
          [xmm(target), vectorValue(random, lane)],
          [operand, anyValue(random, size)],
        ];
        yield vectorCase(`${op} xmm${target}, ${operand.text}`, values, random, anyMxcsr(random));
      }
    }
    for (const mxcsr of MXCSR_ROUNDINGS) {
      // More significant bits than fit: each rounding mode has its own result.
      for (const value of [
        0x0100_0001n,
        0x7fff_ffffn,
        0x8000_0001n,
        0x0020_0000_0000_0001n,
        0xffdf_ffff_ffff_fffdn,
      ]) {
        const values: [Operand, bigint][] = [
          [xmm(1), vectorValue(random, lane)],
          [register(2, size), value],
        ];
        yield vectorCase(`${op} xmm1, ${register(2, size).text}`, values, random, mxcsr);
      }
    }
  }
}

function* toInteger(
  op: string,
  size: Size,
  precision: Precision,
  cycle: AddressingCycle,
  random: Random,
): Generator<Case> {
  const { lane, bits } = precision;
  const text = `${op} ${register(0, size).text}, xmm1`;
  for (const value of [...boundaries(lane), ...specials(precision)]) {
    const filled = joinLanes([value, laneValue(random, lane)], lane);
    const roundings = random.below(3) ? [random.pick(MXCSR_ROUNDINGS)] : MXCSR_ROUNDINGS;
    for (const mxcsr of roundings) yield vectorCase(text, [[xmm(1), filled]], random, mxcsr);
  }
  for (const mxcsr of MXCSR_UNMASKED) {
    yield vectorCase(text, [[xmm(1), vectorValue(random, lane)]], random, mxcsr);
  }
  for (const [target, source] of [
    [9, 2],
    [2, 12],
    [15, 15],
    [7, -1],
    [8, -1],
  ]) {
    const operand = source < 0 ? narrow(memory(cycle.next(), bits)) : xmm(source);
    const addressed = /\brdi\b|\bedi\b/.test(operand.text) ? 8 : target;
    for (let i = 0; i < 3; i++) {
      const values: [Operand, bigint][] = [[operand, vectorValue(random, lane)]];
      yield vectorCase(
        `${op} ${register(addressed, size).text}, ${operand.text}`,
        values,
        random,
        anyMxcsr(random),
      );
    }
  }
}

/** Packed conversions: [op, source lane, bits of the memory operand]. */
export function* packedConversions(
  conversions: readonly [string, 'f32' | 'f64' | 'i32', number][],
  cycle: AddressingCycle,
): Generator<Case> {
  for (const [op, source, bits] of conversions) {
    yield* vectorCases(op, { lanes: 'i32', source, bits, float: true, count: 3 }, cycle);
    const random = new Random(`${op} values`);
    if (source === 'i32') continue;
    const interesting = [...boundaries(source), ...(source === 'f32' ? SPECIAL_F32 : SPECIAL_F64)];
    const count = source === 'f32' ? 4 : 2;
    for (let i = 0; i < interesting.length; i += count) {
      const value = joinLanes(interesting.slice(i, i + count), source);
      for (const mxcsr of MXCSR_ROUNDINGS)
        yield vectorCase(`${op} xmm3, xmm4`, [[xmm(4), value]], random, mxcsr);
    }
    for (const mxcsr of MXCSR_UNMASKED) {
      yield vectorCase(`${op} xmm3, xmm4`, [[xmm(4), vectorValue(random, source)]], random, mxcsr);
    }
  }
}

/** MOVMSKPS and MOVMSKPD. */
export function* signMasks(op: string, lane: 'f32' | 'f64' | 'i8'): Generator<Case> {
  const random = new Random(op);
  for (const [target, source] of [
    [0, 1],
    [9, 2],
    [3, 12],
    [15, 15],
  ]) {
    for (let i = 0; i < 4; i++) {
      const input = new Input().set(`xmm${source}` as 'xmm0', vectorValue(random, lane));
      yield { asm: `${op} ${register(target, 32).text}, xmm${source}`, input };
    }
  }
}
