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
  const module = new binaryen.Module();
  module.setFeatures(FEATURES);
  return module;
}

export function readModule(bytes: Uint8Array): Module {
  const module = binaryen.readBinary(bytes);
  module.setFeatures(FEATURES);
  return module;
}

/** Name a function has inside the module, given the name it is exported under. */
export function exportedFunction(module: Module, name: string): string {
  const reference = module.getExport(name);
  if (reference === 0) throw new Error(`the runtime does not export ${name}`);
  return binaryen.getExportInfo(reference).value;
}

export function emit(module: Module): Uint8Array {
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
