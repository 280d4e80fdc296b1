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
  const overwritten: number[] = [];
  const passesOn: boolean[] = [];
  for (let node = 0; node < successors.length; node++) {
    const block = emitted[node];
    overwritten.push(block === undefined ? 0 : block.overwritten);
    passesOn.push(node >= blocks.length || block?.replacesFlags === false);
  }
  while (spreadOverwritten(shape.order, successors, passesOn, overwritten));
  return overwritten;
}

/** One round. @returns whether it changed any. */
function spreadOverwritten(
  order: readonly number[],
  successors: readonly (readonly number[])[],
  passesOn: readonly boolean[],
  overwritten: number[],
): boolean {
  let changed = false;
  // What leads to a node comes before it, but for loops.
  for (let at = order.length - 1; at >= 0; at--) {
    const node = order[at] as number;
    if (!passesOn[node]) continue;
    let all = overwritten[node] as number;
    for (const next of successors[node] as readonly number[]) all |= overwritten[next] as number;
    if (all === overwritten[node]) continue;
    overwritten[node] = all;
    changed = true;
  }
  return changed;
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
    this.edges = new Edges(parts, plan, registers, overwritten, emitted, (from, to) => this.branch(from, to));
    this.hubs = new Hubs(parts, plan, this.edges, firstHubLabel(this.nodes.length));
  }

  /** A block with all that it dominates. */
  tree(block: number): Expression {
    const { m } = this;
    const { children, isMerge, isLoopHeader, innerLoopEnds } = this.plan.shape;
    let code = this.group(block);
    // Inside a wasm block for each merge block that it dominates, the last of them outermost.
    for (const child of children[block] as readonly number[]) {
      if (isMerge[child]) code = m.block(null, [m.block(mergeLabel(child), [code]), this.tree(child)]);
    }
    if (!isLoopHeader[block]) return code;
    const isDouble = (innerLoopEnds[block] as readonly number[]).length > 0;
    return m.loop(loopLabel(block), isDouble ? m.loop(innerLoopLabel(block), code) : code);
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
    const stores: Expression[] = [];
    this.registers.onWayOut(block, stores);
    return leave.group(block, code, stores);
  }

  private code(block: number, { statements, terminator, condition, flags }: EmittedBlock): Expression {
    const { m, edges } = this;
    switch (terminator) {
      case 'left':
        break;
      case 'jump':
        edges.taken(block, flags, statements);
        break;
      case 'fall':
        edges.fall(block, flags, statements);
        break;
      case 'branch': {
        const taken: Expression[] = [];
        edges.taken(block, flags, taken);
        const takenCode = m.block(null, taken);
        const fall: Expression[] = [];
        edges.fall(block, flags, fall);
        statements.push(m.if(condition, takenCode, m.block(null, fall)));
        break;
      }
      case 'indirect':
        edges.indirect(block, flags, statements);
        break;
    }
    return m.block(null, statements);
  }
}
