/**
 * Where a VEX prefix is one, what it may not have (Intel SDM Vol. 2 "Vector Extension (VEX)"), and when AVX is enabled
 * ("Exception Conditions for AVX").
 */
import { describe, expect, it } from 'vitest';
import { disassemble } from '../../src/isa/disassembler.ts';
import { CR0, XCR0 } from '../../src/layout/cpu-state.ts';
import { MODE_CODE_16, MODE_CODE_32, MODE_CODE_64, MODE_REAL } from '../../src/layout/mode.ts';
import { SystemMachine } from './system-machine.ts';

function text(code: string, mode = MODE_CODE_64): string {
  return disassemble(
    Uint8Array.from(code.split(' '), (byte) => Number.parseInt(byte, 16)),
    0n,
    mode,
  ).text;
}

describe('64-bit mode', () => {
  it.each([
    ['c4 e2 70 f2 c2', 'andn eax,ecx,edx'],
    ['c4 42 a0 f2 c1', 'andn r8,r11,r9'],
    ['c4 e2 78 f3 0b', 'blsr eax,DWORD PTR [rbx]'],
    ['c4 a2 f9 f7 04 a3', 'shlx rax,QWORD PTR [rbx+r12*4],rax'],
    ['c4 c3 fb f0 d0 11', 'rorx rdx,r8,0x11'],
  ])('%s = %s', (code, expected) => {
    expect(text(code)).toBe(expected);
  });

  it.each([
    ['f0 c4 e2 70 f2 c2', 'LOCK'],
    ['66 c4 e2 70 f2 c2', '66'],
    ['f2 c4 e2 70 f2 c2', 'F2'],
    ['f3 c4 e2 70 f2 c2', 'F3'],
    ['48 c4 e2 70 f2 c2', 'REX'],
    ['c4 e2 74 f2 c2', 'VEX.L = 1'],
    ['c4 e3 73 f0 c2 01', 'vvvv without such an operand'],
    ['c4 e4 70 f2 c2', 'map 4'],
    ['c4 e0 70 f2 c2', 'map 0'],
  ])('%s is no instruction: %s', (code) => {
    expect(text(code)).toBe('(bad)');
  });

  it('takes segment and address size prefixes', () => {
    expect(text('64 67 c4 e2 78 f3 0b')).toBe('blsr eax,DWORD PTR fs:[ebx]');
  });
});

describe('other modes', () => {
  it.each([MODE_CODE_32, MODE_CODE_16])('mode %i: three bits of vvvv count, VEX.W does not', (mode) => {
    expect(text('c4 e2 70 f2 c2', mode)).toBe('andn eax,ecx,edx');
    expect(text('c4 e2 b0 f2 c2', mode)).toBe('andn eax,ecx,edx');
  });

  it('is LES or LDS with a memory operand, and neither in real mode', () => {
    expect(text('c4 02 70 f2 c2', MODE_CODE_32)).not.toContain('andn');
    expect(text('c4 e2 70 f2 c2', MODE_CODE_16 | MODE_REAL)).toBe('(bad)');
  });
});

describe('AVX', () => {
  const OSXSAVE = 1n << 18n;
  const TASK_SWITCHED = 8n;
  const VZEROUPPER = '.byte 0xc5,0xf8,0x77';
  const UNDEFINED = 6;
  const NOT_AVAILABLE = 7;

  it.each([
    ['CR4.OSXSAVE is clear', 0n, 7n, 0n, UNDEFINED],
    ['XCR0 has no AVX', OSXSAVE, 3n, 0n, UNDEFINED],
    ['CR0.TS is set', OSXSAVE, 7n, TASK_SWITCHED, NOT_AVAILABLE],
    ['CR0.TS is set, but XCR0 has no AVX', OSXSAVE, 3n, TASK_SWITCHED, UNDEFINED],
    ['all is set up', OSXSAVE, 7n, 0n, 'halt'],
  ] as const)('where %s', (_, cr4, xcr0, cr0, outcome) => {
    const system = new SystemMachine();
    const { processor } = system;
    processor.setU64(XCR0, xcr0);
    processor.setU64(CR0, processor.u64(CR0) | cr0);
    system.setCr4(cr4);
    system.toKernel();
    expect(system.run(VZEROUPPER)).toBe(outcome);
  });

  it('is enabled by XSETBV, and general registers do without', () => {
    const system = new SystemMachine();
    system.setCr4(OSXSAVE);
    system.toKernel();
    expect(system.run('.byte 0xc4,0xe2,0x70,0xf2,0xc2')).toBe('halt');
    expect(system.run(`xor ecx,ecx; xor edx,edx; mov eax,7; xsetbv; ${VZEROUPPER}`)).toBe('halt');
    expect(system.run(`xor ecx,ecx; xor edx,edx; mov eax,3; xsetbv; ${VZEROUPPER}`)).toBe(UNDEFINED);
  });
});
