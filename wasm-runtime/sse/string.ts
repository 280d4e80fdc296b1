/** PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM (Intel SDM Vol. 2 "Imm8 Control Byte Operation for PCMPESTRI..."). */
import { FLAG_CF, FLAG_OF, FLAG_SF, FLAG_ZF, setArithmeticFlags } from '../flags';
import { CPU_STATE, GPR, YMM } from '../generated/layout';

/** Control byte. */
const WORDS: i32 = 1;
const SIGNED: i32 = 2;
const AGGREGATION_SHIFT: i32 = 2;
const NEGATED: i32 = 0x10;
const MASKED: i32 = 0x20;
/** Index of the last match, or a mask of whole elements. */
const LAST_OR_EXPANDED: i32 = 0x40;

const EQUAL_ANY: i32 = 0;
const RANGES: i32 = 1;
const EQUAL_EACH: i32 = 2;

/** The two operands, where elements can be reached by number. */
const FIRST = memory.data(16, 16);
const SECOND = memory.data(16, 16);

function element(operand: usize, index: i32, control: i32): i32 {
  if (control & WORDS) {
    const word = load<u16>(operand + ((<usize>index) << 1));
    return control & SIGNED ? <i32>(<i16>word) : <i32>word;
  }
  const byte = load<u8>(operand + <usize>index);
  return control & SIGNED ? <i32>(<i8>byte) : <i32>byte;
}

/** Elements before the first zero. */
function implicitLength(operand: usize, count: i32, control: i32): i32 {
  let length = 0;
  while (length < count && element(operand, length, control) !== 0) length++;
  return length;
}

/** Whether element `j` of the second operand matches, "IntRes1". */
function matches(j: i32, lengthA: i32, lengthB: i32, count: i32, control: i32): bool {
  const aggregation = (control >> AGGREGATION_SHIFT) & 3;
  if (aggregation === EQUAL_ANY || aggregation === RANGES) {
    if (j >= lengthB) return false;
    const value = element(SECOND, j, control);
    if (aggregation === EQUAL_ANY) {
      for (let i = 0; i < lengthA; i++) if (element(FIRST, i, control) === value) return true;
      return false;
    }
    for (let i = 0; i + 1 < lengthA; i += 2) {
      if (element(FIRST, i, control) <= value && value <= element(FIRST, i + 1, control)) return true;
    }
    return false;
  }
  if (aggregation === EQUAL_EACH) {
    if (j >= lengthA || j >= lengthB) return j >= lengthA && j >= lengthB;
    return element(FIRST, j, control) === element(SECOND, j, control);
  }
  // Equal ordered: the first operand occurs at `j`, as far as there is room.
  for (let i = 0; i < lengthA && j + i < count; i++) {
    if (j + i >= lengthB || element(FIRST, i, control) !== element(SECOND, j + i, control)) return false;
  }
  return true;
}

/** Compares FIRST and SECOND; sets the flags and returns "IntRes2". */
function compare(lengthA: i32, lengthB: i32, count: i32, control: i32): u32 {
  let result: u32 = 0;
  for (let j = 0; j < count; j++) {
    if (matches(j, lengthA, lengthB, count, control)) result |= 1 << j;
  }
  if (control & NEGATED) {
    const valid = control & MASKED ? (1 << lengthB) - 1 : (1 << count) - 1;
    result ^= <u32>valid;
  }
  let flags: u32 = 0;
  if (result !== 0) flags |= FLAG_CF;
  if (lengthB < count) flags |= FLAG_ZF;
  if (lengthA < count) flags |= FLAG_SF;
  if (result & 1) flags |= FLAG_OF;
  setArithmeticFlags(flags);
  return result;
}

/** PCMPxSTRI: RCX = index of the first or last match, or the number of elements. */
function storeIndex(result: u32, count: i32, control: i32): void {
  let index = <u32>count;
  if (result !== 0) index = control & LAST_OR_EXPANDED ? 31 - clz(result) : ctz(result);
  store<u64>(CPU_STATE + GPR + 8, index);
}

/** PCMPxSTRM: XMM0 = the bits, or each of them as a whole element. */
function storeMask(result: u32, control: i32): void {
  let mask = i64x2.replace_lane(i64x2.splat(0), 0, result);
  if (control & LAST_OR_EXPANDED) {
    if (control & WORDS) {
      const bits = i16x8(1, 2, 4, 8, 16, 32, 64, 128);
      mask = i16x8.eq(v128.and(i16x8.splat(<i16>result), bits), bits);
    } else {
      const bits = i8x16(1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128);
      const bytes = i8x16.swizzle(mask, i8x16(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1));
      mask = i8x16.eq(v128.and(bytes, bits), bits);
    }
  }
  v128.store(CPU_STATE + YMM, mask);
}

/** Length given in a register: its absolute value, at most the number of elements. */
function explicitLength(value: i64, count: i32): i32 {
  const size: u64 = value < 0 ? 0 - <u64>value : <u64>value;
  return size > <u64>count ? count : <i32>size;
}

/** PCMPESTRI (`mask` 0) and PCMPESTRM: lengths are RAX and RDX, of which `size` bytes count. */
export function sseCompareExplicit(a: v128, b: v128, control: i32, size: i32, mask: i32): void {
  v128.store(FIRST, a);
  v128.store(SECOND, b);
  const count = control & WORDS ? 8 : 16;
  let lengthA = load<i64>(CPU_STATE + GPR);
  let lengthB = load<i64>(CPU_STATE + GPR + 16);
  if (size === 4) {
    lengthA = <i64>(<i32>lengthA);
    lengthB = <i64>(<i32>lengthB);
  }
  const result = compare(explicitLength(lengthA, count), explicitLength(lengthB, count), count, control);
  if (mask) storeMask(result, control);
  else storeIndex(result, count, control);
}

/** PCMPISTRI (`mask` 0) and PCMPISTRM: operands end before their first zero. */
export function sseCompareImplicit(a: v128, b: v128, control: i32, mask: i32): void {
  v128.store(FIRST, a);
  v128.store(SECOND, b);
  const count = control & WORDS ? 8 : 16;
  const lengthA = implicitLength(FIRST, count, control);
  const result = compare(lengthA, implicitLength(SECOND, count, control), count, control);
  if (mask) storeMask(result, control);
  else storeIndex(result, count, control);
}
