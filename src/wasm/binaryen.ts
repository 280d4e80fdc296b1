/**
 * The back end that optimises, and the only door to Binaryen: it makes the runtime, and code that is worth its time.
 * Expressions are Binaryen's references.
 */
import binaryen from 'binaryen';
import type { Expression, FunctionReference, Label, Module } from './builder.ts';
import { none, unreachable, type ValueType } from './value-types.ts';

/** What generated code may use: every engine that has tail calls has the others, but for relaxed SIMD (compile/fused-multiply-add.ts). */
const FEATURES =
  binaryen.Features.MutableGlobals |
  binaryen.Features.NontrappingFPToInt |
  binaryen.Features.SIMD128 |
  binaryen.Features.RelaxedSIMD |
  binaryen.Features.BulkMemory |
  binaryen.Features.BulkMemoryOpt |
  binaryen.Features.SignExt |
  binaryen.Features.TailCall |
  binaryen.Features.ReferenceTypes |
  binaryen.Features.Multivalue;

/** Internal names of the memory and the table that a module has. */
const MEMORY = '0';
const MAXIMUM_PAGES = 65536;
const TABLE = 'table';

/** What binaryen's type declarations leave out. */
interface UndeclaredApi {
  readonly Load: { setSigned(load: Expression, isSigned: boolean): void };
  readonly RelaxedMaddVecF32x4: number;
  readonly RelaxedMaddVecF64x2: number;
  _BinaryenBinary(module: number, operation: number, left: Expression, right: Expression): Expression;
  _BinaryenSIMDTernary(
    module: number,
    operation: number,
    a: Expression,
    b: Expression,
    c: Expression,
  ): Expression;
}
const undeclared = binaryen as unknown as UndeclaredApi;

function typeOfList(types: readonly ValueType[]): ValueType {
  const [first] = types;
  if (first === undefined) return none;
  return types.length === 1 ? first : binaryen.createType(types);
}

export class BinaryenModule implements Module {
  private readonly module: binaryen.Module;
  /** Names by reference. */
  private readonly functions: string[] = [];
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

  /** @param bytes of a module to add to. */
  constructor(bytes?: Uint8Array) {
    const module = bytes === undefined ? new binaryen.Module() : binaryen.readBinary(bytes);
    module.setFeatures(FEATURES);
    this.module = module;
    this.i32 = { ...module.i32, load: unsignedLoad(module) };
    this.i64 = {
      ...module.i64,
      const: (value) => module.i64.const(BigInt(value)),
      halves: (low, high) => module.i64.const((BigInt(high) << 32n) | BigInt(low >>> 0)),
    };
    this.f32 = module.f32;
    this.f64 = module.f64;
    this.i8x16 = { ...module.i8x16, relaxed_swizzle: relaxedSwizzle(module) };
    this.i16x8 = module.i16x8;
    this.i32x4 = module.i32x4;
    this.i64x2 = module.i64x2;
    this.f32x4 = { ...module.f32x4, ...multiplyAdd(module, 'RelaxedMaddVecF32x4') };
    this.f64x2 = { ...module.f64x2, ...multiplyAdd(module, 'RelaxedMaddVecF64x2') };
    this.v128 = module.v128;
    this.local = module.local;
  }

  block(label: Label | null, statements: readonly Expression[], type?: ValueType): Expression {
    if (label === null) return this.module.block(null, statements, type);
    return this.module.block(String(label), this.completing(statements), type);
  }

  /**
   * Statements that never fall through, as if they could. Binaryen would otherwise search a labelled block for
   * branches to the label, which takes quadratic time when blocks are nested. Engines fold the condition.
   */
  private completing(statements: readonly Expression[]): readonly Expression[] {
    const last = statements.at(-1);
    if (last === undefined || this.typeOf(last) !== unreachable) return statements;
    return [...statements.slice(0, -1), this.module.if(this.module.i32.const(1), last)];
  }

  loop(label: Label, body: Expression): Expression {
    return this.module.loop(String(label), body);
  }

  br(label: Label): Expression {
    return this.module.br(String(label));
  }

  br_table(labels: readonly Label[], otherwise: Label, index: Expression): Expression {
    return this.module.switch(labels.map(String), String(otherwise), index);
  }

  if(condition: Expression, then: Expression, otherwise?: Expression): Expression {
    return this.module.if(condition, then, otherwise);
  }

  // Binaryen keeps the hints of a module that it has read; its JavaScript API cannot give any.
  ifLikely(condition: Expression, then: Expression, otherwise?: Expression): Expression {
    return this.if(condition, then, otherwise);
  }

  ifUnlikely(condition: Expression, then: Expression, otherwise?: Expression): Expression {
    return this.if(condition, then, otherwise);
  }

  select(condition: Expression, then: Expression, otherwise: Expression): Expression {
    return this.module.select(condition, then, otherwise);
  }

  return(): Expression {
    return this.module.return();
  }

  unreachable(): Expression {
    return this.module.unreachable();
  }

  call(callee: FunctionReference, operands: readonly Expression[], result: ValueType): Expression {
    return this.module.call(this.name(callee), operands, result);
  }

  call_indirect(
    target: Expression,
    operands: readonly Expression[],
    parameters: readonly ValueType[],
    result: ValueType,
  ): Expression {
    return this.module.call_indirect(TABLE, target, operands, typeOfList(parameters), result);
  }

  return_call_indirect(
    target: Expression,
    operands: readonly Expression[],
    parameters: readonly ValueType[],
    result: ValueType,
  ): Expression {
    return this.module.return_call_indirect(TABLE, target, operands, typeOfList(parameters), result);
  }

  return_call(callee: FunctionReference, operands: readonly Expression[], result: ValueType): Expression {
    return this.module.return_call(this.name(callee), operands, result);
  }

  typeOf(expression: Expression): ValueType {
    return binaryen.getExpressionType(expression);
  }

  importMemory(from: string, name: string, pages: number): void {
    this.module.setMemory(pages, MAXIMUM_PAGES, null, [], false, false, MEMORY);
    this.module.addMemoryImport(MEMORY, from, name);
  }

  importTable(from: string, name: string): void {
    this.module.addTableImport(TABLE, from, name);
  }

  importFunction(
    from: string,
    name: string,
    parameters: readonly ValueType[],
    result: ValueType,
  ): FunctionReference {
    this.module.addFunctionImport(name, from, name, typeOfList(parameters), result);
    return this.reference(name);
  }

  addFunction(
    name: string,
    parameters: readonly ValueType[],
    result: ValueType,
    locals: readonly ValueType[],
    body: Expression,
  ): FunctionReference {
    this.module.addFunction(name, typeOfList(parameters), result, [...locals], body);
    return this.reference(name);
  }

  exportFunction(name: string, callee: FunctionReference): void {
    this.module.addFunctionExport(this.name(callee), name);
  }

  emit(): Uint8Array {
    binaryen.setDebugInfo(false);
    const bytes = this.module.emitBinary();
    this.module.dispose();
    return bytes;
  }

  private reference(name: string): FunctionReference {
    return this.functions.push(name) - 1;
  }

  private name(callee: FunctionReference): string {
    const name = this.functions[callee];
    if (name === undefined) throw new RangeError(`the module has no function ${callee}`);
    return name;
  }

  // ---- for the runtime, at build time ----

  /** A function of the module that was read, by the name it is exported under. */
  exportedFunction(name: string): FunctionReference {
    const reference = this.module.getExport(name);
    if (reference === 0) throw new Error(`the runtime does not export ${name}`);
    return this.reference(binaryen.getExportInfo(reference).value);
  }

  /** Functions that the module exports. */
  exportedFunctions(): {
    readonly name: string;
    readonly parameters: ValueType[];
    readonly result: ValueType;
  }[] {
    const { module } = this;
    return Array.from({ length: module.getNumExports() }, (_, index) =>
      binaryen.getExportInfo(module.getExportByIndex(index)),
    )
      .filter(({ kind }) => kind === binaryen.ExternalFunction)
      .map(({ name, value }) => {
        const { params, results } = binaryen.getFunctionInfo(module.getFunction(value));
        return { name, parameters: binaryen.expandType(params), result: results };
      });
  }

  /** Makes the table and exports it. @param elements go into the slots from `first` on. */
  defineTable(name: string, first: number, elements: readonly FunctionReference[]): void {
    this.module.addTable(TABLE, first + elements.length, -1);
    const names = elements.map((callee) => this.name(callee));
    this.module.addActiveElementSegment(TABLE, 'handlers', names, this.i32.const(first));
    this.module.addTableExport(TABLE, name);
  }

  /** Runs passes of Binaryen over the whole module, in order. */
  runPasses(passes: readonly string[]): void {
    this.module.runPasses([...passes]);
  }

  /** Optimises the whole module, as the runtime is. */
  optimize(): void {
    binaryen.setOptimizeLevel(2);
    binaryen.setShrinkLevel(0);
    this.module.optimize();
  }

  /** As `emit`, with the names of functions, so that profiles can show them. */
  emitWithNames(): Uint8Array {
    if (!this.module.validate()) throw new Error('the module is not valid');
    binaryen.setDebugInfo(true);
    return this.module.emitBinary();
  }

  /**
   * @param prefix of their names in the export.
   * @param spoil name of an exported function that gives each of them other rubbish, which comes of a number.
   */
  exportMutableGlobals(prefix: string, spoil: string): void {
    const { module, i32, i64 } = this;
    const rubbish = (): Expression => module.local.get(0, binaryen.i32);
    const body: Expression[] = [];
    for (let index = 0; index < module.getNumGlobals(); index++) {
      const { name, mutable, type } = binaryen.getGlobalInfo(module.getGlobalByIndex(index));
      if (!mutable) continue;
      module.addGlobalExport(name, prefix + name);
      // A linear congruential generator; the low bits are as good as any.
      const next = i32.add(i32.mul(rubbish(), i32.const(1_664_525)), i32.const(1_013_904_223));
      const wide = (): Expression => i64.mul(i64.extend_u(rubbish()), i64.const(0x1_0000_0001n));
      body.push(
        module.local.set(0, next),
        module.global.set(name, type === binaryen.i64 ? wide() : rubbish()),
      );
    }
    module.addFunction(spoil, binaryen.i32, binaryen.none, [], module.block(null, body));
    module.addFunctionExport(spoil, spoil);
  }
}

/**
 * Binaryen's JavaScript API marks i32.load as signed, and its optimiser then takes i64.extend_i32_u(i32.load)
 * for i64.load32_s. Loads read from a binary are unsigned; those made here become so.
 */
function unsignedLoad(module: binaryen.Module): Module['i32']['load'] {
  const { load } = module.i32;
  return (offset, align, address) => {
    const expression = load(offset, align, address);
    undeclared.Load.setSigned(expression, false);
    return expression;
  };
}

/** Nor has it an operation of this name. */
function relaxedSwizzle(module: binaryen.Module): Module['i8x16']['relaxed_swizzle'] {
  const operation = binaryen.RelaxedSwizzleVecI8x16;
  return (bytes, indices) => undeclared._BinaryenBinary(module.ptr, operation, bytes, indices);
}

/** Binaryen's JavaScript API has no ternary operations of vectors but bitselect. */
function multiplyAdd(module: binaryen.Module, operation: 'RelaxedMaddVecF32x4' | 'RelaxedMaddVecF64x2') {
  return {
    relaxed_madd: (a: Expression, b: Expression, c: Expression): Expression =>
      undeclared._BinaryenSIMDTernary(module.ptr, undeclared[operation], a, b, c),
  };
}
