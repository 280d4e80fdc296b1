/**
 * What semantics, emitters and the region compiler build WebAssembly with. There are two back ends: Binaryen
 * (binaryen.ts), which optimises, and a writer of bytes (writer/), which takes microseconds.
 *
 * Expressions are plain numbers. Each may be used once: keep a value that is needed twice in a local. They are
 * evaluated where they are used, whatever the order they were made in. Operations have the names of the WebAssembly
 * text format, with a dot less: `m.i32.add(a, b)`, `m.i64.extend_u(a)` for i64.extend_i32_u.
 */
import type { ValueType } from './value-types.ts';

export type Expression = number;
/** A function of the module that is being built: imported or its own. */
export type FunctionReference = number;
/** Names a block or loop for the branches inside it. Any numbers, each once among those that are nested. */
export type Label = number;

type Unary = (value: Expression) => Expression;
type Binary = (left: Expression, right: Expression) => Expression;
/** @param align in bytes: what the address, with the offset, is a multiple of. */
type Load = (offset: number, align: number, address: Expression) => Expression;
type Store = (offset: number, align: number, address: Expression, value: Expression) => Expression;
type ExtractLane = (vector: Expression, lane: number) => Expression;
type ReplaceLane = (vector: Expression, lane: number, value: Expression) => Expression;

/** What each operation of a group takes and gives, by names. */
type Unaries<Names extends string> = Readonly<Record<Names, Unary>>;
type Binaries<Names extends string> = Readonly<Record<Names, Binary>>;
type Loads<Names extends string> = Readonly<Record<Names, Load>>;
type Stores<Names extends string> = Readonly<Record<Names, Store>>;

export type IntegerUnary = 'clz' | 'ctz' | 'popcnt' | 'eqz' | 'reinterpret';
export type IntegerBinary =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div_s'
  | 'div_u'
  | 'rem_s'
  | 'rem_u'
  | 'and'
  | 'or'
  | 'xor'
  | 'shl'
  | 'shr_s'
  | 'shr_u'
  | 'rotl'
  | 'rotr'
  | 'eq'
  | 'ne'
  | 'lt_s'
  | 'lt_u'
  | 'gt_s'
  | 'gt_u'
  | 'le_s'
  | 'le_u'
  | 'ge_s'
  | 'ge_u';
export type I32Unary = IntegerUnary | 'wrap' | 'extend8_s' | 'extend16_s';
export type I64Unary = IntegerUnary | 'extend_s' | 'extend_u';
export type FloatUnary = 'sqrt' | 'nearest' | 'floor' | 'ceil' | 'trunc' | 'reinterpret';
export type FloatBinary = 'add' | 'sub' | 'mul' | 'div' | 'eq' | 'ne' | 'lt' | 'gt' | 'le' | 'ge';
export type I32Load = 'load' | 'load8_u' | 'load16_u';
export type I32Store = 'store' | 'store8' | 'store16';
export type I64Load = 'load' | 'load32_s' | 'load32_u';
export type I64Store = 'store';
/** `_zero`: the low lane, with zeros above it. */
export type V128Load = 'load' | 'load32_zero' | 'load64_zero';

/** From floating-point numbers; what is out of range saturates. */
interface Saturating {
  readonly trunc_s_sat: Readonly<Record<'f64', Unary>>;
}
interface FromIntegers {
  readonly convert_s: Readonly<Record<'i32' | 'i64', Unary>>;
}

export type I32 = Unaries<I32Unary> &
  Binaries<IntegerBinary> &
  Loads<I32Load> &
  Stores<I32Store> &
  Saturating & { const(value: number): Expression };
export type I64 = Unaries<I64Unary> &
  Binaries<IntegerBinary> &
  Loads<I64Load> &
  Stores<I64Store> &
  Saturating & {
    /** @param value a number if it is a safe integer, which takes less time. */
    const(value: bigint | number): Expression;
    /** Of its two halves. */
    halves(low: number, high: number): Expression;
  };
export type F32 = Unaries<FloatUnary | 'demote'> & Binaries<FloatBinary> & FromIntegers;
export type F64 = Unaries<FloatUnary | 'promote'> &
  Binaries<FloatBinary> &
  FromIntegers & { const(value: number): Expression };

/** Operations of all vectors of integers; a shift's count is an i32. */
export type LanesBinary = 'add' | 'sub' | 'shl' | 'shr_s' | 'shr_u' | 'eq' | 'ne' | 'lt_s' | 'gt_s';
export type MinMax = 'min_s' | 'min_u' | 'max_s' | 'max_u';
export type Saturated = 'add_saturate_s' | 'add_saturate_u' | 'sub_saturate_s' | 'sub_saturate_u' | 'avgr_u';
export type I8x16Unary = 'abs' | 'bitmask';
export type I8x16Binary = LanesBinary | MinMax | Saturated | 'narrow_i16x8_s' | 'narrow_i16x8_u' | 'swizzle';
export type I16x8Unary = 'abs' | 'extadd_pairwise_i8x16_u' | 'extend_low_i8x16_s' | 'extend_low_i8x16_u';
export type I16x8Binary =
  | LanesBinary
  | MinMax
  | Saturated
  | 'mul'
  | 'narrow_i32x4_s'
  | 'narrow_i32x4_u'
  | 'q15mulr_sat_s';
export type I32x4Unary =
  | 'abs'
  | 'all_true'
  | 'bitmask'
  | 'extadd_pairwise_i16x8_u'
  | 'extend_low_i16x8_s'
  | 'extend_low_i16x8_u'
  | 'trunc_sat_f32x4_s'
  | 'trunc_sat_f64x2_s_zero';
export type I32x4Binary =
  | LanesBinary
  | MinMax
  | 'mul'
  | 'dot_i16x8_s'
  | 'extmul_low_i16x8_s'
  | 'extmul_low_i16x8_u'
  | 'extmul_high_i16x8_s'
  | 'extmul_high_i16x8_u';
export type I64x2Unary = 'all_true' | 'bitmask' | 'extend_low_i32x4_s' | 'extend_low_i32x4_u';
export type I64x2Binary = LanesBinary | 'extmul_low_i32x4_s' | 'extmul_low_i32x4_u';
type FloatLanesUnary = 'abs' | 'sqrt' | 'nearest' | 'floor' | 'ceil' | 'trunc';
export type F32x4Unary = FloatLanesUnary | 'convert_i32x4_s' | 'demote_f64x2_zero';
export type F64x2Unary = FloatLanesUnary | 'convert_low_i32x4_s' | 'promote_low_f32x4';
export type FloatLanesBinary = 'add' | 'sub' | 'mul' | 'div' | 'pmin' | 'pmax' | 'eq' | 'ne' | 'lt' | 'le';
export type V128Unary = 'not' | 'any_true';
export type V128Binary = 'and' | 'andnot' | 'or' | 'xor';

/** A vector seen as lanes. */
interface Lanes {
  splat(value: Expression): Expression;
  readonly replace_lane: ReplaceLane;
}
interface WideLanes extends Lanes {
  readonly extract_lane: ExtractLane;
}
interface NarrowLanes extends Lanes {
  /** Zero-extended to i32. */
  readonly extract_lane_u: ExtractLane;
}

export type I8x16 = Unaries<I8x16Unary> &
  Binaries<I8x16Binary | 'relaxed_swizzle'> &
  NarrowLanes & {
    /** @param lanes for each byte: 0-15 of `left`, 16-31 of `right`. */
    shuffle(left: Expression, right: Expression, lanes: number[]): Expression;
  };
export type I16x8 = Unaries<I16x8Unary> & Binaries<I16x8Binary> & NarrowLanes;
export type I32x4 = Unaries<I32x4Unary> & Binaries<I32x4Binary> & WideLanes;
export type I64x2 = Unaries<I64x2Unary> & Binaries<I64x2Binary> & WideLanes;
/** Relaxed SIMD: only for engines that fuse (compile/fused-multiply-add.ts). */
interface MultiplyAdd {
  /** a * b + c, of which it is the engine's choice whether it rounds once or twice. */
  relaxed_madd(a: Expression, b: Expression, c: Expression): Expression;
}
export type F32x4 = Unaries<F32x4Unary> & Binaries<FloatLanesBinary> & WideLanes & MultiplyAdd;
export type F64x2 = Unaries<F64x2Unary> & Binaries<FloatLanesBinary> & WideLanes & MultiplyAdd;
export type V128 = Unaries<V128Unary> &
  Binaries<V128Binary> &
  Loads<V128Load> &
  Stores<'store'> & {
    /** @param bytes 16. */
    const(bytes: Uint8Array): Expression;
    /** Bits of `a` where `mask` has ones, of `b` elsewhere. */
    bitselect(a: Expression, b: Expression, mask: Expression): Expression;
  };

/** A module that is being built. It has one memory and one function table. */
export interface Module {
  readonly i32: I32;
  readonly i64: I64;
  readonly f32: F32;
  readonly f64: F64;
  readonly i8x16: I8x16;
  readonly i16x8: I16x8;
  readonly i32x4: I32x4;
  readonly i64x2: I64x2;
  readonly f32x4: F32x4;
  readonly f64x2: F64x2;
  readonly v128: V128;

  /** Locals by number: parameters first. */
  readonly local: {
    get(index: number, type: ValueType): Expression;
    set(index: number, value: Expression): Expression;
    tee(index: number, value: Expression, type: ValueType): Expression;
  };

  /**
   * Statements; the last may be the value of the block. A block with a label has none: a branch to it goes on behind it.
   * @param type of the value; without it, that of the last statement.
   */
  block(label: Label | null, statements: readonly Expression[], type?: ValueType): Expression;
  /** A branch to its label starts it again. */
  loop(label: Label, body: Expression): Expression;
  br(label: Label): Expression;
  /** A branch to the label that the i32 `index` counts to, or to `otherwise`. */
  br_table(labels: readonly Label[], otherwise: Label, index: Expression): Expression;
  if(condition: Expression, then: Expression, otherwise?: Expression): Expression;
  /** `if` whose condition nearly always holds: a hint to engines. */
  ifLikely(condition: Expression, then: Expression, otherwise?: Expression): Expression;
  /** `if` whose condition hardly ever holds. */
  ifUnlikely(condition: Expression, then: Expression, otherwise?: Expression): Expression;
  select(condition: Expression, then: Expression, otherwise: Expression): Expression;
  return(): Expression;
  unreachable(): Expression;
  call(callee: FunctionReference, operands: readonly Expression[], result: ValueType): Expression;
  /** @param target i32, index in the function table. */
  call_indirect(
    target: Expression,
    operands: readonly Expression[],
    parameters: readonly ValueType[],
    result: ValueType,
  ): Expression;
  /** The same as a tail call. */
  return_call_indirect(
    target: Expression,
    operands: readonly Expression[],
    parameters: readonly ValueType[],
    result: ValueType,
  ): Expression;
  /** A call in place of what would be left to do here: the callee returns to the caller. */
  return_call(callee: FunctionReference, operands: readonly Expression[], result: ValueType): Expression;
  /** Type of an expression's value. */
  typeOf(expression: Expression): ValueType;

  /**
   * A memory that has a maximum size, and at least so many pages: what an engine knows to be there it accesses without provision
   * for a trap, so that a load may be an operand of another instruction.
   */
  importMemory(from: string, name: string, pages: number): void;
  /** The table of calls through one. */
  importTable(from: string, name: string): void;
  importFunction(
    from: string,
    name: string,
    parameters: readonly ValueType[],
    result: ValueType,
  ): FunctionReference;
  /**
   * @param name for profiles, where the back end keeps names. @param locals types of those after the parameters.
   */
  addFunction(
    name: string,
    parameters: readonly ValueType[],
    result: ValueType,
    locals: readonly ValueType[],
    body: Expression,
  ): FunctionReference;
  exportFunction(name: string, callee: FunctionReference): void;
  /** The finished module. Nothing made here may be used after that. */
  emit(): Uint8Array;
}
