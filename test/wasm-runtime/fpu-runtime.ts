/**
 * The x87 half of the runtime over the real MMU, in 64-bit mode at CPL 0: the first 2 MiB are identity-mapped RAM,
 * what follows is not mapped. Numbers are written as in the manual's figures: sign and exponent, then significand,
 * 20 hexadecimal digits.
 */
import {
  CR0,
  CR2,
  CR3,
  CR4,
  FPU_CONTROL,
  FPU_REGISTERS,
  FPU_STATUS,
  FPU_TAG,
  FPU_TOP,
  MSR_EFER,
  MXCSR,
  RIP,
  XCR0,
} from '../../src/layout/cpu-state.ts';
import { CPU_STATE, SCRATCH_RECORDS, TLB_BASE } from '../../src/layout/linear-memory.ts';
import { MODE_CODE_64, MODE_VIEW_SHIFT } from '../../src/layout/mode.ts';
import { RECORD_LENGTH, RECORD_PAGE_OFFSET, RECORD_SEGMENT, RECORD_SIZE } from '../../src/layout/record.ts';
import {
  CURRENT_RECORD,
  EVENT_ERROR,
  EVENT_VECTOR,
  FPU_REST,
  LINEAR_MASK,
  MODE,
  PAGE_BASE,
  TLB_TABLE,
} from '../../src/layout/runtime-state.ts';
import { TLB_TABLE_SIZE, VIEW_SUPERVISOR } from '../../src/layout/tlb.ts';
import { RuntimeHarness } from './runtime-harness.ts';

/** Exceptions, flags and condition codes of the status word. */
export const IE = 0x01;
export const DE = 0x02;
export const ZE = 0x04;
export const OE = 0x08;
export const UE = 0x10;
export const PE = 0x20;
export const SF = 0x40;
export const ES = 0x80;
export const C0 = 0x100;
export const C1 = 0x200;
export const C2 = 0x400;
export const C3 = 0x4000;
export const B = 0x8000;

export const CR0_MP = 1n << 1n;
export const CR0_EM = 1n << 2n;
export const CR0_TS = 1n << 3n;
export const CR0_NE = 1n << 5n;
const CR0_LONG_MODE = 0x8001_0011n;

/** Vectors. */
export const UD = 6;
export const NM = 7;
export const GP = 13;
export const PF = 14;
export const MF = 16;

export const ZERO = '00000000000000000000';
export const MINUS_ZERO = '80000000000000000000';
export const ONE = '3fff8000000000000000';
export const MINUS_ONE = 'bfff8000000000000000';
export const TWO = '40008000000000000000';
export const THREE = '4000c000000000000000';
export const INFINITY = '7fff8000000000000000';
export const MINUS_INFINITY = 'ffff8000000000000000';
/** The QNaN floating-point indefinite. */
export const INDEFINITE = 'ffffc000000000000000';

/** Memory operand of the tests, and the first address that is not mapped. */
export const OPERAND = 0x1_0000n;
export const UNMAPPED = 0x20_0000n;
/** Where the record's instruction is; its bytes are D8 C1 after a REX prefix. */
export const INSTRUCTION = 0x3123n;
const PAGE_TABLES = 0x10_0000n;

function numberText(head: number, significand: bigint): string {
  return head.toString(16).padStart(4, '0') + significand.toString(16).padStart(16, '0');
}

class GuestEvent extends Error {}

type Exports = Record<string, (...values: (number | bigint)[]) => number | bigint | undefined>;

export class FpuRuntime extends RuntimeHarness {
  /** The record that the functions are called with. */
  readonly record = SCRATCH_RECORDS + RECORD_SIZE;
  private readonly exports: Exports;

  private constructor() {
    super();
    this.exports = this.instantiate({
      raise: () => {
        throw new GuestEvent(`vector ${this.state32(EVENT_VECTOR)}`);
      },
    }) as unknown as Exports;
  }

  /** With the FPU as after FNINIT. */
  static create(): FpuRuntime {
    const fpu = new FpuRuntime();
    fpu.exports.initializeMemory();
    fpu.exports.mapRam(0, 1);
    fpu.write(PAGE_TABLES, 8, (PAGE_TABLES + 0x1000n) | 7n);
    fpu.write(PAGE_TABLES + 0x1000n, 8, (PAGE_TABLES + 0x2000n) | 7n);
    fpu.write(PAGE_TABLES + 0x2000n, 8, 0xe3n);
    fpu.setState64(CR3, PAGE_TABLES);
    fpu.setState64(CR4, 0x20n | (1n << 18n));
    fpu.setState64(MSR_EFER, 0xd01n);
    fpu.setState64(XCR0, 7n);
    fpu.setState64(LINEAR_MASK, 2n ** 64n - 1n);
    fpu.cr0 = CR0_NE;
    fpu.mode = MODE_CODE_64;
    fpu.setState32(TLB_TABLE, TLB_BASE + VIEW_SUPERVISOR * TLB_TABLE_SIZE);
    fpu.setState32(MXCSR, 0x1f80);
    fpu.setState64(PAGE_BASE, INSTRUCTION & ~0xfffn);
    fpu.setState64(RIP, 0n);
    fpu.view.setUint16(fpu.record + RECORD_PAGE_OFFSET, Number(INSTRUCTION & 0xfffn), true);
    fpu.view.setUint8(fpu.record + RECORD_LENGTH, 3);
    fpu.view.setUint8(fpu.record + RECORD_SEGMENT, 6);
    fpu.write(INSTRUCTION, 3, 0xc1d848n);
    fpu.run('fninit');
    return fpu;
  }

  /** CR0 bits besides those of long mode. */
  set cr0(bits: bigint) {
    this.setState64(CR0, CR0_LONG_MODE | bits);
  }

  /** Mode key without the view. */
  set mode(key: number) {
    this.setState32(MODE, key | (VIEW_SUPERVISOR << MODE_VIEW_SHIFT));
  }

  /** Calls a runtime function with the record and `values`; returns what it returns. */
  run(name: string, ...values: (number | bigint)[]): number | undefined {
    return (this.exports[name] as (...values: (number | bigint)[]) => number | undefined)(
      this.record,
      ...values,
    );
  }

  /** `operation` on numbers of a region: result, and whether it was rounded up. */
  numbers(name: 'fpuCompute' | 'fpuRoot', ...values: (number | bigint)[]): { result: string; up: boolean } {
    const run = this.exports[name] as (...values: (number | bigint)[]) => bigint;
    const significand = BigInt.asUintN(64, run(...values));
    const rest = this.state32(FPU_REST);
    return { result: numberText(rest & 0xffff, significand), up: rest >> 16 !== 0 };
  }

  /** Vector and error code (-1 = none) that a call raises, or undefined. */
  event(name: string, ...values: (number | bigint)[]): { vector: number; error: number } | undefined {
    try {
      this.run(name, ...values);
      return undefined;
    } catch (error) {
      if (!(error instanceof GuestEvent)) throw error;
      expectRecord(this.state32(CURRENT_RECORD), this.record);
      return { vector: this.state32(EVENT_VECTOR), error: this.state32(EVENT_ERROR) };
    }
  }

  get faultAddress(): bigint {
    return this.state64(CR2);
  }

  get control(): number {
    return this.view.getUint16(CPU_STATE + FPU_CONTROL, true);
  }

  set control(value: number) {
    this.view.setUint16(CPU_STATE + FPU_CONTROL, value, true);
  }

  get status(): number {
    return this.view.getUint16(CPU_STATE + FPU_STATUS, true) | (this.top << 11);
  }

  set status(value: number) {
    this.view.setUint16(CPU_STATE + FPU_STATUS, value & ~0x3800, true);
    this.view.setUint32(CPU_STATE + FPU_TOP, ((value >> 11) & 7) << 4, true);
  }

  /** The status word without TOP. */
  get conditions(): number {
    return this.status & ~0x3800;
  }

  get top(): number {
    return this.view.getUint32(CPU_STATE + FPU_TOP, true) >> 4;
  }

  private physical(i: number): number {
    return (this.top + i) & 7;
  }

  /** st(i), or undefined if it is empty. */
  st(i: number): string | undefined {
    if (((this.view.getUint16(CPU_STATE + FPU_TAG, true) >> (2 * this.physical(i))) & 3) === 3)
      return undefined;
    const address = CPU_STATE + FPU_REGISTERS + this.physical(i) * 16;
    return numberText(this.view.getUint16(address + 8, true), this.view.getBigUint64(address, true));
  }

  /** The registers in use from the top on, up to the first empty one. */
  get stack(): string[] {
    const values: string[] = [];
    for (let i = 0; i < 8; i++) {
      const value = this.st(i);
      if (value === undefined) break;
      values.push(value);
    }
    return values;
  }

  /** Replaces the stack: the first value becomes st(0). Status flags are cleared. */
  load(...values: string[]): void {
    const top = (8 - values.length) & 7;
    this.status = top << 11;
    let tags = 0xffff;
    values.forEach((value, i) => {
      const register = (top + i) & 7;
      const address = CPU_STATE + FPU_REGISTERS + register * 16;
      this.view.setUint16(address + 8, Number.parseInt(value.slice(0, 4), 16), true);
      this.view.setBigUint64(address, BigInt(`0x${value.slice(4)}`), true);
      tags &= ~(3 << (2 * register));
    });
    this.view.setUint16(CPU_STATE + FPU_TAG, tags, true);
  }

  /** The stack after an instruction on `values`. */
  apply(values: string[], name: string, ...rest: (number | bigint)[]): string[] {
    this.load(...values);
    this.run(name, ...rest);
    return this.stack;
  }

  // The host address comes first: it may grow the memory, which detaches views.
  private host(pa: bigint): number {
    return Number((this.exports.hostAddress as (pa: bigint) => number)(pa));
  }

  /** `size` bytes of physical memory, little-endian. */
  read(pa: bigint, size: number): bigint {
    const host = this.host(pa);
    let value = 0n;
    for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.view.getUint8(host + i));
    return value;
  }

  write(pa: bigint, size: number, value: bigint): void {
    const host = this.host(pa);
    for (let i = 0; i < size; i++) this.view.setUint8(host + i, Number((value >> BigInt(8 * i)) & 0xffn));
  }

  bytes(pa: bigint, size: number): Uint8Array {
    const host = this.host(pa);
    return new Uint8Array(this.memory.buffer, host, size);
  }
}

function expectRecord(actual: number, expected: number): void {
  if (actual !== expected) throw new Error(`the event names record ${actual}, not ${expected}`);
}
