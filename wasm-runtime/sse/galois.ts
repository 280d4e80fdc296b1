/** GFNI (Intel SDM Vol. 2 "GF2P8AFFINEQB" and kin): bytes as elements of the field of AES, and affine maps of their bits. */

/** GF2P8MULB: products of bytes modulo x^8 + x^4 + x^3 + x + 1. */
export function galoisMultiply(a: v128, b: v128): v128 {
  let product = i8x16.splat(0);
  for (let bit = 0; bit < 8; bit++) {
    // The bit in the place of the sign, everywhere in its byte.
    product = v128.xor(product, v128.and(a, i8x16.shr_s(i8x16.shl(b, 7 - bit), 7)));
    const carried = v128.and(i8x16.shr_s(a, 7), i8x16.splat(0x1b));
    a = v128.xor(i8x16.add(a, a), carried);
  }
  return product;
}

/** Inverses of bytes, x^254; that of zero is zero. */
function invert(value: v128): v128 {
  let power = value;
  let product = i8x16.splat(1);
  for (let i = 0; i < 7; i++) {
    power = galoisMultiply(power, power);
    product = galoisMultiply(product, power);
  }
  return product;
}

/** Lowest bit of each byte: the number of ones in it, modulo 2. */
function parity(bytes: v128): v128 {
  return v128.and(i8x16.popcnt(bytes), i8x16.splat(1));
}

/** GF2P8AFFINEQB, or GF2P8AFFINEINVQB if `inverts`: A x + b for each byte, with a matrix for each half of the vector. */
export function galoisAffine(x: v128, matrices: v128, constant: i32, inverts: i32): v128 {
  const bytes = inverts !== 0 ? invert(x) : x;
  let result = i8x16.splat(<i8>constant);
  for (let bit = 0; bit < 8; bit++) {
    // Byte 7 - bit of a matrix makes bit `bit`.
    const low = i64x2.shr_u(i64x2.shl(matrices, bit * 8), 56);
    const row = i64x2.mul(low, i64x2.splat(0x0101_0101_0101_0101));
    result = v128.xor(result, i8x16.shl(parity(v128.and(bytes, row)), bit));
  }
  return result;
}
