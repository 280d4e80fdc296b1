/** The two floating-point formats, by their size in bytes. */
import type { Module } from '../../wasm/builder.ts';
import { f32, f64, type ValueType } from '../../wasm/value-types.ts';

export type FloatSize = 4 | 8;

export function scalarType(size: number): ValueType {
  return size === 8 ? f64 : f32;
}

/** Bits of a float of `size` bytes, in names of runtime functions. */
export function floatBits(size: number): 32 | 64 {
  return size === 8 ? 64 : 32;
}

/** The f32 or f64 instructions of scalars. */
export function float(m: Module, size: number): Module['f32'] | Module['f64'] {
  return size === 8 ? m.f64 : m.f32;
}

/** Those of vectors. */
export function floats(m: Module, size: number): Module['f32x4'] | Module['f64x2'] {
  return size === 8 ? m.f64x2 : m.f32x4;
}
