/**
 * The interpreter's loop: one function that executes records, one in each turn. The commonest instructions are cases of it; all others it
 * tail-calls, and their handlers come back to it with the record behind theirs. To go from one handler to the next by the
 * function table takes 15 of the 27 instructions of a MOV between registers, four loads of which wait for each other (the table, whether the
 * function has the type, its code, the engine's table of code), and where the processor has no guess, which is so for code that has run
 * seldom, it waits for all of them: from one case to another it is two.
 *
 * Around it is a loop with a turn for each block that is entered. Where a case does not find what is usual (an access without an entry in the TLB,
 * a link that leads to no interpreted block) it ends in a tail call of what does, the handler or `followLink`, so that the loop has hardly a call to
 * keep its registers for.
 */
import { type Local, Locals } from '../emitter/locals.ts';
import { allVariants } from '../isa/instruction-set.ts';
import type { Variant } from '../isa/variant.ts';
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
import { caseName, isCommonest } from './commonest.ts';
import {
  enterRecord,
  type FindRuntimeFunction,
  INTERPRET,
  leaveAt,
  RECORD_PARAMETER,
  recordBehind,
  recordOf,
  runs,
} from './handler-emitter.ts';

const INTERPRETED = CPU_STATE + COUNTERS + COUNTER_INTERPRETED_INSTRUCTIONS * 8;

/** Labels besides those of variants, which are their slots: the outer loop, the inner one, what ends in the handler of the record. */
const BLOCKS: Label = -1;
const INSTRUCTIONS: Label = -2;
const HANDLER: Label = -3;
/** The slot that no record has. With a case of its own the engine need not subtract anything of a slot. */
const NONE: Label = 0;

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

/** Goes to the case of the record's slot, behind which are the cases, or to HANDLER. */
function addCases(m: Module, create: (variant: Variant) => CaseEmitter): Expression {
  const variants = allVariants().filter(isCommonest);
  const labels = new Array<Label>((variants.at(-1)?.slot ?? NONE) + 1).fill(HANDLER);
  labels[NONE] = NONE;
  const cases = new Map<string, Variant>();
  for (const variant of variants) {
    const first = cases.get(caseName(variant)) ?? variant;
    cases.set(caseName(variant), first);
    labels[variant.slot] = first.slot;
  }
  const choose = m.br_table(labels, HANDLER, m.i32.load(RECORD_FN, 4, recordOf(m)));
  let body = m.block(null, [m.block(NONE, [choose]), m.unreachable()]);
  for (const variant of cases.values()) {
    body = m.block(null, [m.block(variant.slot, [body]), create(variant).statement()]);
  }
  return body;
}

/** Adds the loop. What it has a case for has a handler, too, for what its case leaves to it, and for regions. */
export function addInterpret(
  m: BinaryenModule,
  runtime: FindRuntimeFunction,
  requestCompile: FunctionReference,
  followLink: FunctionReference,
): FunctionReference {
  const locals = new Locals(m, [i32]);
  const left = locals.add(i32);
  const ways = { instruction: INSTRUCTIONS, block: BLOCKS, handler: HANDLER, followLink };
  const cases = addCases(m, (variant) => new CaseEmitter(m, variant, runtime, locals, ways));
  const enter = m.block(null, [
    ...enterBlock(m, runtime, requestCompile, left),
    m.local.set(RECORD_PARAMETER, recordBehind(m)),
  ]);
  const instructions = m.block(null, [m.block(HANDLER, [cases]), enterRecord(m, () => recordOf(m))]);
  const blocks = m.block(null, [
    m.if(
      runs(m, () => recordOf(m), SLOT_ENTER),
      enter,
    ),
    m.loop(INSTRUCTIONS, instructions),
  ]);
  return m.addFunction(INTERPRET, [i32], none, locals.declared, m.loop(BLOCKS, blocks));
}
