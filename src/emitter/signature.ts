/** Types of functions, as layout/contract.ts writes them. */
import type { Signature } from '../layout/contract.ts';
import { f32, f64, i32, i64, none, type ValueType, v128 } from '../wasm/value-types.ts';

const TYPES: Readonly<Record<string, ValueType>> = { '': none, i: i32, I: i64, f: f32, F: f64, V: v128 };

export interface FunctionType {
  readonly parameters: readonly ValueType[];
  readonly result: ValueType;
}

export function functionType(signature: Signature): FunctionType {
  const types = signature.split(':').map((letters) => [...letters].map((letter) => TYPES[letter] ?? none));
  const [parameters = [], [result = none] = []] = types;
  return { parameters, result };
}
