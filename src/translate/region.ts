/**
 * Compiles a region, a set of blocks with one entry, into one wasm function.
 *
 *     (func (param $target i32)
 *       load registers, budget, page base
 *       (block $exit  blocks of the region as nested wasm blocks and loops)
 *       store registers, flags, budget
 *       go on as LOCAL_KIND says: enter the record in $target, follow its link, look LOCAL_RIP up, or
 *       return to the host because the budget is used up)
 */
import { SLOT_END, variantOfSlot } from '../isa/instruction-set.ts';
import { BUDGET, EXIT_BUDGET, EXIT_REASON, FLAG_AUX, FLAG_RESULT, PAGE_BASE, RIP } from '../layout/cpu-state.ts';
import { CPU_STATE } from '../layout/linear-memory.ts';
import { RECORD_FN, RECORD_LINK_FALL, RECORD_LINK_TAKEN, RECORD_PAGE_OFFSET } from '../layout/record.ts';
import { type Expression, i32, i64, type Module, none } from '../wasm/binaryen.ts';
import { type Structure, structure } from './control-flow.ts';
import { flagEffects } from './flag-effects.ts';
import { TABLE } from './handler-emitter.ts';
import type { BlockRecords } from './record-view.ts';
import {
  EXIT_ENTER,
  EXIT_INDIRECT,
  EXIT_LABEL,
  EXIT_LINK,
  EXIT_OUT_OF_BUDGET,
  FLAGS_RAW,
  LOCAL_BUDGET,
  LOCAL_FLAG_A,
  LOCAL_FLAG_AUX,
  LOCAL_FLAG_B,
  LOCAL_FLAG_KIND,
  LOCAL_FLAG_R,
  LOCAL_FLAG_RESULT,
  LOCAL_KIND,
  LOCAL_LINK,
  LOCAL_PAGE_BASE,
  LOCAL_RIP,
  LOCAL_TARGET,
  RegionEmitter,
  type RegionImports,
} from './region-emitter.ts';

export interface RegionBlock {
  readonly records: BlockRecords;
  /** Index in the region of the block a taken branch leads to, or undefined: outside. */
  readonly taken: number | undefined;
  /** The same for the next instruction after the block. */
  readonly fall: number | undefined;
}

/** The blocks of a region; the first is the entry. */
export type Region = readonly RegionBlock[];

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

/** For each block: whether the flags at its start are read before they are replaced. */
function flagsLiveIn(region: Region, lengths: readonly number[]): boolean[] {
  const live = region.map(() => false);
  const transparent = region.map(() => false);
  region.forEach((block, b) => {
    const length = lengths[b] as number;
    for (let index = 0; index < length; index++) {
      const slot = block.records.slot(index);
      if (slot === SLOT_END) break;
      const { reads, writes } = flagEffects(slot);
      if (reads) live[b] = true;
      if (reads || writes) return;
    }
    // Leaving needs no reader: the exit sequence completes the flags.
    transparent[b] = length === block.records.length;
  });
  for (let changed = true; changed; ) {
    changed = false;
    region.forEach((block, b) => {
      if (live[b] || !transparent[b]) return;
      const next = [block.taken, block.fall];
      if (next.some((successor) => successor !== undefined && live[successor])) {
        live[b] = true;
        changed = true;
      }
    });
  }
  return live;
}

/** Adds the region as a function called `name`. */
export function compileRegion(m: Module, name: string, region: Region, imports: RegionImports): void {
  new RegionCompiler(m, region, imports).compile(name);
}

class RegionCompiler {
  private readonly m: Module;
  private readonly region: Region;
  private readonly imports: RegionImports;
  private readonly emitter: RegionEmitter;
  private readonly shape: Structure;
  private readonly lengths: number[];
  private readonly liveIn: boolean[];

  constructor(m: Module, region: Region, imports: RegionImports) {
    this.m = m;
    this.region = region;
    this.imports = imports;
    this.lengths = region.map((block) => compiledLength(block.records));
    this.liveIn = flagsLiveIn(region, this.lengths);
    this.shape = structure({
      successors: region.map((block, b) => {
        if (this.lengths[b] !== block.records.length) return [];
        return [block.taken, block.fall].filter((successor) => successor !== undefined);
      }),
    });
    this.emitter = new RegionEmitter(m, imports, firstVariant());
  }

  compile(name: string): void {
    const { m, emitter } = this;
    const body = m.block(EXIT_LABEL, [this.tree(0)]);
    const head = (this.region[0] as RegionBlock).records.head;
    void head;
    const code = m.block(null, [...this.prologue(), body, ...this.epilogue()]);
    m.addFunction(name, i32, none, emitter.localTypes, code);
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
    for (const merge of merges) code = m.block(null, [m.block(mergeLabel(merge), [code]), this.tree(merge)]);
    return code;
  }

  private branch(from: number, to: number): Expression {
    const { m, shape } = this;
    if ((shape.rank[to] as number) <= (shape.rank[from] as number)) return m.br(loopLabel(to));
    if (shape.isMerge[to]) return m.br(mergeLabel(to));
    return this.tree(to);
  }

  // ---- blocks ----

  private code(node: number): Expression {
    const { m, emitter } = this;
    const block = this.region[node] as RegionBlock;
    const { records } = block;
    emitter.beginBlock(records);
    this.takeBudget(records);
    const length = this.lengths[node] as number;
    for (let index = 0; index < length; index++) {
      const variant = variantOfSlot(records.slot(index));
      if (variant !== undefined) emitter.instruction(index, variant);
    }
    if (length < records.length) emitter.leaveAt(length);
    const { terminator } = emitter;
    const statements = emitter.takeStatements();
    switch (terminator.kind) {
      case 'left':
        break;
      case 'jump':
        statements.push(...this.edge(node, block.taken, RECORD_LINK_TAKEN));
        break;
      case 'fall':
        statements.push(...this.edge(node, block.fall, RECORD_LINK_FALL));
        break;
      case 'branch': {
        // Both arms are built before either continues into another block, which changes the emitter's state.
        const taken = this.edgePrefix(node, block.taken, RECORD_LINK_TAKEN);
        const fall = this.edgePrefix(node, block.fall, RECORD_LINK_FALL);
        const then = m.block(null, [...taken, ...this.edgeTarget(node, block.taken)]);
        const otherwise = m.block(null, [...fall, ...this.edgeTarget(node, block.fall)]);
        statements.push(m.if(terminator.condition, then, otherwise));
        break;
      }
    }
    return m.block(null, statements);
  }

  private takeBudget(records: BlockRecords): void {
    const { m, emitter } = this;
    const count = (): Expression => m.i32.const(records.count);
    const budget = (): Expression => m.local.get(LOCAL_BUDGET, i32);
    emitter.emit(m.local.set(LOCAL_BUDGET, m.i32.sub(budget(), count())));
    emitter.emit(
      m.if(
        m.i32.lt_s(budget(), m.i32.const(0)),
        emitter.leave(EXIT_OUT_OF_BUDGET, [
          m.local.set(LOCAL_BUDGET, m.i32.add(budget(), count())),
          emitter.setTarget(records.head),
        ]),
      ),
    );
  }

  private isInside(from: number, to: number | undefined): to is number {
    return to !== undefined && !this.shape.isIrreducible(from, to);
  }

  private edge(from: number, to: number | undefined, link: number): Expression[] {
    return [...this.edgePrefix(from, to, link), ...this.edgeTarget(from, to)];
  }

  /** Flags for the other side and, if that is outside, the way out. */
  private edgePrefix(from: number, to: number | undefined, link: number): Expression[] {
    const { m, emitter } = this;
    if (this.isInside(from, to)) return emitter.flagsForEdge(this.liveIn[to] as boolean);
    const { records } = this.region[from] as RegionBlock;
    const last = records.address(records.length - 1);
    return [
      emitter.leave(EXIT_LINK, [
        ...emitter.flagsAsWords(),
        emitter.setTarget(last),
        m.local.set(LOCAL_LINK, m.i32.const(link)),
      ]),
    ];
  }

  private edgeTarget(from: number, to: number | undefined): Expression[] {
    return this.isInside(from, to) ? [this.branch(from, to)] : [];
  }

  // ---- entry and exit ----

  private prologue(): Expression[] {
    const { m, emitter } = this;
    const zero = (): Expression => m.i32.const(0);
    return [
      m.local.set(LOCAL_BUDGET, m.i32.load(CPU_STATE + BUDGET, 4, zero())),
      m.local.set(LOCAL_PAGE_BASE, m.i64.load(CPU_STATE + PAGE_BASE, 8, zero())),
      m.local.set(LOCAL_FLAG_RESULT, m.i64.load(CPU_STATE + FLAG_RESULT, 8, zero())),
      m.local.set(LOCAL_FLAG_AUX, m.i32.load(CPU_STATE + FLAG_AUX, 4, zero())),
      ...emitter.loads(),
    ];
  }

  private epilogue(): Expression[] {
    const { m, emitter } = this;
    const zero = (): Expression => m.i32.const(0);
    const kindIs = (kind: number): Expression => m.i32.eq(m.local.get(LOCAL_KIND, i32), m.i32.const(kind));
    const target = (): Expression => m.local.get(LOCAL_TARGET, i32);
    const statements: Expression[] = [
      ...emitter.stores(),
      m.i32.store(CPU_STATE + BUDGET, 4, zero(), m.local.get(LOCAL_BUDGET, i32)),
    ];
    if (emitter.writesFlags) statements.push(this.storeFlags());
    this.imports.function('resolveLink', [i32, i32], i32);
    this.imports.function('lookupJump', [i32, i64], i32);
    const rip = m.i64.add(
      m.local.get(LOCAL_PAGE_BASE, i64),
      m.i64.extend_u(m.i32.load16_u(RECORD_PAGE_OFFSET, 2, target())),
    );
    const followLink = m.block(null, [
      m.local.set(LOCAL_KIND, m.i32.load(0, 4, m.i32.add(target(), m.local.get(LOCAL_LINK, i32)))),
      m.if(
        m.local.get(LOCAL_KIND, i32),
        m.local.set(LOCAL_TARGET, m.local.get(LOCAL_KIND, i32)),
        m.local.set(LOCAL_TARGET, m.call('resolveLink', [target(), m.local.get(LOCAL_LINK, i32)], i32)),
      ),
    ]);
    const outOfBudget = m.block(null, [
      m.i64.store(CPU_STATE + RIP, 8, zero(), rip),
      m.i32.store(CPU_STATE + EXIT_REASON, 4, zero(), m.i32.const(EXIT_BUDGET)),
      m.return(),
    ]);
    const indirect = m.local.set(LOCAL_TARGET, m.call('lookupJump', [target(), m.local.get(LOCAL_RIP, i64)], i32));
    statements.push(
      m.if(
        m.i32.ne(m.local.get(LOCAL_KIND, i32), m.i32.const(EXIT_ENTER)),
        m.if(kindIs(EXIT_LINK), followLink, m.if(kindIs(EXIT_INDIRECT), indirect, outOfBudget)),
      ),
      m.return_call_indirect(TABLE, m.i32.load(RECORD_FN, 4, target()), [target()], i32, none),
    );
    return statements;
  }

  /** Words from their locals, or worked out by the runtime from the operation that was kept. */
  private storeFlags(): Expression {
    const { m } = this;
    const zero = (): Expression => m.i32.const(0);
    this.imports.function('storeOperationFlags', [i32, i64, i64, i64, i32], none);
    return m.if(
      m.i32.eq(m.local.get(LOCAL_FLAG_KIND, i32), m.i32.const(FLAGS_RAW)),
      m.block(null, [
        m.i64.store(CPU_STATE + FLAG_RESULT, 8, zero(), m.local.get(LOCAL_FLAG_RESULT, i64)),
        m.i32.store(CPU_STATE + FLAG_AUX, 4, zero(), m.local.get(LOCAL_FLAG_AUX, i32)),
      ]),
      m.call(
        'storeOperationFlags',
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
  }
}

function firstVariant() {
  const variant = variantOfSlot(8);
  if (variant === undefined) throw new Error('no instructions');
  return variant;
}

function loopLabel(node: number): string {
  return `L${node}`;
}

function mergeLabel(node: number): string {
  return `B${node}`;
}
