/**
 * A large window (windows.ts) that is not in one page, as where a function's frame crosses a page boundary: where the stack is, Linux chooses for
 * each process, so a hot loop may be in such a frame for as long as it runs. Both of its pages are looked up at once, where its first
 * access is, and each access chooses one by where it is in the window. That calls nothing: around a call the engine would store all of its
 * registers. So an access to both pages, or to one that the TLB does not have, leaves to its handler. What has been looked up is kept for the next turn, until
 * the region is left.
 */
import type { Local } from '../../emitter/locals.ts';
import type { Access } from '../../emitter/tlb-probe.ts';
import type { Value } from '../../isa/emitter.ts';
import { CPU_STATE } from '../../layout/linear-memory.ts';
import {
  WINDOW_ADDRESS,
  WINDOW_HALVES,
  WINDOW_HALVES_COUNT,
  WINDOW_HALVES_KNOWN,
  WINDOW_HALVES_SIZE,
  WINDOW_READ,
  WINDOW_SPLIT,
  WINDOW_WRITE,
} from '../../layout/runtime-state.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import { none } from '../../wasm/value-types.ts';
import type { ModuleImports } from '../module-imports.ts';

/** Of the windows of a region. */
export class AllWindowHalves {
  private readonly m: Module;
  private readonly imports: ModuleImports;
  private readonly windows = new Map<object, WindowHalves>();

  constructor(m: Module, imports: ModuleImports) {
    this.m = m;
    this.imports = imports;
  }

  /** Those of a window; undefined if there are too many. */
  of(window: object): WindowHalves | undefined {
    const { windows } = this;
    let halves = windows.get(window);
    if (halves === undefined && windows.size < WINDOW_HALVES_COUNT) {
      halves = new WindowHalves(this.m, this.imports, windows.size);
      windows.set(window, halves);
    }
    return halves;
  }

  /** Has to run before the first access. */
  forget(): Expression[] {
    const { m } = this;
    if (this.windows.size === 0) return [];
    return [m.i32.store(CPU_STATE + WINDOW_HALVES_KNOWN, 4, m.i32.const(0), m.i32.const(0))];
  }
}

export class WindowHalves {
  private readonly m: Module;
  private readonly imports: ModuleImports;
  private readonly number: number;
  private readonly place: number;

  constructor(m: Module, imports: ModuleImports, number: number) {
    this.m = m;
    this.imports = imports;
    this.number = number;
    this.place = CPU_STATE + WINDOW_HALVES + WINDOW_HALVES_SIZE * number;
  }

  /**
   * Looks them up, where the first access is.
   * @param low address of the window. @param first that of the first access, whose page is filled in if need be.
   */
  find(low: Value, first: Expression, size: number, access: Access): Expression {
    const { m, place, number } = this;
    const zero = (): Expression => m.i32.const(0);
    const find = this.imports.function(access === 'read' ? 'findHalvesToRead' : 'findHalvesToWrite');
    const isAnother = m.i64.ne(low(), m.i64.load(place + WINDOW_ADDRESS, 8, zero()));
    const known = m.i32.load(CPU_STATE + WINDOW_HALVES_KNOWN, 4, zero());
    const isUnknown = m.i32.eqz(m.i32.and(known, m.i32.const(1 << number)));
    const call = m.call(find, [low(), first, m.i32.const(size), m.i32.const(number)], none);
    return m.ifUnlikely(m.i32.or(isAnother, isUnknown), call);
  }

  /**
   * What an access at an offset takes for the host address of the window, or 0 if it has to leave.
   * @param before i32 local.
   */
  host(offset: number, size: number, access: Access, before: Local): Expression {
    const { m, place } = this;
    const word = (field: number, index: Expression): Expression => m.i32.load(place + field, 4, index);
    const split = word(WINDOW_SPLIT, m.i32.const(0));
    // Bytes of the first page behind its first one: negative if it is in the second.
    const rest = m.i32.sub(split, m.i32.const(offset + 1));
    const field = access === 'read' ? WINDOW_READ : WINDOW_WRITE;
    const inHalf = (first: Expression): Expression =>
      word(field, m.i32.and(m.i32.shr_u(first, m.i32.const(29)), m.i32.const(4)));
    if (size === 1) return inHalf(rest);
    const isInBoth = m.i32.lt_u(before.tee(rest), m.i32.const(size - 1));
    return m.ifUnlikely(isInBoth, m.i32.const(0), inHalf(before.get()));
  }
}
