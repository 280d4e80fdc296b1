/**
 * Opcodes of the operations that builder.ts names, with the type each gives. Source: WebAssembly Core Specification,
 * "Binary Format", "Instructions".
 */
import type * as builder from '../builder.ts';
import { f32, f64, i32, i64, none, type ValueType, v128 } from '../value-types.ts';
import { BINARY, head, LOAD, STORE, UNARY } from './expression-arena.ts';

/** Head of the expressions of each operation (expression-arena.ts). */
type Heads<Names extends string> = Readonly<Record<Names, number>>;

/** Saturating truncation. */
const MISC = 0xfc00;
/** Added to the opcode: those of relaxed SIMD have nine bits. */
const SIMD = 0xfd00;

function heads<Names extends string>(
  kind: number,
  type: ValueType,
  prefix: number,
  opcodes: Readonly<Record<Names, number>>,
): Heads<Names> {
  const entries = Object.entries<number>(opcodes).map(([name, opcode]) => [
    name,
    head(kind, type, prefix | opcode),
  ]);
  return Object.fromEntries(entries) as Heads<Names>;
}

type Comparison = 'eq' | 'ne' | 'lt_s' | 'lt_u' | 'gt_s' | 'gt_u' | 'le_s' | 'le_u' | 'ge_s' | 'ge_u';

/** Integer operations come in the same order for both types, from different opcodes on. */
function integerComparisons(first: number): Heads<Comparison> {
  return heads(BINARY, i32, 0, {
    eq: first,
    ne: first + 1,
    lt_s: first + 2,
    lt_u: first + 3,
    gt_s: first + 4,
    gt_u: first + 5,
    le_s: first + 6,
    le_u: first + 7,
    ge_s: first + 8,
    ge_u: first + 9,
  });
}

function integerArithmetic(
  type: ValueType,
  first: number,
): Heads<Exclude<builder.IntegerBinary, Comparison>> {
  return heads(BINARY, type, 0, {
    add: first,
    sub: first + 1,
    mul: first + 2,
    div_s: first + 3,
    div_u: first + 4,
    rem_s: first + 5,
    rem_u: first + 6,
    and: first + 7,
    or: first + 8,
    xor: first + 9,
    shl: first + 10,
    shr_s: first + 11,
    shr_u: first + 12,
    rotl: first + 13,
    rotr: first + 14,
  });
}

export const I32_UNARY: Heads<builder.I32Unary> = heads(UNARY, i32, 0, {
  eqz: 0x45,
  clz: 0x67,
  ctz: 0x68,
  popcnt: 0x69,
  wrap: 0xa7,
  reinterpret: 0xbc,
  extend8_s: 0xc0,
  extend16_s: 0xc1,
});
export const I32_BINARY: Heads<builder.IntegerBinary> = {
  ...integerComparisons(0x46),
  ...integerArithmetic(i32, 0x6a),
};
export const I32_LOAD: Heads<builder.I32Load> = heads(LOAD, i32, 0, {
  load: 0x28,
  load8_u: 0x2d,
  load16_u: 0x2f,
});
export const I32_STORE: Heads<builder.I32Store> = heads(STORE, none, 0, {
  store: 0x36,
  store8: 0x3a,
  store16: 0x3b,
});
export const I32_TRUNCATE: Heads<'f64'> = heads(UNARY, i32, MISC, { f64: 2 });

export const I64_UNARY: Heads<builder.I64Unary> = {
  ...heads(UNARY, i32, 0, { eqz: 0x50 }),
  ...heads(UNARY, i64, 0, {
    clz: 0x79,
    ctz: 0x7a,
    popcnt: 0x7b,
    extend_s: 0xac,
    extend_u: 0xad,
    reinterpret: 0xbd,
  }),
};
export const I64_BINARY: Heads<builder.IntegerBinary> = {
  ...integerComparisons(0x51),
  ...integerArithmetic(i64, 0x7c),
};
export const I64_LOAD: Heads<builder.I64Load> = heads(LOAD, i64, 0, {
  load: 0x29,
  load32_s: 0x34,
  load32_u: 0x35,
});
export const I64_STORE: Heads<builder.I64Store> = heads(STORE, none, 0, { store: 0x37 });
export const I64_TRUNCATE: Heads<'f64'> = heads(UNARY, i64, MISC, { f64: 6 });

type FloatComparison = 'eq' | 'ne' | 'lt' | 'gt' | 'le' | 'ge';

function floatComparisons(first: number): Heads<FloatComparison> {
  return heads(BINARY, i32, 0, {
    eq: first,
    ne: first + 1,
    lt: first + 2,
    gt: first + 3,
    le: first + 4,
    ge: first + 5,
  });
}

function floatUnary(type: ValueType, ceil: number): Heads<Exclude<builder.FloatUnary, 'reinterpret'>> {
  return heads(UNARY, type, 0, {
    ceil,
    floor: ceil + 1,
    trunc: ceil + 2,
    nearest: ceil + 3,
    sqrt: ceil + 4,
  });
}

function floatArithmetic(type: ValueType, add: number): Heads<Exclude<builder.FloatBinary, FloatComparison>> {
  return heads(BINARY, type, 0, { add, sub: add + 1, mul: add + 2, div: add + 3 });
}

export const F32_UNARY: Heads<builder.FloatUnary | 'demote'> = {
  ...floatUnary(f32, 0x8d),
  ...heads(UNARY, f32, 0, { demote: 0xb6, reinterpret: 0xbe }),
};
export const F32_BINARY: Heads<builder.FloatBinary> = {
  ...floatComparisons(0x5b),
  ...floatArithmetic(f32, 0x92),
};
export const F32_CONVERT: Heads<'i32' | 'i64'> = heads(UNARY, f32, 0, { i32: 0xb2, i64: 0xb4 });

export const F64_UNARY: Heads<builder.FloatUnary | 'promote'> = {
  ...floatUnary(f64, 0x9b),
  ...heads(UNARY, f64, 0, { promote: 0xbb, reinterpret: 0xbf }),
};
export const F64_BINARY: Heads<builder.FloatBinary> = {
  ...floatComparisons(0x61),
  ...floatArithmetic(f64, 0xa0),
};
export const F64_CONVERT: Heads<'i32' | 'i64'> = heads(UNARY, f64, 0, { i32: 0xb7, i64: 0xb9 });

const vectorUnary = <Names extends string>(opcodes: Readonly<Record<Names, number>>): Heads<Names> =>
  heads(UNARY, v128, SIMD, opcodes);
const vectorBinary = <Names extends string>(opcodes: Readonly<Record<Names, number>>): Heads<Names> =>
  heads(BINARY, v128, SIMD, opcodes);
const vectorTest = <Names extends string>(opcodes: Readonly<Record<Names, number>>): Heads<Names> =>
  heads(UNARY, i32, SIMD, opcodes);

export const I8X16_UNARY: Heads<builder.I8x16Unary> = {
  ...vectorUnary({ abs: 0x60 }),
  ...vectorTest({ bitmask: 0x64 }),
};
export const I8X16_BINARY: Heads<builder.I8x16Binary> = vectorBinary({
  swizzle: 0x0e,
  eq: 0x23,
  ne: 0x24,
  lt_s: 0x25,
  gt_s: 0x27,
  narrow_i16x8_s: 0x65,
  narrow_i16x8_u: 0x66,
  shl: 0x6b,
  shr_s: 0x6c,
  shr_u: 0x6d,
  add: 0x6e,
  add_saturate_s: 0x6f,
  add_saturate_u: 0x70,
  sub: 0x71,
  sub_saturate_s: 0x72,
  sub_saturate_u: 0x73,
  min_s: 0x76,
  min_u: 0x77,
  max_s: 0x78,
  max_u: 0x79,
  avgr_u: 0x7b,
});
export const I16X8_UNARY: Heads<builder.I16x8Unary> = vectorUnary({
  extadd_pairwise_i8x16_u: 0x7d,
  abs: 0x80,
  extend_low_i8x16_s: 0x87,
  extend_low_i8x16_u: 0x89,
});
export const I16X8_BINARY: Heads<builder.I16x8Binary> = vectorBinary({
  eq: 0x2d,
  ne: 0x2e,
  lt_s: 0x2f,
  gt_s: 0x31,
  q15mulr_sat_s: 0x82,
  narrow_i32x4_s: 0x85,
  narrow_i32x4_u: 0x86,
  shl: 0x8b,
  shr_s: 0x8c,
  shr_u: 0x8d,
  add: 0x8e,
  add_saturate_s: 0x8f,
  add_saturate_u: 0x90,
  sub: 0x91,
  sub_saturate_s: 0x92,
  sub_saturate_u: 0x93,
  mul: 0x95,
  min_s: 0x96,
  min_u: 0x97,
  max_s: 0x98,
  max_u: 0x99,
  avgr_u: 0x9b,
});
export const I32X4_UNARY: Heads<builder.I32x4Unary> = {
  ...vectorUnary({
    extadd_pairwise_i16x8_u: 0x7f,
    abs: 0xa0,
    extend_low_i16x8_s: 0xa7,
    extend_low_i16x8_u: 0xa9,
    trunc_sat_f32x4_s: 0xf8,
    trunc_sat_f64x2_s_zero: 0xfc,
  }),
  ...vectorTest({ all_true: 0xa3, bitmask: 0xa4 }),
};
export const I32X4_BINARY: Heads<builder.I32x4Binary> = vectorBinary({
  eq: 0x37,
  ne: 0x38,
  lt_s: 0x39,
  gt_s: 0x3b,
  shl: 0xab,
  shr_s: 0xac,
  shr_u: 0xad,
  add: 0xae,
  sub: 0xb1,
  mul: 0xb5,
  min_s: 0xb6,
  min_u: 0xb7,
  max_s: 0xb8,
  max_u: 0xb9,
  dot_i16x8_s: 0xba,
  extmul_low_i16x8_s: 0xbc,
  extmul_high_i16x8_s: 0xbd,
  extmul_low_i16x8_u: 0xbe,
  extmul_high_i16x8_u: 0xbf,
});
export const I64X2_UNARY: Heads<builder.I64x2Unary> = {
  ...vectorUnary({ extend_low_i32x4_s: 0xc7, extend_low_i32x4_u: 0xc9 }),
  ...vectorTest({ all_true: 0xc3, bitmask: 0xc4 }),
};
export const I64X2_BINARY: Heads<builder.I64x2Binary> = vectorBinary({
  shl: 0xcb,
  shr_s: 0xcc,
  shr_u: 0xcd,
  add: 0xce,
  sub: 0xd1,
  eq: 0xd6,
  ne: 0xd7,
  lt_s: 0xd8,
  gt_s: 0xd9,
  extmul_low_i32x4_s: 0xdc,
  extmul_low_i32x4_u: 0xde,
});
export const F32X4_UNARY: Heads<builder.F32x4Unary> = vectorUnary({
  demote_f64x2_zero: 0x5e,
  ceil: 0x67,
  floor: 0x68,
  trunc: 0x69,
  nearest: 0x6a,
  abs: 0xe0,
  sqrt: 0xe3,
  convert_i32x4_s: 0xfa,
});
export const F32X4_BINARY: Heads<builder.FloatLanesBinary> = vectorBinary({
  eq: 0x41,
  ne: 0x42,
  lt: 0x43,
  le: 0x45,
  add: 0xe4,
  sub: 0xe5,
  mul: 0xe6,
  div: 0xe7,
  pmin: 0xea,
  pmax: 0xeb,
});
export const F64X2_UNARY: Heads<builder.F64x2Unary> = vectorUnary({
  promote_low_f32x4: 0x5f,
  ceil: 0x74,
  floor: 0x75,
  trunc: 0x7a,
  nearest: 0x94,
  abs: 0xec,
  sqrt: 0xef,
  convert_low_i32x4_s: 0xfe,
});
export const F64X2_BINARY: Heads<builder.FloatLanesBinary> = vectorBinary({
  eq: 0x47,
  ne: 0x48,
  lt: 0x49,
  le: 0x4b,
  add: 0xf0,
  sub: 0xf1,
  mul: 0xf2,
  div: 0xf3,
  pmin: 0xf6,
  pmax: 0xf7,
});
export const V128_UNARY: Heads<builder.V128Unary> = {
  ...vectorUnary({ not: 0x4d }),
  ...vectorTest({ any_true: 0x53 }),
};
export const V128_BINARY: Heads<builder.V128Binary> = vectorBinary({
  and: 0x4e,
  andnot: 0x4f,
  or: 0x50,
  xor: 0x51,
});
export const V128_LOAD: Heads<builder.V128Load> = heads(LOAD, v128, SIMD, {
  load: 0x00,
  load32_zero: 0x5c,
  load64_zero: 0x5d,
});
export const V128_STORE: Heads<'store'> = heads(STORE, none, SIMD, { store: 0x0b });

// What is not an operation on one or two values.
export const OPCODE_UNREACHABLE = 0x00;
export const OPCODE_BLOCK = 0x02;
export const OPCODE_LOOP = 0x03;
export const OPCODE_IF = 0x04;
export const OPCODE_ELSE = 0x05;
export const OPCODE_END = 0x0b;
export const OPCODE_BRANCH = 0x0c;
export const OPCODE_BRANCH_TABLE = 0x0e;
export const OPCODE_RETURN = 0x0f;
export const OPCODE_CALL = 0x10;
export const OPCODE_RETURN_CALL = 0x12;
export const OPCODE_CALL_INDIRECT = 0x11;
export const OPCODE_RETURN_CALL_INDIRECT = 0x13;
export const OPCODE_SELECT = 0x1b;
export const OPCODE_LOCAL_GET = 0x20;
export const OPCODE_LOCAL_SET = 0x21;
export const OPCODE_LOCAL_TEE = 0x22;
export const OPCODE_I32_CONST = 0x41;
export const OPCODE_I64_CONST = 0x42;
export const OPCODE_F64_CONST = 0x44;
export const OPCODE_V128_CONST = SIMD | 0x0c;
export const OPCODE_SHUFFLE = SIMD | 0x0d;
export const OPCODE_BITSELECT = SIMD | 0x52;
export const OPCODE_RELAXED_SWIZZLE = SIMD + 0x100;
export const OPCODE_F32X4_RELAXED_MADD = SIMD + 0x105;
export const OPCODE_F64X2_RELAXED_MADD = SIMD + 0x107;

/** Opcodes of extract_lane (of narrow lanes, extract_lane_u), replace_lane and splat. */
export interface LaneOpcodes {
  readonly extract: number;
  readonly replace: number;
  readonly splat: number;
  /** Of a lane that is extracted. */
  readonly type: ValueType;
}
export const LANES = {
  i8x16: { splat: SIMD | 0x0f, extract: SIMD | 0x16, replace: SIMD | 0x17, type: i32 },
  i16x8: { splat: SIMD | 0x10, extract: SIMD | 0x19, replace: SIMD | 0x1a, type: i32 },
  i32x4: { splat: SIMD | 0x11, extract: SIMD | 0x1b, replace: SIMD | 0x1c, type: i32 },
  i64x2: { splat: SIMD | 0x12, extract: SIMD | 0x1d, replace: SIMD | 0x1e, type: i64 },
  f32x4: { splat: SIMD | 0x13, extract: SIMD | 0x1f, replace: SIMD | 0x20, type: f32 },
  f64x2: { splat: SIMD | 0x14, extract: SIMD | 0x21, replace: SIMD | 0x22, type: f64 },
} as const satisfies Record<string, LaneOpcodes>;
