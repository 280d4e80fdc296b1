import { expect, it } from 'vitest';
import {
  attemptLabels,
  firstHubLabel,
  groupWayOutLabel,
  HUB_LABEL_STEP,
  innerLoopLabel,
  loopLabel,
  mergeLabel,
  WAY_OUT_LABEL,
} from '../../../src/compile/region/labels.ts';

it('labels of a region are different, and few enough for an array', () => {
  const nodes = 100;
  const attempts = 300;
  const labels: number[] = [WAY_OUT_LABEL];
  for (let node = 0; node < nodes; node++)
    labels.push(groupWayOutLabel(node), loopLabel(node), innerLoopLabel(node), mergeLabel(node));
  for (let hub = 0; hub < 300; hub++) labels.push(firstHubLabel(nodes) + hub * HUB_LABEL_STEP);
  for (let attempt = 0; attempt < attempts; attempt++) labels.push(...Object.values(attemptLabels(attempt)));
  expect(new Set(labels).size).toBe(labels.length);
  expect(Math.max(...labels)).toBeLessThan(2 * labels.length);
});
