/** Puts the processor into the state of the 64-bit Linux boot protocol (Linux Documentation/arch/x86/boot.rst, "64-bit Boot Protocol"). */
import type { Linux64Entry } from '../boot/linux64.ts';
import type { Processor } from '../cpu/processor.ts';
import {
  CR0,
  CR3,
  CR4,
  GDTR_BASE,
  GDTR_LIMIT,
  MSR_EFER,
  SEGMENT_CS,
  SEGMENT_DS,
  SEGMENT_ES,
  SEGMENT_FS,
  SEGMENT_GS,
  SEGMENT_SS,
} from '../layout/cpu-state.ts';

const RSP = 4;
const RSI = 6;

/** PG, WP, NE, ET, MP, PE. */
const CR0_BOOT = 0x8001_0033n & ~0x1_0000n;
const CR4_PAE = 1n << 5n;
/** LME and LMA. */
const EFER_LONG_MODE = (1n << 8n) | (1n << 10n);
const BOOT_CS = 0x10;
const BOOT_DS = 0x18;
/** 64-bit code, execute/read, accessed; data, read/write, accessed: present, DPL 0. */
const CODE_RIGHTS = 0xa09b;
const DATA_RIGHTS = 0xc093;

export function enterLinux64(processor: Processor, entry: Linux64Entry): void {
  const { runtime } = processor;
  runtime.resetProcessor();
  for (let register = 0; register < 16; register++) processor.setGpr(register, 0n);
  processor.setU64(CR0, CR0_BOOT);
  processor.setU64(CR3, BigInt(entry.pageTables));
  processor.setU64(CR4, CR4_PAE);
  processor.setU64(MSR_EFER, EFER_LONG_MODE);
  runtime.setSegment(SEGMENT_CS, BOOT_CS, 0n, 0xffff_ffff, CODE_RIGHTS);
  for (const segment of [SEGMENT_DS, SEGMENT_ES, SEGMENT_SS, SEGMENT_FS, SEGMENT_GS]) {
    runtime.setSegment(segment, BOOT_DS, 0n, 0xffff_ffff, DATA_RIGHTS);
  }
  processor.setU64(GDTR_BASE, BigInt(entry.gdt.base));
  processor.setU32(GDTR_LIMIT, entry.gdt.limit);
  processor.setGpr(RSI, BigInt(entry.bootParams));
  processor.setGpr(RSP, BigInt(entry.stack));
  processor.rip = BigInt(entry.entry);
  processor.flags = 2;
  runtime.flushTlb(1);
  runtime.updateMode();
  runtime.updateSseDisabled();
}
