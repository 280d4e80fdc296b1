/**
 * Windows (windows.ts) that are in two pages: where a frame of the stack crosses a page boundary, each of its accesses probes for itself, by a
 * call, around which the engine stores all of its registers, and a hot loop may take eight times as long. Where the stack is, Linux
 * chooses for each process, so it stays so: a region of the last tier counts in the record with which a window begins how often that has
 * been so (RECORD_PAGES), and asks when that is often to be compiled once more. Then the accesses look in the TLB in place.
 */
import type { Local, Locals } from '../../emitter/locals.ts';
import { PAGES_CROSSED, PAGES_CROSSED_OFTEN, RECORD_PAGES } from '../../layout/record.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import { i32, none } from '../../wasm/value-types.ts';
import type { ModuleImports } from '../module-imports.ts';

export class CrossedWindows {
  private readonly m: Module;
  private readonly imports: ModuleImports;
  /** Of the region. */
  private readonly head: number;
  private readonly locals: Locals;
  private count: Local | undefined;

  constructor(m: Module, imports: ModuleImports, locals: Locals, head: number) {
    this.m = m;
    this.imports = imports;
    this.locals = locals;
    this.head = head;
  }

  /** What is done where a window is not in one page. @param record address of that with which it begins. */
  note(record: number): Expression {
    const { m } = this;
    this.count ??= this.locals.add(i32);
    const { count } = this;
    const often = (): Expression => m.i32.const(PAGES_CROSSED_OFTEN);
    const ask = m.call(this.imports.function('requestCompile'), [m.i32.const(this.head)], none);
    const once = m.block(null, [
      count.set(m.i32.add(count.get(), m.i32.const(PAGES_CROSSED))),
      m.i32.store16(RECORD_PAGES, 2, m.i32.const(record), count.get()),
      m.if(m.i32.ge_u(count.get(), often()), ask),
    ]);
    return m.block(null, [
      count.set(m.i32.load16_u(RECORD_PAGES, 2, m.i32.const(record))),
      m.if(m.i32.lt_u(count.get(), often()), once),
    ]);
  }
}
