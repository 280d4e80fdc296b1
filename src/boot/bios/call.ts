/**
 * One call of a BIOS service: the caller's registers, which of them are 16-bit halves, the flags it gets back, and the
 * memory its segments point to. What the stub of the service (code.ts) has saved on the stack comes back from there.
 */
import type { Caller } from '../firmware.ts';
import type { RegisterName, SegmentName } from '../start-state.ts';

/** Where a stub has put AX, from the top of the stack on. */
const SAVED_AX = 0;

/** What is on the stack, by its offset from the top. */
export interface StubFrame {
  readonly flags: number;
  /** Bits of the stack pointer. */
  readonly stackMask: bigint;
}

/** By a software interrupt in real mode: AX and ES, then IP, CS and FLAGS of the caller. */
export const INTERRUPT_FRAME: StubFrame = { flags: 8, stackMask: 0xffffn };
/** By a far call of 32-bit code: EAX, EFLAGS, then EIP and CS of the caller. */
export const FAR_CALL_FRAME: StubFrame = { flags: 4, stackMask: 0xffff_ffffn };

/** In an INTERRUPT_FRAME. */
const SAVED_ES = 2;
const RETURN_IP = 4;
const FRAME_SIZE = 6;

const CARRY = 1 << 0;
const ZERO = 1 << 6;
const INTERRUPT = 1 << 9;

export type WordRegister = 'bx' | 'cx' | 'dx' | 'si' | 'di' | 'bp';

/** A paragraph number and an offset. */
export interface FarPointer {
  readonly segment: number;
  readonly offset: number;
}

/** Does a service. */
export type Service = (call: BiosCall) => void;

export class BiosCall {
  private readonly caller: Caller;
  private readonly frame: StubFrame;

  constructor(caller: Caller, frame: StubFrame) {
    this.caller = caller;
    this.frame = frame;
  }

  private get stack(): bigint {
    return this.caller.segmentBase('ss') + (this.caller.register('sp') & this.frame.stackMask);
  }

  private saved(offset: number): number {
    const [low = 0, high = 0] = this.caller.read(this.stack + BigInt(offset), 2);
    return low | (high << 8);
  }

  private save(offset: number, value: number): void {
    this.caller.write(this.stack + BigInt(offset), Uint8Array.of(value, value >> 8));
  }

  get ax(): number {
    return this.saved(SAVED_AX);
  }

  set ax(value: number) {
    this.save(SAVED_AX, value);
  }

  get ah(): number {
    return this.ax >> 8;
  }

  set ah(value: number) {
    this.ax = (value << 8) | this.al;
  }

  get al(): number {
    return this.ax & 0xff;
  }

  set al(value: number) {
    this.ax = (this.ax & 0xff00) | (value & 0xff);
  }

  /** EAX, whose high half no stub touches. */
  set eax(value: number) {
    this.ax = value & 0xffff;
    this.setHigh('ax', value >>> 16);
  }

  word(name: WordRegister): number {
    return Number(this.caller.register(name) & 0xffffn);
  }

  setWord(name: WordRegister, value: number): void {
    this.setLow(name, value);
  }

  /** The high byte of BX, CX or DX, and the low one. */
  high(name: 'bx' | 'cx' | 'dx'): number {
    return this.word(name) >> 8;
  }

  low(name: 'bx' | 'cx' | 'dx'): number {
    return this.word(name) & 0xff;
  }

  setBytes(name: 'bx' | 'cx' | 'dx', high: number, low: number): void {
    this.setWord(name, ((high & 0xff) << 8) | (low & 0xff));
  }

  /** All 32 bits. */
  double(name: WordRegister): number {
    return Number(this.caller.register(name) & 0xffff_ffffn);
  }

  setDouble(name: WordRegister, value: number): void {
    this.caller.setRegister(name, BigInt(value >>> 0));
  }

  private setLow(name: RegisterName, value: number): void {
    const kept = this.caller.register(name) & 0xffff_0000n;
    this.caller.setRegister(name, kept | BigInt(value & 0xffff));
  }

  private setHigh(name: RegisterName, value: number): void {
    const kept = this.caller.register(name) & 0xffffn;
    this.caller.setRegister(name, (BigInt(value) << 16n) | kept);
  }

  set es(paragraph: number) {
    this.save(SAVED_ES, paragraph);
  }

  set carry(value: boolean) {
    this.setFlag(CARRY, value);
  }

  set zero(value: boolean) {
    this.setFlag(ZERO, value);
  }

  private setFlag(flag: number, value: boolean): void {
    const flags = this.saved(this.frame.flags);
    this.save(this.frame.flags, value ? flags | flag : flags & ~flag);
  }

  /** Success as most services tell it. */
  succeed(): void {
    this.carry = false;
  }

  /** Failure as most services tell it. @param code for AH. */
  fail(code: number): void {
    this.ah = code;
    this.carry = true;
  }

  /** @throws BadAddress, as everything that takes an address, where there is no memory. */
  read(segment: SegmentName, offset: number, length: number): Uint8Array {
    return this.caller.read(this.address(segment, offset), length);
  }

  write(segment: SegmentName, offset: number, bytes: Uint8Array): void {
    this.caller.write(this.address(segment, offset), bytes);
  }

  private address(segment: SegmentName, offset: number): bigint {
    return this.caller.segmentBase(segment) + BigInt(offset);
  }

  /**
   * For an INTERRUPT_FRAME. The service is not done: guest code at `pointer` runs first, with interrupts on, and as if
   * the caller had called it.
   */
  goOnAt({ segment, offset }: FarPointer): void {
    const frame = this.caller.read(this.stack, this.frame.flags + 2);
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    view.setUint16(RETURN_IP, offset, true);
    view.setUint16(RETURN_IP + 2, segment, true);
    view.setUint16(this.frame.flags, this.saved(this.frame.flags) | INTERRUPT, true);
    this.setLow('sp', Number(this.caller.register('sp') & 0xffffn) - FRAME_SIZE);
    this.caller.write(this.stack, frame);
  }
}
