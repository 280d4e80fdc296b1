/** Code of hubs (plan.ts): which of the targets `branchTarget` is, and on to it. */
import type { Local } from '../../emitter/locals.ts';
import type { Expression, Label } from '../../wasm/builder.ts';
import { i64 } from '../../wasm/value-types.ts';
import { hashAddresses } from './address-hash.ts';
import type { Edges } from './edges.ts';
import { HUB_LABEL_STEP } from './labels.ts';
import type { RegionParts } from './parts.ts';
import type { PlannedBlock, PlannedHub, RegionPlan } from './plan.ts';

/** Up to so many targets are compared with one after the other; among more it is chosen by a table of their hash. */
const MOST_COMPARED = 3;

export class Hubs {
  private readonly parts: RegionParts;
  private readonly plan: RegionPlan;
  private readonly edges: Edges;
  private nextLabel: Label;
  /** Where the branch leads to, relative to the entry's page. */
  private distance: Local | undefined = undefined;

  /** @param firstLabel labels from it on are free. */
  constructor(parts: RegionParts, plan: RegionPlan, edges: Edges, firstLabel: Label) {
    this.parts = parts;
    this.plan = plan;
    this.edges = edges;
    this.nextLabel = firstLabel;
  }

  private takeLabel(): Label {
    const label = this.nextLabel;
    this.nextLabel += HUB_LABEL_STEP;
    return label;
  }

  /** @param node number of the hub among the nodes. */
  code(node: number): Expression {
    const { parts } = this;
    const { m } = parts;
    const hub = this.plan.hubs[node - this.plan.blocks.length] as PlannedHub;
    this.distance ??= parts.locals.add(i64);
    const { mode } = (this.plan.blocks[0] as PlannedBlock).records;
    const distance = m.i64.sub(parts.leave.linearTarget(mode), parts.code.at(0, 0));
    const choose =
      hub.targets.length <= MOST_COMPARED
        ? hub.targets.map((target) => this.enterIf(node, hub, target))
        : [this.byTable(node, hub)];
    return m.block(null, [this.distance.set(distance), ...choose, parts.leave.fromHub(hub)]);
  }

  /** Relative to the entry's page. */
  private address(target: number): number {
    const { page, records } = this.plan.blocks[target] as PlannedBlock;
    return page * 4096 + records.startOffset;
  }

  /** To a target if it is that. */
  private enterIf(node: number, hub: PlannedHub, target: number): Expression {
    const { m } = this.parts;
    const { page } = hub;
    const { plan, edges } = this;
    const isThere = m.i64.eq((this.distance as Local).get(), m.i64.const(this.address(target)));
    const enter: Expression[] = [];
    if (plan.budget.asks(node, target))
      enter.push(edges.askBudget(node, target, this.parts.leave.fromHub(hub)));
    const unchecked =
      page === undefined ? edges.uncheckedFrom(1, 0, target) : edges.uncheckedFrom(page, page, target);
    edges.enterPages(node, unchecked, target, enter);
    return m.if(isThere, m.block(null, enter));
  }

  /** What is behind is where it is none of the targets. */
  private byTable(node: number, hub: PlannedHub): Expression {
    const { m } = this.parts;
    const { multiplier, shift, table } = hashAddresses(hub.targets.map((target) => this.address(target)));
    const labels = hub.targets.map(() => this.takeLabel());
    const missed = this.takeLabel();
    const low = m.i32.wrap((this.distance as Local).get());
    const number = m.i32.shr_u(m.i32.mul(low, m.i32.const(multiplier)), m.i32.const(shift));
    let code = m.br_table(
      table.map((index) => labels[index] ?? missed),
      missed,
      number,
    );
    hub.targets.forEach((target, index) => {
      const inside = [m.block(labels[index] as Label, [code]), this.enterIf(node, hub, target), m.br(missed)];
      code = m.block(null, inside);
    });
    return m.block(missed, [code]);
  }
}
