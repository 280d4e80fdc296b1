/**
 * The page an access in a loop found last, in two locals: most accesses by one base and index register stay on a page
 * for many iterations, and a TLB probe is then one subtraction and one compare, with no load before the access.
 *
 * Nothing that changes a mapping happens inside a region, so what was found stays valid until the region is left; it is
 * forgotten when a region is entered. What is remembered is a tag of the TLB: a page without a write tag, because
 * it holds code, is not remembered for stores.
 *
 * Before the first access the tag is TLB_INVALID, and the page at that address counts as found. Such addresses are not
 * canonical, so an access there should raise #GP; programs do not come there but by a wild pointer, one address in 2^52.
 */
import type { Value } from '../../isa/emitter.ts';
import { TLB_INVALID, TLB_READ_TAG, TLB_WRITE_TAG } from '../../layout/tlb.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import { i32, i64 } from '../../wasm/value-types.ts';
import { type Access, tlbIndex, tlbTable } from '../tlb-probe.ts';

const PAGE_SIZE = 4096;

/** Numbers of two locals: the tag (i64), and the host address of the page (i32). */
export interface LastPage {
  readonly page: number;
  readonly host: number;
}

export function forgetLastPage(m: Module, { page }: LastPage): Expression {
  return m.local.set(page, m.i64.const(TLB_INVALID));
}

/**
 * Host address of an access, to be used once.
 *
 * @param view index of the TLB table. @param probed host address from the TLB, if the last page is another.
 * @param offset i64 local to keep the offset in the page in.
 */
export function lastPageProbe(
  m: Module,
  { page, host }: LastPage,
  access: Access,
  linearAddress: Value,
  size: number,
  view: number,
  probed: Expression,
  offset: number,
): Expression {
  const distance = m.i64.sub(linearAddress(), m.local.get(page, i64));
  const isInside = m.i64.le_u(m.local.tee(offset, distance, i64), m.i64.const(BigInt(PAGE_SIZE - size)));
  const tag = tlbTable(view) + (access === 'read' ? TLB_READ_TAG : TLB_WRITE_TAG);
  const offsetInPage = m.i32.and(m.i32.wrap(linearAddress()), m.i32.const(PAGE_SIZE - 1));
  return m.ifLikely(
    isInside,
    m.i32.add(m.i32.wrap(m.local.get(offset, i64)), m.local.get(host, i32)),
    m.block(
      null,
      [
        m.local.set(host, m.i32.and(probed, m.i32.const(-PAGE_SIZE))),
        m.local.set(page, m.i64.load(tag, 8, tlbIndex(m, linearAddress()))),
        m.i32.or(m.local.get(host, i32), offsetInPage),
      ],
      i32,
    ),
  );
}
