/**
 * Vectors of which a block has the doublewords in locals, because it has made them so (writeColumns) or because it begins with reading
 * them (readColumns): rounds of AES, which wait for each other, need no way into a vector register and out of it.
 *
 * A block that only one leads to goes on with what that has. Others say what they want, and edges to them make that of what the
 * block before has, or of the register. A register that has been written so is *stale*: its local is set where it is read, where the
 * region is left, and on edges to other groups.
 */
import type { Local, Locals } from '../../emitter/locals.ts';
import type { Value } from '../../isa/emitter.ts';
import { doublewords, joinDoublewords } from '../../isa/semantics/vector.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import { i64 } from '../../wasm/value-types.ts';
import type { RegionParts } from './parts.ts';
import { numberOfXmm } from './register-locals.ts';

interface Columns {
  readonly locals: readonly Local[];
  /** The local of the register, if that is stale. */
  stale: Local | undefined;
}

/** The local of a 128-bit lane: by twice the number of its register, and one more for an upper half. */
function laneLocal({ registers, uppers }: RegionParts, lane: number): Local {
  return (lane & 1) === 0 ? registers.local(numberOfXmm(lane >> 1)) : uppers.local(lane >> 1);
}

function valuesOf(locals: readonly Local[]): readonly Value[] {
  return locals.map((local) => () => local.get());
}

export class KnownColumns {
  private readonly m: Module;
  private readonly locals: Locals;
  private readonly parts: RegionParts;
  private readonly lanes: Map<number, Columns>;
  private readonly wanted = new Map<number, readonly Local[]>();

  /** @param before of the block that leads to this one, in the same group. */
  constructor(parts: RegionParts, before: KnownColumns | undefined) {
    this.m = parts.m;
    this.locals = parts.locals;
    this.parts = parts;
    this.lanes = new Map();
    for (const [lane, columns] of before?.lanes ?? []) this.lanes.set(lane, { ...columns });
    for (const { locals } of this.lanes.values()) this.locals.reserve(locals);
  }

  of(lane: number): readonly Value[] | undefined {
    const columns = this.lanes.get(lane);
    return columns === undefined ? undefined : valuesOf(columns.locals);
  }

  /** Of a lane that the block has not written. */
  want(lane: number): readonly Value[] {
    const locals = Array.from({ length: 4 }, () => this.locals.add(i64));
    this.wanted.set(lane, locals);
    this.lanes.set(lane, { locals, stale: undefined });
    return valuesOf(locals);
  }

  /** @param isStale the register's local is not set. @returns what sets them. */
  set(lane: number, columns: readonly Value[], isStale: boolean): Expression[] {
    this.forget(lane);
    const locals = columns.map(() => this.locals.take(i64));
    this.lanes.set(lane, { locals, stale: isStale ? laneLocal(this.parts, lane) : undefined });
    return locals.map((local, i) => local.set((columns[i] as Value)()));
  }

  /** Something else is written. */
  forget(lane: number): void {
    const columns = this.lanes.get(lane);
    if (columns === undefined) return;
    this.lanes.delete(lane);
    this.release(lane, columns);
  }

  private release(lane: number, { locals }: Columns): void {
    if (this.wanted.get(lane) !== locals) this.locals.release(locals);
  }

  /** Sets the local of a register if it is stale. */
  refresh(lane: number): Expression[] {
    const columns = this.lanes.get(lane);
    if (columns?.stale === undefined) return [];
    return [columns.stale.set(joinDoublewords(this.m, valuesOf(columns.locals)))];
  }

  /** The same for all that are. */
  refreshAll(): Expression[] {
    return [...this.lanes.keys()].flatMap((lane) => this.refresh(lane));
  }

  /** It has been refreshed. */
  setFresh(lane: number): void {
    const columns = this.lanes.get(lane);
    if (columns !== undefined) columns.stale = undefined;
  }

  setAllFresh(): void {
    for (const lane of this.lanes.keys()) this.setFresh(lane);
  }

  /** At the end of the block: a block that goes on takes them again. */
  end(): void {
    for (const [lane, columns] of this.lanes) this.release(lane, columns);
  }

  /** What the block wants. @param before of the block that leads to it. */
  enter(before: KnownColumns | undefined, code: Expression[]): void {
    for (const [lane, locals] of this.wanted) {
      const columns = before?.of(lane) ?? doublewords(this.m, () => laneLocal(this.parts, lane).get());
      locals.forEach((local, i) => {
        code.push(local.set((columns[i] as Value)()));
      });
    }
  }
}
