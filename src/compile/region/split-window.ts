/**
 * Windows (windows.ts) that are in two pages: where a frame of the stack crosses a page boundary, the frame that a loop uses or one of
 * those of a recursion, it does so for as long as the process lives. Where the window is opened the addends of its two pages are put into
 * memory, at a place that is its own among those that may be open at the same time, and an access takes that of its page, by a bit of its
 * address. So there is no call, around which the engine would store its registers, and little code.
 *
 * Nothing in a region changes a mapping, so they are right for as long as the window is open. 0 stands for a page that is not in
 * the TLB, and its accesses leave to their handlers, as an access does that is on both pages.
 */

import type { Local } from '../../emitter/locals.ts';
import { type Access, pageOfLastByte, tagOffset, tlbIndex, tlbTable } from '../../emitter/tlb-probe.ts';
import type { Value } from '../../isa/emitter.ts';
import { CPU_STATE } from '../../layout/linear-memory.ts';
import { SPLIT_WINDOW_COUNT, SPLIT_WINDOW_SIZE, SPLIT_WINDOWS } from '../../layout/runtime-state.ts';
import { TLB_ADDEND } from '../../layout/tlb.ts';
import type { Expression, Module } from '../../wasm/builder.ts';

/** Address of the addends of a window behind so many that are open, if there is a place for them. */
export function splitAddends(ordinal: number): number | undefined {
  return ordinal < SPLIT_WINDOW_COUNT ? CPU_STATE + SPLIT_WINDOWS + SPLIT_WINDOW_SIZE * ordinal : undefined;
}

/** Offset of a page's addend from where those of its window are. */
function offsetOf(m: Module, address: Expression): Expression {
  return m.i32.and(m.i32.shr_u(address, m.i32.const(10)), m.i32.const(4));
}

/** Where a window begins that is not in one page: its addends, or 0. @param slot i32 local. */
export function noteAddends(
  m: Module,
  addends: number,
  access: Access,
  address: Value,
  span: number,
  view: number,
  slot: Local,
): Expression[] {
  const table = tlbTable(view);
  const note = (at: Value): Expression => {
    const tag = m.i64.load(table + tagOffset(access), 8, slot.tee(tlbIndex(m, at())));
    const isThere = m.i64.eq(tag, pageOfLastByte(m, at, 1));
    const addend = m.i32.load(table + TLB_ADDEND, 4, slot.get());
    const value = m.ifLikely(isThere, addend, m.i32.const(0));
    return m.i32.store(addends, 4, offsetOf(m, m.i32.wrap(at())), value);
  };
  return [note(address), note(() => m.i64.add(address(), m.i64.const(span - 1)))];
}

/**
 * Host address of an access in such a window, to be used once.
 * @param slot @param host i32 locals. @param leave where its page is not there, or it is on both.
 */
export function hostInSplit(
  m: Module,
  addends: number,
  linearAddress: Value,
  size: number,
  slot: Local,
  host: Local,
  leave: Expression,
): Expression {
  const addend = m.i32.load(addends, 4, offsetOf(m, slot.tee(m.i32.wrap(linearAddress()))));
  const isThere = m.i32.ne(host.tee(addend), m.i32.const(0));
  const isInPage = m.i32.le_u(m.i32.and(slot.get(), m.i32.const(4095)), m.i32.const(4096 - size));
  const fits = size === 1 ? isThere : m.i32.and(isThere, isInPage);
  return m.ifLikely(fits, m.i32.add(slot.get(), host.get()), leave);
}
