/**
 * The back end for code that has to be there soon: expressions are written out as they are, in microseconds, with
 * branch hints. What it keeps while a module is built is used again for the next one.
 */
import type { Expression, FunctionReference, Label, Module } from '../builder.ts';
import { f64, i32, i64, none, unreachable, type ValueType, v128 } from '../value-types.ts';
import { ByteBuffer } from './byte-buffer.ts';
import {
  BINARY,
  BLOCK,
  BRANCH,
  BRANCH_TABLE,
  CALL,
  CALL_INDIRECT,
  EXTRACT_LANE,
  ExpressionArena,
  F64_CONST,
  head,
  I32_CONST,
  I64_CONST,
  IF,
  LIKELY,
  LOCAL_GET,
  LOCAL_WRITE,
  LOOP,
  NOTHING,
  PLAIN,
  REPLACE_LANE,
  SEQUENCE,
  SHUFFLE,
  TERNARY,
  UNARY,
  UNLIKELY,
  V128_CONST,
  withExtra,
} from './expression-arena.ts';
import { type BranchHint, FunctionEncoder } from './function-encoder.ts';
import * as opcodes from './opcodes.ts';
import { valueTypeByte } from './value-type-bytes.ts';

const MAGIC_AND_VERSION = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

const SECTION_CUSTOM = 0;
const SECTION_TYPE = 1;
const SECTION_IMPORT = 2;
const SECTION_FUNCTION = 3;
const SECTION_EXPORT = 7;
const SECTION_CODE = 10;

const FUNCTION_TYPE = 0x60;
const EXTERNAL_FUNCTION = 0;
const EXTERNAL_TABLE = 1;
const EXTERNAL_MEMORY = 2;
const FUNCTION_REFERENCES = 0x70;
/** Limits: a minimum follows. */
const NO_MAXIMUM = 0;

/** WebAssembly proposal "Branch Hinting". Each hint has one byte. */
const HINT_SECTION = 'metadata.code.branch_hint';
const HINT_SIZE = 1;

/** The hint for a condition whose negation has the hint. */
const OPPOSITE: readonly number[] = [0, UNLIKELY, LIKELY];

const BLOCK_HEAD = head(BLOCK, none);
const BRANCH_HEAD = head(BRANCH, unreachable);
const BRANCH_TABLE_HEAD = head(BRANCH_TABLE, unreachable);
const RETURN_CALL_HEAD = head(CALL, unreachable, opcodes.OPCODE_RETURN_CALL);
/** Functions that each make one kind of expression, by the names of the operations. */
function operations<Names extends string, Make>(
  heads: Readonly<Record<Names, number>>,
  make: (head: number) => Make,
): Readonly<Record<Names, Make>> {
  const entries = Object.entries<number>(heads).map(([name, operation]) => [name, make(operation)]);
  return Object.fromEntries(entries) as Record<Names, Make>;
}

interface FunctionType {
  readonly parameters: readonly ValueType[];
  readonly result: ValueType;
}

interface ImportedFunction {
  readonly from: string;
  readonly name: string;
  readonly type: number;
}

interface OwnFunction {
  readonly type: number;
  readonly locals: readonly ValueType[];
  readonly body: Expression;
}

interface ExportedFunction {
  readonly name: string;
  readonly callee: FunctionReference;
}

export class ModuleWriter implements Module {
  private readonly arena = new ExpressionArena();
  private readonly out = new ByteBuffer();
  private readonly encoder = new FunctionEncoder(this.arena, this.out, (callee) => this.indexOf(callee));
  private types: FunctionType[] = [];
  /** Where a type is in `types`, by its parameters and result as digits of one number. */
  private readonly typeNumbers = new Map<number, number>();
  private memory: { from: string; name: string; pages: number } | undefined;
  private table: { from: string; name: string } | undefined;
  private imports: ImportedFunction[] = [];
  private functions: OwnFunction[] = [];
  private exports: ExportedFunction[] = [];

  readonly i32: Module['i32'];
  readonly i64: Module['i64'];
  readonly f32: Module['f32'];
  readonly f64: Module['f64'];
  readonly i8x16: Module['i8x16'];
  readonly i16x8: Module['i16x8'];
  readonly i32x4: Module['i32x4'];
  readonly i64x2: Module['i64x2'];
  readonly f32x4: Module['f32x4'];
  readonly f64x2: Module['f64x2'];
  readonly v128: Module['v128'];
  readonly local: Module['local'];

  constructor() {
    const { arena } = this;
    const unary = (operation: number) => (value: Expression) => arena.add(operation, value, 0, 0);
    const binary = (operation: number) => (left: Expression, right: Expression) =>
      arena.add(operation, left, right, 0);
    const load = (operation: number) => (offset: number, align: number, address: Expression) =>
      arena.add(withExtra(operation, 31 - Math.clz32(align)), address, offset, 0);
    const store =
      (operation: number) => (offset: number, align: number, address: Expression, value: Expression) =>
        arena.add(withExtra(operation, 31 - Math.clz32(align)), address, value, offset);
    const lanes = ({ extract, replace, splat, type }: opcodes.LaneOpcodes) => {
      const extractHead = head(EXTRACT_LANE, type, extract);
      const replaceHead = head(REPLACE_LANE, v128, replace);
      return {
        splat: unary(head(UNARY, v128, splat)),
        extract: (vector: Expression, lane: number) => arena.add(extractHead, vector, lane, 0),
        replace_lane: (vector: Expression, lane: number, value: Expression) =>
          arena.add(replaceHead, vector, value, lane),
      };
    };
    const wideLanes = (codes: opcodes.LaneOpcodes) => {
      const { extract, ...others } = lanes(codes);
      return { ...others, extract_lane: extract };
    };
    const narrowLanes = (codes: opcodes.LaneOpcodes) => {
      const { extract, ...others } = lanes(codes);
      return { ...others, extract_lane_u: extract };
    };

    const i32Const = head(I32_CONST, i32);
    this.i32 = {
      ...operations(opcodes.I32_UNARY, unary),
      ...operations(opcodes.I32_BINARY, binary),
      ...operations(opcodes.I32_LOAD, load),
      ...operations(opcodes.I32_STORE, store),
      trunc_s_sat: operations(opcodes.I32_TRUNCATE, unary),
      const: (value) => arena.add(i32Const, value, 0, 0),
    };
    const i64Const = head(I64_CONST, i64);
    const bits64 = new BigInt64Array(1);
    const halves64 = new Int32Array(bits64.buffer);
    this.i64 = {
      ...operations(opcodes.I64_UNARY, unary),
      ...operations(opcodes.I64_BINARY, binary),
      ...operations(opcodes.I64_LOAD, load),
      ...operations(opcodes.I64_STORE, store),
      trunc_s_sat: operations(opcodes.I64_TRUNCATE, unary),
      const: (value) => {
        if (typeof value === 'number') return arena.add(i64Const, value | 0, Math.floor(value / 2 ** 32), 0);
        bits64[0] = value;
        return arena.add(i64Const, halves64[0] as number, halves64[1] as number, 0);
      },
      halves: (low, high) => arena.add(i64Const, low, high, 0),
    };
    this.f32 = {
      ...operations(opcodes.F32_UNARY, unary),
      ...operations(opcodes.F32_BINARY, binary),
      convert_s: operations(opcodes.F32_CONVERT, unary),
    };
    const f64Const = head(F64_CONST, f64);
    const floats = new Float64Array(bits64.buffer);
    this.f64 = {
      ...operations(opcodes.F64_UNARY, unary),
      ...operations(opcodes.F64_BINARY, binary),
      convert_s: operations(opcodes.F64_CONVERT, unary),
      const: (value) => {
        floats[0] = value;
        return arena.add(f64Const, halves64[0] as number, halves64[1] as number, 0);
      },
    };
    const shuffleHead = head(SHUFFLE, v128, opcodes.OPCODE_SHUFFLE);
    this.i8x16 = {
      ...operations(opcodes.I8X16_UNARY, unary),
      ...operations(opcodes.I8X16_BINARY, binary),
      ...narrowLanes(opcodes.LANES.i8x16),
      relaxed_swizzle: binary(head(BINARY, v128, opcodes.OPCODE_RELAXED_SWIZZLE)),
      shuffle: (left, right, order) => arena.add(shuffleHead, left, right, arena.addBytes(order)),
    };
    this.i16x8 = {
      ...operations(opcodes.I16X8_UNARY, unary),
      ...operations(opcodes.I16X8_BINARY, binary),
      ...narrowLanes(opcodes.LANES.i16x8),
    };
    this.i32x4 = {
      ...operations(opcodes.I32X4_UNARY, unary),
      ...operations(opcodes.I32X4_BINARY, binary),
      ...wideLanes(opcodes.LANES.i32x4),
    };
    this.i64x2 = {
      ...operations(opcodes.I64X2_UNARY, unary),
      ...operations(opcodes.I64X2_BINARY, binary),
      ...wideLanes(opcodes.LANES.i64x2),
    };
    const multiplyAdd = (opcode: number) => {
      const operation = head(TERNARY, v128, opcode);
      return { relaxed_madd: (a: Expression, b: Expression, c: Expression) => arena.add(operation, a, b, c) };
    };
    this.f32x4 = {
      ...operations(opcodes.F32X4_UNARY, unary),
      ...operations(opcodes.F32X4_BINARY, binary),
      ...wideLanes(opcodes.LANES.f32x4),
      ...multiplyAdd(opcodes.OPCODE_F32X4_RELAXED_MADD),
    };
    this.f64x2 = {
      ...operations(opcodes.F64X2_UNARY, unary),
      ...operations(opcodes.F64X2_BINARY, binary),
      ...wideLanes(opcodes.LANES.f64x2),
      ...multiplyAdd(opcodes.OPCODE_F64X2_RELAXED_MADD),
    };
    const v128Const = head(V128_CONST, v128, opcodes.OPCODE_V128_CONST);
    const bitselectHead = head(TERNARY, v128, opcodes.OPCODE_BITSELECT);
    this.v128 = {
      ...operations(opcodes.V128_UNARY, unary),
      ...operations(opcodes.V128_BINARY, binary),
      ...operations(opcodes.V128_LOAD, load),
      ...operations(opcodes.V128_STORE, store),
      const: (bytes) => arena.add(v128Const, arena.addBytes(bytes), 0, 0),
      bitselect: (a, b, mask) => arena.add(bitselectHead, a, b, mask),
    };

    const setHead = head(LOCAL_WRITE, none, opcodes.OPCODE_LOCAL_SET);
    this.local = {
      get: (index, type) => arena.add(head(LOCAL_GET, type), index, 0, 0),
      set: (index, value) => arena.add(setHead, value, index, 0),
      tee: (index, value, type) =>
        arena.add(head(LOCAL_WRITE, type, opcodes.OPCODE_LOCAL_TEE), value, index, 0),
    };
  }

  // ---- control ----

  block(label: Label | null, statements: readonly Expression[], type?: ValueType): Expression {
    const { arena } = this;
    const list = arena.addList(statements);
    if (label !== null) return arena.add(BLOCK_HEAD, list, statements.length, label);
    const last = statements[statements.length - 1];
    const own = type ?? (last === undefined ? none : arena.type(last));
    return arena.add(head(SEQUENCE, own), list, statements.length, 0);
  }

  loop(label: Label, body: Expression): Expression {
    return this.arena.add(head(LOOP, this.arena.type(body)), body, label, 0);
  }

  br(label: Label): Expression {
    return this.arena.add(BRANCH_HEAD, label, 0, 0);
  }

  br_table(labels: readonly Label[], otherwise: Label, index: Expression): Expression {
    const { arena } = this;
    return arena.add(BRANCH_TABLE_HEAD, index, arena.addList([...labels, otherwise]), labels.length);
  }

  if(condition: Expression, then: Expression, otherwise?: Expression): Expression {
    return this.conditional(0, condition, then, otherwise);
  }

  ifLikely(condition: Expression, then: Expression, otherwise?: Expression): Expression {
    return this.conditional(LIKELY, condition, then, otherwise);
  }

  ifUnlikely(condition: Expression, then: Expression, otherwise?: Expression): Expression {
    return this.conditional(UNLIKELY, condition, then, otherwise);
  }

  private conditional(
    hint: number,
    condition: Expression,
    then: Expression,
    otherwise: Expression | undefined,
  ): Expression {
    const { arena } = this;
    if (otherwise === undefined) return arena.add(withExtra(head(IF, none), hint), condition, then, NOTHING);
    const thenType = arena.type(then);
    const type = thenType === unreachable ? arena.type(otherwise) : thenType;
    const negated = arena.operandOf(opcodes.I32_UNARY.eqz, condition);
    return negated === undefined
      ? arena.add(withExtra(head(IF, type), hint), condition, then, otherwise)
      : arena.add(withExtra(head(IF, type), OPPOSITE[hint] as number), negated, otherwise, then);
  }

  select(condition: Expression, then: Expression, otherwise: Expression): Expression {
    const { arena } = this;
    return arena.add(head(TERNARY, arena.type(then), opcodes.OPCODE_SELECT), then, otherwise, condition);
  }

  return(): Expression {
    return this.arena.add(head(PLAIN, unreachable, opcodes.OPCODE_RETURN), 0, 0, 0);
  }

  unreachable(): Expression {
    return this.arena.add(head(PLAIN, unreachable, opcodes.OPCODE_UNREACHABLE), 0, 0, 0);
  }

  call(callee: FunctionReference, operands: readonly Expression[], result: ValueType): Expression {
    const { arena } = this;
    return arena.add(
      head(CALL, result, opcodes.OPCODE_CALL),
      arena.addList(operands),
      operands.length,
      callee,
    );
  }

  call_indirect(
    target: Expression,
    operands: readonly Expression[],
    parameters: readonly ValueType[],
    result: ValueType,
  ): Expression {
    const operation = head(CALL_INDIRECT, result, opcodes.OPCODE_CALL_INDIRECT);
    return this.callThroughTable(operation, target, operands, this.typeNumber(parameters, result));
  }

  return_call_indirect(
    target: Expression,
    operands: readonly Expression[],
    parameters: readonly ValueType[],
    result: ValueType,
  ): Expression {
    const operation = head(CALL_INDIRECT, unreachable, opcodes.OPCODE_RETURN_CALL_INDIRECT);
    return this.callThroughTable(operation, target, operands, this.typeNumber(parameters, result));
  }

  return_call(callee: FunctionReference, operands: readonly Expression[]): Expression {
    const { arena } = this;
    return arena.add(RETURN_CALL_HEAD, arena.addList(operands), operands.length, callee);
  }

  private callThroughTable(
    operation: number,
    target: Expression,
    operands: readonly Expression[],
    type: number,
  ): Expression {
    const list = this.arena.addList([...operands, target]);
    return this.arena.add(operation, list, operands.length + 1, type);
  }

  typeOf(expression: Expression): ValueType {
    return this.arena.type(expression);
  }

  // ---- the module ----

  importMemory(from: string, name: string, pages: number): void {
    this.memory = { from, name, pages };
  }

  importTable(from: string, name: string): void {
    this.table = { from, name };
  }

  /** Imported functions have even references, own functions odd ones: more of both may come. */
  importFunction(
    from: string,
    name: string,
    parameters: readonly ValueType[],
    result: ValueType,
  ): FunctionReference {
    const type = this.typeNumber(parameters, result);
    return 2 * (this.imports.push({ from, name, type }) - 1);
  }

  addFunction(
    _name: string,
    parameters: readonly ValueType[],
    result: ValueType,
    locals: readonly ValueType[],
    body: Expression,
  ): FunctionReference {
    const type = this.typeNumber(parameters, result);
    return 2 * (this.functions.push({ type, locals, body }) - 1) + 1;
  }

  private indexOf(callee: FunctionReference): number {
    return callee & 1 ? this.imports.length + (callee >> 1) : callee >> 1;
  }

  private typeNumber(parameters: readonly ValueType[], result: ValueType): number {
    let key = result + 1;
    for (const parameter of parameters) key = key * 8 + parameter + 1;
    let number = this.typeNumbers.get(key);
    if (number === undefined) {
      number = this.types.push({ parameters, result }) - 1;
      this.typeNumbers.set(key, number);
    }
    return number;
  }

  exportFunction(name: string, callee: FunctionReference): void {
    this.exports.push({ name, callee });
  }

  /** Forgets what has been built. */
  clear(): void {
    this.arena.clear();
    this.types = [];
    this.typeNumbers.clear();
    this.memory = undefined;
    this.table = undefined;
    this.imports = [];
    this.functions = [];
    this.exports = [];
  }

  /** The finished module; the writer is as new. */
  emit(): Uint8Array {
    const code = this.encodeCode();
    const { out } = this;
    const codeEnd = out.length;
    out.reserve(MAGIC_AND_VERSION.length);
    for (const byte of MAGIC_AND_VERSION) out.byte(byte);
    this.writeTypes();
    this.writeImports();
    this.writeFunctions();
    this.writeExports();
    this.writeHints(code);
    const module = new Uint8Array(out.length);
    module.set(out.bytes.subarray(codeEnd, out.length));
    module.set(out.bytes.subarray(0, codeEnd), out.length - codeEnd);
    out.length = 0;
    this.clear();
    return module;
  }

  /** Writes the code section, and gives the hints of each function. */
  private encodeCode(): (readonly BranchHint[])[] {
    const { out, functions, encoder } = this;
    if (functions.length === 0) return [];
    const start = this.beginSection(SECTION_CODE, functions.length);
    const hints = functions.map(({ locals, body }) => encoder.encode(locals, body));
    out.endSized(start);
    return hints;
  }

  /** Starts a section that is a vector. @returns what `endSized` is to be given. */
  private beginSection(id: number, count: number): number {
    const { out } = this;
    out.reserve(1);
    out.byte(id);
    const start = out.beginSized();
    out.reserve(5);
    out.u32(count);
    return start;
  }

  private writeTypes(): void {
    const { out, types } = this;
    if (types.length === 0) return;
    const start = this.beginSection(SECTION_TYPE, types.length);
    for (const { parameters, result } of types) {
      out.reserve(parameters.length + 8);
      out.byte(FUNCTION_TYPE);
      out.u32(parameters.length);
      for (const parameter of parameters) out.byte(valueTypeByte(parameter));
      out.u32(result === none ? 0 : 1);
      if (result !== none) out.byte(valueTypeByte(result));
    }
    out.endSized(start);
  }

  private writeImports(): void {
    const { out, imports, memory, table } = this;
    const others = (memory === undefined ? 0 : 1) + (table === undefined ? 0 : 1);
    if (imports.length + others === 0) return;
    const start = this.beginSection(SECTION_IMPORT, imports.length + others);
    if (memory !== undefined) {
      this.writeImport(memory.from, memory.name, [EXTERNAL_MEMORY, NO_MAXIMUM]);
      out.reserve(5);
      out.u32(memory.pages);
    }
    if (table !== undefined)
      this.writeImport(table.from, table.name, [EXTERNAL_TABLE, FUNCTION_REFERENCES, NO_MAXIMUM, 0]);
    for (const { from, name, type } of imports) {
      this.writeImport(from, name, [EXTERNAL_FUNCTION]);
      out.reserve(5);
      out.u32(type);
    }
    out.endSized(start);
  }

  private writeImport(from: string, name: string, description: readonly number[]): void {
    const { out } = this;
    out.name(from);
    out.name(name);
    out.reserve(description.length);
    for (const byte of description) out.byte(byte);
  }

  private writeFunctions(): void {
    const { out, functions } = this;
    if (functions.length === 0) return;
    const start = this.beginSection(SECTION_FUNCTION, functions.length);
    out.reserve(5 * functions.length);
    for (const { type } of functions) out.u32(type);
    out.endSized(start);
  }

  private writeExports(): void {
    const { out, exports } = this;
    if (exports.length === 0) return;
    const start = this.beginSection(SECTION_EXPORT, exports.length);
    for (const { name, callee } of exports) {
      out.name(name);
      out.reserve(6);
      out.byte(EXTERNAL_FUNCTION);
      out.u32(this.indexOf(callee));
    }
    out.endSized(start);
  }

  private writeHints(hints: readonly (readonly BranchHint[])[]): void {
    const { out } = this;
    const hinted = hints.filter((ofFunction) => ofFunction.length > 0).length;
    if (hinted === 0) return;
    out.reserve(1);
    out.byte(SECTION_CUSTOM);
    const start = out.beginSized();
    out.name(HINT_SECTION);
    out.reserve(5);
    out.u32(hinted);
    hints.forEach((ofFunction, index) => {
      if (ofFunction.length === 0) return;
      out.reserve(10 + 7 * ofFunction.length);
      out.u32(this.imports.length + index);
      out.u32(ofFunction.length);
      for (const { offset, likely } of ofFunction) {
        out.u32(offset);
        out.byte(HINT_SIZE);
        out.byte(likely ? 1 : 0);
      }
    });
    out.endSized(start);
  }
}
