/**
 * The page an access in a loop found last, in two locals: most accesses by one base and index register stay on a page
 * for many iterations, and a TLB probe is then one subtraction and one compare, with no load before the access.
 *
 * Nothing that changes a mapping happens inside a region, so what was found stays valid until the region is left; it is
 * forgotten when a region is entered. What is remembered is a tag of the TLB: a page without a write tag, because
 * it holds code, is not remembered for stores.
 *
 * Before the first access the tag is TLB_INVALID, which is no page of any access.
 */
import type { Value } from '../../isa/emitter.ts';
import { TLB_INVALID, TLB_READ_TAG, TLB_WRITE_TAG } from '../../layout/tlb.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import { i32, i64 } from '../../wasm/value-types.ts';
import { type Access, pageOfLastByte, tlbIndex, tlbTable } from '../tlb-probe.ts';

/** Numbers of two locals: the tag (i64) of the page and its addend (i32), as in a TLB entry. */
export interface LastPage {
  readonly page: number;
  readonly addend: number;
}

export function forgetLastPage(m: Module, { page }: LastPage): Expression {
  return m.local.set(page, m.i64.const(TLB_INVALID));
}

/**
 * Host address of an access, to be used once.
 *
 * @param view index of the TLB table. @param probed host address from the TLB, if the last page is another.
 */
export function lastPageProbe(
  m: Module,
  { page, addend }: LastPage,
  access: Access,
  linearAddress: Value,
  size: number,
  view: number,
  probed: Expression,
): Expression {
  const tag = tlbTable(view) + (access === 'read' ? TLB_READ_TAG : TLB_WRITE_TAG);
  const low = (): Expression => m.i32.wrap(linearAddress());
  const host = (): Expression => m.i32.add(low(), m.local.get(addend, i32));
  return m.ifLikely(
    m.i64.eq(pageOfLastByte(m, linearAddress, size), m.local.get(page, i64)),
    host(),
    m.block(
      null,
      [
        m.local.set(addend, m.i32.sub(probed, low())),
        m.local.set(page, m.i64.load(tag, 8, tlbIndex(m, linearAddress()))),
        host(),
      ],
      i32,
    ),
  );
}
