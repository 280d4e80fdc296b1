/**
 * Labels of the blocks and loops of a region's function. Even: one, four for each node of the plan, and what hubs need. Odd:
 * two for each attempt, whose number is not known beforehand. The writer keeps an array of them, so they are small.
 */
import type { Label } from '../../wasm/builder.ts';

/** Behind it is what all ways out share (leave.ts). */
export const WAY_OUT_LABEL: Label = 0;

/** Behind it is the way out of a group of blocks. */
export function groupWayOutLabel(group: number): Label {
  return 8 * group + 2;
}

export function loopLabel(block: number): Label {
  return 8 * block + 4;
}

/** Of the innermost of several loops that begin with a block. */
export function innerLoopLabel(block: number): Label {
  return 8 * block + 6;
}

/** Behind it is a block that several edges lead to. */
export function mergeLabel(block: number): Label {
  return 8 * block + 8;
}

/** The first label for hubs. @param nodes of the plan. */
export function firstHubLabel(nodes: number): Label {
  return 8 * nodes + 2;
}

/** From a label of hubs to the next. */
export const HUB_LABEL_STEP = 2;

/** Labels of an attempt (attempt.ts), by its number in the region. */
export function attemptLabels(attempt: number): { readonly undo: Label; readonly done: Label } {
  return { undo: 4 * attempt + 1, done: 4 * attempt + 3 };
}
