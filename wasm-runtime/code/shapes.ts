/**
 * Instructions that have been decoded before, without registers, displacement and immediate: their shapes. Of 340,000
 * instructions of a boot 5,000 have a new one or none, so nearly all of a block is decoded here, and the decoder of src/isa/ is asked only
 * for the rest. It is JavaScript, and a boot ends before the engine has made that fast.
 *
 * A shape is told by the mode, up to two prefixes, REX, an opcode of the first two maps, ModRM and SIB, of which registers count only where
 * they tell instructions apart (OPCODE_ANY_REG, OPCODE_ANY_RM). Instructions with
 * other encodings have none. The table has two places for each hash of that, in one line of the host's cache, of which the first
 * has the younger shape. An entry is a record (src/layout/record.ts), but has
 *
 *     2   prefixes, in the upper half of the slot
 *     4   key of the shape, in place of what depends on the place in the block
 *     16  what follows the bytes of the key, in place of the displacement, and which registers they name: SHAPE_*
 */
import {
  FPU_REGISTERS,
  GPR,
  MODE_CODE_64,
  MODE_CODE_MASK,
  OPCODE_ANY_REG,
  OPCODE_ANY_RM,
  OPCODE_KEYS,
  OPCODE_MODRM,
  PAGE_BASE,
  RECORD_A,
  RECORD_B,
  RECORD_BASE,
  RECORD_C,
  RECORD_DISP,
  RECORD_FN,
  RECORD_IMM,
  RECORD_INDEX,
  RECORD_INDEX_REG,
  RECORD_LENGTH,
  RECORD_PAGE_OFFSET,
  RECORD_SCALE,
  RECORD_SIZE,
  SHAPE_A_SHIFT,
  SHAPE_B_SHIFT,
  SHAPE_BYTE,
  SHAPE_C_SHIFT,
  SHAPE_COMPLETE,
  SHAPE_DISPLACEMENT,
  SHAPE_FIELD,
  SHAPE_FIELD_FILE_SHIFT,
  SHAPE_FIELD_RM,
  SHAPE_GENERAL,
  SHAPE_IMMEDIATE,
  SHAPE_IMMEDIATE_SHIFT,
  SHAPE_MEMORY,
  SHAPE_RELATIVE,
  SHAPE_RIP,
  SHAPE_SIGNED,
  SHAPE_VECTOR,
  SHAPES,
  SHAPES_BITS,
  YMM,
  ZERO_REGISTER,
} from '../generated/layout';

export const LONGEST_INSTRUCTION: u32 = 15;
const SHAPE_PREFIXES: u32 = RECORD_FN + 2;
const SHAPE_KEY: u32 = RECORD_PAGE_OFFSET;

/** What readKey() has read: the key, the prefixes, the bytes that name registers, and where displacement and immediate begin. */
let key: u32 = 0;
let prefixes: u32 = 0;
let rex: u32 = 0;
let modRM: u32 = 0;
let sib: u32 = 0;
let keyEnd: u32 = 0;

/** Reads the bytes of a key at `at` as if there were one. False if nothing is known of the opcode. */
function readKey(at: u32, mode: i32): bool {
  const code64 = (mode & MODE_CODE_MASK) === MODE_CODE_64;
  let byte = <u32>load<u8>(at++);
  prefixes = 0;
  while (isLegacyPrefix(byte)) {
    if (prefixes > 0xff) return false;
    prefixes = (prefixes << 8) | byte;
    byte = load<u8>(at++);
  }
  rex = 0;
  if (code64 && (byte & 0xf0) === 0x40) {
    rex = 16 | (byte & 15);
    byte = load<u8>(at++);
  }
  if (byte === 0x0f) byte = 256 | <u32>load<u8>(at++);
  const known = <u32>load<u8>(OPCODE_KEYS + byte);
  if (known === 0) return false;
  let word: u32 = (code64 ? 0 : 1 << 31) | (byte << 16);
  let told = rex;
  if ((known & OPCODE_MODRM) !== 0) {
    byte = load<u8>(at++);
    modRM = byte;
    const hasSib = byte < 0xc0 && (byte & 7) === 4;
    if (hasSib) sib = load<u8>(at++);
    const isAny = (known & OPCODE_ANY_RM) !== 0;
    if (isAny) told &= 0x1c;
    if ((known & OPCODE_ANY_REG) !== 0) {
      byte &= 0xc7;
      told &= 0x1b;
    }
    const base = hasSib ? sib & 7 : byte & 7;
    const hasBase = base !== 5 || byte >= 0x40;
    // Outside 64-bit mode EBP and ESP have another segment.
    if (!code64 && byte < 0xc0 && hasBase && (base & 6) === 4) told = 1;
    if (!isAny) word |= (byte << 8) | (hasSib ? sib : 0);
    else if (byte >= 0xc0) word |= (byte & 0xf8) << 8;
    else word |= ((byte & 0xf8) << 8) | (hasSib ? 4 << 8 : 0) | (hasBase ? 0 : 5);
  }
  key = word | (told << 25);
  keyEnd = at;
  return true;
}

/**
 * 26, 2E, 36, 3E; 64 to 67; F0, F2, F3.
 * @inline
 */
function isLegacyPrefix(byte: u32): bool {
  return (byte & 0xe7) === 0x26 || (byte & 0xfc) === 0x64 || ((byte & 0xfc) === 0xf0 && byte !== 0xf1);
}

/**
 * The first of the two places for what readKey() has read.
 * @inline
 */
function firstPlace(): u32 {
  const hash = ((key ^ (prefixes * 0x85eb_ca6b)) * 0x9e37_79b1) >> (33 - SHAPES_BITS);
  return SHAPES + hash * (2 * RECORD_SIZE);
}

/** @inline */
function isThere(place: u32): bool {
  return (
    load<u32>(place + SHAPE_KEY) === key &&
    <u32>load<u16>(place + SHAPE_PREFIXES) === prefixes &&
    load<u16>(place + RECORD_FN) !== 0
  );
}

/**
 * Writes the record of the instruction at `bytes`, whose offset in its page and index in its block are given, if its shape is known.
 * Its length is not yet: there must be as many bytes as the longest has.
 *
 * @returns SHAPE_*, or 0.
 */
export function recallShape(record: u32, bytes: u32, offset: u32, index: u32, mode: i32): u32 {
  if (!readKey(bytes, mode)) return 0;
  let shape = firstPlace();
  if (!isThere(shape)) {
    shape += RECORD_SIZE;
    if (!isThere(shape)) return 0;
  }
  const rest = load<u32>(shape + RECORD_DISP);
  copyRecord(record, shape);
  store<u32>(record + RECORD_FN, load<u16>(shape + RECORD_FN));
  store<u16>(record + RECORD_PAGE_OFFSET, <u16>offset);
  store<u8>(record + RECORD_LENGTH, <u8>readRest(record, rest, bytes, offset));
  store<u8>(record + RECORD_INDEX, <u8>index);
  writeField(record + RECORD_A, rest >> SHAPE_A_SHIFT);
  writeField(record + RECORD_B, rest >> SHAPE_B_SHIFT);
  writeField(record + RECORD_C, rest >> SHAPE_C_SHIFT);
  if ((rest & SHAPE_MEMORY) !== 0) writeMemory(record, mode);
  return rest;
}

/**
 * Writes a field that is a register which ModRM names. @param field SHAPE_FIELD in the low bits.
 * @inline
 */
function writeField(at: u32, field: u32): void {
  if ((field & SHAPE_FIELD) !== 0) store<u16>(at, <u16>registerOf(field & SHAPE_FIELD));
}

/** Offset in the processor state. */
function registerOf(field: u32): u32 {
  const number =
    (field & SHAPE_FIELD_RM) !== 0 ? (modRM & 7) | ((rex & 1) << 3) : ((modRM >> 3) & 7) | ((rex & 4) << 1);
  const file = field >> SHAPE_FIELD_FILE_SHIFT;
  if (file === SHAPE_GENERAL) return GPR + number * 8;
  if (file === SHAPE_BYTE) return GPR + (number & 3) * 8 + (number >> 2);
  return file === SHAPE_VECTOR ? YMM + number * 32 : FPU_REGISTERS + (number & 7) * 16;
}

/** Writes base, index and scale of ModRM and SIB. */
function writeMemory(record: u32, mode: i32): void {
  const hasNoDisplacement = modRM < 0x40;
  let base = modRM & 7;
  if (base === 4) {
    base = sib & 7;
    const index = ((sib >> 3) & 7) | ((rex & 2) << 2);
    const hasIndex = index !== 4;
    const scale = <u32>load<u8>(record + RECORD_SCALE) & ~3;
    store<u16>(record + RECORD_INDEX_REG, <u16>(hasIndex ? GPR + index * 8 : ZERO_REGISTER));
    store<u8>(record + RECORD_SCALE, <u8>(scale | (hasIndex ? sib >> 6 : 0)));
    if (base === 5 && hasNoDisplacement) {
      store<u16>(record + RECORD_BASE, ZERO_REGISTER);
      return;
    }
  } else if (base === 5 && hasNoDisplacement) {
    const is64 = (mode & MODE_CODE_MASK) === MODE_CODE_64;
    store<u16>(record + RECORD_BASE, <u16>(is64 ? PAGE_BASE : ZERO_REGISTER));
    return;
  }
  store<u16>(record + RECORD_BASE, <u16>(GPR + (base | ((rex & 1) << 3)) * 8));
}

/** Reads displacement and immediate of the instruction at `start`. @returns its length. */
function readRest(record: u32, rest: u32, start: u32, offset: u32): u32 {
  let at = keyEnd;
  let displacement: i32 = 0;
  const size = rest & SHAPE_DISPLACEMENT;
  if (size === 1) displacement = load<i8>(at);
  else if (size === 4) displacement = load<i32>(at);
  at += size;
  const immediateSize = (rest >> SHAPE_IMMEDIATE_SHIFT) & SHAPE_IMMEDIATE;
  if (immediateSize !== 0) {
    const isSigned = (rest & (SHAPE_SIGNED | SHAPE_RELATIVE)) !== 0;
    let value: i64 = 0;
    if (immediateSize === 1) value = isSigned ? <i64>load<i8>(at) : <i64>load<u8>(at);
    else if (immediateSize === 2) value = isSigned ? <i64>load<i16>(at) : <i64>load<u16>(at);
    else if (immediateSize === 4) value = isSigned ? <i64>load<i32>(at) : <i64>load<u32>(at);
    else value = load<i64>(at);
    at += immediateSize;
    if ((rest & SHAPE_RELATIVE) !== 0) displacement = <i32>value + <i32>(offset + (at - start));
    else store<i64>(record + RECORD_IMM, value);
  }
  const length = at - start;
  if ((rest & SHAPE_RIP) !== 0) displacement += <i32>(offset + length);
  store<i32>(record + RECORD_DISP, displacement);
  return length;
}

/**
 * Makes the shape of an instruction known, if it has one. There must be as many bytes as the longest has.
 *
 * @param record of the instruction, just written by the decoder.
 * @param bytes address of the instruction's bytes.
 * @param decoded what the decoder tells of it: SHAPE_COMPLETE is set.
 */
export function rememberShape(record: u32, bytes: u32, mode: i32, decoded: u32): void {
  if (!readKey(bytes, mode)) return;
  const size = (decoded & SHAPE_DISPLACEMENT) + ((decoded >> SHAPE_IMMEDIATE_SHIFT) & SHAPE_IMMEDIATE);
  if (keyEnd + size !== bytes + <u32>load<u8>(record + RECORD_LENGTH)) return;
  const shape = firstPlace();
  if (!isThere(shape)) copyRecord(shape + RECORD_SIZE, shape);
  copyRecord(shape, record);
  store<u16>(shape + SHAPE_PREFIXES, <u16>prefixes);
  store<u32>(shape + SHAPE_KEY, key);
  store<u32>(shape + RECORD_DISP, decoded & ~SHAPE_COMPLETE);
}

/**
 * Faster than memory.copy() for so little.
 * @inline
 */
function copyRecord(to: u32, from: u32): void {
  v128.store(to, v128.load(from));
  v128.store(to + 16, v128.load(from + 16));
}
