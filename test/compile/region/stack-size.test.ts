/** Stacks of 32-bit code: of flat segments regions know where they are, and how much of RSP counts. */
import { describe, expect, it } from 'vitest';
import { RSP } from '../../../src/layout/architecture.ts';
import { SEGMENT_CS, SEGMENT_DS, SEGMENT_ES, SEGMENT_SS } from '../../../src/layout/cpu-state.ts';
import { MODE_FLAT, MODE_STACK_32 } from '../../../src/layout/mode.ts';
import { MODE } from '../../../src/layout/runtime-state.ts';
import { runBothTiers } from '../../code-cache/both-tiers.ts';
import { KERNEL_CS, KERNEL_SS } from '../../isa/system-machine.ts';

const CODE_32 = 0xc09b;
/** Its upper half is no part of an offset, of a 16-bit stack neither is the 4. */
const POINTER = 0x1_0004_fff0n;
const RCX = 1;
const RSI = 6;
const RDI = 7;

/** As 64-bit code it has the same encodings, with registers of 64 bits. */
const LOOP = `
  mov ecx,30
  again: push rcx
  call function
  pop rdx
  add eax,edx
  dec ecx
  jne again
  mov edi,DWORD PTR [rsi]
  hlt
  function: push rbp
  mov ebp,esp
  push rax
  leave
  push rcx
  push rcx
  .byte 0x8b,0x54,0x24,0x08 # mov edx,[esp+8]
  mov DWORD PTR [rsi-0x10],edx
  pop rcx
  pop rcx
  ret
`;

/** @param limit of the stack segment. */
function run32(code: string, rights: number, limit = 0xffff_ffff) {
  let mode = 0;
  const result = runBothTiers(code, ({ processor }) => {
    processor.runtime.setSegment(SEGMENT_CS, KERNEL_CS, 0n, 0xffff_ffff, CODE_32);
    processor.runtime.setSegment(SEGMENT_SS, KERNEL_SS, 0n, limit, rights);
    for (const data of [SEGMENT_DS, SEGMENT_ES])
      processor.runtime.setSegment(data, KERNEL_SS, 0n, 0xffff_ffff, 0xc093);
    processor.runtime.updateMode();
    mode = processor.u32(MODE);
    processor.setGpr(RSP, POINTER);
    processor.setGpr(RSI, (mode & MODE_STACK_32) !== 0 ? 0x4_ffecn : 0xffecn);
  });
  expect(result.regions.length).toBeGreaterThan(0);
  return { ...result, mode: mode & (MODE_FLAT | MODE_STACK_32) };
}

describe('the stack of 32-bit code', () => {
  it.each([
    { bits: 32, rights: 0xc093, expected: MODE_FLAT | MODE_STACK_32 },
    { bits: 16, rights: 0x8093, expected: MODE_FLAT },
  ])('has pointers of $bits bits, and what is above them does not count', ({ rights, expected }) => {
    const { registers, mode } = run32(LOOP, rights);
    expect(mode).toBe(expected);
    expect(registers[RSP]).toBe(0x4_fff0n);
    expect(registers[RCX]).toBe(0n);
    // What the last turn of the loop pushed.
    expect(registers[RDI]).toBe(1n);
  });

  it('is checked where its segment is expand-down', () => {
    const { registers, mode } = run32(
      'mov ecx,40; again: push rcx; dec ecx; jne again; hlt',
      0xc097,
      0x4_ff7f,
    );
    expect(mode).toBe(MODE_STACK_32);
    // 28 doublewords are above the limit.
    expect(registers[RCX]).toBe(12n);
  });
});
