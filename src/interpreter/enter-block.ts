/** How the interpreter enters a block. */
import { CPU_STATE } from '../layout/linear-memory.ts';
import { HEAD_COUNT, RECORD_FN, RECORD_SIZE } from '../layout/record.ts';
import { BUDGET, COUNTER_INTERPRETED_INSTRUCTIONS, COUNTERS, EXIT_BUDGET } from '../layout/runtime-state.ts';
import type { BinaryenModule } from '../wasm/binaryen.ts';
import type { Expression } from '../wasm/builder.ts';
import { i32, none } from '../wasm/value-types.ts';
import { type FindRuntimeFunction, leaveAt, recordOf } from './handler-emitter.ts';

const INTERPRETED = CPU_STATE + COUNTERS + COUNTER_INTERPRETED_INSTRUCTIONS * 8;

/**
 * Body of a function (head record) -> () with an i32 local: takes the block's instructions from the budget, or leaves if they do
 * not fit, and goes on with the first instruction. @param between what is done before that; it may use the local.
 */
export function interpretBlock(
  m: BinaryenModule,
  runtime: FindRuntimeFunction,
  between: readonly Expression[],
): Expression {
  const zero = (): Expression => m.i32.const(0);
  const instructions = (): Expression => m.i32.load16_u(HEAD_COUNT, 2, recordOf(m));
  const left = (): Expression => m.local.get(1, i32);
  const interpreted = m.i64.load(INTERPRETED, 8, zero());
  return m.block(null, [
    m.local.set(1, m.i32.sub(m.i32.load(CPU_STATE + BUDGET, 4, zero()), instructions())),
    m.if(m.i32.lt_s(left(), m.i32.const(0)), leaveAt(m, runtime, EXIT_BUDGET)),
    m.i32.store(CPU_STATE + BUDGET, 4, zero(), left()),
    m.i64.store(INTERPRETED, 8, zero(), m.i64.add(interpreted, m.i64.extend_u(instructions()))),
    ...between,
    m.return_call_indirect(
      m.i32.load(RECORD_SIZE + RECORD_FN, 4, recordOf(m)),
      [m.i32.add(recordOf(m), m.i32.const(RECORD_SIZE))],
      [i32],
      none,
    ),
  ]);
}
