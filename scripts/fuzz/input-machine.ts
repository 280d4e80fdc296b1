/**
 * A machine that takes thousands of inputs one after the other: they go from the recorder's form (INPUT) straight into the
 * processor's state, and what it makes of them is compared with what the recorder wrote (OUTPUT) where it is.
 */
import { RegionCollector } from '../../src/code-cache/region-collector.ts';
import { regionExports } from '../../src/code-cache/region-exports.ts';
import type { LocalCompiler } from '../../src/code-cache/tiering.ts';
import { FIRST_REGION_SLOT } from '../../src/isa/instruction-set.ts';
import { regionName } from '../../src/layout/contract.ts';
import {
  CR2,
  FPU_CONTROL,
  FPU_DP,
  FPU_IP,
  FPU_OPCODE,
  FPU_REGISTERS,
  FPU_STATUS,
  FPU_TAG,
  FPU_TOP,
  GPR,
  MXCSR,
  RIP,
  SEGMENT_SELECTOR,
  YMM,
} from '../../src/layout/cpu-state.ts';
import { CPU_STATE } from '../../src/layout/linear-memory.ts';
import { RECORD_FN } from '../../src/layout/record.ts';
import { UserMachine } from '../../test/isa/user-machine.ts';
import {
  type CodeMode,
  SCRATCH,
  SCRATCH_SIZE,
  SEGMENT_REGISTERS,
  scratchByte,
  segmentBases,
} from '../../test/vectors/layout.ts';
import { startState } from '../../test/vectors/vector.ts';
import { BREAKPOINT, HIDDEN_FLAGS, INPUT, OUTPUT } from '../recorder/native.ts';
import type { Undefined } from './undefined.ts';

const PAGE = 4096;
/** Instructions after which an input that has not ended is given up. */
const PATIENCE = 100_000;
const STACK_FAULT = 12;
const GENERAL_PROTECTION = 13;
const PAGE_FAULT = 14;
const NO_FAULT = -1;
/** The processor keeps TOP apart. */
const FSW_TOP = 7 << 11;
/** Misaligned operands do not fault: of AMD's processors (APM Vol. 2 "Misaligned Exception Mask"). */
const MXCSR_MM = 1 << 17;
/** An access from here on may reach across the end. */
const LAST_OF_4_GIB = 0xffff_ffe1n;
const END_OF_4_GIB = 0x1_0000_0000n;
const HIDDEN = Number(HIDDEN_FLAGS);
const INITIAL = Uint8Array.from({ length: SCRATCH_SIZE }, (_, i) => scratchByte(SCRATCH + i));

const cpu = (offset: number): number => (CPU_STATE + offset) >> 2;

/** Code at its linear address. */
export interface Placed {
  readonly entry: number;
  readonly code: Uint8Array;
}

export class InputMachine extends UserMachine {
  /** What the data area is to contain after an input. */
  private readonly expected = INITIAL.slice();
  private readonly expectedPages = [0, PAGE].map((at) => Buffer.from(this.expected.buffer, at, PAGE));
  private pages: Buffer[] = [];
  private memory: ArrayBufferLike | undefined;
  /** Head records of the batch. */
  private heads: number[] = [];
  /** What their RECORD_FN is in the interpreter. */
  private interpreted: number[] = [];

  /** Puts pieces of code into the code area, and translates them. */
  loadBatch(pieces: readonly Placed[], mode: CodeMode): void {
    const { processor } = this;
    // A piece that is in both batches stays translated, and would still be entered in the region that it had.
    this.setEntries(this.interpreted);
    this.load(
      startState(
        {},
        pieces.map(({ entry, code }) => ({ address: entry, bytes: code })),
        mode,
      ),
    );
    this.heads = pieces.map(({ entry }) => {
      processor.rip = BigInt(entry - segmentBases(mode).code);
      return processor.runtime.lookup();
    });
    const { u32 } = processor.views;
    this.interpreted = this.heads.map((head) => u32[(head + RECORD_FN) >> 2] as number);
  }

  private setEntries(slots: readonly number[]): void {
    const { u32 } = this.processor.views;
    this.heads.forEach((head, at) => {
      u32[(head + RECORD_FN) >> 2] = slots[at] as number;
    });
  }

  /** From now on the interpreter runs the batch. */
  interpret(): void {
    this.setEntries(this.interpreted);
  }

  /** Compiles the batch, a region a piece, all in one module; from now on they run. */
  compile(compile: LocalCompiler): void {
    const { processor, heads } = this;
    const { table } = processor;
    const collector = new RegionCollector(processor.views, processor.runtime);
    const bytes = compile(
      heads.map((head, at) => ({
        tier: 'first' as const,
        isLast: false,
        roundsInPlace: at % 2 === 0,
        blocks: collector.collect(head, Number.POSITIVE_INFINITY),
      })),
    );
    const exports = regionExports(new WebAssembly.Module(bytes as BufferSource), processor);
    if (table.length < FIRST_REGION_SLOT + heads.length) table.grow(heads.length);
    heads.forEach((_, at) => {
      table.set(FIRST_REGION_SLOT + at, exports[regionName(at)]);
    });
    this.setEntries(heads.map((_, at) => FIRST_REGION_SLOT + at));
  }

  /** Forgets translations of addresses and where branches led. */
  flush(): void {
    this.processor.runtime.flushTlb(1);
  }

  /** Runs an input. @param at its offset in bytes. @param code length of its code in bytes. */
  runInput(words: Uint32Array, at: number, code: number): void {
    const { processor } = this;
    const { u32, u16 } = processor.views;
    const from = at >> 2;
    for (let i = 0; i < 32; i++) u32[cpu(GPR) + i] = words[from + (INPUT.gpr >> 2) + i] as number;
    u32[cpu(RIP)] = words[from + (INPUT.rip >> 2)] as number;
    u32[cpu(RIP) + 1] = 0;
    const image = from + (INPUT.image >> 2);
    for (let register = 0; register < 16; register++) {
      const to = cpu(YMM) + 8 * register;
      for (let i = 0; i < 4; i++) {
        u32[to + i] = words[image + 40 + 4 * register + i] as number;
        u32[to + 4 + i] = words[image + 128 + 4 * register + i] as number;
      }
    }
    u32[cpu(MXCSR)] = words[image + 6] as number;
    const control = words[image] as number;
    u16[(CPU_STATE + FPU_CONTROL) >> 1] = control;
    const top = (control >>> 27) & 7;
    u16[(CPU_STATE + FPU_STATUS) >> 1] = (control >>> 16) & ~FSW_TOP;
    u32[cpu(FPU_TOP)] = top << 4;
    let tags = 0;
    for (let i = 0; i < 8; i++) {
      const physical = (top + i) & 7;
      for (let k = 0; k < 4; k++)
        u32[cpu(FPU_REGISTERS) + 4 * physical + k] = words[image + 8 + 4 * i + k] as number;
      if ((((words[image + 1] as number) >> physical) & 1) === 0) tags |= 3 << (2 * physical);
    }
    u16[(CPU_STATE + FPU_TAG) >> 1] = tags;
    u16[(CPU_STATE + FPU_OPCODE) >> 1] = 0;
    for (const field of [FPU_IP, FPU_DP]) {
      u32[cpu(field)] = 0;
      u32[cpu(field) + 1] = 0;
    }
    this.applyPatch(words, at, code);
    processor.flags = words[from + (INPUT.rflags >> 2)] as number;
    processor.runtime.updateMode();
    this.fault = undefined;
    processor.run(PATIENCE);
  }

  /** Puts the bytes of the patch, if there is one, into memory. */
  private applyPatch(words: Uint32Array, at: number, code: number): void {
    if (words[(at + INPUT.patchCount) >> 2] === 0) return;
    const patch = (at + INPUT.size + code) >> 2;
    const address = (words[patch] as number) - SCRATCH;
    const length = words[patch + 1] as number;
    const [first, second] = this.scratch() as [Buffer, Buffer];
    for (let i = 0; i < length; i++) {
      const byte = (words[patch + 2 + (i >> 2)] as number) >>> (8 * (i & 3));
      const offset = address + i;
      (offset < PAGE ? first : second)[offset & (PAGE - 1)] = byte;
      this.expected[offset] = byte;
    }
  }

  /** The data area in the processor's memory. */
  private scratch(): readonly Buffer[] {
    const { buffer } = this.processor.memory;
    if (buffer !== this.memory) {
      this.memory = buffer;
      this.pages = this.scratchPages().map((at) => Buffer.from(buffer as ArrayBuffer, at, PAGE));
    }
    return this.pages;
  }

  /**
   * True if the input has led to what the recorder says. The data area is afterwards as it was before the input.
   *
   * @param output what the recorder wrote, and where in it the input's is, in bytes.
   */
  agrees(output: Uint32Array, at: number, undefinedBits: Undefined): boolean {
    const memory = this.agreesInMemory(output, at);
    return this.agreesInRegisters(output, at >> 2, undefinedBits) && memory;
  }

  private agreesInMemory(output: Uint32Array, at: number): boolean {
    const { expected } = this;
    const count = output[(at + OUTPUT.changeCount) >> 2] as number;
    const changes = (at + OUTPUT.size) >> 2;
    for (let i = 0; i < 2 * count; i += 2)
      expected[(output[changes + i] as number) - SCRATCH] = output[changes + i + 1] as number;
    const pages = this.scratch();
    return pages.every((page, i) => page.compare(this.expectedPages[i] as Buffer) === 0);
  }

  /** Undoes what an input and the recorder's answer to it have changed. */
  restore(): void {
    this.expected.set(INITIAL);
    this.scratch().forEach((page, i) => {
      page.set(INITIAL.subarray(i * PAGE, (i + 1) * PAGE));
    });
  }

  /**
   * True where another processor does as well: this one has no MXCSR.MM, and an access across the end of 4 GiB "may or may not
   * cause" the exception of a segment's limit (Intel SDM Vol. 3 "Limit Checking"). On AMD's processors it does.
   */
  private isOther(output: Uint32Array, at: number): boolean {
    const { fault } = this;
    if (((output[at + (OUTPUT.image >> 2) + 6] as number) & MXCSR_MM) !== 0) return true;
    const vector = output[at + (OUTPUT.vector >> 2)];
    const isLimit = vector === STACK_FAULT || vector === GENERAL_PROTECTION;
    return (
      isLimit &&
      fault?.vector === PAGE_FAULT &&
      fault.address >= LAST_OF_4_GIB &&
      fault.address < END_OF_4_GIB
    );
  }

  private agreesInRegisters(output: Uint32Array, at: number, undefinedBits: Undefined): boolean {
    const { processor, fault } = this;
    const { u32, u16 } = processor.views;
    const { flags, fsw } = undefinedBits;
    if (this.isOther(output, at)) return true;
    for (let i = 0; i < 32; i++) if (u32[cpu(GPR) + i] !== output[at + (OUTPUT.gpr >> 2) + i]) return false;
    for (let segment = 0; segment < SEGMENT_REGISTERS.length; segment++) {
      const wanted = output[at + (OUTPUT.segments >> 2) + 2 * segment];
      if (u32[cpu(SEGMENT_SELECTOR) + segment] !== wanted) return false;
    }
    const image = at + (OUTPUT.image >> 2);
    for (let register = 0; register < 16; register++) {
      const have = cpu(YMM) + 8 * register;
      for (let i = 0; i < 4; i++) {
        if (u32[have + i] !== output[image + 40 + 4 * register + i]) return false;
        if (u32[have + 4 + i] !== output[image + 128 + 4 * register + i]) return false;
      }
    }
    if (u32[cpu(MXCSR)] !== output[image + 6]) return false;
    if (this.faultingRip() !== word64(output, at + (OUTPUT.rip >> 2))) return false;
    const differing = processor.flags ^ (output[at + (OUTPUT.rflags >> 2)] as number);
    if ((differing & ~(HIDDEN | flags)) !== 0) return false;
    const vector = output[at + (OUTPUT.vector >> 2)] as number;
    if (vector !== (fault?.vector ?? NO_FAULT)) return false;
    if (vector !== BREAKPOINT) {
      const errorCode = vector >= 8 && vector <= PAGE_FAULT ? output[at + (OUTPUT.errorCode >> 2)] : 0;
      if (errorCode !== fault?.errorCode) return false;
      if (vector === PAGE_FAULT && word64(output, at + (OUTPUT.address >> 2)) !== processor.u64(CR2))
        return false;
    }
    const control = output[image] as number;
    if (u16[(CPU_STATE + FPU_CONTROL) >> 1] !== (control & 0xffff)) return false;
    const top = (control >>> 27) & 7;
    if (u32[cpu(FPU_TOP)] !== top << 4) return false;
    const status = (control >>> 16) ^ (u16[(CPU_STATE + FPU_STATUS) >> 1] as number);
    if ((status & ~(fsw | FSW_TOP)) !== 0) return false;
    const tags = u16[(CPU_STATE + FPU_TAG) >> 1] as number;
    const inUse = output[image + 1] as number;
    for (let i = 0; i < 8; i++) {
      const physical = (top + i) & 7;
      const isInUse = ((inUse >> physical) & 1) !== 0;
      if (isInUse !== (((tags >> (2 * physical)) & 3) !== 3)) return false;
      if (!isInUse) continue;
      const have = cpu(FPU_REGISTERS) + 4 * physical;
      const want = image + 8 + 4 * i;
      if (u32[have] !== output[want] || u32[have + 1] !== output[want + 1]) return false;
      if ((((u32[have + 2] as number) ^ (output[want + 2] as number)) & 0xffff) !== 0) return false;
    }
    return true;
  }
}

function word64(words: Uint32Array, at: number): bigint {
  return (BigInt(words[at + 1] as number) << 32n) | BigInt(words[at] as number);
}
