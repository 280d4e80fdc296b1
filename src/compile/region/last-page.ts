/**
 * The page an access in a loop found last, in two locals: most accesses by one base and index register stay on a page
 * for many iterations, and a TLB probe is then one AND and one compare, with no load before the access.
 *
 * Nothing that changes a mapping happens inside a region, so what was found stays valid until the region is left; it is
 * forgotten when a region is entered. What is remembered is a tag of the TLB: a page without a write tag, because
 * it holds code, is not remembered for stores.
 *
 * Before the first access the tag is TLB_INVALID, which is no page of any access.
 */

import type { Local, Locals } from '../../emitter/locals.ts';
import { type Access, pageOfLastByte, tagOffset, tlbIndex, tlbTable } from '../../emitter/tlb-probe.ts';
import type { Value } from '../../isa/emitter.ts';
import { TLB_ADDEND, TLB_INVALID } from '../../layout/tlb.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import { i32, i64 } from '../../wasm/value-types.ts';
import { fitsPage, type Range } from './windows.ts';

/** Most pairs of base and index register whose pages are remembered. */
const MOST_LAST_PAGES = 8;

export class LastPages {
  private readonly m: Module;
  private readonly locals: Locals;
  private readonly pages = new Map<string, LastPage>();

  constructor(m: Module, locals: Locals) {
    this.m = m;
    this.locals = locals;
  }

  /**
   * What accesses by these registers led to last; undefined if there are too many.
   * @param base @param index offsets in the processor state.
   */
  find(access: Access, base: number, index: number): LastPage | undefined {
    const key = `${access === 'read'} ${base} ${index}`;
    let page = this.pages.get(key);
    if (page === undefined && this.pages.size < MOST_LAST_PAGES) {
      page = new LastPage(this.m, access, this.locals);
      this.pages.set(key, page);
    }
    return page;
  }

  /** Has to run before the first access. */
  forget(): Expression[] {
    return [...this.pages.values()].map((page) => page.forget());
  }
}

class LastPage {
  private readonly m: Module;
  private readonly tagOffset: number;
  /** As in a TLB entry. */
  private readonly tag: Local;
  private readonly addend: Local;

  constructor(m: Module, access: Access, locals: Locals) {
    this.m = m;
    this.tagOffset = tagOffset(access);
    this.tag = locals.add(i64);
    this.addend = locals.add(i32);
  }

  forget(): Expression {
    return this.tag.set(this.m.i64.const(TLB_INVALID));
  }

  /** Finds another page in the TLB. @param view index of its table. @param slot i32 local. @param fill has the TLB filled, or leaves. */
  look(linearAddress: Value, size: number, view: number, slot: Local, fill: Expression): Expression[] {
    const { m, tag, addend } = this;
    const table = tlbTable(view);
    const tagIn = (entry: Expression): Expression => tag.set(m.i64.load(table + this.tagOffset, 8, entry));
    const isAnother = m.i64.ne(pageOfLastByte(m, linearAddress, size), tag.get());
    return [
      tagIn(slot.tee(tlbIndex(m, linearAddress()))),
      m.ifUnlikely(isAnother, m.block(null, [fill, tagIn(slot.get())])),
      addend.set(m.i32.load(table + TLB_ADDEND, 4, slot.get())),
    ];
  }

  /** The same where that is rare. @param probed host address, by a call. */
  take(linearAddress: Value, view: number, probed: Expression): Expression[] {
    const { m, tag, addend } = this;
    return [
      addend.set(m.i32.sub(probed, m.i32.wrap(linearAddress()))),
      tag.set(m.i64.load(tlbTable(view) + this.tagOffset, 8, tlbIndex(m, linearAddress()))),
    ];
  }

  /**
   * Host address of an access, to be used once.
   *
   * @param isAligned what it most likely is. @param another what look() or take() does if the last page is another.
   */
  probe(linearAddress: Value, size: number, isAligned: boolean, another: readonly Expression[]): Expression {
    const { m, tag, addend } = this;
    const host = (): Expression => m.i32.add(m.i32.wrap(linearAddress()), addend.get());
    const find = m.block(null, [...another, host()], i32);
    if (!isAligned) return m.ifLikely(this.isInside(linearAddress, size), host(), find);
    // What is aligned lies in the page of its first byte: most accesses, and one operation less.
    const alignedPage = m.i64.and(linearAddress(), m.i64.const(BigInt(size - 1) - 4096n));
    const otherwise = size === 1 ? find : m.ifLikely(this.holds(linearAddress, size), host(), find);
    return m.ifLikely(m.i64.eq(alignedPage, tag.get()), host(), otherwise);
  }

  /** FindWindow, of windows.ts: if the last page is another, what the TLB has for the address takes its place. @param slot i32 local. */
  window(address: Value, { span, back }: Range, view: number, slot: Local): Expression {
    const { m, tag, addend } = this;
    const table = tlbTable(view);
    const isThere = (): Expression => m.i64.eq(m.i64.and(address(), m.i64.const(-4096n)), tag.get());
    const found = (): Expression =>
      m.i32.add(m.i32.add(m.i32.wrap(address()), addend.get()), m.i32.const(-back));
    const none = (): Expression => m.i32.const(0);
    const look = m.block(
      null,
      [
        tag.set(m.i64.load(table + this.tagOffset, 8, slot.tee(tlbIndex(m, address())))),
        addend.set(m.i32.load(table + TLB_ADDEND, 4, slot.get())),
        m.select(m.i32.and(isThere(), fitsPage(m, address, span)), found(), none()),
      ],
      i32,
    );
    return m.ifLikely(isThere(), m.ifLikely(fitsPage(m, address, span), found(), none()), look);
  }

  /** Whether the first and the last byte are in the page: here, unlike in the TLB, an access may come from the one below. */
  private holds(linearAddress: Value, size: number): Expression {
    const { m, tag } = this;
    const ends = m.i64.eq(pageOfLastByte(m, linearAddress, size), tag.get());
    return m.i32.and(ends, m.i64.ge_u(linearAddress(), tag.get()));
  }

  /** The same by the distance from the page's start, which is faster where it comes first. */
  private isInside(linearAddress: Value, size: number): Expression {
    const { m, tag } = this;
    const distance = m.i64.sub(linearAddress(), tag.get());
    // An odd tag is TLB_INVALID: nothing is near that.
    const near = m.i64.or(distance, m.i64.shl(tag.get(), m.i64.const(63n)));
    return m.i64.le_u(near, m.i64.const(BigInt(4096 - size)));
  }
}
