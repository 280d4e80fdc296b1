import { describe, expect, it } from 'vitest';
import { placeRegisters } from '../../../src/compile/region/register-placement.ts';

const RAX = 1;
const RCX = 2;
const RDX = 4;

describe('placeRegisters', () => {
  it('loads at the entry what its group touches, and stores what it writes', () => {
    const { liveIn, stored } = placeRegisters([{ touched: RAX | RCX, written: RAX }], [0], [0], [[]]);
    expect(liveIn[0]).toBe(RAX | RCX);
    expect(stored[0]).toBe(RAX);
  });

  it('keeps a written register in its local across a merge that does not touch it', () => {
    // 0 -> 1, 2 -> 3; only 1 writes RAX, so the edge from 2 has to load it for the common way out of 3.
    const uses = [
      { touched: RDX, written: 0 },
      { touched: RAX, written: RAX },
      { touched: RCX, written: 0 },
      { touched: 0, written: 0 },
    ];
    const successors = [[1, 2], [3], [3], []];
    const { liveIn, stored } = placeRegisters(uses, [0, 1, 2, 3], [0, 1, 2, 3], successors);
    expect(stored).toEqual([0, RAX, 0, RAX]);
    expect((liveIn[3] as number) & RAX).toBe(RAX);
    expect((liveIn[2] as number) & RAX).toBe(0);
  });

  it('stores in a loop what a later block of the loop writes', () => {
    const uses = [
      { touched: RAX, written: 0 },
      { touched: RCX, written: RCX },
    ];
    const { liveIn, stored } = placeRegisters(uses, [0, 0], [0, 1], [[1], [0]]);
    expect(stored[0]).toBe(RCX);
    expect(liveIn[0]).toBe(RAX | RCX);
  });
});
