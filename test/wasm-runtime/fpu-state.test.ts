/** FXSAVE and XSAVE areas, and the environments of FNSTENV and FNSAVE, in the layouts of the Intel SDM Vol. 1. */
import { beforeEach, describe, expect, test } from 'vitest';
import { CPL, CR4, FPU_DP, FPU_IP, FPU_OPCODE, MXCSR, XCR0, YMM } from '../../src/layout/cpu-state.ts';
import { CPU_STATE } from '../../src/layout/linear-memory.ts';
import { MODE_CODE_32, MODE_CODE_64, MODE_REAL } from '../../src/layout/mode.ts';
import {
  B,
  CR0_EM,
  CR0_NE,
  CR0_TS,
  ES,
  FpuRuntime,
  GP,
  INFINITY,
  NM,
  ONE,
  OPERAND,
  PF,
  THREE,
  TWO,
  UD,
  UNMAPPED,
  ZE,
  ZERO,
} from './fpu-runtime.ts';

const FILL = 0xa5;
const DENORMAL = '00000000000000000001';

let fpu: FpuRuntime;
beforeEach(() => {
  fpu = FpuRuntime.create();
  fpu.bytes(OPERAND, 1024).fill(FILL);
});

/** Distinct bytes in all YMM registers: low halves from 0x100, upper halves from 0x200. */
function fillVectors(): void {
  const { view } = fpu;
  for (let i = 0; i < 16; i++) {
    view.setBigUint64(CPU_STATE + YMM + i * 32, BigInt(0x100 + i), true);
    view.setBigUint64(CPU_STATE + YMM + i * 32 + 16, BigInt(0x200 + i), true);
  }
}

function clearVectors(): void {
  for (let i = 0; i < 64; i++) fpu.setState64(YMM + i * 8, 0n);
}

const xmm = (i: number): bigint => fpu.state64(YMM + i * 32);
const upper = (i: number): bigint => fpu.state64(YMM + i * 32 + 16);
const field = (offset: number, size: number): bigint => fpu.read(OPERAND + BigInt(offset), size);
const setField = (offset: number, size: number, value: bigint): void =>
  fpu.write(OPERAND + BigInt(offset), size, value);
const isUntouched = (start: number, end: number): boolean =>
  fpu.bytes(OPERAND + BigInt(start), end - start).every((byte) => byte === FILL);

describe('FXSAVE and FXRSTOR', () => {
  test('layout of the 64-bit form', () => {
    fillVectors();
    fpu.load(ONE, TWO);
    fpu.setState64(FPU_IP, 0x1122_3344_5566_7788n);
    fpu.setState64(FPU_DP, 0x99aa_bbcc_ddee_ff00n);
    fpu.run('fxsave', OPERAND, 8);
    expect(field(0, 2)).toBe(0x37fn);
    expect(field(2, 2)).toBe(0x3000n);
    // One bit for each register in use, in physical order: 6 and 7.
    expect(field(4, 1)).toBe(0xc0n);
    expect(field(8, 8)).toBe(0x1122_3344_5566_7788n);
    expect(field(16, 8)).toBe(0x99aa_bbcc_ddee_ff00n);
    expect(field(24, 4)).toBe(0x1f80n);
    expect(field(28, 4)).toBe(0xffffn);
    expect(field(32, 16)).toBe(0x3fff_8000_0000_0000_0000n);
    expect(field(48, 16)).toBe(0x4000_8000_0000_0000_0000n);
    for (let i = 0; i < 16; i++) expect(field(160 + 16 * i, 16)).toBe(BigInt(0x100 + i));
    expect(isUntouched(416, 512)).toBe(true);
  });

  test('the 32-bit form saves 32-bit pointers and zero selectors', () => {
    fpu.setState64(FPU_IP, 0x1122_3344_5566_7788n);
    fpu.setState64(FPU_DP, 0x99aa_bbcc_ddee_ff00n);
    fpu.run('fxsave', OPERAND, 4);
    expect(field(8, 8)).toBe(0x5566_7788n);
    expect(field(16, 8)).toBe(0xddee_ff00n);
  });

  test('everything comes back', () => {
    fillVectors();
    fpu.load(THREE, INFINITY, DENORMAL);
    fpu.control = 0x27f;
    fpu.setState32(MXCSR, 0x9fc0);
    fpu.run('fxsave', OPERAND, 8);
    clearVectors();
    fpu.run('fninit');
    fpu.setState32(MXCSR, 0x1f80);
    fpu.run('fxrstor', OPERAND, 8);
    expect(fpu.stack).toEqual([THREE, INFINITY, DENORMAL]);
    expect(fpu.control).toBe(0x27f);
    expect(fpu.state32(MXCSR)).toBe(0x9fc0);
    for (let i = 0; i < 16; i++) expect(xmm(i)).toBe(BigInt(0x100 + i));
  });

  test('outside 64-bit mode there are eight XMM registers', () => {
    fillVectors();
    fpu.mode = MODE_CODE_32;
    fpu.run('fxsave', OPERAND, 4);
    expect(field(160 + 16 * 7, 16)).toBe(0x107n);
    expect(isUntouched(160 + 16 * 8, 512)).toBe(true);
    clearVectors();
    fpu.run('fxrstor', OPERAND, 4);
    expect(xmm(7)).toBe(0x107n);
    expect(xmm(8)).toBe(0n);
  });

  test('restoring an unmasked exception makes it pending', () => {
    fpu.run('fxsave', OPERAND, 8);
    setField(0, 2, 0x37bn);
    setField(2, 2, BigInt(ZE));
    fpu.run('fxrstor', OPERAND, 8);
    expect(fpu.conditions).toBe(ZE | ES | B);
  });

  test('#GP(0) for a misaligned area and for bits of MXCSR that do not exist', () => {
    expect(fpu.event('fxsave', OPERAND + 8n, 8)).toEqual({ vector: GP, error: 0 });
    expect(fpu.event('fxrstor', OPERAND + 8n, 8)).toEqual({ vector: GP, error: 0 });
    fpu.run('fxsave', OPERAND, 8);
    setField(24, 4, 0x1_1f80n);
    fpu.load(ONE);
    expect(fpu.event('fxrstor', OPERAND, 8)).toEqual({ vector: GP, error: 0 });
    expect(fpu.stack).toEqual([ONE]);
  });

  test.each([CR0_EM, CR0_TS])('#NM with CR0 bit %i', (bit) => {
    fpu.cr0 = CR0_NE | bit;
    expect(fpu.event('fxsave', OPERAND, 8)?.vector).toBe(NM);
    expect(fpu.event('fxrstor', OPERAND, 8)?.vector).toBe(NM);
  });

  test('a page fault leaves memory and registers as they were', () => {
    const area = UNMAPPED - 256n;
    fpu.bytes(area, 256).fill(FILL);
    expect(fpu.event('fxsave', area, 8)?.vector).toBe(PF);
    expect(fpu.faultAddress).toBe(UNMAPPED);
    expect(fpu.bytes(area, 256).every((byte) => byte === FILL)).toBe(true);
    fpu.load(ONE);
    expect(fpu.event('fxrstor', area, 8)?.vector).toBe(PF);
    expect(fpu.stack).toEqual([ONE]);
  });
});

describe('XSAVE and XRSTOR', () => {
  const X87 = 1;
  const SSE = 2;
  const AVX = 4;

  beforeEach(() => {
    setField(512, 24, 0n);
    fillVectors();
    fpu.load(ONE);
  });

  test('saves the requested components and adds them to XSTATE_BV', () => {
    setField(512, 8, 1n);
    fpu.run('xsave', OPERAND, 8, AVX, 0);
    expect(field(512, 8)).toBe(BigInt(X87 | AVX));
    // MXCSR goes with SSE and with AVX.
    expect(field(24, 4)).toBe(0x1f80n);
    expect(isUntouched(0, 24)).toBe(true);
    expect(isUntouched(32, 512)).toBe(true);
    for (let i = 0; i < 16; i++) expect(field(576 + 16 * i, 16)).toBe(BigInt(0x200 + i));
  });

  test('components that XCR0 does not have are not saved', () => {
    fpu.setState64(XCR0, 3n);
    fpu.run('xsave', OPERAND, 8, -1, -1);
    expect(field(512, 8)).toBe(BigInt(X87 | SSE));
    expect(isUntouched(576, 832)).toBe(true);
    expect(field(32, 10)).toBe(0x3fff_8000_0000_0000_0000n);
    expect(field(160, 16)).toBe(0x100n);
  });

  test('x87 alone leaves MXCSR alone', () => {
    fpu.run('xsave', OPERAND, 8, X87, 0);
    expect(isUntouched(24, 32)).toBe(true);
    expect(isUntouched(160, 512)).toBe(true);
  });

  test('everything comes back', () => {
    fpu.run('xsave', OPERAND, 8, 7, 0);
    clearVectors();
    fpu.run('fninit');
    fpu.run('xrstor', OPERAND, 8, 7, 0);
    expect(fpu.stack).toEqual([ONE]);
    for (let i = 0; i < 16; i++) expect([xmm(i), upper(i)]).toEqual([BigInt(0x100 + i), BigInt(0x200 + i)]);
  });

  test('requested components that the area does not have are initialised, the others are left alone', () => {
    fpu.run('xsave', OPERAND, 8, 7, 0);
    setField(512, 8, BigInt(SSE));
    fpu.setState32(MXCSR, 0x1fa0);
    fpu.control = 0x27f;
    fpu.run('xrstor', OPERAND, 8, AVX, 0);
    expect([xmm(3), upper(3)]).toEqual([0x103n, 0n]);
    expect(fpu.control).toBe(0x27f);
    expect(fpu.state32(MXCSR)).toBe(0x1f80);
    fpu.run('xrstor', OPERAND, 8, X87, 0);
    expect(fpu.control).toBe(0x37f);
    expect(fpu.stack).toEqual([]);
    setField(512, 8, 0n);
    fpu.run('xrstor', OPERAND, 8, SSE, 0);
    expect(xmm(3)).toBe(0n);
  });

  test.each([
    ['XCOMP_BV', 520, 1n << 63n],
    ['a reserved byte of the header', 530, 1n],
    ['a component that XCR0 does not have', 512, 8n],
    ['MXCSR', 24, 0x8000_0000n],
  ])('XRSTOR: #GP(0) for %s', (_name, offset, value) => {
    fpu.run('xsave', OPERAND, 8, 7, 0);
    setField(offset, 8, value);
    fpu.load(TWO);
    expect(fpu.event('xrstor', OPERAND, 8, 7, 0)).toEqual({ vector: GP, error: 0 });
    expect(fpu.stack).toEqual([TWO]);
  });

  test('#UD without CR4.OSXSAVE, #NM with CR0.TS but not with CR0.EM, #GP(0) if misaligned', () => {
    for (const name of ['xsave', 'xrstor']) {
      expect(fpu.event(name, OPERAND + 32n, 8, 7, 0)).toEqual({ vector: GP, error: 0 });
      fpu.cr0 = CR0_NE | CR0_EM;
      expect(fpu.event(name, OPERAND, 8, 0, 0)).toBeUndefined();
      fpu.cr0 = CR0_NE | CR0_TS;
      expect(fpu.event(name, OPERAND, 8, 7, 0)?.vector).toBe(NM);
      fpu.setState64(CR4, 0x20n);
      expect(fpu.event(name, OPERAND, 8, 7, 0)?.vector).toBe(UD);
      fpu.setState64(CR4, 0x4_0020n);
      fpu.cr0 = CR0_NE;
    }
  });

  test('XSAVES compacts what is in use, and XRSTORS takes nothing else back', () => {
    const COMPACTED = 1n << 63n;
    fpu.setState32(CPL, 0);
    fpu.bytes(OPERAND + 512n, 64).fill(0);
    for (let i = 0; i < 16; i++) fpu.setState64(YMM + i * 32 + 16, 0n);
    fpu.run('xsaves', OPERAND, 8, 7, 0);
    expect([field(512, 8), field(520, 8)]).toEqual([BigInt(X87 | SSE), COMPACTED | 7n]);
    expect(isUntouched(576, 832)).toBe(true);
    fillVectors();
    fpu.run('xrstors', OPERAND, 8, 7, 0);
    expect([xmm(3), upper(3)]).toEqual([0x103n, 0n]);
    // SSE without its data has the initial MXCSR.
    fpu.setState32(MXCSR, 0x1fa0);
    setField(512, 8, BigInt(X87));
    fpu.run('xrstors', OPERAND, 8, 7, 0);
    expect([xmm(3), fpu.state32(MXCSR)]).toEqual([0n, 0x1f80]);
    setField(520, 8, 0n);
    expect(fpu.event('xrstors', OPERAND, 8, 7, 0)).toEqual({ vector: GP, error: 0 });
    fpu.setState32(CPL, 3);
    for (const name of ['xsaves', 'xrstors'])
      expect(fpu.event(name, OPERAND, 8, 7, 0)).toEqual({ vector: GP, error: 0 });
  });

  test('XSAVES saves what is as XRSTORS has left it, too', () => {
    fpu.setState32(CPL, 0);
    fpu.bytes(OPERAND + 512n, 64).fill(0);
    fpu.run('xsaves', OPERAND, 8, 7, 0);
    fpu.run('xrstors', OPERAND, 8, 7, 0);
    const image = Uint8Array.from(fpu.bytes(OPERAND, 832));
    fpu.bytes(OPERAND + 160n, 256).fill(0);
    fpu.run('xsaves', OPERAND, 8, 7, 0);
    expect(fpu.bytes(OPERAND, 832)).toEqual(image);
  });

  test('a page fault of XSAVE leaves memory as it was', () => {
    const area = UNMAPPED - 640n;
    fpu.bytes(area, 640).fill(0);
    expect(fpu.event('xsave', area, 8, 7, 0)?.vector).toBe(PF);
    expect(fpu.bytes(area, 640).every((byte) => byte === 0)).toBe(true);
    // Without AVX the area ends before the page does.
    expect(fpu.event('xsave', UNMAPPED - 576n, 8, 3, 0)).toBeUndefined();
  });
});

describe('FNSTENV, FLDENV, FNSAVE and FRSTOR', () => {
  beforeEach(() => {
    fpu.load(ONE, ZERO, DENORMAL, INFINITY);
    fpu.control = 0x37e;
    fpu.setState64(FPU_IP, 0x12_3456_789an);
    fpu.setState64(FPU_DP, 0xab_cdef_0123n);
    fpu.view.setUint16(CPU_STATE + FPU_OPCODE, 0x5c1, true);
  });

  /** Registers 4 to 7: valid, zero, special, special. */
  const TAGS = 0b10_10_01_00_11_11_11_11n;

  test('32-bit protected format, also in 64-bit mode', () => {
    for (const [mode, size] of [
      [MODE_CODE_64, 8],
      [MODE_CODE_32, 4],
    ] as const) {
      fpu.mode = mode;
      fpu.control = 0x37e;
      fpu.run('fnstenv', OPERAND, size);
      expect(field(0, 4)).toBe(0xffff_037en);
      expect(field(4, 4)).toBe(0xffff_2000n);
      expect(field(8, 4)).toBe(0xffff_0000n | TAGS);
      expect(field(12, 4)).toBe(0x3456_789an);
      expect(field(16, 4)).toBe(0x05c1_0000n);
      expect(field(20, 4)).toBe(0xcdef_0123n);
      expect(field(24, 2)).toBe(0n);
      expect(isUntouched(28, 64)).toBe(true);
    }
  });

  test('16-bit protected format', () => {
    fpu.run('fnstenv', OPERAND, 2);
    expect([0, 2, 4, 6, 8, 10, 12].map((offset) => field(offset, 2))).toEqual([
      0x37en,
      0x2000n,
      TAGS,
      0x789an,
      0n,
      0x0123n,
      0n,
    ]);
    expect(isUntouched(14, 64)).toBe(true);
  });

  test('real-address formats carry the opcode and 20- or 32-bit pointers', () => {
    fpu.mode = MODE_REAL;
    fpu.run('fnstenv', OPERAND, 2);
    expect([6, 8, 10, 12].map((offset) => field(offset, 2))).toEqual([0x789an, 0x65c1n, 0x0123n, 0xf000n]);
    fpu.run('fnstenv', OPERAND, 4);
    expect(field(12, 2)).toBe(0x789an);
    expect(field(16, 4)).toBe(0x0345_65c1n);
    expect(field(20, 2)).toBe(0x0123n);
    expect(field(24, 4)).toBe(0x0cde_f000n);
    fpu.setState64(FPU_IP, 0n);
    fpu.run('fldenv', OPERAND, 4);
    expect(fpu.state64(FPU_IP)).toBe(0x3456_789an);
    expect(fpu.state64(FPU_DP)).toBe(0xcdef_0123n);
  });

  test('FNSTENV masks all exceptions', () => {
    fpu.run('fnstenv', OPERAND, 4);
    expect(fpu.control).toBe(0x37f);
  });

  test('FLDENV: only empty or not counts of the tags', () => {
    fpu.run('fnstenv', OPERAND, 4);
    setField(8, 2, 0b01_11_00_11_10_11_11_11n);
    fpu.run('fldenv', OPERAND, 4);
    expect([0, 1, 2, 3, 7].map((i) => fpu.st(i) !== undefined)).toEqual([false, true, false, true, true]);
    fpu.run('fnstenv', OPERAND, 4);
    expect(field(8, 2) & 0xff00n).toBe(0b10_11_01_11_00000000n);
  });

  test.each([2, 4])('FNSAVE with operand size %i initialises; FRSTOR brings everything back', (size) => {
    const registers = size === 2 ? 14 : 28;
    fpu.run('fnsave', OPERAND, size);
    expect(field(registers, 10)).toBe(0x3fff_8000_0000_0000_0000n);
    expect(isUntouched(registers + 80, 200)).toBe(true);
    expect([fpu.control, fpu.status, fpu.stack.length]).toEqual([0x37f, 0, 0]);
    fpu.run('fldConstant', 3);
    fpu.run('frstor', OPERAND, size);
    expect(fpu.stack).toEqual([ONE, ZERO, DENORMAL, INFINITY]);
    expect(fpu.control).toBe(0x37e);
  });

  test('a page fault of FNSAVE leaves state and memory as they were', () => {
    const area = UNMAPPED - 50n;
    fpu.bytes(area, 50).fill(FILL);
    expect(fpu.event('fnsave', area, 4)?.vector).toBe(PF);
    expect(fpu.bytes(area, 50).every((byte) => byte === FILL)).toBe(true);
    expect(fpu.stack).toEqual([ONE, ZERO, DENORMAL, INFINITY]);
    expect(fpu.event('frstor', area, 4)?.vector).toBe(PF);
    expect(fpu.stack.length).toBe(4);
  });

  test('an area that crosses a page', () => {
    const area = OPERAND + 0x1000n - 53n;
    fpu.run('fnsave', area, 4);
    fpu.run('frstor', area, 4);
    expect(fpu.stack).toEqual([ONE, ZERO, DENORMAL, INFINITY]);
  });
});
