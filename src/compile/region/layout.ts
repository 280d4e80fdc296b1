/** Puts the blocks and hubs of a region into their places: nested wasm blocks and loops, as control-flow.ts found them. */
import type { Expression, Module } from '../../wasm/builder.ts';
import type { EmittedBlock } from './block-emitter.ts';
import { Edges } from './edges.ts';
import { Hubs } from './hubs.ts';
import { firstHubLabel, innerLoopLabel, loopLabel, mergeLabel } from './labels.ts';
import type { RegionParts } from './parts.ts';
import type { RegionPlan } from './plan.ts';
import type { PlacedRegisters } from './register-placement.ts';

/**
 * For each node the general registers that may be written while the flags it begins with are not replaced: a set of them as
 * of register-locals.ts.
 */
function overwrittenRegisters(
  { blocks, shape, successors }: RegionPlan,
  emitted: readonly (EmittedBlock | undefined)[],
): number[] {
  const overwritten = successors.map((_, node) => emitted[node]?.overwritten ?? 0);
  // What leads to a node comes before it, but for loops.
  const backwards = shape.order.toReversed();
  for (let changed = true; changed; ) {
    changed = false;
    for (const node of backwards) {
      if (node < blocks.length && (emitted[node] as EmittedBlock).replacesFlags) continue;
      const following = (successors[node] as readonly number[]).map((next) => overwritten[next] as number);
      const all = following.reduce((a, b) => a | b, overwritten[node] as number);
      changed ||= all !== overwritten[node];
      overwritten[node] = all;
    }
  }
  return overwritten;
}

/** Code of all blocks. @param emitted by index; undefined where no way leads to. */
export function layOut(
  parts: RegionParts,
  plan: RegionPlan,
  emitted: readonly (EmittedBlock | undefined)[],
  registers: PlacedRegisters,
): Expression {
  return new Layout(parts, plan, emitted, registers).tree(0);
}

class Layout {
  private readonly m: Module;
  private readonly parts: RegionParts;
  private readonly plan: RegionPlan;
  private readonly emitted: readonly (EmittedBlock | undefined)[];
  private readonly edges: Edges;
  private readonly hubs: Hubs;
  private readonly nodes: readonly { readonly group: number }[];
  private readonly registers: PlacedRegisters;

  constructor(
    parts: RegionParts,
    plan: RegionPlan,
    emitted: readonly (EmittedBlock | undefined)[],
    registers: PlacedRegisters,
  ) {
    this.m = parts.m;
    this.parts = parts;
    this.plan = plan;
    this.emitted = emitted;
    this.registers = registers;
    const { blocks, hubs } = plan;
    this.nodes = [...blocks, ...hubs];
    const overwritten = overwrittenRegisters(plan, emitted);
    this.edges = new Edges(parts, plan, registers, overwritten, (from, to) => this.branch(from, to));
    this.hubs = new Hubs(parts, plan, this.edges, firstHubLabel(this.nodes.length));
  }

  /** A block with all that it dominates. */
  tree(block: number): Expression {
    const { m } = this;
    const { children, isMerge, isLoopHeader, innerLoopEnds } = this.plan.shape;
    const merges = (children[block] ?? []).filter((child) => isMerge[child]);
    const code = this.within(block, merges);
    if (!isLoopHeader[block]) return code;
    const isDouble = (innerLoopEnds[block] as readonly number[]).length > 0;
    return m.loop(loopLabel(block), isDouble ? m.loop(innerLoopLabel(block), code) : code);
  }

  /** The block's own code inside a wasm block for each merge block it dominates, the last of them outermost. */
  private within(block: number, merges: readonly number[]): Expression {
    const { m } = this;
    let code = this.group(block);
    for (const merge of merges) {
      code = m.block(null, [m.block(mergeLabel(merge), [code]), this.tree(merge)]);
    }
    return code;
  }

  private branch(from: number, to: number): Expression {
    const { m } = this;
    const { rank, isMerge, innerLoopEnds } = this.plan.shape;
    if ((rank[to] as number) <= (rank[from] as number)) {
      const isInner = (innerLoopEnds[to] as readonly number[]).includes(from);
      return m.br(isInner ? innerLoopLabel(to) : loopLabel(to));
    }
    if (isMerge[to]) return m.br(mergeLabel(to));
    return this.tree(to);
  }

  /** A block's code; if it starts a group, with the group's way out behind it. */
  private group(block: number): Expression {
    const { leave } = this.parts;
    const { length } = this.plan.blocks;
    const code =
      block < length ? this.code(block, this.emitted[block] as EmittedBlock) : this.hubs.code(block);
    if (this.nodes[block]?.group !== block) return code;
    return leave.group(block, code, this.registers.onWayOut(block));
  }

  private code(block: number, { statements, terminator, flags }: EmittedBlock): Expression {
    const { m, edges } = this;
    switch (terminator.kind) {
      case 'left':
        return m.block(null, statements);
      case 'jump':
        return m.block(null, [...statements, ...edges.taken(block, flags)]);
      case 'fall':
        return m.block(null, [...statements, ...edges.fall(block, flags)]);
      case 'branch': {
        const taken = m.block(null, edges.taken(block, flags));
        const fall = m.block(null, edges.fall(block, flags));
        return m.block(null, [...statements, m.if(terminator.condition, taken, fall)]);
      }
      case 'indirect':
        return m.block(null, [...statements, ...edges.indirect(block, flags)]);
    }
  }
}
