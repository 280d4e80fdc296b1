/**
 * A 64-bit machine for tests of system instructions: all exceptions are delivered to handlers that halt.
 *
 *     0x0000_0000  supervisor, identity-mapped, 2 MiB: tables, handlers, code, stacks
 *     0x0020_0000  user, identity-mapped, 2 MiB
 */
import { readFileSync } from 'node:fs';
import { Processor, type ProcessorOptions } from '../../src/cpu/processor.ts';
import {
  CPL,
  CR0,
  CR3,
  CR4,
  GDTR_BASE,
  GDTR_LIMIT,
  IDTR_BASE,
  IDTR_LIMIT,
  MSR_EFER,
  SEGMENT_CS,
  SEGMENT_LIMIT,
  SEGMENT_RIGHTS,
  SEGMENT_SELECTOR,
  SEGMENT_SS,
  TR_BASE,
} from '../../src/layout/cpu-state.ts';
import { assemble } from '../support/assembler.ts';

const runtimeModule = new WebAssembly.Module(
  readFileSync(new URL('../../build/debug-runtime.wasm', import.meta.url)),
);

const PML4 = 0x1000;
const PDPT = 0x2000;
export const PAGE_DIRECTORY = 0x3000;
export const GDT = 0x4000;
export const IDT = 0x5000;
export const TSS = 0x6000;
/** Handler of vector n: HLT at HANDLERS + n * 16. */
export const HANDLERS = 0x8000;
export const CODE = 0x1_0000;
export const DATA = 0x2_0000;
export const STACK = 0x3_0000n;
/** RSP0 of the TSS. */
export const INNER_STACK = 0x4_0000n;
export const USER_CODE = 0x20_0000;
export const USER_DATA = 0x21_0000;

/** Selectors, laid out for SYSCALL and SYSRET. */
export const KERNEL_CS = 0x08;
export const KERNEL_SS = 0x10;
export const USER_SS = 0x23;
export const USER_CS = 0x2b;
const TR = 0x30;
const FLAG_IF = 0x200;

const DESCRIPTORS = [
  0n,
  0x00af_9b00_0000_ffffn,
  0x00cf_9300_0000_ffffn,
  0x00cf_fb00_0000_ffffn,
  0x00cf_f300_0000_ffffn,
  0x00af_fb00_0000_ffffn,
  (0x8bn << 40n) | (BigInt(TSS) << 16n) | 0x67n,
  0n,
];

/** Where a run ended: the vector whose handler halted, or what the processor said. */
export type Outcome = number | string;

export class SystemMachine {
  readonly processor: Processor;
  /** Port and task priority accesses in order. */
  readonly log: string[] = [];
  now = 0;
  /** Random numbers asked for: the n-th is 89ABCDEFH + n. */
  randoms = 0;
  /** Instructions executed before each device access. */
  readonly instants: number[] = [];
  /** What a port does besides with what is written to it. */
  onPortWrite: () => void = () => {};

  constructor({ requestCompile, blockDropped, withheld, vendor }: Partial<ProcessorOptions> = {}) {
    this.processor = new Processor({
      runtime: runtimeModule,
      host: {
        readPort: (port, size) => {
          this.instants.push(this.processor.instructions);
          this.log.push(`in ${port.toString(16)} ${size}`);
          return 0x1234_5678;
        },
        writePort: (port, size, value) => {
          this.instants.push(this.processor.instructions);
          this.log.push(`out ${port.toString(16)} ${size} ${(value >>> 0).toString(16)}`);
          this.onPortWrite();
        },
        readMmio: () => {
          this.instants.push(this.processor.instructions);
          return 0x8765_4321;
        },
        writeMmio: () => {
          this.instants.push(this.processor.instructions);
        },
        readMmio64: () => {
          this.instants.push(this.processor.instructions);
          return 0x8765_4321_0fed_cba9n;
        },
        writeMmio64: () => {
          this.instants.push(this.processor.instructions);
        },
        now: () => this.now,
        random: () => 0x89ab_cdef + this.randoms++,
        writeApicMsr: () => 1,
        readApicMsr: () => 1,
        tscOffsetChanged: () => {},
        writeTaskPriority: (value) => this.log.push(`priority ${value}`),
        readTaskPriority: () => 5,
      },
      requestCompile: requestCompile ?? (() => {}),
      blockDropped: blockDropped ?? (() => {}),
      ...(withheld === undefined ? {} : { withheld }),
      ...(vendor === undefined ? {} : { vendor }),
      undefinedInstruction: () => {
        this.log.push('not implemented');
      },
    });
    const { processor } = this;
    processor.runtime.mapRam(0, 2);
    this.write64(PML4, BigInt(PDPT) | 7n);
    this.write64(PDPT, BigInt(PAGE_DIRECTORY) | 7n);
    this.write64(PAGE_DIRECTORY, 0x83n);
    this.write64(PAGE_DIRECTORY + 8, 0x20_0087n);
    DESCRIPTORS.forEach((descriptor, index) => {
      this.write64(GDT + index * 8, descriptor);
    });
    for (let vector = 0; vector < 256; vector++) {
      const handler = BigInt(HANDLERS + vector * 16);
      const dpl = vector === 3 || vector === 0x80 ? 3n : 0n;
      this.write64(IDT + vector * 16, handler | (BigInt(KERNEL_CS) << 16n) | ((0x8en | (dpl << 5n)) << 40n));
      this.write(HANDLERS + vector * 16, [0xf4]);
    }
    this.write64(TSS + 4, INNER_STACK);
    // No I/O permission bitmap.
    this.write(TSS + 0x66, [0xff, 0xff]);
    processor.setU64(GDTR_BASE, BigInt(GDT));
    processor.setU32(GDTR_LIMIT, DESCRIPTORS.length * 8 - 1);
    processor.setU64(IDTR_BASE, BigInt(IDT));
    processor.setU32(IDTR_LIMIT, 0xfff);
    processor.setU64(TR_BASE, BigInt(TSS));
    processor.setU32(SEGMENT_LIMIT + 7 * 4, 0x67);
    processor.setU32(SEGMENT_RIGHTS + 7 * 4, 0x8b);
    processor.setU32(SEGMENT_SELECTOR + 7 * 4, TR);
    processor.setU64(CR0, 0x8005_0033n);
    processor.setU64(CR3, BigInt(PML4));
    // SMAP, SMEP, FSGSBASE, OSXSAVE are left to the tests; OSXMMEXCPT OSFXSR PGE PAE.
    processor.setU64(CR4, 0x6a0n);
    processor.setU64(MSR_EFER, 0xd01n);
    processor.runtime.updateSseDisabled();
    this.toKernel();
  }

  toKernel(): void {
    const { processor } = this;
    processor.runtime.setSegment(SEGMENT_CS, KERNEL_CS, 0n, 0xffff_ffff, 0xa09b);
    processor.runtime.setSegment(SEGMENT_SS, KERNEL_SS, 0n, 0xffff_ffff, 0xc093);
    processor.setU32(CPL, 0);
    processor.setGpr(4, STACK);
    processor.flags = 2;
    processor.runtime.updateMode();
  }

  toUser(flags = 2): void {
    const { processor } = this;
    processor.runtime.setSegment(SEGMENT_CS, USER_CS, 0n, 0xffff_ffff, 0xa0fb);
    processor.runtime.setSegment(SEGMENT_SS, USER_SS, 0n, 0xffff_ffff, 0xc0f3);
    processor.setU32(CPL, 3);
    processor.flags = flags;
    processor.runtime.updateMode();
  }

  private host(physical: number): number {
    return this.processor.runtime.hostPageAddress(physical >>> 12) + (physical & 0xfff);
  }

  write(physical: number, bytes: readonly number[]): void {
    this.processor.runtime.invalidateCode(BigInt(physical), bytes.length);
    // Touching a page may grow the memory, which replaces the views.
    const host = this.host(physical);
    this.processor.views.u8.set(bytes, host);
  }

  write64(physical: number, value: bigint): void {
    const host = this.host(physical);
    new DataView(this.processor.memory.buffer).setBigUint64(host, BigInt.asUintN(64, value), true);
  }

  read64(physical: number | bigint): bigint {
    const at = this.host(Number(physical));
    const view = new DataView(this.processor.memory.buffer);
    return view.getBigUint64(at, true);
  }

  setCr4(bits: bigint): void {
    this.processor.setU64(CR4, this.processor.u64(CR4) | bits);
    this.processor.runtime.updateMode();
    this.processor.runtime.updateSseDisabled();
  }

  /** Runs instructions (support/assembler.ts), followed by HLT, at CODE or USER_CODE by the current privilege. */
  run(code: string): Outcome {
    const { processor } = this;
    const at = processor.cpl === 3 ? USER_CODE : CODE;
    this.write(at, [...assemble(code, at), 0xf4]);
    processor.rip = BigInt(at);
    const reason = processor.run(1000);
    const { rip } = processor;
    const vector = (Number(rip) - 1 - HANDLERS) / 16;
    if (reason === 'halt' && Number.isInteger(vector) && vector >= 0 && vector < 256) return vector;
    return reason;
  }

  get interruptsEnabled(): boolean {
    return (this.processor.flags & FLAG_IF) !== 0;
  }
}
