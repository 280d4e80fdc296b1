/** Linear addresses of a region's code: they are known relative to the page of its entry. */

import type { Local, Locals } from '../../emitter/locals.ts';
import { CPU_STATE } from '../../layout/linear-memory.ts';
import { PAGE_BASE } from '../../layout/runtime-state.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import { i64 } from '../../wasm/value-types.ts';

export class CodeAddress {
  private readonly m: Module;
  private readonly entryPage: Local;

  constructor(m: Module, locals: Locals) {
    this.m = m;
    this.entryPage = locals.add(i64);
  }

  /** For the start of the function: the processor state has the page that it is entered in. */
  load(): Expression {
    const { m } = this;
    return this.entryPage.set(m.i64.load(CPU_STATE + PAGE_BASE, 8, m.i32.const(0)));
  }

  /** @param page relative to the entry's. @param offset in bytes, negative or beyond the page, too. */
  at(page: number, offset: number): Expression {
    const { m } = this;
    const distance = page * 4096 + offset;
    const entry = this.entryPage.get();
    return distance === 0 ? entry : m.i64.add(entry, m.i64.const(distance));
  }

  /** For a way out of a page: the processor state still has the entry's. @param code that is added to. */
  store(page: number, code: Expression[]): void {
    const { m } = this;
    if (page !== 0) code.push(m.i64.store(CPU_STATE + PAGE_BASE, 8, m.i32.const(0), this.at(page, 0)));
  }
}
