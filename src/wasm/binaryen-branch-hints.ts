/**
 * Branch hints: which way an `if` is expected to go (WebAssembly proposal "Branch Hinting"). Engines that know them
 * move the unlikely side, and what it has to spill, out of the way; others skip the section.
 *
 * Binaryen's JavaScript API has no hints. So a condition is marked with an operation that changes nothing and that
 * engines fold, and the section is made from the finished binary by looking for the marks. Bytes that look like a
 * mark by chance do no harm: a hint for what is not a branch is never looked up.
 */
import type { Expression } from './builder.ts';

const SECTION_NAME = 'metadata.code.branch_hint';
const CUSTOM_SECTION = 0;
const CODE_SECTION = 10;
/** Magic number and version. */
const HEADER_SIZE = 8;

/** Binary forms of the marks: i32.const 0, the operation, if. */
const I32_CONST = 0x41;
const IF = 0x04;
const OR = 0x72;
const XOR = 0x73;
const UNLIKELY = 0;
const LIKELY = 1;
const HINT_SIZE = 1;

/** What marks are made with. */
interface Marker {
  readonly i32: {
    const(value: number): Expression;
    or(left: Expression, right: Expression): Expression;
    xor(left: Expression, right: Expression): Expression;
  };
}

/** Condition of an `if` that is nearly always true. */
export function markLikely(m: Marker, condition: Expression): Expression {
  return m.i32.or(condition, m.i32.const(0));
}

/** Condition of an `if` that is hardly ever true. */
export function markUnlikely(m: Marker, condition: Expression): Expression {
  return m.i32.xor(condition, m.i32.const(0));
}

/**
 * A module with hints for the conditions that are marked in it.
 * @param functions how many functions it has, with the imported ones.
 */
export function addBranchHints(module: Uint8Array, functions: number): Uint8Array {
  let at = HEADER_SIZE;
  while (module[at] !== CODE_SECTION) {
    if (at >= module.length) return module;
    const [size, contents] = readU32(module, at + 1);
    at = contents + size;
  }
  const section = hintSection(module, at, functions);
  if (section.length === 0) return module;
  const hinted = new Uint8Array(module.length + section.length);
  hinted.set(module.subarray(0, at));
  hinted.set(section, at);
  hinted.set(module.subarray(at), at + section.length);
  return hinted;
}

function hintSection(module: Uint8Array, codeSection: number, functions: number): number[] {
  const [, contents] = readU32(module, codeSection + 1);
  const [count, first] = readU32(module, contents);
  const hinted: number[][] = [];
  let at = first;
  for (let index = functions - count; index < functions; index++) {
    const [size, body] = readU32(module, at);
    at = body + size;
    const hints = hintsOf(module.subarray(body, at));
    if (hints.length > 0) hinted.push([...leb(index), ...vector(hints)]);
  }
  if (hinted.length === 0) return [];
  const name = [...SECTION_NAME].map((character) => character.charCodeAt(0));
  const section = [...leb(name.length), ...name, ...vector(hinted)];
  return [CUSTOM_SECTION, ...leb(section.length), ...section];
}

/** Offset of the branch, size and hint for each mark in a function's body. */
function hintsOf(body: Uint8Array): number[][] {
  const hints: number[][] = [];
  for (let at = body.indexOf(IF); at >= 0; at = body.indexOf(IF, at + 1)) {
    const operation = body[at - 1];
    if (body[at - 3] !== I32_CONST || body[at - 2] !== 0) continue;
    if (operation === OR) hints.push([...leb(at), HINT_SIZE, LIKELY]);
    else if (operation === XOR) hints.push([...leb(at), HINT_SIZE, UNLIKELY]);
  }
  return hints;
}

function vector(items: readonly number[][]): number[] {
  return [...leb(items.length), ...items.flat()];
}

/** An unsigned LEB128 number, and where the next byte is. */
function readU32(bytes: Uint8Array, start: number): [value: number, next: number] {
  let value = 0;
  for (let at = start, shift = 0; ; at++, shift += 7) {
    const byte = bytes[at] as number;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return [value >>> 0, at + 1];
  }
}

function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}
