/**
 * How a region is entered and left. This file is the whole way of an exit:
 *
 * 1. Somewhere in a block it is decided to leave (toHandler, byLink, indirect). That sets `target` to a record and `way` to
 *    what is to be done with it and what is owed to the budget (budget.ts), and the page of the processor state if it is
 *    another than the entry's. Then it branches to the way out of the block's group.
 * 2. The way out of the group (group) stores the registers that may have been written on the way there and branches on.
 * 3. The epilogue, one for the region, pays, stores budget and flags, counts instructions unless the region is of the last tier, finds the next
 *    record as `way` says, and ends in a tail call of its function, or of a function of the runtime (interpreter/ways-out.ts) where more is to be done.
 *
 * The region is not entered at all, but its first block interpreted, where the budget does not suffice for what it asks for, or where
 * SSE or AVX instructions of it are disabled.
 */

import type { FlagSource } from '../../emitter/flags/source.ts';
import type { Local, Locals } from '../../emitter/locals.ts';
import { fetchProbe } from '../../emitter/tlb-probe.ts';
import { SEGMENT_BASE, SEGMENT_CS } from '../../layout/cpu-state.ts';
import { CPU_STATE } from '../../layout/linear-memory.ts';
import { hasLinearCode, MODE_CODE_64, MODE_FLAT } from '../../layout/mode.ts';
import {
  HEAD_COUNTDOWN,
  HEAD_PHYSICAL_PAGE,
  RECORD_FN,
  RECORD_LINK_FALL,
  RECORD_LINK_TAKEN,
  SLOT_STALE,
} from '../../layout/record.ts';
import { BUDGET, ENTRY_COUNTS, PAGE_BASE } from '../../layout/runtime-state.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import { i32, i64, none } from '../../wasm/value-types.ts';
import type { ModuleImports } from '../module-imports.ts';
import type { BlockRecords } from '../record-view.ts';
import type { CodeAddress } from './code-address.ts';
import type { FlagLocals, FlagState } from './flag-locals.ts';
import { probeJumpCache } from './jump-probe.ts';
import { groupWayOutLabel, WAY_OUT_LABEL } from './labels.ts';
import type { PlannedBlock, PlannedHub } from './plan.ts';

/** Goes on with the record `target`. */
const WAY_RECORD = 0;
/** To the linear address `branchTarget`, by the instruction of the record. */
const WAY_INDIRECT = 1;
/** As WAY_INDIRECT, and the target is noted for when the region is compiled again. */
const WAY_NOTED = 2;
/** As WAY_TAKEN, to another page, where the block of `head` was the last time. */
const WAY_CROSSING = 3;
/** By a link of the record; the number is the link's offset. */
export const WAY_TAKEN = RECORD_LINK_TAKEN;
export const WAY_FALL = RECORD_LINK_FALL;
/** Above the way: what is owed to the budget. */
const WAY_OWED_SHIFT = 5;
const WAY_MASK = (1 << WAY_OWED_SHIFT) - 1;

export type Link = typeof WAY_TAKEN | typeof WAY_FALL;
type Way = typeof WAY_RECORD | typeof WAY_INDIRECT | typeof WAY_NOTED | typeof WAY_CROSSING | Link;

export class Leave {
  private readonly m: Module;
  private readonly imports: ModuleImports;
  private readonly locals: Locals;
  private readonly code: CodeAddress;
  private readonly flags: FlagLocals;
  /** The region is not compiled once more. */
  private readonly isLast: boolean;
  private readonly target: Local;
  private readonly way: Local;
  /** Instructions that may still be executed, but for those that are owed. */
  private readonly budget: Local;
  /** Linear address an indirect branch leads to. */
  readonly branchTarget: Local;
  /** Ways that are taken, of the less common ones. */
  private isIndirect = false;
  private isNoting = false;
  private isLinking = false;
  /** Head record of WAY_CROSSING; its linear address is `branchTarget`. */
  private crossingHead: Local | undefined = undefined;
  /** Linear page of the branch that a hub was come to by, where there are several. */
  private hubPage: Local | undefined = undefined;
  /** Offsets of words of the processor state that have to be zero. */
  private readonly zeros = new Set<number>();

  /** @param isLast the region is not compiled once more. */
  constructor(
    m: Module,
    imports: ModuleImports,
    locals: Locals,
    code: CodeAddress,
    flags: FlagLocals,
    isLast: boolean,
  ) {
    this.m = m;
    this.imports = imports;
    this.locals = locals;
    this.code = code;
    this.flags = flags;
    this.isLast = isLast;
    // The head record that the region is entered by, until it is left.
    this.target = locals.parameter(0);
    this.way = locals.add(i32);
    this.budget = locals.add(i32);
    this.branchTarget = locals.add(i64);
  }

  /** The region is to be entered only where a word of the processor state is zero, which only handlers change. */
  enterOnlyIfZero(offset: number): void {
    this.zeros.add(offset);
  }

  // ---- 1. in a block ----

  /** To the handler of an instruction: everything before it has been done, nothing of it. */
  toHandler(block: PlannedBlock, index: number, flags: FlagState): Expression {
    const code: Expression[] = [];
    this.flags.toOperation(flags, code);
    return this.leave(block, WAY_RECORD, block.records.address(index), code);
  }

  /**
   * To where a link of the block's last record leads. The flags have been moved.
   *
   * Where that is known, the record is not looked at. In the same page the block of a head is there as long as this one is, and
   * if it has gone stale, its head says so. That the records of both are there is the business of whoever installs the region.
   */
  byLink(block: PlannedBlock, link: Link): Expression {
    const { records, page, takenHead, fallHead } = block;
    const last = records.length - 1;
    const record = records.address(last);
    const distance =
      link === WAY_TAKEN
        ? records.displacement(last)
        : records.pageOffset(last) + records.instructionLength(last);
    const head = link === WAY_TAKEN ? takenHead : fallHead;
    if (head === 0) return this.followLink(block, link, record);
    if (distance >> 12 === 0) return this.leave(block, WAY_RECORD, head, []);
    if (link === WAY_FALL || (records.mode & MODE_CODE_64) === 0) return this.followLink(block, link, record);
    this.crossingHead ??= this.locals.add(i32);
    const code = [
      this.crossingHead.set(this.m.i32.const(head)),
      this.branchTarget.set(this.code.at(page, distance)),
    ];
    return this.leave(block, WAY_CROSSING, record, code);
  }

  private followLink(block: PlannedBlock, link: Link, record: number): Expression {
    this.isLinking = true;
    return this.leave(block, link, record, []);
  }

  /** To `branchTarget`. */
  indirect(block: PlannedBlock, flags: FlagSource): Expression {
    const code: Expression[] = [];
    this.flags.toWords(flags, code);
    const record = block.records.address(block.records.length - 1);
    return this.leave(block, this.indirectWay(block.isNoted), record, code);
  }

  private indirectWay(isNoted: boolean): Way {
    if (isNoted && !this.isLast) {
      this.isNoting = true;
      return WAY_NOTED;
    }
    this.isIndirect = true;
    return WAY_INDIRECT;
  }

  /** What a hub has to know of the branch that leads to it. */
  toHub({ records, page }: PlannedBlock, hub: PlannedHub, code: Expression[]): void {
    code.push(this.target.set(this.m.i32.const(records.address(records.length - 1))));
    if (hub.page === undefined) code.push(this.pageOfHub.set(this.code.at(page, 0)));
  }

  /** From a hub to `branchTarget`, which is none of its targets. */
  fromHub({ page, group, isNoted, owed }: PlannedHub): Expression {
    const { m } = this;
    const code: Expression[] = [];
    if (page === undefined)
      code.push(m.i64.store(CPU_STATE + PAGE_BASE, 8, m.i32.const(0), this.pageOfHub.get()));
    else this.code.store(page, code);
    code.push(this.setWay(this.indirectWay(isNoted), owed), m.br(groupWayOutLabel(group)));
    return m.block(null, code);
  }

  private get pageOfHub(): Local {
    this.hubPage ??= this.locals.add(i64);
    return this.hubPage;
  }

  /** @param code what comes before, which is added to. */
  private leave(
    { page, group, owed }: PlannedBlock,
    way: Way,
    record: number,
    code: Expression[],
  ): Expression {
    const { m } = this;
    code.push(this.target.set(m.i32.const(record)));
    this.code.store(page, code);
    code.push(this.setWay(way, owed), m.br(groupWayOutLabel(group)));
    return m.block(null, code);
  }

  private setWay(way: Way, owed: number): Expression {
    return this.way.set(this.m.i32.const((owed << WAY_OWED_SHIFT) | way));
  }

  // ---- between blocks ----

  /** Leaves if the budget is less than that. */
  unlessBudget(need: number, leave: Expression): Expression {
    const { m } = this;
    const counts = m.i32.store(CPU_STATE + ENTRY_COUNTS, 4, m.i32.const(0), m.i32.const(0));
    return this.unlessEnough(need, m.block(null, [counts, leave]));
  }

  /** Instructions before one of a block, but for what is the same for all of an entry. */
  executed({ owed, records }: PlannedBlock, index: number): Expression {
    const { m, budget } = this;
    return m.i32.sub(m.i32.const(owed - records.count + index), budget.get());
  }

  /** What is left of it behind a block. */
  budgetLeft({ owed }: PlannedBlock): Expression {
    const { m, budget } = this;
    return m.i32.sub(budget.get(), m.i32.const(owed));
  }

  private unlessEnough(need: number, otherwise: Expression): Expression {
    const { m, budget } = this;
    return m.ifUnlikely(m.i32.lt_s(budget.get(), m.i32.const(need)), otherwise);
  }

  /** Takes what is owed from the budget. @param instructions less than none where others owe more. */
  pay(instructions: number, code: Expression[]): void {
    const { m, budget } = this;
    if (instructions !== 0) code.push(budget.set(m.i32.sub(budget.get(), m.i32.const(instructions))));
  }

  /** Linear address that `branchTarget` stands for. */
  linearTarget(mode: number): Expression {
    const { m } = this;
    const rip = this.branchTarget.get();
    if ((mode & (MODE_CODE_64 | MODE_FLAT)) !== 0) return rip;
    const base = m.i64.load(CPU_STATE + SEGMENT_BASE + SEGMENT_CS * 8, 8, m.i32.const(0));
    return m.i64.and(m.i64.add(rip, base), m.i64.const(0xffff_ffffn));
  }

  // ---- 2. behind a group of blocks ----

  /** @param code of the group. @param stores of the registers that it or what leads to it may have written. */
  group(group: number, code: Expression, stores: readonly Expression[]): Expression {
    const { m } = this;
    return m.block(null, [m.block(groupWayOutLabel(group), [code]), ...stores, m.br(WAY_OUT_LABEL)]);
  }

  // ---- 3. around the region ----

  /**
   * The function's body.
   * @param code that has been made of all blocks: what is loaded and stored depends on it.
   * @param entry the first block's records.
   * @param need what is asked for of the budget.
   */
  around(code: readonly Expression[], entry: BlockRecords, need: number): Expression {
    const { m } = this;
    const body = m.block(WAY_OUT_LABEL, code);
    const all: Expression[] = [];
    this.prologue(need, all);
    all.push(body);
    this.epilogue(entry, all);
    return m.block(null, all);
  }

  private prologue(need: number, code: Expression[]): void {
    const { m } = this;
    const budget = m.i32.load(CPU_STATE + BUDGET, 4, m.i32.const(0));
    const interpret = (): Expression =>
      m.return_call(this.imports.function('outOfBudget'), [this.target.get()], none);
    code.push(this.budget.set(budget), this.unlessEnough(need, interpret()));
    for (const offset of this.zeros)
      code.push(m.ifUnlikely(m.i32.load(CPU_STATE + offset, 4, m.i32.const(0)), interpret()));
    code.push(this.code.load());
    this.flags.load(code);
  }

  private epilogue(entry: BlockRecords, code: Expression[]): void {
    const { m } = this;
    const { budget, way } = this;
    const owed = m.i32.shr_u(way.get(), m.i32.const(WAY_OWED_SHIFT));
    code.push(
      budget.set(m.i32.sub(budget.get(), owed)),
      way.set(m.i32.and(way.get(), m.i32.const(WAY_MASK))),
    );
    const storeBudget = m.i32.store(CPU_STATE + BUDGET, 4, m.i32.const(0), budget.get());
    const storeFlags = this.flags.store();
    const left = this.isLast ? undefined : this.count(entry.head, code);
    code.push(storeBudget);
    if (storeFlags !== undefined) code.push(storeFlags);
    if (left !== undefined) code.push(this.askAgain(entry.head, left));
    this.goOn(entry, code);
  }

  /**
   * Takes what has been executed from the countdown of the region's head. The budget at the entry is still in memory.
   * @returns what is left.
   */
  private count(head: number, code: Expression[]): Local {
    const { m } = this;
    const left = this.locals.take(i32);
    const before = m.i32.load(CPU_STATE + BUDGET, 4, m.i32.const(0));
    const executed = m.i32.sub(before, this.budget.get());
    const counted = m.i32.sub(m.i32.load(HEAD_COUNTDOWN, 4, m.i32.const(head)), executed);
    code.push(m.i32.store(HEAD_COUNTDOWN, 4, m.i32.const(head), left.tee(counted)));
    return left;
  }

  /** Asks for the next tier when the countdown is spent. */
  private askAgain(head: number, left: Local): Expression {
    const { m } = this;
    const requestCompile = this.imports.function('requestCompile');
    return m.ifUnlikely(
      m.i32.le_s(left.get(), m.i32.const(0)),
      m.call(requestCompile, [m.i32.const(head)], none),
    );
  }

  /** Ends in a tail call. */
  private goOn({ mode, tlbView }: BlockRecords, code: Expression[]): void {
    const { m, imports, target, branchTarget } = this;
    /** Of the ways but WAY_RECORD: the first is what is done if it is none of the others. */
    let ways: Expression | undefined;
    const add = (way: Way, go: Expression): void => {
      ways = ways === undefined ? go : m.if(m.i32.eq(this.way.get(), m.i32.const(way)), go, ways);
    };
    if (this.isLinking)
      ways = m.return_call(imports.function('followLink'), [target.get(), this.way.get()], none);
    if (this.crossingHead !== undefined) add(WAY_CROSSING, this.cross(this.crossingHead, tlbView));
    if (this.isNoting) {
      const jumpAndNote = imports.function('jumpAndNote');
      add(WAY_NOTED, m.return_call(jumpAndNote, [target.get(), branchTarget.get()], none));
    }
    if (this.isIndirect) add(WAY_INDIRECT, this.findTarget(mode));
    if (ways !== undefined) code.push(m.if(this.way.get(), ways));
    code.push(imports.enter(() => target.get()));
  }

  /**
   * Makes `target` the head where the execute TLB has its page at `branchTarget`, or leaves that to the runtime. A head that has gone stale
   * would be found anew each time.
   */
  private cross(head: Local, tlbView: number): Expression {
    const { m, target, branchTarget } = this;
    const slot = this.locals.take(i32);
    const page = this.targetPage();
    const { isFound, physicalPage } = fetchProbe(m, tlbView, branchTarget.get(), page, slot);
    const isSame = m.i32.eq(physicalPage, m.i32.load(HEAD_PHYSICAL_PAGE, 4, head.get()));
    const isThere = m.i32.ne(m.i32.load(RECORD_FN, 4, head.get()), m.i32.const(SLOT_STALE));
    const operands = [target.get(), head.get(), branchTarget.get()];
    return m.ifLikely(
      m.i32.and(m.i32.and(isFound, isSame), isThere),
      this.found(head.get()),
      m.return_call(this.imports.function('cross'), operands, none),
    );
  }

  private targetPage(): Expression {
    const { m } = this;
    return m.i64.and(this.branchTarget.get(), m.i64.const(-4096));
  }

  /** Goes on at `branchTarget` with the head record of its block. */
  private found(head: Expression): Expression {
    const { m } = this;
    const storePage = m.i64.store(CPU_STATE + PAGE_BASE, 8, m.i32.const(0), this.targetPage());
    return m.block(null, [this.target.set(head), storePage]);
  }

  /**
   * Makes `target` the head record of the block at `branchTarget`, or goes there by the runtime. The probe of the
   * jump cache is not in the runtime because indirect branches would take longer.
   */
  private findTarget(mode: number): Expression {
    const { m, target, branchTarget } = this;
    const jumpTo = this.imports.function('jumpTo');
    const lookUp = m.return_call(jumpTo, [target.get(), branchTarget.get()], none);
    if (!hasLinearCode(mode)) return lookUp;
    const found = (head: Expression): Expression => this.found(head);
    return probeJumpCache(m, mode, () => branchTarget.get(), this.locals.take(i32), found, lookUp);
  }
}
