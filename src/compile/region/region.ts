/**
 * Compiles a region, a set of blocks with one entry, into one wasm function.
 *
 *     (func (param $target i32)
 *       load budget, page base and, if they are read, flags
 *       (block $wayOut  blocks of the region as nested wasm blocks and loops)
 *       store budget, flags
 *       tail call of what LOCAL_WAY says (way-out.ts))
 */

import { SLOT_END, variantOfSlot } from '../../isa/instruction-set.ts';
import { BUDGET, FLAG_AUX, FLAG_RESULT, PAGE_BASE } from '../../layout/cpu-state.ts';
import { FLAGS_WORDS } from '../../layout/flag-words.ts';
import { CPU_STATE } from '../../layout/linear-memory.ts';
import { MODE_CODE_64, MODE_VIEW_SHIFT } from '../../layout/mode.ts';
import { HEAD_COUNTDOWN } from '../../layout/record.ts';
import { TLB_EXEC_TAG, TLB_PAGE_MASK, TLB_PHYSICAL_PAGE } from '../../layout/tlb.ts';
import type { Expression, FunctionReference, Module } from '../../wasm/builder.ts';
import { i32, i64, none } from '../../wasm/value-types.ts';
import { flagsLiveIn } from '../flags/liveness.ts';
import type { BlockRecords } from '../record-view.ts';
import type { Region, RegionBlock } from '../region-blocks.ts';
import type { CompiledTier } from '../region-source.ts';
import { tlbIndex, tlbTable } from '../tlb-probe.ts';
import { type Structure, structure } from './control-flow.ts';
import { probeJumpCache } from './jump-probe.ts';
import {
  groupWayOutLabel,
  LOCAL_BUDGET,
  LOCAL_ENTRY,
  LOCAL_FLAG_A,
  LOCAL_FLAG_AUX,
  LOCAL_FLAG_B,
  LOCAL_FLAG_KIND,
  LOCAL_FLAG_R,
  LOCAL_FLAG_RESULT,
  LOCAL_PAGE_BASE,
  LOCAL_RIP,
  LOCAL_TARGET,
  LOCAL_WAY,
  loopLabel,
  mergeLabel,
  RegionEmitter,
  type RegionImports,
  type Terminator,
  WAY_OUT_LABEL,
} from './region-emitter.ts';
import { placeRegisters, type RegisterPlacement } from './register-placement.ts';
import { WAY_FALL, WAY_INDIRECT, WAY_OUT_OF_BUDGET, WAY_TAKEN, type Way } from './way-out.ts';

/** Index of the first instruction that only its handler can run, or the number of records. */
function compiledLength(records: BlockRecords): number {
  for (let index = 0; index < records.length; index++) {
    const slot = records.slot(index);
    if (slot === SLOT_END) continue;
    const variant = variantOfSlot(slot);
    if (variant === undefined || variant.row.tier === 'handler') return index;
  }
  return records.length;
}

const UNREACHABLE: CompiledBlock = {
  statements: [],
  terminator: { kind: 'left' },
  taken: [],
  fall: [],
  leaveTaken: undefined,
  leaveFall: undefined,
  indirect: undefined,
  touched: 0,
  written: 0,
};

/** Adds the region as a function called `name`. */
export function compileRegion(
  m: Module,
  name: string,
  tier: CompiledTier,
  region: Region,
  imports: RegionImports,
): FunctionReference {
  return new RegionCompiler(m, tier, region, imports).compile(name);
}

/** A block after its instructions have been emitted, before it is put into its place. */
interface CompiledBlock {
  readonly statements: Expression[];
  readonly terminator: Terminator;
  /** Flags moved to where the other side of the edge expects them, or the way out. */
  readonly taken: Expression[];
  readonly fall: Expression[];
  /** Ways out by the links, for an edge whose page is not mapped as it was. */
  readonly leaveTaken: Expression | undefined;
  readonly leaveFall: Expression | undefined;
  /** Way out of an indirect branch. */
  readonly indirect: Expression | undefined;
  /** Bit masks of registers as in RegionEmitter.touched. */
  readonly touched: number;
  readonly written: number;
}

class RegionCompiler {
  private readonly m: Module;
  private readonly tier: CompiledTier;
  private readonly region: Region;
  private readonly imports: RegionImports;
  private readonly emitter: RegionEmitter;
  private readonly shape: Structure;
  private readonly lengths: number[];
  private readonly flagsLiveIn: boolean[];
  private readonly blocks: CompiledBlock[];
  /**
   * The first block of the group each block belongs to. A group is a block and what follows it without a merge or
   * a loop; it has one way out, so its registers are loaded at its start.
   */
  private readonly groups: number[];
  private readonly registers: RegisterPlacement;

  constructor(m: Module, tier: CompiledTier, region: Region, imports: RegionImports) {
    this.m = m;
    this.tier = tier;
    this.region = region;
    this.imports = imports;
    this.lengths = region.map((block) => compiledLength(block.records));
    this.flagsLiveIn = flagsLiveIn(region, this.lengths);
    this.emitter = new RegionEmitter(m, imports);
    this.shape = structure({ successors: region.map((_, b) => this.successorsBeforeShape(b)) });
    this.groups = this.findGroups();
    this.emitter.remembersPages = this.shape.isLoopHeader.includes(true);
    this.blocks = region.map((_, b) => (this.shape.rank[b] === -1 ? UNREACHABLE : this.compileBlock(b)));
    const { order } = this.shape;
    const edges = order.flatMap((from) => this.successors(from).map((to) => ({ from, to })));
    this.registers = placeRegisters(this.blocks, this.groups, order, edges);
  }

  private findGroups(): number[] {
    const { order, isMerge, isLoopHeader } = this.shape;
    const groups = this.region.map((_, b) => b);
    for (const b of order) {
      for (const next of this.successors(b)) {
        if (!isMerge[next] && !isLoopHeader[next]) groups[next] = groups[b] as number;
      }
    }
    return groups;
  }

  private successorsBeforeShape(b: number): number[] {
    const block = this.region[b] as RegionBlock;
    if (this.lengths[b] !== block.records.length) return [];
    return [block.taken, block.fall].filter((successor) => successor !== undefined);
  }

  compile(name: string): FunctionReference {
    const { m, emitter } = this;
    const entry = registersOf(this.registers.liveIn[0] as number).map((register) =>
      emitter.loadRegister(register),
    );
    const body = m.block(WAY_OUT_LABEL, [...entry, ...emitter.forgetPages(), this.tree(0)]);
    const code = m.block(null, [...this.prologue(), body, ...this.wayOut()]);
    return m.addFunction(name, [i32], none, emitter.localTypes, code);
  }

  // ---- registers ----

  private successors(b: number): number[] {
    return this.successorsBeforeShape(b).filter((successor) => !this.shape.isIrreducible(b, successor));
  }

  /** Loads of the registers that the other side expects in their locals. */
  private loadsForEdge(from: number, to: number): Expression[] {
    const { liveIn } = this.registers;
    const missing = (liveIn[to] as number) & ~(liveIn[from] as number);
    return registersOf(missing).map((register) => this.emitter.loadRegister(register));
  }

  // ---- structured control flow (control-flow.ts) ----

  private tree(node: number): Expression {
    const { m, shape } = this;
    const merges = (shape.children[node] ?? []).filter((child) => shape.isMerge[child]);
    if (!shape.isLoopHeader[node]) return this.within(node, merges);
    return m.loop(loopLabel(node), this.within(node, merges));
  }

  /** The node's own code inside a block for each merge node it dominates, the last of them outermost. */
  private within(node: number, merges: readonly number[]): Expression {
    const { m } = this;
    let code: Expression = this.code(node);
    for (const merge of merges) {
      code = m.block(null, [m.block(mergeLabel(merge), [code]), this.tree(merge)]);
    }
    return code;
  }

  private branch(from: number, to: number): Expression {
    const { m, shape } = this;
    if ((shape.rank[to] as number) <= (shape.rank[from] as number)) return m.br(loopLabel(to));
    if (shape.isMerge[to]) return m.br(mergeLabel(to));
    return this.tree(to);
  }

  /** A block's code, with the way out of its group behind it. */
  private code(node: number): Expression {
    const { m, emitter } = this;
    const block = this.region[node] as RegionBlock;
    const compiled = this.blocks[node] as CompiledBlock;
    const { statements, terminator, taken, fall, indirect } = compiled;
    const body = [...statements];
    switch (terminator.kind) {
      case 'left':
        break;
      case 'jump':
        body.push(...taken, ...this.edgeTarget(node, block.taken, compiled.leaveTaken));
        break;
      case 'fall':
        body.push(...fall, ...this.edgeTarget(node, block.fall, compiled.leaveFall));
        break;
      case 'branch':
        body.push(
          m.if(
            terminator.condition,
            m.block(null, [...taken, ...this.edgeTarget(node, block.taken, compiled.leaveTaken)]),
            m.block(null, [...fall, ...this.edgeTarget(node, block.fall, compiled.leaveFall)]),
          ),
        );
        break;
      case 'indirect':
        if (this.isInside(node, block.taken)) {
          const inside = m.block(null, [...taken, ...this.passage(node, block.taken)]);
          body.push(m.if(this.isAddressOf(block.taken), inside));
        }
        body.push(indirect as Expression);
        break;
    }
    const code = m.block(null, body);
    if (this.groups[node] !== node) return code;
    return m.block(null, [
      m.block(groupWayOutLabel(node), [code]),
      ...registersOf(this.registers.stored[node] as number).map((register) =>
        emitter.storeRegister(register),
      ),
      m.br(WAY_OUT_LABEL),
    ]);
  }

  /** Whether LOCAL_RIP is the linear address of a block of the region. */
  private isAddressOf(node: number): Expression {
    const { m } = this;
    const { records, page } = this.region[node] as RegionBlock;
    const offset = BigInt(page) * 4096n + BigInt(records.startOffset);
    return m.i64.eq(
      m.local.get(LOCAL_RIP, i64),
      m.i64.add(m.local.get(LOCAL_PAGE_BASE, i64), m.i64.const(offset)),
    );
  }

  /** Code that goes on in a block of the region: loads what it expects, then branches. */
  private passage(from: number, to: number): Expression[] {
    return [...this.loadsForEdge(from, to), this.branch(from, to)];
  }

  /** The same behind the check that the other page is still what it was; otherwise out by the link. */
  private edgeTarget(from: number, to: number | undefined, leave: Expression | undefined): Expression[] {
    const { m } = this;
    if (!this.isInside(from, to)) return [];
    const passage = this.passage(from, to);
    return leave === undefined ? passage : [m.ifLikely(this.isMapped(to), m.block(null, passage)), leave];
  }

  /** Whether an edge needs the check: the entry's page was checked by whoever entered the region. */
  private isGuarded(from: number, to: number | undefined): boolean {
    if (!this.isInside(from, to)) return false;
    const { page } = this.region[to] as RegionBlock;
    return page !== 0 && page !== (this.region[from] as RegionBlock).page;
  }

  /** Whether the execute TLB has the page of a block, at the physical page it had when it was translated. */
  private isMapped(node: number): Expression {
    const { m } = this;
    const { records, page } = this.region[node] as RegionBlock;
    const linear = (): Expression =>
      m.i64.add(m.local.get(LOCAL_PAGE_BASE, i64), m.i64.const(BigInt(page) * 4096n));
    const view = (records.mode >> MODE_VIEW_SHIFT) & 3;
    const table = tlbTable(view);
    const entry = tlbIndex(m, linear());
    const fetchesFrom = this.imports.function('fetchesFrom', [i64, i32], i32);
    const entryLocal = (): Expression => m.local.get(LOCAL_ENTRY, i32);
    const physical = m.i32.and(
      m.i32.load(table + TLB_PHYSICAL_PAGE, 4, entryLocal()),
      m.i32.const(TLB_PAGE_MASK),
    );
    return m.block(
      null,
      [
        m.local.set(LOCAL_ENTRY, entry),
        m.ifLikely(
          m.i64.eq(m.i64.load(table + TLB_EXEC_TAG, 8, entryLocal()), linear()),
          m.i32.eq(physical, m.i32.const(records.physicalPage)),
          m.call(fetchesFrom, [linear(), m.i32.const(records.physicalPage)], i32),
        ),
      ],
      i32,
    );
  }

  /** Way out of the block that the emitter is at, by a link of its last record. */
  private leaveByLink(from: number, link: typeof WAY_TAKEN | typeof WAY_FALL): Expression {
    const { records } = this.region[from] as RegionBlock;
    return this.emitter.leave(link, records.address(records.length - 1));
  }

  // ---- blocks ----

  private compileBlock(node: number): CompiledBlock {
    const { emitter } = this;
    const block = this.region[node] as RegionBlock;
    const { records } = block;
    emitter.beginBlock(records, this.groups[node] as number, block.page);
    this.takeBudget(records);
    const length = this.lengths[node] as number;
    for (let index = 0; index < length; index++) {
      const variant = variantOfSlot(records.slot(index));
      if (variant !== undefined) emitter.instruction(index, variant);
    }
    if (length < records.length) emitter.leaveAt(length);
    const { terminator, touched, written } = emitter;
    const statements = emitter.takeStatements();
    const hasTaken = terminator.kind === 'jump' || terminator.kind === 'branch';
    const hasFall = terminator.kind === 'fall' || terminator.kind === 'branch';
    const returns = terminator.kind === 'indirect';
    return {
      statements,
      terminator,
      taken: hasTaken
        ? this.edgePrefix(node, block.taken, WAY_TAKEN)
        : returns && this.isInside(node, block.taken)
          ? emitter.flagsForEdge(this.flagsLiveIn[block.taken] as boolean)
          : [],
      fall: hasFall ? this.edgePrefix(node, block.fall, WAY_FALL) : [],
      leaveTaken:
        hasTaken && this.isGuarded(node, block.taken) ? this.leaveByLink(node, WAY_TAKEN) : undefined,
      leaveFall: hasFall && this.isGuarded(node, block.fall) ? this.leaveByLink(node, WAY_FALL) : undefined,
      indirect: returns ? emitter.leaveIndirect() : undefined,
      touched,
      written,
    };
  }

  /** Leaves if the block does not fit into the budget, with what it was without it. */
  private takeBudget(records: BlockRecords): void {
    const { m, emitter } = this;
    const { head, count } = records;
    const budget = (): Expression => m.local.get(LOCAL_BUDGET, i32);
    const left = m.i32.sub(budget(), m.i32.const(count));
    const putBack = m.local.set(LOCAL_BUDGET, m.i32.add(budget(), m.i32.const(count)));
    emitter.emit(
      m.ifUnlikely(
        m.i32.lt_s(m.local.tee(LOCAL_BUDGET, left, i32), m.i32.const(0)),
        emitter.leave(WAY_OUT_OF_BUDGET, head, [putBack]),
      ),
    );
  }

  private isInside(from: number, to: number | undefined): to is number {
    return to !== undefined && !this.shape.isIrreducible(from, to);
  }

  /** Flags for the other side or, if that is outside, the way out. */
  private edgePrefix(
    from: number,
    to: number | undefined,
    link: typeof WAY_TAKEN | typeof WAY_FALL,
  ): Expression[] {
    const { emitter } = this;
    if (!this.isInside(from, to)) return [...emitter.flagsAsWords(), this.leaveByLink(from, link)];
    // An edge that may find its page gone leaves from here too: then the words are wanted.
    return emitter.flagsForEdge(this.flagsLiveIn[to] as boolean);
  }

  // ---- entry and way out ----

  private prologue(): Expression[] {
    const { m } = this;
    const zero = (): Expression => m.i32.const(0);
    const loads = [
      m.local.set(LOCAL_BUDGET, m.i32.load(CPU_STATE + BUDGET, 4, zero())),
      m.local.set(LOCAL_PAGE_BASE, m.i64.load(CPU_STATE + PAGE_BASE, 8, zero())),
    ];
    if (!this.emitter.readsFlags) return loads;
    return [
      ...loads,
      m.local.set(LOCAL_FLAG_RESULT, m.i64.load(CPU_STATE + FLAG_RESULT, 8, zero())),
      m.local.set(LOCAL_FLAG_AUX, m.i32.load(CPU_STATE + FLAG_AUX, 4, zero())),
    ];
  }

  private wayOut(): Expression[] {
    const { m, emitter, imports } = this;
    const way = (): Expression => m.local.get(LOCAL_WAY, i32);
    const wayIs = (expected: Way): Expression => m.i32.eq(way(), m.i32.const(expected));
    const target = (): Expression => m.local.get(LOCAL_TARGET, i32);
    const continueAt = imports.function('continueAt', [i32], none);
    const outOfBudget = imports.function('outOfBudget', [i32], none);
    const followLink = imports.function('followLink', [i32, i32], none);
    const others = m.if(
      wayIs(WAY_OUT_OF_BUDGET),
      m.return_call(outOfBudget, [target()], none),
      m.return_call(followLink, [target(), way()], none),
    );
    const hasIndirect = this.blocks.some((block) => block.indirect !== undefined);
    const counts = this.tier === 'first';
    return [
      ...(counts ? [this.countInstructions()] : []),
      m.i32.store(CPU_STATE + BUDGET, 4, m.i32.const(0), m.local.get(LOCAL_BUDGET, i32)),
      ...(emitter.writesFlags ? [this.storeFlags()] : []),
      ...(counts ? [this.requestIfHot()] : []),
      m.if(way(), hasIndirect ? m.if(wayIs(WAY_INDIRECT), this.findTarget(), others) : others),
      m.return_call(continueAt, [target()], none),
    ];
  }

  /** Takes what has been executed from the countdown of the region's head. The budget at the entry is still in memory. */
  private countInstructions(): Expression {
    const { m } = this;
    const { head } = (this.region[0] as RegionBlock).records;
    const before = m.i32.load(CPU_STATE + BUDGET, 4, m.i32.const(0));
    const executed = m.i32.sub(before, m.local.get(LOCAL_BUDGET, i32));
    const left = m.i32.sub(m.i32.load(HEAD_COUNTDOWN, 4, m.i32.const(head)), executed);
    return m.i32.store(HEAD_COUNTDOWN, 4, m.i32.const(head), m.local.tee(LOCAL_ENTRY, left, i32));
  }

  private requestIfHot(): Expression {
    const { m } = this;
    const { head } = (this.region[0] as RegionBlock).records;
    const requestCompile = this.imports.function('requestCompile', [i32], none);
    const isHot = m.i32.le_s(m.local.get(LOCAL_ENTRY, i32), m.i32.const(0));
    return m.ifUnlikely(isHot, m.call(requestCompile, [m.i32.const(head)], none));
  }

  /**
   * Puts the head record of the block at LOCAL_RIP into LOCAL_TARGET, or goes there by the runtime. The probe of the jump
   * cache is not in the runtime because indirect branches would take longer.
   */
  private findTarget(): Expression {
    const { m } = this;
    const rip = (): Expression => m.local.get(LOCAL_RIP, i64);
    const jumpTo = this.imports.function('jumpTo', [i32, i64], none);
    const lookUp = m.return_call(jumpTo, [m.local.get(LOCAL_TARGET, i32), rip()], none);
    const { mode } = (this.region[0] as RegionBlock).records;
    if ((mode & MODE_CODE_64) === 0) return lookUp;
    const found = (head: Expression): Expression =>
      m.block(null, [
        m.local.set(LOCAL_TARGET, head),
        m.i64.store(CPU_STATE + PAGE_BASE, 8, m.i32.const(0), m.i64.and(rip(), m.i64.const(-4096n))),
      ]);
    return probeJumpCache(m, mode, rip, LOCAL_ENTRY, found, lookUp);
  }

  /** Words from their locals, or worked out by the runtime from the operation that was kept; nothing if they are untouched. */
  private storeFlags(): Expression {
    const { m } = this;
    const zero = (): Expression => m.i32.const(0);
    const store = this.imports.function('storeOperationFlags', [i32, i64, i64, i64, i32], none);
    const words = m.if(
      m.i32.eq(m.local.get(LOCAL_FLAG_KIND, i32), m.i32.const(FLAGS_WORDS)),
      m.block(null, [
        m.i64.store(CPU_STATE + FLAG_RESULT, 8, zero(), m.local.get(LOCAL_FLAG_RESULT, i64)),
        m.i32.store(CPU_STATE + FLAG_AUX, 4, zero(), m.local.get(LOCAL_FLAG_AUX, i32)),
      ]),
      m.call(
        store,
        [
          m.local.get(LOCAL_FLAG_KIND, i32),
          m.local.get(LOCAL_FLAG_A, i64),
          m.local.get(LOCAL_FLAG_B, i64),
          m.local.get(LOCAL_FLAG_R, i64),
          m.local.get(LOCAL_FLAG_AUX, i32),
        ],
        none,
      ),
    );
    // FLAGS_FOUND is zero.
    return m.if(m.local.get(LOCAL_FLAG_KIND, i32), words);
  }
}

/** Numbers of the bits that are set. */
function registersOf(mask: number): number[] {
  const registers: number[] = [];
  for (let rest = mask; rest !== 0; rest &= rest - 1) registers.push(31 - Math.clz32(rest & -rest));
  return registers;
}
