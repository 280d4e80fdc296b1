/**
 * The interpreter's loop: one function that executes records, one in each turn. The commonest instructions are cases of it, and so is the entry of a
 * block; all others it tail-calls, and their handlers come back to it with the record behind theirs. To go from one handler to the next by the
 * function table takes 15 of the 27 instructions of a MOV between registers, four loads of which wait for each other (the table, whether the
 * function has the type, its code, the engine's table of code), and where the processor has no guess, which is so for code that has run
 * seldom, it waits for all of them: from one case to another it is two.
 */
import { type Local, Locals } from '../emitter/locals.ts';
import { allVariants } from '../isa/instruction-set.ts';
import { CPU_STATE } from '../layout/linear-memory.ts';
import { HEAD_COUNT, HEAD_COUNTDOWN, RECORD_FN, SLOT_ENTER } from '../layout/record.ts';
import {
  BUDGET,
  COUNTER_INTERPRETED_INSTRUCTIONS,
  COUNTERS,
  ENTRY_COUNTS,
  EXIT_BUDGET,
} from '../layout/runtime-state.ts';
import type { BinaryenModule } from '../wasm/binaryen.ts';
import type { Expression, FunctionReference, Label, Module } from '../wasm/builder.ts';
import { i32, none } from '../wasm/value-types.ts';
import { CaseEmitter } from './case-emitter.ts';
import { isCommonest } from './commonest.ts';
import {
  enterRecord,
  type FindRuntimeFunction,
  goOn,
  INTERPRET,
  leaveAt,
  recordBehind,
  recordOf,
} from './handler-emitter.ts';

const INTERPRETED = CPU_STATE + COUNTERS + COUNTER_INTERPRETED_INSTRUCTIONS * 8;

/** Label of the loop; of what is done for records without a case; of the case of heads. Those of variants are their slots, which come behind. */
const LOOP: Label = -1;
const OTHERS: Label = 0;
const HEADS: Label = SLOT_ENTER;

/** Takes the instructions of a block from the budget, or leaves if they do not fit. @param left an i32 local. */
export function payForBlock(m: Module, runtime: FindRuntimeFunction, left: Local): Expression[] {
  const zero = (): Expression => m.i32.const(0);
  const instructions = (): Expression => m.i32.load16_u(HEAD_COUNT, 2, recordOf(m));
  const interpreted = m.i64.load(INTERPRETED, 8, zero());
  return [
    left.set(m.i32.sub(m.i32.load(CPU_STATE + BUDGET, 4, zero()), instructions())),
    m.if(m.i32.lt_s(left.get(), zero()), leaveAt(m, runtime, EXIT_BUDGET)),
    m.i32.store(CPU_STATE + BUDGET, 4, zero(), left.get()),
    m.i64.store(INTERPRETED, 8, zero(), m.i64.add(interpreted, m.i64.extend_u(instructions()))),
  ];
}

/** What precedes the first instruction of a block that has not been compiled: its instructions are taken from the budget, and it is counted. */
export function enterBlock(
  m: Module,
  runtime: FindRuntimeFunction,
  requestCompile: FunctionReference,
  left: Local,
): Expression[] {
  const counts = (): Expression => m.i32.load(CPU_STATE + ENTRY_COUNTS, 4, m.i32.const(0));
  return [
    ...payForBlock(m, runtime, left),
    left.set(m.i32.sub(m.i32.load(HEAD_COUNTDOWN, 4, recordOf(m)), counts())),
    m.i32.store(HEAD_COUNTDOWN, 4, recordOf(m), left.get()),
    // Is 0, and this entry has made it so.
    m.if(m.i32.lt_u(left.get(), counts()), m.call(requestCompile, [recordOf(m)], none)),
  ];
}

/** Adds the loop. What it has a case for has a handler, too, for regions that leave to it. */
export function addInterpret(
  m: BinaryenModule,
  runtime: FindRuntimeFunction,
  requestCompile: FunctionReference,
): FunctionReference {
  const locals = new Locals(m, [i32]);
  const left = locals.add(i32);
  const variants = allVariants().filter(isCommonest);
  const last = variants.at(-1)?.slot ?? SLOT_ENTER;
  const labels = new Array<Label>(last + 1).fill(OTHERS);
  labels[HEADS] = HEADS;
  for (const { slot } of variants) labels[slot] = slot;
  const choose = m.br_table(labels, OTHERS, m.i32.load(RECORD_FN, 4, recordOf(m)));
  let cases = m.block(null, [
    m.block(HEADS, [choose]),
    ...enterBlock(m, runtime, requestCompile, left),
    goOn(m, LOOP, recordBehind(m)),
  ]);
  for (const variant of variants) {
    const emitter = new CaseEmitter(m, variant, runtime, locals, LOOP);
    cases = m.block(null, [m.block(variant.slot, [cases]), emitter.statement()]);
  }
  const others = m.block(null, [m.block(OTHERS, [cases]), enterRecord(m, () => recordOf(m))]);
  return m.addFunction(INTERPRET, [i32], none, locals.declared, m.loop(LOOP, others));
}
