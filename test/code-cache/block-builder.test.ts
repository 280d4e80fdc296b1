/** Code that cannot be fetched as a whole, or at all. */
import { beforeEach, describe, expect, it } from 'vitest';
import { CR2 } from '../../src/layout/cpu-state.ts';
import {
  HEAD_COUNT,
  HEAD_END_RECORD,
  HEAD_FALL,
  HEAD_FLAGS,
  HEAD_TAKEN,
  RECORD_FN,
  RECORD_SIZE,
  SLOT_END,
} from '../../src/layout/record.ts';
import { RECORD_TOP } from '../../src/layout/runtime-state.ts';
import { CODE, PAGE_DIRECTORY, SystemMachine } from '../isa/system-machine.ts';
import { assemble } from '../support/assembler.ts';

const UD = 6;
const GP = 13;
const PF = 14;
const RAX = 0;
/** Linear address after the last page that is mapped. */
const END = 0x40_0000;

let machine: SystemMachine;
beforeEach(() => {
  machine = new SystemMachine();
  // Everything is the supervisor's.
  machine.write64(PAGE_DIRECTORY + 8, 0x20_0083n);
});

/** Jumps to a linear address. */
function jumpTo(address: number): ReturnType<SystemMachine['run']> {
  machine.processor.setGpr(RAX, BigInt(address));
  return machine.run('jmp rax');
}

describe('an instruction that crosses into a page', () => {
  it('that is not mapped: #PF there, and no records are lost', () => {
    machine.write(END - 2, [0x48, 0xb8]);
    const tops = [0, 1].map(() => {
      expect(jumpTo(END - 2)).toBe(PF);
      expect(machine.processor.u64(CR2)).toBe(BigInt(END));
      return machine.processor.u32(RECORD_TOP);
    });
    // Each run translates the code that jumps anew: as many records for the second as for the first.
    const start = machine.processor.u32(RECORD_TOP);
    expect(jumpTo(END - 2)).toBe(PF);
    expect(machine.processor.u32(RECORD_TOP) - start).toBe((tops[1] as number) - (tops[0] as number));
    expect(start - (tops[0] as number)).toBeLessThan(8 * 32);
  });

  it('that is no RAM: its bytes are FFH', () => {
    machine.write64(PAGE_DIRECTORY + 16, 0x40_0083n);
    // mov eax, imm32 with the immediate beyond; then FF FF.
    machine.write(END - 1, [0xb8]);
    expect(jumpTo(END - 1)).toBe(UD);
    expect(machine.processor.gpr(RAX)).toBe(0xffff_ffffn);
  });
});

it('code outside RAM is FFH, which is no instruction', () => {
  machine.write64(PAGE_DIRECTORY + 16, 0x40_0083n);
  expect(jumpTo(END + 0x123)).toBe(UD);
});

it('an instruction of more than 15 bytes is #GP(0), also across pages', () => {
  const prefixes = Array<number>(15).fill(0x66);
  expect(machine.run(`.byte ${'0x66,'.repeat(15)}0x90`)).toBe(GP);
  machine.write(CODE + 0x1000 - 7, [...prefixes, 0x90]);
  expect(jumpTo(CODE + 0x1000 - 7)).toBe(GP);
  // 15 bytes are fine.
  expect(machine.run(`.byte ${'0x66,'.repeat(14)}0x90`)).toBe('halt');
});

it.each([
  ['jmp 0x10012', HEAD_TAKEN],
  ['je 0x10012', HEAD_TAKEN | HEAD_FALL],
  ['loop 0x10012', HEAD_TAKEN | HEAD_FALL],
  // Its other fields tell that it pushes.
  ['call 0x10015', HEAD_TAKEN],
  ['jmp rax', 0],
  ['ret', 0],
  ['ud2', 0],
  ['cpuid', HEAD_END_RECORD | HEAD_FALL],
  ['nop;'.repeat(64), HEAD_END_RECORD | HEAD_FALL],
])('the head tells which links the last record has: %s', (code, flags) => {
  const { processor } = machine;
  machine.write(CODE, [...assemble(code, CODE)]);
  processor.rip = BigInt(CODE);
  const head = processor.runtime.lookup();
  const { u8, u16, u32 } = processor.views;
  expect(u8[head + HEAD_FLAGS]).toBe(flags);
  const count = u16[(head + HEAD_COUNT) >> 1] as number;
  const end = head + (count + 1) * RECORD_SIZE;
  const hasEnd = (flags & HEAD_END_RECORD) !== 0;
  expect(processor.u32(RECORD_TOP)).toBe(hasEnd ? end + RECORD_SIZE : end);
  if (hasEnd) expect(u32[(end + RECORD_FN) >> 2]).toBe(SLOT_END);
});
