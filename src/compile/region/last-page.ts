/**
 * The page an access in a loop found last: most accesses by one base and index register stay on a page
 * for many iterations, and a TLB probe is then one AND and one compare. Code that is not position independent, most of
 * 32-bit code, has the address of an array as a constant and an index in a register, the same for several arrays, so
 * what is far apart by its constants has pages of its own.
 *
 * It is in memory, at a place of its own: locals that change on the way that is hardly ever taken are
 * others where the ways meet again, and an engine that has no processor register left for them stores and loads them
 * at each access. What has just been found is not read from there: memory takes longer.
 *
 * Nothing that changes a mapping happens inside a region, so what was found stays valid until the region is left; it is
 * forgotten when a region is entered. What is remembered is a tag of the TLB: a page without a write tag, because
 * it holds code, is not remembered for stores.
 *
 * Before the first access the tag is TLB_INVALID, which is no page of any access.
 */

import type { Local, Locals } from '../../emitter/locals.ts';
import {
  type Access,
  pageOfAligned,
  pageOfLastByte,
  tagOffset,
  tlbIndex,
  tlbTable,
} from '../../emitter/tlb-probe.ts';
import type { Value } from '../../isa/emitter.ts';
import { CPU_STATE } from '../../layout/linear-memory.ts';
import {
  LAST_PAGE_COUNT,
  LAST_PAGE_SIZE,
  LAST_PAGES,
  PAGE_BASE,
  ZERO_REGISTER,
} from '../../layout/runtime-state.ts';
import { TLB_ADDEND, TLB_INVALID } from '../../layout/tlb.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import { i32 } from '../../wasm/value-types.ts';
import { type NotedAccess, PageChanges } from './page-changes.ts';
import { fitsNarrowPage, fitsPage } from './windows.ts';

/** Constants of addresses that are nearer to each other are of one object: a structure, or what is around a pointer. */
const NEAR = 1024;

export class LastPages {
  private readonly m: Module;
  /** Where it matters for the next tier. */
  private readonly changes: PageChanges | undefined;
  private readonly pages = new Map<string, LastPage>();
  /** One displacement of each object. */
  private readonly displacements = [0];

  /** @param isLast the region is not compiled once more. */
  constructor(m: Module, locals: Locals, isLast: boolean) {
    this.m = m;
    this.changes = isLast ? undefined : new PageChanges(m, locals);
  }

  /**
   * What accesses by these registers led to last; undefined if there are too many.
   * @param base @param index offsets in the processor state.
   * @param displacement from them; with PAGE_BASE from the page that the region is entered in.
   */
  find(access: Access, base: number, index: number, displacement: number): LastPage | undefined {
    const key = `${access === 'read'} ${this.place(base, index, displacement)}`;
    let page = this.pages.get(key);
    if (page === undefined && this.pages.size < LAST_PAGE_COUNT) {
      page = new LastPage(this.m, access, this.pages.size, this.changes);
      this.pages.set(key, page);
    }
    return page;
  }

  /** What is the same for accesses that are most likely in one page. */
  private place(base: number, index: number, displacement: number): string {
    const hasBase = base !== ZERO_REGISTER && base !== PAGE_BASE;
    if (!hasBase && index === ZERO_REGISTER) return `${base} in page ${displacement >> 12}`;
    let object = this.displacements.find((other) => Math.abs(displacement - other) < NEAR);
    if (object === undefined) {
      object = displacement;
      this.displacements.push(object);
    }
    // Where the constant is an address, the index is one of a table: whichever register it is in.
    const isTable = !hasBase && object !== 0;
    return isTable ? `table ${object}` : `${base} ${index} ${object}`;
  }

  /** Has to run before the first access. */
  forget(): Expression[] {
    return [...this.pages.values()].flatMap((page) => page.forget());
  }
}

/** A place in memory. */
export interface Cell {
  get(): Expression;
  set(value: Expression): Expression;
}

class LastPage {
  private readonly m: Module;
  private readonly changes: PageChanges | undefined;
  private readonly tagOffset: number;
  /** Address of the tag. */
  private readonly place: number;
  /** As in a TLB entry. */
  private readonly tag: Cell;
  private readonly addend: Cell;
  private readonly due: Cell;

  constructor(m: Module, access: Access, number: number, changes: PageChanges | undefined) {
    this.m = m;
    this.changes = changes;
    this.tagOffset = tagOffset(access);
    const at = CPU_STATE + LAST_PAGES + LAST_PAGE_SIZE * number;
    this.place = at;
    const zero = (): Expression => m.i32.const(0);
    const word = (place: number): Cell => ({
      get: () => m.i32.load(place, 4, zero()),
      set: (value) => m.i32.store(place, 4, zero(), value),
    });
    this.tag = { get: () => m.i64.load(at, 8, zero()), set: (value) => m.i64.store(at, 8, zero(), value) };
    this.addend = word(at + 8);
    this.due = word(at + 12);
  }

  forget(): Expression[] {
    const forget = this.tag.set(this.m.i64.const(TLB_INVALID));
    return this.changes === undefined ? [forget] : [forget, this.changes.forget(this.due)];
  }

  /**
   * Finds another page in the TLB: host address of the access.
   * @param view index of its table. @param slot @param found i32 locals. @param fill has the TLB filled, or leaves.
   * @param noted if it can be.
   */
  look(
    linearAddress: Value,
    size: number,
    view: number,
    slot: Local,
    found: Local,
    fill: Expression,
    noted: NotedAccess | undefined,
  ): Expression {
    const { m, tag, addend } = this;
    const table = tlbTable(view);
    const tagAt = (entry: Expression): Expression => m.i64.load(table + this.tagOffset, 8, entry);
    const page = pageOfLastByte(m, linearAddress, size);
    const entry = slot.tee(tlbIndex(m, linearAddress()));
    return m.block(
      null,
      [
        m.ifUnlikely(m.i64.ne(tagAt(entry), page), fill),
        tag.set(tagAt(slot.get())),
        addend.set(found.tee(m.i32.load(table + TLB_ADDEND, 4, slot.get()))),
        ...(noted === undefined ? [] : (this.changes?.note(this.due, noted) ?? [])),
        m.i32.add(m.i32.wrap(linearAddress()), found.get()),
      ],
      i32,
    );
  }

  /** The same where that is rare. @param found i32 local. @param probed host address, by a call. */
  take(linearAddress: Value, view: number, found: Local, probed: Expression): Expression {
    const { m, tag, addend } = this;
    return m.block(
      null,
      [
        addend.set(m.i32.sub(found.tee(probed), m.i32.wrap(linearAddress()))),
        tag.set(m.i64.load(tlbTable(view) + this.tagOffset, 8, tlbIndex(m, linearAddress()))),
        found.get(),
      ],
      i32,
    );
  }

  /**
   * Host address of an access, to be used once.
   *
   * @param last i64 local; undefined if the access is most likely aligned. @param another what look() or take() finds if
   * the last page is another. @param unaligned leaves where the access must be aligned.
   */
  probe(
    linearAddress: Value,
    size: number,
    last: Local | undefined,
    another: Expression,
    unaligned: Expression | undefined,
  ): Expression {
    const { m, tag, addend } = this;
    const host = (): Expression => m.i32.add(m.i32.wrap(linearAddress()), addend.get());
    if (last !== undefined) return m.ifLikely(this.isInside(linearAddress, size, last), host(), another);
    // What is aligned lies in the page of its first byte: most accesses, and one operation less.
    const isHere = m.i64.eq(pageOfAligned(m, linearAddress, size), tag.get());
    if (unaligned !== undefined) return m.ifLikely(isHere, host(), m.block(null, [unaligned, another], i32));
    const otherwise = size === 1 ? another : m.ifLikely(this.holds(linearAddress, size), host(), another);
    return m.ifLikely(isHere, host(), otherwise);
  }

  /**
   * WindowFinder.find, of windows.ts: if the last page is another, what the TLB has for the address takes its place.
   * @param isNarrow addresses have 32 bits. @param slot i32 local. @param found i64 and i32 local. @param none if it is not found.
   */
  window(
    address: Value,
    span: number,
    view: number,
    isNarrow: boolean,
    slot: Local,
    found: { readonly tag: Local; readonly addend: Local },
    none: Value,
  ): Expression {
    const { m, tag, addend } = this;
    const table = tlbTable(view);
    const isPage = (tag: Expression): Expression => m.i64.eq(pageOfLastByte(m, address, 1), tag);
    const host = (distance: Expression): Expression => m.i32.add(m.i32.wrap(address()), distance);
    const look = m.block(
      null,
      [
        tag.set(found.tag.tee(m.i64.load(table + this.tagOffset, 8, slot.tee(tlbIndex(m, address()))))),
        addend.set(found.addend.tee(m.i32.load(table + TLB_ADDEND, 4, slot.get()))),
        // No select: V8 would not know that its upper half is zero, and extend it for each access.
        m.ifLikely(
          m.i32.and(isPage(found.tag.get()), fitsPage(m, address, span)),
          host(found.addend.get()),
          none(),
        ),
      ],
      i32,
    );
    if (!isNarrow) {
      const inPage = m.ifLikely(fitsPage(m, address, span), host(addend.get()), none());
      return m.ifLikely(isPage(tag.get()), inPage, look);
    }
    const otherwise = m.ifUnlikely(isPage(this.rareTag()), none(), look);
    return m.ifLikely(fitsNarrowPage(m, address, tag.get(), span), host(addend.get()), otherwise);
  }

  /** Whether the first and the last byte are in the page: here, unlike in the TLB, an access may come from the one below. */
  private holds(linearAddress: Value, size: number): Expression {
    const { m } = this;
    const ends = m.i64.eq(pageOfLastByte(m, linearAddress, size), this.rareTag());
    return m.i32.and(ends, m.i64.ge_u(linearAddress(), this.rareTag()));
  }

  /** The tag where it is hardly ever needed: in hot regions by halves, or the engine would keep it in a register for that. */
  private rareTag(): Expression {
    const { m, place, changes, tag } = this;
    if (changes !== undefined) return tag.get();
    const half = (at: number): Expression => m.i64.extend_u(m.i32.load(at, 4, m.i32.const(0)));
    return m.i64.or(half(place), m.i64.shl(half(place + 4), m.i64.const(32)));
  }

  /** The same by the distance from the page's start, which is faster where it comes first. */
  private isInside(linearAddress: Value, size: number, last: Local): Expression {
    const { m, tag } = this;
    const distance = m.i64.sub(linearAddress(), last.tee(tag.get()));
    // An odd tag is TLB_INVALID: nothing is near that.
    const near = m.i64.or(distance, m.i64.shl(last.get(), m.i64.const(63)));
    return m.i64.le_u(near, m.i64.const(4096 - size));
  }
}
