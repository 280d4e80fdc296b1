/** Memory in which accesses go over page boundaries, and into code. */
import { DATA_SIZE, type Prepare } from '../../code-cache/both-tiers.ts';
import { DATA, PAGE_DIRECTORY } from '../../isa/system-machine.ts';
import { assemble } from '../../support/assembler.ts';

/** A function that returns 1, on a page of its own. */
export const FUNCTION = 0x3_0800;
/** Of the pages from 200000h on. */
export const PAGE_TABLE = 0x4_8000;
/** What the pages from 200000h on are mapped to: no two are neighbours, and none is behind them. */
const FRAMES = [DATA + 0x2000, DATA + 0x5000, DATA + 0x1000];

export const prepare: Prepare = (machine) => {
  for (let at = 0; at < DATA_SIZE; at += 8) {
    machine.write64(DATA + at, BigInt(at) * 0x9e37_79b9_7f4a_7c15n);
  }
  machine.write64(PAGE_DIRECTORY + 8, BigInt(PAGE_TABLE) | 7n);
  FRAMES.forEach((frame, index) => {
    machine.write64(PAGE_TABLE + index * 8, BigInt(frame) | 0x67n);
  });
  machine.write(FUNCTION, [...assemble('mov eax,1; ret')]);
};
