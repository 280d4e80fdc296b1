import { beforeEach, expect, test } from 'vitest';
import {
  CR0,
  CR3,
  CR4,
  FPU_CONTROL,
  FPU_REGISTERS,
  FPU_TAG,
  MSR_EFER,
  MXCSR,
  RIP,
  SEGMENT_BASE,
  SEGMENT_CS,
  SEGMENT_RIGHTS,
  YMM,
} from '../../src/layout/cpu-state.ts';
import { MODE_CODE_16, MODE_REAL, MODE_VIEW_SHIFT } from '../../src/layout/mode.ts';
import { BUDGET, MODE, SSE_DISABLED } from '../../src/layout/runtime-state.ts';
import { VIEW_SUPERVISOR } from '../../src/layout/tlb.ts';
import { ProcessorRuntime, RDX } from './processor-runtime.ts';

let cpu: ProcessorRuntime;
beforeEach(() => {
  cpu = ProcessorRuntime.create();
});

test('reset is real mode at F000:FFF0 with the code segment at the top of 4 GiB', () => {
  cpu.exports.resetProcessor();
  expect(cpu.state64(RIP)).toBe(0xfff0n);
  expect(cpu.state64(SEGMENT_BASE + SEGMENT_CS * 8)).toBe(0xffff_0000n);
  expect(cpu.selector(SEGMENT_CS)).toBe(0xf000);
  expect(cpu.state32(SEGMENT_RIGHTS + SEGMENT_CS * 4)).toBe(0x9b);
  expect(cpu.flags).toBe(2);
  expect(cpu.state64(CR0)).toBe(0x6000_0010n);
  expect([cpu.state64(CR3), cpu.state64(CR4), cpu.state64(MSR_EFER)]).toEqual([0n, 0n, 0n]);
  expect(cpu.gpr(RDX)).toBe(0x3_0661n);
  expect(cpu.state32(MODE)).toBe(MODE_CODE_16 | MODE_REAL | (VIEW_SUPERVISOR << MODE_VIEW_SHIFT));
  expect(cpu.state32(BUDGET)).toBe(0);
});

test('the x87 and SSE registers are clear, exceptions masked, and SSE is off until the system turns it on', () => {
  cpu.setState64(YMM, 1n);
  cpu.setState64(FPU_REGISTERS, 1n);
  cpu.exports.resetProcessor();
  expect(cpu.state64(YMM)).toBe(0n);
  expect(cpu.state64(FPU_REGISTERS)).toBe(0n);
  expect(cpu.state32(MXCSR)).toBe(0x1f80);
  expect(cpu.state32(FPU_CONTROL)).toBe(0x37f); // and the status word above it is zero
  expect(cpu.state32(FPU_TAG) & 0xffff).toBe(0xffff);
  expect(cpu.state32(SSE_DISABLED)).toBe(1);
});
