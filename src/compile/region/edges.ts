/** From the end of a block to another: what the other one expects is put where it expects it, or the region is left. */

import type { Local } from '../../emitter/locals.ts';
import { fetchProbe } from '../../emitter/tlb-probe.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import { i32 } from '../../wasm/value-types.ts';
import { OUTSIDE } from '../region-source.ts';
import type { EmittedBlock } from './block-emitter.ts';
import type { FlagState } from './flag-locals.ts';
import { type Link, WAY_FALL, WAY_TAKEN } from './leave.ts';
import type { RegionParts } from './parts.ts';
import type { PlannedBlock, PlannedNode, RegionPlan } from './plan.ts';
import type { PlacedRegisters } from './register-placement.ts';

/** Of the linear pages that a block is in. */
function lastPage({ page, records }: PlannedBlock): number {
  return records.secondPage === undefined ? page : page + 1;
}

/** Goes on with a block that has everything where it expects it. */
export type Branch = (from: number, to: number) => Expression;

export class Edges {
  private readonly m: Module;
  private readonly parts: RegionParts;
  private readonly plan: RegionPlan;
  private readonly registers: PlacedRegisters;
  private readonly branch: Branch;
  private readonly overwritten: readonly number[];
  private readonly emitted: readonly (EmittedBlock | undefined)[];
  /** Offset of the entry of the execute TLB that is being looked at. */
  private tlbEntry: Local | undefined = undefined;

  /** @param overwritten for each node, FlagLocals.move() to it. */
  constructor(
    parts: RegionParts,
    plan: RegionPlan,
    registers: PlacedRegisters,
    overwritten: readonly number[],
    emitted: readonly (EmittedBlock | undefined)[],
    branch: Branch,
  ) {
    this.m = parts.m;
    this.parts = parts;
    this.plan = plan;
    this.registers = registers;
    this.overwritten = overwritten;
    this.emitted = emitted;
    this.branch = branch;
  }

  private block(b: number): PlannedBlock {
    return this.plan.blocks[b] as PlannedBlock;
  }

  /** @param flags what set them last. @param code that is added to. */
  taken(from: number, flags: FlagState, code: Expression[]): void {
    this.follow(from, this.block(from).taken, WAY_TAKEN, flags, code);
  }

  /** To the instruction behind the block. */
  fall(from: number, flags: FlagState, code: Expression[]): void {
    this.follow(from, this.block(from).fall, WAY_FALL, flags, code);
  }

  private follow(from: number, to: number, link: Link, flags: FlagState, code: Expression[]): void {
    const { m, parts } = this;
    const goesOn = to !== OUTSIDE && (this.emitted[to] as EmittedBlock).goesOnWithX87;
    const isInGroup = to !== OUTSIDE && this.block(to).group !== to;
    if (!goesOn) this.storeX87(from, code);
    if (!isInGroup) this.refreshColumns(from, code);
    if (to === OUTSIDE) {
      parts.flags.toWords(flags.source, code);
      code.push(parts.leave.byLink(this.block(from), link));
      return;
    }
    if (this.plan.budget.asks(from, to)) {
      const leave: Expression[] = [];
      parts.flags.toOperation(flags, leave);
      if (goesOn) this.storeX87(from, leave);
      if (isInGroup) this.refreshColumns(from, leave);
      leave.push(parts.leave.byLink(this.block(from), link));
      code.push(this.askBudget(from, to, m.block(null, leave)));
    }
    this.moveFlags(to, flags, code);
    const pages = this.unchecked(this.block(from), to);
    this.enterPages(from, pages, to, code);
    if (pages.length === 0) return;
    if (isInGroup) parts.flags.toOperation(flags, code);
    if (goesOn) this.storeX87(from, code);
    if (isInGroup) this.refreshColumns(from, code);
    code.push(parts.leave.byLink(this.block(from), link));
  }

  /** What a block has of the x87 stack in locals at its end. */
  private storeX87(from: number, code: Expression[]): void {
    const stack = (this.emitted[from] as EmittedBlock).x87;
    if (stack !== undefined) code.push(...stack.store());
  }

  private refreshColumns(from: number, code: Expression[]): void {
    code.push(...(this.emitted[from] as EmittedBlock).columns.refreshAll());
  }

  /** Where the group goes on they stay what they are. */
  private moveFlags(to: number, flags: FlagState, code: Expression[]): void {
    const { group, readsFlags } = this.block(to);
    if (group === to) this.parts.flags.move(flags, readsFlags, this.overwritten[to] as number, code);
  }

  /** To Leave.branchTarget, which is in the region if that is where the branch has led to before. */
  indirect(from: number, flags: FlagState, code: Expression[]): void {
    const { m, parts } = this;
    const { taken } = this.block(from);
    const hub = this.plan.hubs[taken - this.plan.blocks.length];
    const leave = (): Expression => parts.leave.indirect(this.block(from), flags.source);
    const asks = taken !== OUTSIDE && this.plan.budget.asks(from, taken);
    if (hub !== undefined) {
      if (asks) code.push(this.askBudget(from, taken, leave()));
      parts.flags.move(flags, hub.readsFlags, this.overwritten[taken] as number, code);
      parts.leave.toHub(this.block(from), hub, code);
      this.enter(from, taken, code);
      return;
    }
    if (taken === OUTSIDE) {
      code.push(leave());
      return;
    }
    const { page, records } = this.block(taken);
    const target = parts.leave.linearTarget(records.mode);
    const isThere = m.i64.eq(target, parts.code.at(page, records.startOffset));
    const enter: Expression[] = [];
    if (asks) enter.push(this.askBudget(from, taken, leave()));
    this.moveFlags(taken, flags, enter);
    this.enterPages(from, this.unchecked(this.block(from), taken), taken, enter);
    code.push(m.if(isThere, m.block(null, enter)), leave());
  }

  /**
   * To a block: what is behind is where pages of it are not mapped as they were.
   * @param unchecked pages that have to be looked at.
   */
  enterPages(from: number, unchecked: readonly number[], to: number, code: Expression[]): void {
    const { m } = this;
    if (unchecked.length === 0) {
      this.enter(from, to, code);
      return;
    }
    let inside: Expression[] = [];
    this.enter(from, to, inside);
    for (const page of unchecked) inside = [m.ifLikely(this.isMapped(to, page), m.block(null, inside))];
    code.push(inside[0] as Expression);
  }

  private enter(from: number, to: number, code: Expression[]): void {
    const { owed } = this.plan.budget;
    this.registers.onEdge(from, to, code);
    this.emitted[to]?.columns.enter(this.emitted[from]?.columns, code);
    this.parts.leave.pay(this.owedAtEnd(from) - (owed[to] as number), code);
    code.push(this.branch(from, to));
  }

  private owedAtEnd(node: number): number {
    const { blocks, hubs } = this.plan;
    return ((blocks[node] ?? hubs[node - blocks.length]) as PlannedNode).owed;
  }

  /** Leaves if the budget does not suffice for what is ahead, where the plan asks that. */
  askBudget(from: number, to: number, leave: Expression): Expression {
    const need = this.owedAtEnd(from) + (this.plan.budget.need[to] as number);
    return this.parts.leave.unlessBudget(need, leave);
  }

  /** Linear pages, relative to the entry's, of a block that have to be looked at where it is come to from another. */
  private unchecked(from: PlannedBlock, to: number): readonly number[] {
    return this.uncheckedFrom(from.page, lastPage(from), to);
  }

  /** The same from some pages that have been looked at. Those of the entry were by whoever entered the region. */
  uncheckedFrom(first: number, last: number, to: number): readonly number[] {
    const block = this.block(to);
    const entry = this.block(0);
    const entryLast = lastPage(entry);
    const pages: number[] = [];
    for (let page = block.page; page <= lastPage(block); page++) {
      const isChecked = (page >= first && page <= last) || (page >= entry.page && page <= entryLast);
      if (!isChecked) pages.push(page);
    }
    return pages;
  }

  /** Whether the execute TLB has a page of a block, at the physical page it had when it was translated. */
  private isMapped(to: number, page: number): Expression {
    const { m } = this;
    const { code, constants, imports, locals } = this.parts;
    const { records, page: firstPage } = this.block(to);
    this.tlbEntry ??= locals.add(i32);
    const linear = (): Expression => code.at(page, 0);
    const { isFound, physicalPage } = fetchProbe(m, records.tlbView, linear(), linear(), this.tlbEntry);
    const translated = (): Expression =>
      page === firstPage ? constants.physicalPage(records) : m.i32.const(records.secondPage as number);
    return m.ifLikely(
      isFound,
      m.i32.eq(physicalPage, translated()),
      m.call(imports.function('fetchesFrom'), [linear(), translated()], i32),
    );
  }
}
