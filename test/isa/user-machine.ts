/**
 * A processor in 64-bit user mode with the two areas of the test vectors (test/vectors/layout.ts) mapped and every
 * exception taken away from the guest: what scripts/recorder/recorder.c makes of a native processor.
 */
import { readFileSync } from 'node:fs';
import { Processor, type ProcessorOptions } from '../../src/cpu/processor.ts';
import {
  CPL,
  CR0,
  CR2,
  CR3,
  CR4,
  FPU_CONTROL,
  FPU_DP,
  FPU_IP,
  FPU_OPCODE,
  FPU_REGISTERS,
  FPU_STATUS,
  FPU_TAG,
  FPU_TOP,
  GDTR_BASE,
  GDTR_LIMIT,
  LDTR_BASE,
  MSR_EFER,
  MXCSR,
  RIP,
  SEGMENT_LDTR,
  SEGMENT_LIMIT,
  SEGMENT_RIGHTS,
  SEGMENT_SELECTOR,
  XCR0,
  YMM,
} from '../../src/layout/cpu-state.ts';
import { CPU_STATE } from '../../src/layout/linear-memory.ts';
import { RECORD_LENGTH } from '../../src/layout/record.ts';
import { EVENT_ERROR, EVENT_FAULT, EVENT_KIND, EVENT_VECTOR } from '../../src/layout/runtime-state.ts';
import { CODE, CODE_SIZE, LDT, SCRATCH, SCRATCH_SIZE } from '../vectors/layout.ts';
import { differingBytes, type WholeState } from '../vectors/vector.ts';

const runtimeModule = new WebAssembly.Module(
  readFileSync(new URL('../../build/debug-runtime.wasm', import.meta.url)),
);

const PAGE = 4096;
const BREAKPOINT = 3;
/** Physical layout: page tables from 0x1000, scratch at 0x10000, code at 0x20000, descriptors at 0x30000. */
const TABLES = 0x1000;
const DESCRIPTORS = 0x3_0000;
const LDT_OFFSET = 0x800;
/** In the kernel's half, where a program reaches nothing. */
const DESCRIPTORS_LINEAR = 0xffff_8000_0000_0000;
/** The selectors of Linux: its own segments, the program's (32-bit code, data, 64-bit code), TSS and LDT. */
const GDT = [
  0n,
  0x00cf_9b00_0000_ffffn,
  0x00af_9b00_0000_ffffn,
  0x00cf_9300_0000_ffffn,
  0x00cf_fb00_0000_ffffn,
  0x00cf_f300_0000_ffffn,
  0x00af_fb00_0000_ffffn,
  0n,
  0x0000_8b00_0000_206fn,
  0n,
  0x0000_8200_0000_0fffn,
];
const GDT_SIZE = 0x80;
const LDT_SELECTOR = 0x50;

/** LDT entries as Linux makes them: of ring 3, accessed, available to software. */
const LDT_DESCRIPTORS = LDT.map((segment) => {
  const type = { data: 1, 'expand-down': 5, code: 9 }[segment.kind];
  const access = 0x70 | type | (segment.restricted ? 0 : 2) | (segment.absent ? 0 : 0x80);
  const flags = 1 | (segment.is32Bit ? 4 : 0) | (segment.pages ? 8 : 0);
  const [base, limit] = [BigInt(segment.base), BigInt(segment.limit)];
  return (
    (limit & 0xffffn) |
    ((base & 0xff_ffffn) << 16n) |
    (BigInt(access) << 40n) |
    ((limit >> 16n) << 48n) |
    (BigInt(flags) << 52n) |
    ((base >> 24n) << 56n)
  );
});
interface Area {
  readonly linear: number;
  readonly physical: number;
  readonly size: number;
}
const SCRATCH_AREA: Area = { linear: SCRATCH, physical: 0x1_0000, size: SCRATCH_SIZE };
const CODE_AREA: Area = { linear: CODE, physical: 0x2_0000, size: CODE_SIZE };

/** An area's pages: offset, and physical address. They lie the other way round, so that what is behind a page in RAM is not the next one. */
function framesOf({ physical, size }: Area): { offset: number; frame: number }[] {
  return Array.from({ length: size / PAGE }, (_, i) => ({
    offset: i * PAGE,
    frame: physical + size - (i + 1) * PAGE,
  }));
}
const PRESENT_WRITABLE_USER = 7n;
const SUPERVISOR = 3n;
const ACCESSED_DIRTY = 0x60n;
const NO_EXECUTE = 1n << 63n;

export class UserMachine {
  readonly processor: Processor;
  protected fault: { vector: number; errorCode: number; address: bigint } | undefined;
  private isTrap = false;

  constructor({ requestCompile, blockDropped, withheld, vendor }: Partial<ProcessorOptions> = {}) {
    const refuse = (): never => {
      throw new Error('a vector reached a device');
    };
    this.processor = new Processor({
      runtime: runtimeModule,
      host: {
        readPort: refuse,
        writePort: refuse,
        readMmio: refuse,
        writeMmio: refuse,
        readMmio64: refuse,
        writeMmio64: refuse,
        now: () => 0,
        random: () => 0x1234_5678,
        writeApicMsr: refuse,
        readApicMsr: refuse,
        tscOffsetChanged: refuse,
        writeTaskPriority: refuse,
        readTaskPriority: () => 0,
      },
      requestCompile: requestCompile ?? (() => {}),
      blockDropped: blockDropped ?? (() => {}),
      undefinedInstruction: () => {},
      ...(withheld === undefined ? {} : { withheld }),
      ...(vendor === undefined ? {} : { vendor }),
      intercept: () => {
        const { processor } = this;
        // Traps are behind their instruction, but for the INT3 that ends a vector.
        this.isTrap = processor.i32(EVENT_KIND) !== EVENT_FAULT && processor.i32(EVENT_VECTOR) !== BREAKPOINT;
        const vector = processor.i32(EVENT_VECTOR);
        const errorCode = Math.max(0, processor.i32(EVENT_ERROR));
        this.fault = { vector, errorCode, address: vector === 14 ? processor.u64(CR2) : 0n };
        return true;
      },
    });
    this.processor.runtime.mapRam(0, 2);
    this.map();
    this.processor.setU64(CR0, 0x8005_0033n);
    this.processor.setU64(CR3, BigInt(TABLES));
    this.processor.setU64(CR4, 0x5_06a0n);
    this.processor.setU64(XCR0, 7n);
    this.processor.setU64(MSR_EFER, 0xd01n);
    this.loadDescriptors();
    this.processor.setU32(CPL, 3);
    this.processor.flags = 0x202;
    this.processor.runtime.updateMode();
    this.processor.runtime.updateSseDisabled();
  }

  private loadDescriptors(): void {
    const { processor } = this;
    const { views } = processor;
    const store = (offset: number, descriptors: readonly bigint[]): void =>
      views.i64.set(
        descriptors.map((descriptor) => BigInt.asIntN(64, descriptor)),
        (this.host(DESCRIPTORS) + offset) >> 3,
      );
    store(0, GDT);
    store(LDT_OFFSET, LDT_DESCRIPTORS);
    processor.setU64(GDTR_BASE, BigInt(DESCRIPTORS_LINEAR));
    processor.setU32(GDTR_LIMIT, GDT_SIZE - 1);
    processor.setU64(LDTR_BASE, BigInt(DESCRIPTORS_LINEAR) + BigInt(LDT_OFFSET));
    processor.setU32(SEGMENT_SELECTOR + SEGMENT_LDTR * 4, LDT_SELECTOR);
    processor.setU32(SEGMENT_LIMIT + SEGMENT_LDTR * 4, LDT_DESCRIPTORS.length * 8 - 1);
    processor.setU32(SEGMENT_RIGHTS + SEGMENT_LDTR * 4, 0x82);
  }

  /** Loads a segment register without the checks that an instruction makes. */
  private setSelector(segment: number, selector: number): void {
    const table = selector & 4 ? LDT_DESCRIPTORS : GDT;
    const descriptor = table[selector >> 3] ?? 0n;
    const base = ((descriptor >> 16n) & 0xff_ffffn) | ((descriptor >> 56n) << 24n);
    const limit = Number((descriptor & 0xffffn) | ((descriptor >> 32n) & 0xf_0000n));
    const rights = Number((descriptor >> 40n) & 0xf0ffn);
    const bytes = rights & 0x8000 ? limit * PAGE + PAGE - 1 : limit;
    this.processor.runtime.setSegment(segment, selector, base, bytes, rights);
  }

  private host(physical: number): number {
    return this.processor.runtime.hostPageAddress(physical >>> 12) + (physical & (PAGE - 1));
  }

  private map(): void {
    let next = TABLES + PAGE;
    const { processor } = this;
    // To ask for the first page's place may grow the memory, which gives it other views.
    const placeOf = (table: number, index: number): number => (this.host(table) + index * 8) >> 3;
    const entry = (table: number, index: number): bigint => {
      const place = placeOf(table, index);
      return processor.views.i64[place] as bigint;
    };
    const setEntry = (table: number, index: number, value: bigint): void => {
      const place = placeOf(table, index);
      processor.views.i64[place] = value;
    };
    const mapPage = (
      linear: number,
      physical: number,
      flags: bigint,
      access = PRESENT_WRITABLE_USER,
    ): void => {
      let table = TABLES;
      for (let level = 3; level > 0; level--) {
        const index = Math.floor(linear / 2 ** (12 + 9 * level)) % 512;
        if (entry(table, index) === 0n) {
          setEntry(table, index, BigInt(next) | PRESENT_WRITABLE_USER | 0x20n);
          next += PAGE;
        }
        table = Number(entry(table, index) & 0xffff_f000n);
      }
      setEntry(table, (linear >>> 12) % 512, BigInt(physical) | access | ACCESSED_DIRTY | flags);
    };
    const mapArea = (area: Area, flags: bigint): void => {
      for (const { offset, frame } of framesOf(area)) mapPage(area.linear + offset, frame, flags);
    };
    mapArea(SCRATCH_AREA, NO_EXECUTE);
    mapArea(CODE_AREA, 0n);
    mapPage(DESCRIPTORS_LINEAR, DESCRIPTORS, NO_EXECUTE, SUPERVISOR);
  }

  /** Stores only what differs: code that is there already stays translated. */
  private fill(area: Area, bytes: Uint8Array): void {
    const { runtime, views } = this.processor;
    for (const { offset: start, frame } of framesOf(area)) {
      const host = this.host(frame);
      const page = bytes.subarray(start, start + PAGE);
      for (const offset of differingBytes(page, views.u8.subarray(host, host + PAGE))) {
        runtime.invalidateCode(BigInt(frame + offset), 1);
        views.u8[host + offset] = page[offset] as number;
      }
    }
  }

  /** Where in the processor's memory the pages of the data area are. */
  protected scratchPages(): number[] {
    return framesOf(SCRATCH_AREA).map(({ frame }) => this.host(frame));
  }

  private contentOf(area: Area): Uint8Array {
    const content = new Uint8Array(area.size);
    for (const { offset, frame } of framesOf(area)) {
      const host = this.host(frame);
      content.set(this.processor.views.u8.subarray(host, host + PAGE), offset);
    }
    return content;
  }

  /** Puts the processor and both areas into a state to start from. */
  load(initial: WholeState): void {
    const { processor } = this;
    processor.setU32(CPL, 3);
    initial.selectors.forEach((selector, segment) => {
      this.setSelector(segment, selector);
    });
    this.fill(SCRATCH_AREA, initial.scratch);
    this.fill(CODE_AREA, initial.codeArea);
    // The jump cache may still lead to the stale head of what ran before.
    processor.runtime.flushTlb(1);
    initial.gpr.forEach((value, register) => {
      processor.setGpr(register, value);
    });
    initial.xmm.forEach(([low, high], register) => {
      processor.setU64(YMM + register * 32, low);
      processor.setU64(YMM + register * 32 + 8, high);
    });
    initial.ymmHigh.forEach(([low, high], register) => {
      processor.setU64(YMM + register * 32 + 16, low);
      processor.setU64(YMM + register * 32 + 24, high);
    });
    processor.setU32(MXCSR, initial.mxcsr);
    this.loadFpu(initial.fpu);
    processor.flags = Number(initial.rflags);
    processor.runtime.updateMode();
    processor.rip = initial.rip;
    this.fault = undefined;
  }

  /** True if an exception has ended the run. */
  get ended(): boolean {
    return this.fault !== undefined;
  }

  private loadFpu(image: Uint8Array): void {
    const { processor } = this;
    const { views } = processor;
    const view = new DataView(image.buffer, image.byteOffset);
    const base = CPU_STATE;
    const status = view.getUint16(2, true);
    const top = (status >> 11) & 7;
    views.u16[(base + FPU_CONTROL) >> 1] = view.getUint16(0, true);
    views.u16[(base + FPU_STATUS) >> 1] = status & ~(7 << 11);
    views.i32[(base + FPU_TOP) >> 2] = top << 4;
    let tags = 0;
    for (let i = 0; i < 8; i++) {
      const physical = (top + i) & 7;
      views.u8.set(image.subarray(32 + i * 16, 48 + i * 16), base + FPU_REGISTERS + physical * 16);
    }
    const abridged = image[4] as number;
    for (let physical = 0; physical < 8; physical++)
      if (!((abridged >> physical) & 1)) tags |= 3 << (physical * 2);
    views.u16[(base + FPU_TAG) >> 1] = tags;
    // As FNINIT leaves them: the last instruction, its operand and its opcode.
    views.u16[(base + FPU_OPCODE) >> 1] = 0;
    processor.setU64(FPU_IP, 0n);
    processor.setU64(FPU_DP, 0n);
  }

  private saveFpu(): Uint8Array {
    const { views } = this.processor;
    const image = new Uint8Array(512);
    const view = new DataView(image.buffer);
    const top = (views.i32[(CPU_STATE + FPU_TOP) >> 2] as number) >> 4;
    const status = (views.u16[(CPU_STATE + FPU_STATUS) >> 1] as number) | (top << 11);
    const tags = views.u16[(CPU_STATE + FPU_TAG) >> 1] as number;
    view.setUint16(0, views.u16[(CPU_STATE + FPU_CONTROL) >> 1] as number, true);
    view.setUint16(2, status, true);
    let abridged = 0;
    for (let i = 0; i < 8; i++) {
      if (((tags >> (i * 2)) & 3) !== 3) abridged |= 1 << i;
      const physical = (top + i) & 7;
      const at = CPU_STATE + FPU_REGISTERS + physical * 16;
      image.set(views.u8.subarray(at, at + 10), 32 + i * 16);
    }
    image[4] = abridged;
    return image;
  }

  /** The state reached; an INT3, with which code ends, is no fault. */
  state(): WholeState {
    const { processor } = this;
    const scratch = this.contentOf(SCRATCH_AREA);
    const codeArea = this.contentOf(CODE_AREA);
    const fault = this.fault;
    // The INT3 that fills the code area is where a vector ends.
    const ended = fault?.vector === 3;
    return {
      gpr: Array.from({ length: 16 }, (_, register) => processor.gpr(register)),
      rip: this.faultingRip(),
      rflags: BigInt(processor.flags & ~0x10000),
      selectors: Array.from({ length: 6 }, (_, segment) => processor.u32(SEGMENT_SELECTOR + segment * 4)),
      xmm: Array.from({ length: 16 }, (_, register) => [
        processor.u64(YMM + register * 32),
        processor.u64(YMM + register * 32 + 8),
      ]),
      ymmHigh: Array.from({ length: 16 }, (_, register) => [
        processor.u64(YMM + register * 32 + 16),
        processor.u64(YMM + register * 32 + 24),
      ]),
      mxcsr: processor.u32(MXCSR),
      fpu: this.saveFpu(),
      scratch,
      codeArea,
      ...(fault !== undefined && !ended ? { fault } : {}),
    };
  }

  protected faultingRip(): bigint {
    const { processor } = this;
    const record = processor.interceptedRecord;
    if (this.fault === undefined || record === 0) return processor.u64(RIP);
    const length = this.isTrap ? (processor.views.u8[record + RECORD_LENGTH] as number) : 0;
    return processor.runtime.instructionRip(record) + BigInt(length);
  }
}
