/** Turns the expressions of a function into its body's bytes, in one pass, and collects its branch hints. */
import type { Expression, FunctionReference, Label } from '../builder.ts';
import { none, unreachable, type ValueType } from '../value-types.ts';
import type { ByteBuffer } from './byte-buffer.ts';
import {
  BINARY,
  BLOCK,
  BRANCH,
  BRANCH_TABLE,
  CALL,
  CALL_INDIRECT,
  EXTRACT_LANE,
  type ExpressionArena,
  extraOf,
  F64_CONST,
  I32_CONST,
  I64_CONST,
  IF,
  kindOf,
  LIKELY,
  LOAD,
  LOCAL_GET,
  LOCAL_WRITE,
  LOOP,
  NOTHING,
  opcodeOf,
  PLAIN,
  REPLACE_LANE,
  SEQUENCE,
  SHUFFLE,
  STORE,
  TERNARY,
  typeOf,
  UNARY,
  V128_CONST,
} from './expression-arena.ts';
import {
  OPCODE_BLOCK,
  OPCODE_BRANCH,
  OPCODE_BRANCH_TABLE,
  OPCODE_ELSE,
  OPCODE_END,
  OPCODE_F64_CONST,
  OPCODE_I32_CONST,
  OPCODE_I64_CONST,
  OPCODE_IF,
  OPCODE_LOCAL_GET,
  OPCODE_LOOP,
  OPCODE_UNREACHABLE,
} from './opcodes.ts';
import { valueTypeByte } from './value-type-bytes.ts';

/** Most bytes that one expression takes without its operands: v128.const has two for its opcode. */
const MOST_BYTES = 24;

/** Of SIMD. Its opcodes may have more than eight bits. */
const LAST_PREFIX = 0xfd;

/** Where an `if` is in the body, in bytes, and whether its condition is likely to hold. */
export interface BranchHint {
  readonly offset: number;
  readonly likely: boolean;
}

export class FunctionEncoder {
  private readonly arena: ExpressionArena;
  private readonly out: ByteBuffer;
  private readonly indexOf: (callee: FunctionReference) => number;
  private hints: BranchHint[] = [];
  private start = 0;
  /** How many blocks, loops and conditionals are open. */
  private depth = 0;
  /** `depth` inside the block of each label; 0 where none is open. */
  private depths = new Int32Array(64);

  /** @param indexOf gives a function's index in the module. */
  constructor(arena: ExpressionArena, out: ByteBuffer, indexOf: (callee: FunctionReference) => number) {
    this.arena = arena;
    this.out = out;
    this.indexOf = indexOf;
  }

  /** @returns the hints, by offset. */
  encode(locals: readonly ValueType[], body: Expression): readonly BranchHint[] {
    const { out } = this;
    this.hints = [];
    const start = out.beginSized();
    this.start = out.length;
    this.encodeLocals(locals);
    this.encodeExpression(body);
    out.reserve(1);
    out.byte(OPCODE_END);
    out.endSized(start);
    return this.hints;
  }

  /** Runs of the same type. */
  private encodeLocals(locals: readonly ValueType[]): void {
    const { out } = this;
    let runs = 0;
    for (let i = 0; i < locals.length; i++) if (i === 0 || locals[i] !== locals[i - 1]) runs += 1;
    out.reserve(5 + runs * 6);
    out.u32(runs);
    for (let i = 0; i < locals.length; ) {
      const type = locals[i] as ValueType;
      let end = i + 1;
      while (end < locals.length && locals[end] === type) end += 1;
      out.u32(end - i);
      out.byte(valueTypeByte(type));
      i = end;
    }
  }

  private encodeExpression(expression: Expression): void {
    const { out } = this;
    const { words } = this.arena;
    const operation = words[expression] as number;
    const a = words[expression + 1] as number;
    const b = words[expression + 2] as number;
    const c = words[expression + 3] as number;
    switch (kindOf(operation)) {
      case I32_CONST:
        out.reserve(MOST_BYTES);
        out.byte(OPCODE_I32_CONST);
        out.s32(a);
        return;
      case I64_CONST:
        out.reserve(MOST_BYTES);
        out.byte(OPCODE_I64_CONST);
        out.s64(a, b);
        return;
      case F64_CONST:
        out.reserve(MOST_BYTES);
        out.byte(OPCODE_F64_CONST);
        out.word(a);
        out.word(b);
        return;
      case V128_CONST:
        this.opcode(operation);
        this.encodeBytes(a);
        return;
      case UNARY:
        this.encodeExpression(a);
        this.opcode(operation);
        return;
      case BINARY:
        this.encodeExpression(a);
        this.encodeExpression(b);
        this.opcode(operation);
        return;
      case TERNARY:
        this.encodeExpression(a);
        this.encodeExpression(b);
        this.encodeExpression(c);
        this.opcode(operation);
        return;
      case LOAD:
        this.encodeExpression(a);
        this.opcode(operation);
        out.u32(extraOf(operation));
        out.u32(b);
        return;
      case STORE:
        this.encodeExpression(a);
        this.encodeExpression(b);
        this.opcode(operation);
        out.u32(extraOf(operation));
        out.u32(c);
        return;
      case LOCAL_GET:
        out.reserve(MOST_BYTES);
        out.byte(OPCODE_LOCAL_GET);
        out.u32(a);
        return;
      case LOCAL_WRITE:
        this.encodeExpression(a);
        this.opcode(operation);
        out.u32(b);
        return;
      case EXTRACT_LANE:
        this.encodeExpression(a);
        this.opcode(operation);
        out.byte(b);
        return;
      case REPLACE_LANE:
        this.encodeExpression(a);
        this.encodeExpression(b);
        this.opcode(operation);
        out.byte(c);
        return;
      case SHUFFLE:
        this.encodeExpression(a);
        this.encodeExpression(b);
        this.opcode(operation);
        this.encodeBytes(c);
        return;
      case SEQUENCE:
        this.encodeList(a, b);
        return;
      case BLOCK:
        this.open(OPCODE_BLOCK, none);
        this.enterLabel(c);
        this.encodeList(a, b);
        this.depths[c] = 0;
        this.close(none);
        return;
      case LOOP:
        this.open(OPCODE_LOOP, typeOf(operation));
        this.enterLabel(b);
        this.encodeExpression(a);
        this.depths[b] = 0;
        this.close(typeOf(operation));
        return;
      case BRANCH:
        out.reserve(MOST_BYTES);
        out.byte(OPCODE_BRANCH);
        out.u32(this.distance(a));
        return;
      case BRANCH_TABLE:
        this.encodeExpression(a);
        this.encodeBranchTable(b, c);
        return;
      case IF:
        this.encodeIf(operation, a, b, c);
        return;
      case PLAIN:
        this.opcode(operation);
        return;
      case CALL:
        this.encodeList(a, b);
        this.opcode(operation);
        out.u32(this.indexOf(c));
        return;
      case CALL_INDIRECT:
        this.encodeList(a, b);
        this.opcode(operation);
        out.u32(c);
        // The table.
        out.u32(0);
        return;
    }
  }

  private encodeBranchTable(start: number, count: number): void {
    const { out } = this;
    const { lists } = this.arena;
    out.reserve(6 + 5 * (count + 1));
    out.byte(OPCODE_BRANCH_TABLE);
    out.u32(count);
    for (let i = start; i <= start + count; i++) out.u32(this.distance(lists[i] as number));
  }

  private encodeIf(operation: number, condition: Expression, then: Expression, otherwise: Expression): void {
    const type = typeOf(operation);
    this.encodeExpression(condition);
    const hint = extraOf(operation);
    if (hint !== 0) this.hints.push({ offset: this.out.length - this.start, likely: hint === LIKELY });
    this.open(OPCODE_IF, type);
    this.encodeExpression(then);
    if (otherwise !== NOTHING) {
      this.out.reserve(1);
      this.out.byte(OPCODE_ELSE);
      this.encodeExpression(otherwise);
    }
    this.close(type);
  }

  /** Starts a block, loop or conditional. */
  private open(opcode: number, type: ValueType): void {
    const { out } = this;
    out.reserve(2);
    out.byte(opcode);
    out.byte(valueTypeByte(type));
    this.depth += 1;
  }

  /** Ends it. What control never gets behind counts as code that gives any value. */
  private close(type: ValueType): void {
    const { out } = this;
    out.reserve(2);
    out.byte(OPCODE_END);
    if (type === unreachable) out.byte(OPCODE_UNREACHABLE);
    this.depth -= 1;
  }

  private enterLabel(label: Label): void {
    if (label >= this.depths.length) {
      const grown = new Int32Array(2 * label);
      grown.set(this.depths);
      this.depths = grown;
    }
    this.depths[label] = this.depth;
  }

  private distance(label: Label): number {
    const depth = this.depths[label] ?? 0;
    if (depth === 0) throw new RangeError(`a branch to label ${label}, which is not around it`);
    return this.depth - depth;
  }

  private encodeList(start: number, count: number): void {
    const { lists } = this.arena;
    for (let i = start; i < start + count; i++) this.encodeExpression(lists[i] as number);
  }

  /** The opcode, with room behind it. */
  private opcode(operation: number): void {
    const { out } = this;
    const opcode = opcodeOf(operation);
    out.reserve(MOST_BYTES);
    if (opcode < 0x100) {
      out.byte(opcode);
      return;
    }
    const prefix = Math.min(opcode >> 8, LAST_PREFIX);
    out.byte(prefix);
    out.u32(opcode - (prefix << 8));
  }

  private encodeBytes(start: number): void {
    const { out } = this;
    const { bytes } = this.arena;
    for (let i = start; i < start + 16; i++) out.byte(bytes[i] as number);
  }
}
