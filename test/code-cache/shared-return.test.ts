/** Functions that return by way of a RET that all of them share, as Linux's do until it has patched them. */
import { expect, it } from 'vitest';
import { CODE, type SystemMachine } from '../isa/system-machine.ts';
import { assemble } from '../support/assembler.ts';
import { runBothTiers } from './both-tiers.ts';
import { shapeOf } from './region-shape.ts';

const SHARED = CODE + 0x1000;

/** A loop with so many calls that what they lead to is hot before it. */
const program = `
  mov ecx,100
  again: call ${SHARED}
  add rbx,rcx
  call ${SHARED}
  add rbx,rcx
  call ${SHARED}
  dec ecx
  jne again
  hlt
`;

/** Regions that end in the other page, without what is there alone. @param shared instructions at SHARED. */
function takingItIn(shared: string) {
  const { regions } = runBothTiers(program, (machine: SystemMachine) => {
    machine.write(SHARED, [...assemble(shared, SHARED)]);
  });
  expect(regions[0]?.blocks).toHaveLength(1);
  return regions.filter((region) => shapeOf(region).pages > 0);
}

it('a block that is only a RET is in each region that leads to it, which ends there', () => {
  const regions = takingItIn('ret');
  expect(regions.length).toBeGreaterThan(2);
  for (const { blocks } of regions) expect(blocks.at(-1)).toMatchObject({ page: 1, targets: [] });
});

it('other blocks that are regions of their own are left to', () => {
  expect(takingItIn('nop; ret')).toEqual([]);
});
