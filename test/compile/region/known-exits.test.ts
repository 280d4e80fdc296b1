/** A region that leads to a block by the address of its head goes where the guest's tables and code say, as the interpreter does. */
import { describe, expect, it } from 'vitest';
import { OUTSIDE, type RegionSource } from '../../../src/compile/region-source.ts';
import { type Prepare, runBothTiers } from '../../code-cache/both-tiers.ts';
import { PAGE_DIRECTORY } from '../../isa/system-machine.ts';
import { assemble } from '../../support/assembler.ts';

const PAGE_TABLE = 0x4_8000;
/** Linear address of a function that the loop below calls, and the frames it is in at first and later. */
const FUNCTION = 0x20_0000;
const FRAMES = [0x5_0000, 0x5_1000] as const;
const RBX = 3;

const prepare: Prepare = (machine) => {
  machine.write64(PAGE_DIRECTORY + 8, BigInt(PAGE_TABLE) | 7n);
  machine.write64(PAGE_TABLE, BigInt(FRAMES[0]) | 0x67n);
  machine.write(FRAMES[0], [...assemble('lea rbx,[rbx+0x1]; ret')]);
  machine.write(FRAMES[1], [...assemble('lea rbx,[rbx+0x64]; ret')]);
};

/** Makes the function hot (a region ends at WBINVD), so that it is a region of its own; then a loop calls it, and again after something has changed. */
const program = (change: string): string => `
  mov ebp,2
  xor ebx,ebx
  mov ecx,30
  warm: call ${FUNCTION}
  wbinvd
  dec ecx
  jne warm
  again: mov ecx,40
  loop: call ${FUNCTION}
  dec ecx
  jne loop
  ${change}
  dec ebp
  jne again
  hlt
`;

/** Heads outside that regions lead to when a branch is taken. */
function exits(regions: readonly RegionSource[]): number[] {
  const blocks = regions.flatMap((region) => region.blocks);
  return blocks
    .filter(({ taken, takenHead }) => taken === OUTSIDE && takenHead !== 0)
    .map(({ head }) => head);
}

describe('a region that leaves for a block in another page', () => {
  it('finds another one where that page has been mapped elsewhere', () => {
    const change = `mov DWORD PTR ds:${PAGE_TABLE},${FRAMES[1] | 0x67}; invlpg BYTE PTR ds:${FUNCTION}`;
    const { registers, regions } = runBothTiers(program(change), prepare);
    expect(exits(regions)).not.toHaveLength(0);
    expect(registers[RBX]).toBe(30n + 40n + 40n * 100n);
  });

  it('finds what has been written over it', () => {
    const { registers, regions } = runBothTiers(program(`mov BYTE PTR ds:${FUNCTION + 3},7`), prepare);
    expect(exits(regions)).not.toHaveLength(0);
    expect(registers[RBX]).toBe(30n + 40n + 40n * 7n);
  });

  it('faults where there is no page any more', () => {
    const change = `mov DWORD PTR ds:${PAGE_TABLE},0; invlpg BYTE PTR ds:${FUNCTION}`;
    const { regions, registers } = runBothTiers(program(change), prepare);
    expect(exits(regions)).not.toHaveLength(0);
    expect(registers[RBX]).toBe(30n + 40n);
  });
});

it('a region that leaves for a block in its own page finds what has been written over it', () => {
  const function_ = `
    hlt
    function: lea rbx,[rbx+0x1]
    ret
  `;
  const change = 'mov edi,offset function; mov BYTE PTR [rdi+0x3],7';
  const code = `${program(change).replaceAll(String(FUNCTION), 'function')} ${function_}`;
  const { registers, regions } = runBothTiers(code);
  expect(exits(regions)).not.toHaveLength(0);
  expect(registers[RBX]).toBe(30n + 40n + 40n * 7n);
});
