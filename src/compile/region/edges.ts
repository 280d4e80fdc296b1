/** From the end of a block to another: what the other one expects is put where it expects it, or the region is left. */

import type { Local } from '../../emitter/locals.ts';
import { tlbIndex, tlbTable } from '../../emitter/tlb-probe.ts';
import { TLB_EXEC_TAG, TLB_PAGE_MASK, TLB_PHYSICAL_PAGE } from '../../layout/tlb.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import { i32 } from '../../wasm/value-types.ts';
import { OUTSIDE } from '../region-source.ts';
import type { FlagState } from './flag-locals.ts';
import { type Link, WAY_FALL, WAY_TAKEN } from './leave.ts';
import type { RegionParts } from './parts.ts';
import type { PlannedBlock, PlannedNode, RegionPlan } from './plan.ts';
import type { PlacedRegisters } from './register-placement.ts';

/** Goes on with a block that has everything where it expects it. */
export type Branch = (from: number, to: number) => Expression;

export class Edges {
  private readonly m: Module;
  private readonly parts: RegionParts;
  private readonly plan: RegionPlan;
  private readonly registers: PlacedRegisters;
  private readonly branch: Branch;
  private readonly overwritten: readonly number[];
  /** Offset of the entry of the execute TLB that is being looked at. */
  private tlbEntry: Local | undefined;

  /** @param overwritten for each node, FlagLocals.move() to it. */
  constructor(
    parts: RegionParts,
    plan: RegionPlan,
    registers: PlacedRegisters,
    overwritten: readonly number[],
    branch: Branch,
  ) {
    this.m = parts.m;
    this.parts = parts;
    this.plan = plan;
    this.registers = registers;
    this.overwritten = overwritten;
    this.branch = branch;
  }

  private block(b: number): PlannedBlock {
    return this.plan.blocks[b] as PlannedBlock;
  }

  /** @param flags what set them last. */
  taken(from: number, flags: FlagState): Expression[] {
    return this.follow(from, this.block(from).taken, WAY_TAKEN, flags);
  }

  /** To the instruction behind the block. */
  fall(from: number, flags: FlagState): Expression[] {
    return this.follow(from, this.block(from).fall, WAY_FALL, flags);
  }

  private follow(from: number, to: number, link: Link, flags: FlagState): Expression[] {
    const { m, parts } = this;
    const leave = (): Expression => parts.leave.byLink(this.block(from), link);
    if (to === OUTSIDE) return [...parts.flags.toWords(flags.source), leave()];
    const moved = [
      ...this.askBudget(from, to, () => m.block(null, [...parts.flags.toOperation(flags), leave()])),
      ...this.moveFlags(to, flags),
    ];
    const pages = this.pagesOf(from);
    const inside = this.enterPages(from, pages, to);
    if (this.unchecked(pages, to).length === 0) return [...moved, ...inside];
    const before = this.block(to).group === to ? [] : parts.flags.toOperation(flags);
    return [...moved, ...inside, ...before, leave()];
  }

  /** Where the group goes on they stay what they are. */
  private moveFlags(to: number, flags: FlagState): Expression[] {
    const { group, readsFlags } = this.block(to);
    return group === to ? this.parts.flags.move(flags, readsFlags, this.overwritten[to] as number) : [];
  }

  /** To Leave.branchTarget, which is in the region if that is where the branch has led to before. */
  indirect(from: number, flags: FlagState): Expression[] {
    const { m, parts } = this;
    const { taken } = this.block(from);
    const hub = this.plan.hubs[taken - this.plan.blocks.length];
    const leave = (): Expression => parts.leave.indirect(this.block(from), flags.source);
    if (hub !== undefined)
      return [
        ...this.askBudget(from, taken, leave),
        ...parts.flags.move(flags, hub.readsFlags, this.overwritten[taken] as number),
        ...parts.leave.toHub(this.block(from), hub),
        ...this.enter(from, taken),
      ];
    if (taken === OUTSIDE) return [leave()];
    const { page, records } = this.block(taken);
    const target = parts.leave.linearTarget(records.mode);
    const isThere = m.i64.eq(target, parts.code.at(page, records.startOffset));
    const enter = [
      ...this.askBudget(from, taken, leave),
      ...this.moveFlags(taken, flags),
      ...this.enterPages(from, this.pagesOf(from), taken),
    ];
    return [m.if(isThere, m.block(null, enter)), leave()];
  }

  /**
   * To a block of which pages may have to be checked: what is behind is where they are not mapped as they were.
   * @param fromPages that are known to be.
   */
  enterPages(from: number, fromPages: readonly number[], to: number): Expression[] {
    const { m } = this;
    return this.unchecked(fromPages, to).reduce(
      (inside, page) => [m.ifLikely(this.isMapped(to, page), m.block(null, inside))],
      this.enter(from, to),
    );
  }

  private enter(from: number, to: number): Expression[] {
    const { owed } = this.plan.budget;
    const pay = this.parts.leave.pay(this.owedAtEnd(from) - (owed[to] as number));
    return [...this.registers.onEdge(from, to), ...pay, this.branch(from, to)];
  }

  private owedAtEnd(node: number): number {
    const { blocks, hubs } = this.plan;
    return ((blocks[node] ?? hubs[node - blocks.length]) as PlannedNode).owed;
  }

  /** Leaves if the budget does not suffice for what is ahead, where that is asked. */
  askBudget(from: number, to: number, leave: () => Expression): Expression[] {
    const { budget } = this.plan;
    if (!budget.asks(from, to)) return [];
    const need = this.owedAtEnd(from) + (budget.need[to] as number);
    return [this.parts.leave.unlessBudget(need, leave())];
  }

  /** Linear pages, relative to the entry's, that a block is in. */
  private pagesOf(b: number): number[] {
    const { page, records } = this.block(b);
    return records.secondPage === undefined ? [page] : [page, page + 1];
  }

  /** Which pages have to be checked: the entry's were, by whoever entered the region. */
  private unchecked(fromPages: readonly number[], to: number): number[] {
    const checked = [...this.pagesOf(0), ...fromPages];
    return this.pagesOf(to).filter((page) => !checked.includes(page));
  }

  /** Whether the execute TLB has a page of a block, at the physical page it had when it was translated. */
  private isMapped(to: number, page: number): Expression {
    const { m } = this;
    const { code, constants, imports, locals } = this.parts;
    const { records, page: firstPage } = this.block(to);
    this.tlbEntry ??= locals.add(i32);
    const entry = this.tlbEntry;
    const linear = (): Expression => code.at(page, 0);
    const table = tlbTable(records.tlbView);
    const fetchesFrom = imports.function('fetchesFrom');
    const physicalPage = (): Expression =>
      page === firstPage ? constants.physicalPage(records) : m.i32.const(records.secondPage as number);
    const entryPage = m.i32.and(
      m.i32.load(table + TLB_PHYSICAL_PAGE, 4, entry.get()),
      m.i32.const(TLB_PAGE_MASK),
    );
    const isFound = m.i64.eq(m.i64.load(table + TLB_EXEC_TAG, 8, entry.get()), linear());
    const isSame = m.ifLikely(
      isFound,
      m.i32.eq(entryPage, physicalPage()),
      m.call(fetchesFrom, [linear(), physicalPage()], i32),
    );
    return m.block(null, [entry.set(tlbIndex(m, linear())), isSame], i32);
  }
}
