/** The inline TLB probe (layout/tlb.ts): index, one 64-bit compare, one addition. */
import type { Value } from '../isa/emitter.ts';
import { TLB_BASE } from '../layout/linear-memory.ts';
import {
  TLB_ADDEND,
  TLB_ENTRIES,
  TLB_ENTRY_SIZE,
  TLB_EXEC_TAG,
  TLB_PAGE_MASK,
  TLB_PHYSICAL_PAGE,
  TLB_READ_TAG,
  TLB_TABLE_SIZE,
  TLB_WRITE_TAG,
} from '../layout/tlb.ts';
import type { Expression, Module } from '../wasm/builder.ts';
import type { Local } from './locals.ts';

export type Access = 'read' | 'write' | 'readWrite';

/** log2 of a page minus log2 of a TLB entry: one shift gives the scaled index. */
const TLB_INDEX_SHIFT = 12 - Math.log2(TLB_ENTRY_SIZE);
const TLB_INDEX_MASK = (TLB_ENTRIES - 1) * TLB_ENTRY_SIZE;

/** Offset of the entry of an address from the start of its table: i32. */
export function tlbIndex(m: Module, linearAddress: Expression): Expression {
  return m.i32.and(
    m.i32.shr_u(m.i32.wrap(linearAddress), m.i32.const(TLB_INDEX_SHIFT)),
    m.i32.const(TLB_INDEX_MASK),
  );
}

/** Offset of the table of a view. */
export function tlbTable(view: number): number {
  return TLB_BASE + view * TLB_TABLE_SIZE;
}

/**
 * Whether the execute TLB has a page, and, to be looked at behind that, the physical page that it has for it.
 * @param address any in the page. @param slot i32 local to keep the entry's offset in.
 */
export function fetchProbe(
  m: Module,
  view: number,
  address: Expression,
  page: Expression,
  slot: Local,
): { isFound: Expression; physicalPage: Expression } {
  const table = tlbTable(view);
  const tag = m.i64.load(table + TLB_EXEC_TAG, 8, slot.tee(tlbIndex(m, address)));
  const entryPage = m.i32.load(table + TLB_PHYSICAL_PAGE, 4, slot.get());
  return { isFound: m.i64.eq(tag, page), physicalPage: m.i32.and(entryPage, m.i32.const(TLB_PAGE_MASK)) };
}

/** Offset of the tag of an access in a TLB entry. */
export function tagOffset(access: Access): number {
  return access === 'read' ? TLB_READ_TAG : TLB_WRITE_TAG;
}

/** What a tag is compared with: the page of the last byte of an access, so that one that crosses pages fails. */
export function pageOfLastByte(m: Module, linearAddress: Value, size: number): Expression {
  const last = size === 1 ? linearAddress() : m.i64.add(linearAddress(), m.i64.const(size - 1));
  return m.i64.and(last, m.i64.const(-4096));
}

/** The page of an access that is a multiple of its size, or no page: then a bit below is set. */
export function pageOfAligned(m: Module, linearAddress: Value, size: number): Expression {
  return m.i64.and(linearAddress(), m.i64.const(size - 1 - 4096));
}

/** tlbProbe() of the table of a view. */
export function viewProbe(
  m: Module,
  access: Access,
  linearAddress: Value,
  size: number,
  view: number,
  slot: Local,
  missed: Expression,
  pageOf = pageOfLastByte,
): Expression {
  const entry = tlbIndex(m, linearAddress());
  return tlbProbe(m, access, linearAddress, size, entry, tlbTable(view), slot, missed, pageOf);
}

/**
 * Host address of an access, to be used once.
 *
 * @param entry address of the TLB entry less `offset`. @param slot i32 local to keep it in.
 * @param missed host address if the entry does not allow the access. @param pageOf what the tag is compared with.
 */
export function tlbProbe(
  m: Module,
  access: Access,
  linearAddress: Value,
  size: number,
  entry: Expression,
  offset: number,
  slot: Local,
  missed: Expression,
  pageOf = pageOfLastByte,
): Expression {
  const field = offset + tagOffset(access);
  const tag = m.i64.load(field, 8, slot.tee(entry));
  const addend = m.i32.load(offset + TLB_ADDEND, 4, slot.get());
  const hit = m.i32.add(m.i32.wrap(linearAddress()), addend);
  return m.ifLikely(m.i64.eq(tag, pageOf(m, linearAddress, size)), hit, missed);
}
