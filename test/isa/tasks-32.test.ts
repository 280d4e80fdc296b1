/** Programs in 32-bit protected mode that switch tasks: CALL and IRET, an interrupt through a task gate, a double fault's task. */
import { beforeEach, describe, expect, it } from 'vitest';
import {
  CR0,
  CR4,
  GDTR_BASE,
  GDTR_LIMIT,
  IDTR_BASE,
  IDTR_LIMIT,
  MSR_EFER,
  SEGMENT_CS,
  SEGMENT_DS,
  SEGMENT_ES,
  SEGMENT_LIMIT,
  SEGMENT_RIGHTS,
  SEGMENT_SELECTOR,
  SEGMENT_SS,
  SEGMENT_TR,
  TR_BASE,
} from '../../src/layout/cpu-state.ts';
import { MODE_CODE_32 } from '../../src/layout/mode.ts';
import { createTieredMachine, runRounds, type TieredMachine } from '../code-cache/tiered-machine.ts';
import { BACK_ENDS } from '../support/back-ends.ts';
import { type Line, linesOf } from '../support/listing.ts';
import { CODE, DATA, type SystemMachine } from './system-machine.ts';

const RAX = 0;
const RSP = 4;

const TABLES = 0x7_0000;
const GATES = 0x7_1000;
const FIRST_TSS = 0x7_2000;
const SECOND_TSS = 0x7_2100;
const STACK = 0x3_0000;
const SECOND_STACK = 0x4_0000;
/** Where the second task begins. */
const SECOND = CODE + 0x800;

const CODE_32 = 0x08;
const DATA_32 = 0x10;
const FIRST = 0x18;
const OTHER = 0x20;

const CALL_OTHER: Line = ['9a 00 00 00 00 20 00', 'call far 0x20:0x0'];
const INTERRUPT: Line = ['cd 21', 'int 0x21'];
const HALT: Line = ['f4', 'hlt'];
/** Counts in memory each time that it is entered. */
const COUNTING: readonly Line[] = [
  ['ff 05 00 00 02 00', 'inc DWORD PTR ds:0x20000'],
  ['b8 77 00 00 00', 'mov eax,0x77'],
  ['cf', 'iretd'],
  ['eb f2', 'jmp 0x0'],
];

describe.each(['interpreter', 'compiled'] as const)('%s', (tier) => {
  let machine: SystemMachine;
  let tiering: TieredMachine['tiering'];

  beforeEach(() => {
    ({ machine, tiering } = createTieredMachine(tier, undefined, BACK_ENDS.writer));
    const { processor } = machine;
    processor.setU64(CR0, 0x11n);
    processor.setU64(CR4, 0n);
    processor.setU64(MSR_EFER, 0n);
    processor.setU64(GDTR_BASE, BigInt(TABLES));
    processor.setU32(GDTR_LIMIT, 0x27);
    processor.setU64(IDTR_BASE, BigInt(GATES));
    processor.setU32(IDTR_LIMIT, 0x7ff);
  });

  function tss(base: number, type: number): bigint {
    return 0x67n | (BigInt(base) << 16n) | (BigInt(0x80 | type) << 40n);
  }

  /** As before the first task's first instruction. */
  function begin(): void {
    const { processor } = machine;
    machine.write64(TABLES + CODE_32, 0x00cf_9b00_0000_ffffn);
    machine.write64(TABLES + DATA_32, 0x00cf_9300_0000_ffffn);
    machine.write64(TABLES + FIRST, tss(FIRST_TSS, 11));
    machine.write64(TABLES + OTHER, tss(SECOND_TSS, 9));
    for (const vector of [8, 0x21])
      machine.write64(GATES + vector * 8, (BigInt(OTHER) << 16n) | (0x85n << 40n));
    const words = new Uint32Array(26);
    words.set([SECOND, 2], 8);
    words[14] = SECOND_STACK;
    words.set([DATA_32, CODE_32, DATA_32, DATA_32], 18);
    machine.write(SECOND_TSS, [...new Uint8Array(words.buffer)]);
    processor.runtime.setSegment(SEGMENT_CS, CODE_32, 0n, 0xffff_ffff, 0xc09b);
    for (const index of [SEGMENT_ES, SEGMENT_SS, SEGMENT_DS]) {
      processor.runtime.setSegment(index, DATA_32, 0n, 0xffff_ffff, 0xc093);
    }
    processor.setU32(SEGMENT_SELECTOR + SEGMENT_TR * 4, FIRST);
    processor.setU32(SEGMENT_LIMIT + SEGMENT_TR * 4, 0x67);
    processor.setU32(SEGMENT_RIGHTS + SEGMENT_TR * 4, 0x8b);
    processor.setU64(TR_BASE, BigInt(FIRST_TSS));
    processor.flags = 2;
    processor.runtime.updateMode();
    processor.setGpr(RAX, 0x1234n);
    processor.setGpr(RSP, BigInt(STACK));
    processor.rip = BigInt(CODE);
    machine.write64(DATA, 0n);
  }

  /** Runs the two tasks to a HLT, several times. */
  function run(first: readonly Line[], second: readonly Line[]): void {
    machine.write(CODE, linesOf(MODE_CODE_32, ...first));
    machine.write(SECOND, linesOf(MODE_CODE_32, ...second));
    runRounds({ machine, tiering }, tier, begin);
  }

  const typeOf = (selector: number): number => Number((machine.read64(TABLES + selector) >> 40n) & 0x1fn);

  it('CALL, IRET, an interrupt, IRET: the second task goes on where it was', () => {
    run([CALL_OTHER, INTERRUPT, HALT], COUNTING);
    const { processor } = machine;
    expect(machine.read64(DATA)).toBe(2n);
    expect(Number(processor.rip)).toBe(CODE + 10);
    expect([processor.gpr(RAX), processor.gpr(RSP)]).toEqual([0x1234n, BigInt(STACK)]);
    expect(processor.flags).toBe(2);
    expect(processor.u32(SEGMENT_SELECTOR + SEGMENT_TR * 4)).toBe(FIRST);
    expect([typeOf(FIRST), typeOf(OTHER)]).toEqual([11, 9]);
    // CR0.TS.
    expect(processor.u64(CR0) & 8n).toBe(8n);
  });

  it('a double fault comes to its task on a good stack, whatever the old one was', () => {
    // The page fault's and the general protection gates are not there, nor is there a stack.
    run(
      [
        ['b8 00 00 00 00', 'mov eax,0x0'],
        ['8e d8', 'mov ds,ax'],
        ['8b 00', 'mov eax,DWORD PTR [eax]'],
      ],
      [['58', 'pop eax'], HALT],
    );
    const { processor } = machine;
    expect(Number(processor.rip)).toBe(SECOND + 2);
    // The error code was on the new stack.
    expect([processor.gpr(RAX), processor.gpr(RSP)]).toEqual([0n, BigInt(SECOND_STACK)]);
    const saved = machine.read64(FIRST_TSS + 32);
    expect([Number(saved & 0xffff_ffffn), Number(saved >> 32n)]).toEqual([CODE + 7, 2]);
    expect(typeOf(OTHER)).toBe(11);
  });
});
