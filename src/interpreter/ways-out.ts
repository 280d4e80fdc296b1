/** What compiled regions end in (compile/region/leave.ts), so that none of it has to be in each of them. */
import { Locals } from '../emitter/locals.ts';
import { EXIT_BUDGET } from '../layout/runtime-state.ts';
import type { BinaryenModule } from '../wasm/binaryen.ts';
import type { Expression } from '../wasm/builder.ts';
import { i32, i64, type ValueType } from '../wasm/value-types.ts';
import { addExport } from './exports.ts';
import {
  enterRecord,
  type FindRuntimeFunction,
  leaveAt,
  RECORD_PARAMETER,
  recordOf,
  resolveIfUnusable,
} from './handler-emitter.ts';

/** Adds the functions and exports them. */
export function addWaysOut(m: BinaryenModule, runtime: FindRuntimeFunction): void {
  const record = (): Expression => recordOf(m);
  const second = (type: ValueType): Expression => m.local.get(1, type);

  // Goes on with a record, head or instruction.
  addExport(m, 'continueAt', [], enterRecord(m, record));

  // Goes where a link of the record leads to. @param 1 offset of the link.
  const locals = new Locals(m, [i32, i32]);
  const link = locals.add(i32);
  const followLink = m.block(null, [
    link.set(m.i32.load(0, 4, m.i32.add(record(), second(i32)))),
    resolveIfUnusable(m, link, () => m.call(runtime('resolveLink'), [record(), second(i32)], i32)),
    enterRecord(m, () => link.get()),
  ]);
  addExport(m, 'followLink', locals.declared, followLink);

  // Goes to RIP, by the instruction of the record. @param 1 RIP.
  const jumpBy = (lookup: 'lookupJump' | 'lookupIndirect'): Expression => {
    const head = m.call(runtime(lookup), [record(), second(i64)], i32);
    return m.block(null, [m.local.set(RECORD_PARAMETER, head), enterRecord(m, record)]);
  };
  addExport(m, 'jumpTo', [], jumpBy('lookupJump'));
  // The same for a jump or call whose targets are noted.
  addExport(m, 'jumpAndNote', [], jumpBy('lookupIndirect'));

  // Returns to the host: the budget is too small for the block of the head.
  addExport(m, 'outOfBudget', [], leaveAt(m, runtime, EXIT_BUDGET));
}
