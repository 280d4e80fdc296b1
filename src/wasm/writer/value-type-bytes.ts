/** Encoding of value types. Source: WebAssembly Core Specification, "Binary Format", "Types". */
import { f32, f64, i32, i64, none, unreachable, type ValueType, v128 } from '../value-types.ts';

/** Of a block without a value. */
const EMPTY = 0x40;

const BYTES = new Uint8Array(v128 + 1);
BYTES[none] = EMPTY;
BYTES[unreachable] = EMPTY;
BYTES[i32] = 0x7f;
BYTES[i64] = 0x7e;
BYTES[f32] = 0x7d;
BYTES[f64] = 0x7c;
BYTES[v128] = 0x7b;

export function valueTypeByte(type: ValueType): number {
  return BYTES[type] as number;
}
