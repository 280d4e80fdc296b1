/** Labels of the blocks and loops of a region's function: one, three for each node of the plan, and what hubs need. */
import type { Label } from '../../wasm/builder.ts';

/** Behind it is what all ways out share (leave.ts). */
export const WAY_OUT_LABEL: Label = 0;

/** Behind it is the way out of a group of blocks. */
export function groupWayOutLabel(group: number): Label {
  return 3 * group + 1;
}

/** Labels of blocks do not reach them. */
const FIRST_ATTEMPT_LABEL: Label = 1 << 24;

/** Labels of an attempt (attempt.ts), by its number in the region. */
export function attemptLabels(attempt: number): { readonly undo: Label; readonly done: Label } {
  const undo = FIRST_ATTEMPT_LABEL + 2 * attempt;
  return { undo, done: undo + 1 };
}

export function loopLabel(block: number): Label {
  return 3 * block + 2;
}

/** Behind it is a block that several edges lead to. */
export function mergeLabel(block: number): Label {
  return 3 * block + 3;
}

/** Labels from here on are for hubs. @param nodes of the plan. */
export function firstHubLabel(nodes: number): Label {
  return 3 * nodes + 1;
}
