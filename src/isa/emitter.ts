/**
 * What an instruction's semantics is written against. There are two emitters: at build time operands come from
 * the record (the result is a handler), at run time they are constants and locals (the result is compiled code).
 * Semantics never ask which one they are in. What they may say is told by subject in `emitter/`.
 *
 * Values of 1, 2 and 4 bytes are i32, of 8 bytes i64, of 16 bytes v128; wider ones are lists of v128 lanes, lowest first.
 * What is read is zero-extended; of what is written only the low bytes count.
 */
import type { ControlEmitter } from './emitter/control.ts';
import type { FlagEmitter } from './emitter/flags.ts';
import type { FloatEmitter } from './emitter/floats.ts';
import type { MemoryEmitter } from './emitter/memory.ts';
import type { OperandEmitter } from './emitter/operands.ts';
import type { RegisterEmitter } from './emitter/registers.ts';
import type { RuntimeEmitter } from './emitter/runtime.ts';
import type { ValueEmitter } from './emitter/values.ts';
import type { VectorEmitter } from './emitter/vectors.ts';
import type { X87Emitter } from './emitter/x87.ts';

export type { FlagWriter } from './emitter/flags.ts';
export type { Computation, Rounding, Selection, SlowPath, Underflow } from './emitter/floats.ts';
export type { Value } from './emitter/values.ts';
export type { Place, X87Number, X87Operand, X87Stack } from './emitter/x87.ts';

export interface Emitter
  extends ControlEmitter,
    FlagEmitter,
    FloatEmitter,
    MemoryEmitter,
    OperandEmitter,
    RegisterEmitter,
    RuntimeEmitter,
    ValueEmitter,
    VectorEmitter,
    X87Emitter {}
