/**
 * AES-NI (FIPS 197; Intel SDM Vol. 2 "AESENC" and kin) and PCLMULQDQ.
 *
 * The S-box is an inverse in the field of AES, GF(2^8), between affine maps. Bytes have 256 values and a swizzle looks up
 * sixteen, so the inverse is worked out in GF(2^4), of which GF(2^8) is a quadratic extension (M. Hamburg, "Accelerating AES with
 * Vector Permute Instructions", CHES 2009). GF(2^4) is GF(2)[x] / (x^4 + x + 1), z is a root of z^2 + z + 8 over it, and
 * an element i z + j (z + 1) is a byte with i in its high nibble and k = i + j in the low one. With a = 1/8 and
 *
 *     p = j + 1 / (1/i + a/k)        q = i + 1 / (1/j + a/k)
 *
 * the inverse is a sum of multiples of 1/p and 1/q, and so is whatever linear map of it. 1/0 is 0x80, infinity: sums with it
 * are not below 16 either, and of such an index a swizzle gives 0, which is 1/infinity.
 */

/** 1/n, and a/n. */
const INVERSES = memory.data<u8>(
  [0x80, 0x01, 0x09, 0x0e, 0x0d, 0x0b, 0x07, 0x06, 0x0f, 0x02, 0x0c, 0x05, 0x0a, 0x04, 0x03, 0x08],
  16,
);
const MULTIPLES = memory.data<u8>(
  [0x80, 0x0f, 0x0e, 0x05, 0x07, 0x03, 0x0b, 0x04, 0x0a, 0x0d, 0x08, 0x06, 0x0c, 0x09, 0x02, 0x01],
  16,
);

/** From bytes of AES to i and k: images of the low nibble and of the high one. Of the second the inverse affine map comes before. */
const SPLIT = memory.data<u8>(
  [
    0x00, 0x10, 0x02, 0x12, 0x64, 0x74, 0x66, 0x76, 0xc4, 0xd4, 0xc6, 0xd6, 0xa0, 0xb0, 0xa2, 0xb2, 0x00,
    0xc3, 0x5d, 0x9e, 0x43, 0x80, 0x1e, 0xdd, 0x5e, 0x9d, 0x03, 0xc0, 0x1d, 0xde, 0x40, 0x83,
  ],
  16,
);
const INVERSE_SPLIT = memory.data<u8>(
  [
    0x74, 0xf1, 0x8d, 0x08, 0xfd, 0x78, 0x04, 0x81, 0xf6, 0x73, 0x0f, 0x8a, 0x7f, 0xfa, 0x86, 0x03, 0x00,
    0x67, 0x97, 0xf0, 0x9f, 0xf8, 0x08, 0x6f, 0x29, 0x4e, 0xbe, 0xd9, 0xb6, 0xd1, 0x21, 0x46,
  ],
  16,
);

/**
 * Linear maps of inverses, back in bytes of AES: images of p and of q. The S-box without its constant, and twice that; and
 * the inverse times 1, 14, 11, 13 and 9.
 */
const SUBSTITUTED = memory.data<u8>(
  [
    0x00, 0x64, 0x99, 0x12, 0xe5, 0x0a, 0x8b, 0xef, 0x76, 0x93, 0x81, 0x18, 0x6e, 0x7c, 0xf7, 0xfd, 0x00,
    0x7b, 0xb0, 0x3d, 0x67, 0x91, 0x8d, 0xf6, 0x46, 0x21, 0x1c, 0xac, 0xea, 0xd7, 0x5a, 0xcb,
  ],
  16,
);
const SUBSTITUTED_2 = memory.data<u8>(
  [
    0x00, 0xc8, 0x29, 0x24, 0xd1, 0x14, 0x0d, 0xc5, 0xec, 0x3d, 0x19, 0x30, 0xdc, 0xf8, 0xf5, 0xe1, 0x00,
    0xf6, 0x7b, 0x7a, 0xce, 0x39, 0x01, 0xf7, 0x8c, 0x42, 0x38, 0x43, 0xcf, 0xb5, 0xb4, 0x8d,
  ],
  16,
);
const INVERSE_1 = memory.data<u8>(
  [
    0x00, 0xf2, 0x99, 0x30, 0x9d, 0xc6, 0xa9, 0x5b, 0xc2, 0x5f, 0x6f, 0xf6, 0x34, 0x04, 0xad, 0x6b, 0x00,
    0xf3, 0xc8, 0xdc, 0x2c, 0xcb, 0x14, 0xe7, 0x2f, 0x03, 0xdf, 0x17, 0x38, 0xe4, 0xf0, 0x3b,
  ],
  16,
);
const INVERSE_14 = memory.data<u8>(
  [
    0x00, 0xcb, 0xdf, 0x3b, 0xe7, 0xc8, 0xe4, 0x2f, 0xf0, 0x17, 0x2c, 0xf3, 0x03, 0x38, 0xdc, 0x14, 0x00,
    0xc5, 0x9c, 0x44, 0x93, 0x8e, 0xd8, 0x1d, 0x81, 0x12, 0x56, 0xca, 0x4b, 0x0f, 0xd7, 0x59,
  ],
  16,
);
const INVERSE_11 = memory.data<u8>(
  [
    0x00, 0xdc, 0x14, 0xcb, 0x38, 0x3b, 0xdf, 0x03, 0x17, 0x2f, 0xe4, 0xf0, 0xe7, 0x2c, 0xf3, 0xc8, 0x00,
    0xd7, 0x59, 0xc5, 0x0f, 0x44, 0x9c, 0x4b, 0x12, 0x1d, 0xd8, 0x81, 0x93, 0x56, 0xca, 0x8e,
  ],
  16,
);
const INVERSE_13 = memory.data<u8>(
  [
    0x00, 0xc6, 0x6f, 0x6b, 0x5b, 0x99, 0x04, 0xc2, 0xad, 0xf6, 0x9d, 0xf2, 0x5f, 0x34, 0x30, 0xa9, 0x00,
    0xcb, 0xdf, 0x3b, 0xe7, 0xc8, 0xe4, 0x2f, 0xf0, 0x17, 0x2c, 0xf3, 0x03, 0x38, 0xdc, 0x14,
  ],
  16,
);
const INVERSE_9 = memory.data<u8>(
  [
    0x00, 0x23, 0x3d, 0xab, 0x19, 0xac, 0x96, 0xb5, 0x88, 0x91, 0x3a, 0x07, 0x8f, 0x24, 0xb2, 0x1e, 0x00,
    0x2a, 0xd2, 0x66, 0x57, 0xc9, 0xb4, 0x9e, 0x4c, 0x1b, 0x7d, 0xaf, 0xe3, 0x85, 0x31, 0xf8,
  ],
  16,
);

/** The constant of the S-box: MixColumns makes the same of it. */
const CONSTANT: i8 = 0x63;

/** ShiftRows, then columns rotated by 0, 1, 2 and 3 bytes; and so with InvShiftRows. */
const SHIFTED_ROWS = memory.data<u8>(
  [
    0x00, 0x05, 0x0a, 0x0f, 0x04, 0x09, 0x0e, 0x03, 0x08, 0x0d, 0x02, 0x07, 0x0c, 0x01, 0x06, 0x0b, 0x05,
    0x0a, 0x0f, 0x00, 0x09, 0x0e, 0x03, 0x04, 0x0d, 0x02, 0x07, 0x08, 0x01, 0x06, 0x0b, 0x0c, 0x0a, 0x0f,
    0x00, 0x05, 0x0e, 0x03, 0x04, 0x09, 0x02, 0x07, 0x08, 0x0d, 0x06, 0x0b, 0x0c, 0x01, 0x0f, 0x00, 0x05,
    0x0a, 0x03, 0x04, 0x09, 0x0e, 0x07, 0x08, 0x0d, 0x02, 0x0b, 0x0c, 0x01, 0x06,
  ],
  16,
);
const INVERSE_SHIFTED_ROWS = memory.data<u8>(
  [
    0x00, 0x0d, 0x0a, 0x07, 0x04, 0x01, 0x0e, 0x0b, 0x08, 0x05, 0x02, 0x0f, 0x0c, 0x09, 0x06, 0x03, 0x0d,
    0x0a, 0x07, 0x00, 0x01, 0x0e, 0x0b, 0x04, 0x05, 0x02, 0x0f, 0x08, 0x09, 0x06, 0x03, 0x0c, 0x0a, 0x07,
    0x00, 0x0d, 0x0e, 0x0b, 0x04, 0x01, 0x02, 0x0f, 0x08, 0x05, 0x06, 0x03, 0x0c, 0x09, 0x07, 0x00, 0x0d,
    0x0a, 0x0b, 0x04, 0x01, 0x0e, 0x0f, 0x08, 0x05, 0x02, 0x03, 0x0c, 0x09, 0x06,
  ],
  16,
);

function lookUp(table: usize, indices: v128): v128 {
  return i8x16.swizzle(v128.load(table), indices);
}

/** Shifted rows, of which columns are rotated by `count` bytes. */
function shiftRows(state: v128, rows: usize, count: i32): v128 {
  return i8x16.swizzle(state, v128.load(rows + (count << 4)));
}

function lowNibbles(bytes: v128): v128 {
  return v128.and(bytes, i8x16.splat(15));
}

function highNibbles(bytes: v128): v128 {
  return v128.and(i32x4.shr_u(bytes, 4), i8x16.splat(15));
}

/** 1 / (1/n + multiple): p less j of i, q less i of j. `multiple` is a/k. */
function secondPart(n: v128, multiple: v128): v128 {
  return lookUp(INVERSES, v128.xor(multiple, lookUp(INVERSES, n)));
}

/** A linear map of inverses. */
function combine(table: usize, p: v128, q: v128): v128 {
  return v128.xor(lookUp(table, p), lookUp(table + 16, q));
}

function split(bytes: v128, table: usize): v128 {
  return combine(table, lowNibbles(bytes), highNibbles(bytes));
}

/** AESENC; AESENCLAST if `last`. */
export function aesEncrypt(state: v128, key: v128, last: i32): v128 {
  const parts = split(state, SPLIT);
  const k = lowNibbles(parts);
  const i = highNibbles(parts);
  const j = v128.xor(i, k);
  const multiple = lookUp(MULTIPLES, k);
  const p = v128.xor(j, secondPart(i, multiple));
  const q = v128.xor(i, secondPart(j, multiple));
  const rest = v128.xor(key, i8x16.splat(CONSTANT));
  const single = combine(SUBSTITUTED, p, q);
  if (last) return v128.xor(shiftRows(single, SHIFTED_ROWS, 0), rest);
  // A byte of the product with MixColumns' matrix is 2, 3, 1 and 1 times bytes of the column, from its own on.
  const twice = combine(SUBSTITUTED_2, p, q);
  const others = v128.xor(shiftRows(single, SHIFTED_ROWS, 2), shiftRows(single, SHIFTED_ROWS, 3));
  const first = v128.xor(
    shiftRows(twice, SHIFTED_ROWS, 0),
    shiftRows(v128.xor(single, twice), SHIFTED_ROWS, 1),
  );
  return v128.xor(first, v128.xor(others, rest));
}

/** AESDEC; AESDECLAST if `last`. */
export function aesDecrypt(state: v128, key: v128, last: i32): v128 {
  const parts = split(state, INVERSE_SPLIT);
  const k = lowNibbles(parts);
  const i = highNibbles(parts);
  const j = v128.xor(i, k);
  const multiple = lookUp(MULTIPLES, k);
  const p = v128.xor(j, secondPart(i, multiple));
  const q = v128.xor(i, secondPart(j, multiple));
  if (last) return v128.xor(shiftRows(combine(INVERSE_1, p, q), INVERSE_SHIFTED_ROWS, 0), key);
  const first = shiftRows(combine(INVERSE_14, p, q), INVERSE_SHIFTED_ROWS, 0);
  const second = shiftRows(combine(INVERSE_11, p, q), INVERSE_SHIFTED_ROWS, 1);
  const third = shiftRows(combine(INVERSE_13, p, q), INVERSE_SHIFTED_ROWS, 2);
  const fourth = shiftRows(combine(INVERSE_9, p, q), INVERSE_SHIFTED_ROWS, 3);
  return v128.xor(v128.xor(first, second), v128.xor(v128.xor(third, fourth), key));
}

/** Bytes times x in the field of AES. */
function double(state: v128): v128 {
  const carried = v128.and(i8x16.lt_s(state, i8x16.splat(0)), i8x16.splat(0x1b));
  return v128.xor(i8x16.add(state, state), carried);
}

/** Byte i of each column becomes byte i + count. */
function rotateColumns(state: v128, count: i32): v128 {
  return v128.or(i32x4.shr_u(state, count << 3), i32x4.shl(state, 32 - (count << 3)));
}

function mixColumns(state: v128): v128 {
  const next = rotateColumns(state, 1);
  const others = v128.xor(rotateColumns(state, 2), rotateColumns(state, 3));
  return v128.xor(v128.xor(double(v128.xor(state, next)), next), others);
}

/** AESIMC. */
export function aesInverseMix(key: v128): v128 {
  const quadruple = double(double(v128.xor(key, rotateColumns(key, 2))));
  return mixColumns(v128.xor(key, quadruple));
}

/** AESKEYGENASSIST. */
export function aesKeyAssist(key: v128, constant: i32): v128 {
  // Doublewords 1 and 3, each also rotated by a byte. Rows that AESENCLAST shifts are shifted back by that.
  const words = aesEncrypt(key, i8x16.splat(0), 1);
  const placed = i8x16.swizzle(words, i8x16(4, 1, 14, 11, 1, 14, 11, 4, 12, 9, 6, 3, 9, 6, 3, 12));
  return v128.xor(placed, i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(0), 1, constant), 3, constant));
}

/** Every fourth bit, from bit `first`. */
function spaced(value: u64, first: i32): u64 {
  return value & ((<u64>0x1111_1111_1111_1111) << first);
}

/**
 * Low 64 bits of a carry-less product. Bits four apart leave room for the sums of an ordinary product, of which
 * the lowest bit is the exclusive or.
 */
function multiplyLow(a: u64, b: u64): u64 {
  let product: u64 = 0;
  for (let i = 0; i < 4; i++) {
    let sum: u64 = 0;
    for (let k = 0; k < 4; k++) sum ^= spaced(a, k) * spaced(b, (i - k) & 3);
    product |= spaced(sum, i);
  }
  return product;
}

function reverse(value: u64): u64 {
  let v = bswap(value);
  v = ((v >> 4) & 0x0f0f_0f0f_0f0f_0f0f) | ((v & 0x0f0f_0f0f_0f0f_0f0f) << 4);
  v = ((v >> 2) & 0x3333_3333_3333_3333) | ((v & 0x3333_3333_3333_3333) << 2);
  return ((v >> 1) & 0x5555_5555_5555_5555) | ((v & 0x5555_5555_5555_5555) << 1);
}

/** PCLMULQDQ: bits 0 and 4 of `control` choose the halves. */
export function carrylessMultiply(a: v128, b: v128, control: i32): v128 {
  const x = control & 1 ? i64x2.extract_lane(a, 1) : i64x2.extract_lane(a, 0);
  const y = control & 16 ? i64x2.extract_lane(b, 1) : i64x2.extract_lane(b, 0);
  const high = reverse(multiplyLow(reverse(x), reverse(y))) >> 1;
  return i64x2.replace_lane(i64x2.splat(multiplyLow(x, y)), 1, high);
}
