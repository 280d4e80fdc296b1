/**
 * Accesses that keep finding another page than what is remembered (last-page.ts): a table that goes over the end of a page, or
 * one that is larger, read at random. The host's processor guesses the comparison wrong, which takes longer than to look
 * in the TLB each time. A region that will be compiled again notes them in their records (RECORD_SCATTERED), and the next one does that.
 *
 * How often is too often is told by a leaky bucket, since a region has no time for more where it finds the right page at once: a change of a page puts off
 * the time, in instructions, when the next one is *due*, and those that are noted come when that is far ahead. It costs nothing but
 * where the page changes.
 */

import type { Local, Locals } from '../../emitter/locals.ts';
import type { Value } from '../../isa/emitter.ts';
import { RECORD_SCATTERED } from '../../layout/record.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import { i32 } from '../../wasm/value-types.ts';
import type { Cell } from './last-page.ts';

/** What is not noted is less often than once in so many of the access's blocks, and in so many instructions. */
const BLOCKS = 8;
const INSTRUCTIONS = 64;
/** Changes in a row without the time between them. */
const BURST = 16;
/** Before any time. */
const NEVER = -(2 ** 31);

/** An access as it is noted. */
export interface NotedAccess {
  /** Address of its instruction's record. */
  readonly record: number;
  /** Instructions of its block. */
  readonly count: number;
  /** What the region has executed, i32: differences are all that matters. */
  readonly executed: Value;
}

export class PageChanges {
  private readonly m: Module;
  private readonly now: Local;
  private readonly due: Local;

  constructor(m: Module, locals: Locals) {
    this.m = m;
    this.now = locals.add(i32);
    this.due = locals.add(i32);
  }

  /** @param due of a page. */
  forget(due: Cell): Expression {
    return due.set(this.m.i32.const(NEVER));
  }

  /** A page has become another. @param due of the page. */
  note(due: Cell, { record, count, executed }: NotedAccess): Expression[] {
    const { m, now } = this;
    const interval = Math.max(INSTRUCTIONS, BLOCKS * count);
    const later = m.select(m.i32.gt_s(this.due.get(), now.get()), this.due.get(), now.get());
    const ahead = m.i32.sub(this.due.get(), now.get());
    return [
      now.set(executed()),
      this.due.set(due.get()),
      due.set(this.due.tee(m.i32.add(later, m.i32.const(interval)))),
      m.ifUnlikely(
        m.i32.gt_s(ahead, m.i32.const(BURST * interval)),
        m.i32.store16(RECORD_SCATTERED, 2, m.i32.const(record), m.i32.const(1)),
      ),
    ];
  }
}
