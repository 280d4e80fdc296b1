/** AESIMC (FIPS 197; Intel SDM Vol. 2) and PCLMULQDQ. */

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
