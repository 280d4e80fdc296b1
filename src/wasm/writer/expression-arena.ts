/**
 * Expressions of a module that is being written, in flat arrays that are used again for the next module.
 *
 * An expression is the index of four words:
 *
 *     31   28 27          12 11    8 7      0
 *     | extra |    opcode   |  type |  kind  |   head; `extra` is log2 of an alignment, or a branch hint
 *     a, b, c                                    operands, and what else the kind needs (below)
 */
import type { Expression } from '../builder.ts';
import type { ValueType } from '../value-types.ts';

// Kinds, with what is in a, b, c.
/** Value. */
export const I32_CONST = 0;
/** Low and high half of the value. */
export const I64_CONST = 1;
/** Low and high half of the bits. */
export const F64_CONST = 2;
/** Index in `bytes` of 16. */
export const V128_CONST = 3;
/** Operand. */
export const UNARY = 4;
/** Operands. */
export const BINARY = 5;
/** Operands in the order they are evaluated. */
export const TERNARY = 6;
/** Address, offset. */
export const LOAD = 7;
/** Address, value, offset. */
export const STORE = 8;
/** Number of the local. */
export const LOCAL_GET = 9;
/** Value, number of the local: local.set and local.tee. */
export const LOCAL_WRITE = 10;
/** Vector, lane. */
export const EXTRACT_LANE = 11;
/** Vector, value, lane. */
export const REPLACE_LANE = 12;
/** Operands, index in `bytes` of 16. */
export const SHUFFLE = 13;
/** Place in `lists` and number of statements; no label. */
export const SEQUENCE = 14;
/** The same, and the label. */
export const BLOCK = 15;
/** Body, label. */
export const LOOP = 16;
/** Label. */
export const BRANCH = 17;
/** Condition, then, otherwise or NOTHING. */
export const IF = 18;
/** Only an opcode. */
export const PLAIN = 19;
/** Place in `lists` and number of operands, callee. */
export const CALL = 20;
/** The same with the index in the table as the last operand; the type. */
export const CALL_INDIRECT = 21;
/** Index, place in `lists` of the labels, number of labels without the last. */
export const BRANCH_TABLE = 22;

/** In place of an operand. No expression has this number. */
export const NOTHING = 0;

/** Extra of IF. */
export const LIKELY = 1;
export const UNLIKELY = 2;

const TYPE_SHIFT = 8;
const OPCODE_SHIFT = 12;
const EXTRA_SHIFT = 28;

/** @param opcode one byte, or a prefix byte and, added to it from the second byte on, the opcode behind it. */
export function head(kind: number, type: ValueType, opcode = 0): number {
  return kind | (type << TYPE_SHIFT) | (opcode << OPCODE_SHIFT);
}

export function withExtra(operation: number, extra: number): number {
  return operation | (extra << EXTRA_SHIFT);
}

export function kindOf(word: number): number {
  return word & 0xff;
}

export function typeOf(word: number): ValueType {
  return (word >> TYPE_SHIFT) & 0xf;
}

export function opcodeOf(word: number): number {
  return (word >> OPCODE_SHIFT) & 0xffff;
}

export function extraOf(word: number): number {
  return word >>> EXTRA_SHIFT;
}

const WORDS = 4;

export class ExpressionArena {
  words = new Int32Array(1 << 14);
  lists = new Int32Array(1 << 11);
  bytes = new Uint8Array(1 << 8);
  private nextWord = WORDS;
  private nextItem = 0;
  private nextByte = 0;

  /** Forgets everything. */
  clear(): void {
    this.nextWord = WORDS;
    this.nextItem = 0;
    this.nextByte = 0;
  }

  add(operation: number, a: number, b: number, c: number): Expression {
    const at = this.nextWord;
    if (at === this.words.length) {
      const grown = new Int32Array(2 * at);
      grown.set(this.words);
      this.words = grown;
    }
    const { words } = this;
    words[at] = operation;
    words[at + 1] = a;
    words[at + 2] = b;
    words[at + 3] = c;
    this.nextWord = at + WORDS;
    return at;
  }

  /** @returns where the items are in `lists`. */
  addList(items: readonly number[]): number {
    const start = this.nextItem;
    const end = start + items.length;
    if (end > this.lists.length) {
      const grown = new Int32Array(2 * end);
      grown.set(this.lists);
      this.lists = grown;
    }
    const { lists } = this;
    // Mostly a few: TypedArray.set takes longer to begin.
    for (let i = 0; i < items.length; i++) lists[start + i] = items[i] as number;
    this.nextItem = end;
    return start;
  }

  /** @returns where the 16 bytes are in `bytes`. */
  addBytes(values: ArrayLike<number>): number {
    const start = this.nextByte;
    const end = start + 16;
    if (end > this.bytes.length) {
      const grown = new Uint8Array(2 * this.bytes.length);
      grown.set(this.bytes);
      this.bytes = grown;
    }
    this.bytes.set(values, start);
    this.nextByte = end;
    return start;
  }

  /** The operand of an operation, if the expression is that. */
  operandOf(operation: number, expression: Expression): Expression | undefined {
    return this.words[expression] === operation ? this.words[expression + 1] : undefined;
  }

  type(expression: Expression): ValueType {
    return typeOf(this.words[expression] as number);
  }
}
