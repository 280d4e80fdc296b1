/** What the runtime exports beside the functions of wasm-runtime/. */
import { functionType } from '../emitter/signature.ts';
import { GENERATED_FUNCTIONS, type GeneratedFunction } from '../layout/contract.ts';
import type { Expression, FunctionReference, Module } from '../wasm/builder.ts';
import type { ValueType } from '../wasm/value-types.ts';

/** Adds a function and exports it. @param locals types of those after the parameters. */
export function addExport(
  m: Module,
  name: GeneratedFunction,
  locals: readonly ValueType[],
  body: Expression,
): FunctionReference {
  const { parameters, result } = functionType(GENERATED_FUNCTIONS[name]);
  const added = m.addFunction(name, parameters, result, locals, body);
  m.exportFunction(name, added);
  return added;
}

/** Exports an import. */
export function passOn(m: Module, name: GeneratedFunction, from: string): FunctionReference {
  const { parameters, result } = functionType(GENERATED_FUNCTIONS[name]);
  const callee = m.importFunction(from, name, parameters, result);
  m.exportFunction(name, callee);
  return callee;
}
