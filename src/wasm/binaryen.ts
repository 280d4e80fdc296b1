/**
 * The only door to Binaryen. Expressions are plain numbers and each may be used once in a tree: keep a value
 * that is needed twice in a local.
 */
import binaryen from 'binaryen';

export type Module = binaryen.Module;
export type Expression = binaryen.ExpressionRef;
export type ValueType = binaryen.Type;

export const { i32, i64, f32, f64, v128, none } = binaryen;

/** What generated code may use: every engine that has tail calls has the others. */
export const FEATURES =
  binaryen.Features.MutableGlobals |
  binaryen.Features.NontrappingFPToInt |
  binaryen.Features.SIMD128 |
  binaryen.Features.BulkMemory |
  binaryen.Features.BulkMemoryOpt |
  binaryen.Features.SignExt |
  binaryen.Features.TailCall |
  binaryen.Features.ReferenceTypes |
  binaryen.Features.Multivalue;

/** Largest wasm memory in 64 KiB pages: 4 GiB. */
export const MAXIMUM_PAGES = 65536;

export function createModule(): Module {
  return prepare(new binaryen.Module());
}

export function readModule(bytes: Uint8Array): Module {
  return prepare(binaryen.readBinary(bytes));
}

/** What binaryen's type declarations leave out. */
interface UndeclaredApi {
  readonly Load: { setSigned(load: Expression, isSigned: boolean): void };
}

/**
 * Binaryen's JavaScript API marks i32.load as signed, and its optimiser then takes i64.extend_i32_u(i32.load)
 * for i64.load32_s. Loads read from a binary are unsigned; those made here become so.
 */
function prepare(module: Module): Module {
  module.setFeatures(FEATURES);
  const { i32 } = module;
  const { load } = i32;
  i32.load = (offset, align, pointer, name) => {
    const expression = load(offset, align, pointer, name);
    (binaryen as unknown as UndeclaredApi).Load.setSigned(expression, false);
    return expression;
  };
  return module;
}

/** Name a function has inside the module, given the name it is exported under. */
export function exportedFunction(module: Module, name: string): string {
  const reference = module.getExport(name);
  if (reference === 0) throw new Error(`the runtime does not export ${name}`);
  return binaryen.getExportInfo(reference).value;
}

/** @param names keeps the function names, so that profiles can show them. */
export function emit(module: Module, names = false): Uint8Array {
  binaryen.setDebugInfo(names);
  return module.emitBinary();
}

/** Optimises a whole module: for the runtime, at build time. */
export function optimize(module: Module): void {
  binaryen.setOptimizeLevel(2);
  binaryen.setShrinkLevel(0);
  module.optimize();
}

export function createType(types: ValueType[]): ValueType {
  return binaryen.createType(types);
}

export function expressionType(expression: Expression): ValueType {
  return binaryen.getExpressionType(expression);
}

/** Declares the imported linear memory and function table that every region works on. */
export function addMemoryAndTable(module: Module, from: string, table: string): void {
  module.addMemoryImport('0', from, 'memory');
  module.addTableImport(table, from, table);
}
