/** SHA-1 and SHA-256 (FIPS 180-4; Intel SDM Vol. 2 "SHA1RNDS4" and kin). Doublewords are named from the highest, as there. */

/** Constants of rounds 0-19, 20-39, 40-59 and 60-79 of SHA-1. */
const ROUND_CONSTANTS = memory.data<u32>([0x5a82_7999, 0x6ed9_eba1, 0x8f1b_bcdc, 0xca62_c1d6]);

function choose(x: u32, y: u32, z: u32): u32 {
  return (x & y) ^ (~x & z);
}

function majority(x: u32, y: u32, z: u32): u32 {
  return (x & y) ^ (x & z) ^ (y & z);
}

function rotateRight(value: v128, count: i32): v128 {
  return v128.or(i32x4.shr_u(value, count), i32x4.shl(value, 32 - count));
}

/** Sigma 0 of the message schedule of SHA-256, in each lane. */
function scheduleSigma0(w: v128): v128 {
  return v128.xor(v128.xor(rotateRight(w, 7), rotateRight(w, 18)), i32x4.shr_u(w, 3));
}

function scheduleSigma1(w: u32): u32 {
  return rotr(w, 17) ^ rotr(w, 19) ^ (w >> 10);
}

/** @inline */
function word0(value: v128): u32 {
  return <u32>i32x4.extract_lane(value, 0);
}

/** @inline */
function word1(value: v128): u32 {
  return <u32>i32x4.extract_lane(value, 1);
}

/** @inline */
function word2(value: v128): u32 {
  return <u32>i32x4.extract_lane(value, 2);
}

/** @inline */
function word3(value: v128): u32 {
  return <u32>i32x4.extract_lane(value, 3);
}

function lanes(lowest: u32, second: u32, third: u32, highest: u32): v128 {
  const low = i32x4.replace_lane(i32x4.splat(lowest), 1, second);
  return i32x4.replace_lane(i32x4.replace_lane(low, 2, third), 3, highest);
}

/** SHA1NEXTE. */
export function sha1NextE(a: v128, b: v128): v128 {
  return i32x4.replace_lane(b, 3, word3(b) + rotl(word3(a), 30));
}

/** SHA1MSG1. */
export function sha1Message1(a: v128, b: v128): v128 {
  // Its lower half, and the upper half of b.
  return v128.xor(a, i64x2.shuffle(b, a, 1, 2));
}

/** SHA1MSG2. */
export function sha1Message2(a: v128, b: v128): v128 {
  const w16 = rotl(word3(a) ^ word2(b), 1);
  const w17 = rotl(word2(a) ^ word1(b), 1);
  const w18 = rotl(word1(a) ^ word0(b), 1);
  return lanes(rotl(word0(a) ^ w16, 1), w18, w17, w16);
}

/** SHA1RNDS4: four rounds of the kind that bits 0 and 1 of `kind` say. */
export function sha1Rounds(state: v128, words: v128, kind: i32): v128 {
  let a = word3(state);
  let b = word2(state);
  let c = word1(state);
  let d = word0(state);
  let e: u32 = 0;
  const constant = load<u32>(ROUND_CONSTANTS + ((kind & 3) << 2));
  for (let round = 0; round < 4; round++) {
    let mixed = b ^ c ^ d;
    if ((kind & 3) === 0) mixed = choose(b, c, d);
    else if ((kind & 3) === 2) mixed = majority(b, c, d);
    const next = mixed + rotl(a, 5) + word3(words) + e + constant;
    words = i32x4.shuffle(words, words, 3, 0, 1, 2);
    e = d;
    d = c;
    c = rotl(b, 30);
    b = a;
    a = next;
  }
  return lanes(d, c, b, a);
}

/** SHA256RNDS2: two rounds, with words and constants added in the low half of `words`. */
export function sha256Rounds(first: v128, second: v128, words: v128): v128 {
  let a = word3(second);
  let b = word2(second);
  let c = word3(first);
  let d = word2(first);
  let e = word1(second);
  let f = word0(second);
  let g = word1(first);
  let h = word0(first);
  for (let round = 0; round < 2; round++) {
    const word = round === 0 ? word0(words) : word1(words);
    const one = h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + choose(e, f, g) + word;
    const two = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + majority(a, b, c);
    h = g;
    g = f;
    f = e;
    e = d + one;
    d = c;
    c = b;
    b = a;
    a = one + two;
  }
  return lanes(f, e, b, a);
}

/** SHA256MSG1. */
export function sha256Message1(a: v128, b: v128): v128 {
  return i32x4.add(a, scheduleSigma0(i32x4.shuffle(a, b, 1, 2, 3, 4)));
}

/** SHA256MSG2. */
export function sha256Message2(a: v128, b: v128): v128 {
  const w16 = word0(a) + scheduleSigma1(word2(b));
  const w17 = word1(a) + scheduleSigma1(word3(b));
  const w18 = word2(a) + scheduleSigma1(w16);
  return lanes(w16, w17, w18, word3(a) + scheduleSigma1(w17));
}
