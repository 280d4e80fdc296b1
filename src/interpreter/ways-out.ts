/** What compiled regions end in (compile/region/leave.ts), so that none of it has to be in each of them; the interpreter's loop does in the first, too. */
import { Locals } from '../emitter/locals.ts';
import { CPU_STATE } from '../layout/linear-memory.ts';
import { HEAD_PHYSICAL_PAGE, RECORD_LINK_TAKEN, SLOT_STALE } from '../layout/record.ts';
import { ENTRY_COUNTS, PAGE_BASE } from '../layout/runtime-state.ts';
import type { BinaryenModule } from '../wasm/binaryen.ts';
import type { Expression, FunctionReference } from '../wasm/builder.ts';
import { i32, i64, none, type ValueType } from '../wasm/value-types.ts';
import { addExport } from './exports.ts';
import {
  enterRecord,
  type FindRuntimeFunction,
  INTERPRET,
  RECORD_PARAMETER,
  recordBehind,
  recordOf,
  resolveIfUnusable,
  runs,
} from './handler-emitter.ts';
import { payForBlock } from './interpret.ts';

/** Adds and exports `followLink`, which goes where a link of the record leads to. Parameter 1 is the offset of the link. */
export function addFollowLink(m: BinaryenModule, runtime: FindRuntimeFunction): FunctionReference {
  const record = (): Expression => recordOf(m);
  const locals = new Locals(m, [i32, i32]);
  const [offset, link] = [locals.parameter(1), locals.add(i32)];
  const body = m.block(null, [
    link.set(m.i32.load(0, 4, m.i32.add(record(), offset.get()))),
    resolveIfUnusable(m, link, () => m.call(runtime('resolveLink'), [record(), offset.get()], i32)),
    enterRecord(m, () => link.get()),
  ]);
  return addExport(m, 'followLink', locals.declared, body);
}

/** Adds all others and exports them. */
export function addWaysOut(m: BinaryenModule, runtime: FindRuntimeFunction): void {
  const record = (): Expression => recordOf(m);
  const second = (type: ValueType): Expression => m.local.get(1, type);

  // Goes on with a record, head or instruction.
  addExport(m, 'continueAt', [], enterRecord(m, record));

  // Takes a branch to another page that the region has not found in the TLB. @param 1 head of the block that was there. @param 2 its linear
  // address.
  const crossing = new Locals(m, [i32, i32, i64]);
  const [head, address] = [crossing.parameter(1), crossing.parameter(2)];
  const page = m.i64.and(address.get(), m.i64.const(-4096n));
  const physicalPage = m.i32.load(HEAD_PHYSICAL_PAGE, 4, head.get());
  const isMapped = m.call(runtime('fetchesFrom'), [address.get(), physicalPage], i32);
  const isStale = runs(m, () => head.get(), SLOT_STALE);
  const resolved = m.call(runtime('resolveLink'), [record(), m.i32.const(RECORD_LINK_TAKEN)], i32);
  const cross = m.block(null, [
    m.if(
      m.i32.and(isMapped, m.i32.eqz(isStale)),
      m.i64.store(CPU_STATE + PAGE_BASE, 8, m.i32.const(0), page),
      head.set(resolved),
    ),
    enterRecord(m, () => head.get()),
  ]);
  addExport(m, 'cross', crossing.declared, cross);

  // Goes to RIP, by the instruction of the record. @param 1 RIP.
  const jumpBy = (lookup: 'lookupJump' | 'lookupIndirect'): Expression => {
    const head = m.call(runtime(lookup), [record(), second(i64)], i32);
    return m.block(null, [m.local.set(RECORD_PARAMETER, head), enterRecord(m, record)]);
  };
  addExport(m, 'jumpTo', [], jumpBy('lookupJump'));
  // The same for a jump or call whose targets are noted.
  addExport(m, 'jumpAndNote', [], jumpBy('lookupIndirect'));

  // Has the block of the head interpreted, which takes less; its region goes on counting instructions.
  const ending = new Locals(m, [i32]);
  const paid = payForBlock(m, runtime, ending.add(i32));
  const counts = m.i32.store(CPU_STATE + ENTRY_COUNTS, 4, m.i32.const(0), m.i32.const(0));
  const interpret = m.return_call(runtime(INTERPRET), [recordBehind(m)], none);
  addExport(m, 'outOfBudget', ending.declared, m.block(null, [...paid, counts, interpret]));
}
