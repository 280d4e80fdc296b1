/**
 * Instructions that have been decoded before, without displacement and immediate: their shapes. Of 340,000
 * instructions of a boot 13,000 have a new one, so most of a block is decoded here, and the decoder of src/isa/ is asked only
 * for the rest. It is JavaScript, and a boot ends before the engine has made that fast.
 *
 * A shape is told by the mode, prefix 66H, REX, an opcode of the first two maps, ModRM and SIB. Instructions with
 * other prefixes or opcodes have none. The table is direct-mapped; an entry is a record (src/layout/record.ts), but has
 *
 *     4   key of the shape, in place of what depends on the place in the block
 *     16  what follows the bytes of the key, in place of the displacement: SHAPE_*
 */
import {
  MODE_CODE_64,
  MODE_CODE_MASK,
  OPCODE_MODRM,
  RECORD_DISP,
  RECORD_FN,
  RECORD_IMM,
  RECORD_INDEX,
  RECORD_LENGTH,
  RECORD_PAGE_OFFSET,
  RECORD_SIZE,
  SHAPE_COMPLETE,
  SHAPE_DISPLACEMENT,
  SHAPE_IMMEDIATE,
  SHAPE_IMMEDIATE_SHIFT,
  SHAPE_MODRM,
  SHAPE_OPCODE,
  SHAPE_OPCODE_SHIFT,
  SHAPE_RELATIVE,
  SHAPE_RIP,
  SHAPE_SIGNED,
  SHAPES,
  SHAPES_BITS,
} from '../generated/layout';

export const LONGEST_INSTRUCTION: u32 = 15;
const SHAPE_KEY: u32 = RECORD_PAGE_OFFSET;

/** What readKey() has read: the key, the opcode (256 more behind 0FH), and where displacement and immediate begin. */
let key: u32 = 0;
let opcode: u32 = 0;
let keyEnd: u32 = 0;

/** Reads the bytes of a key at `at` as if there were one. False if nothing is known of the opcode. */
function readKey(at: u32, mode: i32): bool {
  const code64 = (mode & MODE_CODE_MASK) === MODE_CODE_64;
  let byte = <u32>load<u8>(at++);
  let word: u32 = code64 ? 0 : 1 << 31;
  if (byte === 0x66) {
    word |= 1 << 30;
    byte = load<u8>(at++);
  }
  if (code64 && (byte & 0xf0) === 0x40) {
    word |= (16 | (byte & 15)) << 25;
    byte = load<u8>(at++);
  }
  if (byte === 0x0f) byte = 256 | <u32>load<u8>(at++);
  opcode = byte;
  word |= byte << 16;
  const modRM = load<u8>(OPCODE_MODRM + byte);
  if (modRM === 0) return false;
  if (modRM === 2) {
    byte = load<u8>(at++);
    word |= byte << 8;
    if (byte < 0xc0 && (byte & 7) === 4) word |= <u32>load<u8>(at++);
  }
  key = word;
  keyEnd = at;
  return true;
}

/** @inline */
function shapeOf(key: u32): u32 {
  return SHAPES + ((key * 0x9e37_79b1) >> (32 - SHAPES_BITS)) * RECORD_SIZE;
}

/**
 * Writes the record of the instruction at `bytes`, whose offset in its page and index in its block are given, if its shape is known.
 * Its length is not yet: there must be as many bytes as the longest has.
 *
 * @returns SHAPE_*, or 0.
 */
export function recallShape(record: u32, bytes: u32, offset: u32, index: u32, mode: i32): u32 {
  if (!readKey(bytes, mode)) return 0;
  const shape = shapeOf(key);
  if (load<u32>(shape + SHAPE_KEY) !== key || load<u32>(shape + RECORD_FN) === 0) return 0;
  const rest = load<u32>(shape + RECORD_DISP);
  memory.copy(record, shape, RECORD_SIZE);
  store<u16>(record + RECORD_PAGE_OFFSET, <u16>offset);
  store<u8>(record + RECORD_LENGTH, <u8>readRest(record, rest, bytes, offset));
  store<u8>(record + RECORD_INDEX, <u8>index);
  return rest;
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
 * @param decoded what the decoder tells of it: SHAPE_COMPLETE is set. Other prefixes than those of a key are taken for another opcode.
 */
export function rememberShape(record: u32, bytes: u32, mode: i32, decoded: u32): void {
  const opcodeOf = (decoded >> SHAPE_OPCODE_SHIFT) & SHAPE_OPCODE;
  store<u8>(OPCODE_MODRM + opcodeOf, (decoded & SHAPE_MODRM) === 0 ? 1 : 2);
  if (!readKey(bytes, mode) || opcode !== opcodeOf) return;
  const size = (decoded & SHAPE_DISPLACEMENT) + ((decoded >> SHAPE_IMMEDIATE_SHIFT) & SHAPE_IMMEDIATE);
  if (keyEnd + size !== bytes + <u32>load<u8>(record + RECORD_LENGTH)) return;
  const shape = shapeOf(key);
  memory.copy(shape, record, RECORD_SIZE);
  store<u32>(shape + SHAPE_KEY, key);
  store<u32>(shape + RECORD_DISP, decoded & (SHAPE_COMPLETE - 1));
}
