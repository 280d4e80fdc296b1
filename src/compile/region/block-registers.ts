/** Registers of a block of a region: locals of the region's function, and constants of the records that name them. */
import { EmitterBase } from '../../emitter/emitter-base.ts';
import type { Local } from '../../emitter/locals.ts';
import { VARIANTS } from '../../isa/instruction-set.ts';
import type { Location, RegisterField, Variant } from '../../isa/variant.ts';
import { GPR, YMM } from '../../layout/cpu-state.ts';
import { CPU_STATE } from '../../layout/linear-memory.ts';
import type { Expression } from '../../wasm/builder.ts';
import { v128 } from '../../wasm/value-types.ts';
import type { BlockRecords } from '../record-view.ts';
import type { Attempt } from './attempt.ts';
import { KnownNumbers, laneAt } from './known-numbers.ts';
import type { RegionParts } from './parts.ts';
import type { PlannedBlock } from './plan.ts';
import { bitOfGeneral, bitOfXmm } from './register-locals.ts';

export abstract class BlockRegisters extends EmitterBase {
  /** Of the instruction being emitted. */
  variant = VARIANTS[0] as Variant;
  protected readonly parts: RegionParts;
  protected readonly block: PlannedBlock;
  protected readonly records: BlockRecords;
  /** Instruction being emitted. */
  protected index = 0;
  /** Sets of registers (register-locals.ts). */
  protected touched = 0;
  protected written = 0;
  protected attempt: Attempt | undefined;
  protected readonly known = new KnownNumbers();
  /** The vector register read last. */
  protected lastRead: { readonly value: Expression; readonly lane: number } | undefined;

  constructor(parts: RegionParts, block: PlannedBlock) {
    super(parts.m);
    this.parts = parts;
    this.block = block;
    this.records = block.records;
  }

  protected get(register: number): Expression {
    this.touched |= bitOfGeneral(register);
    return this.parts.registers.general(register).get();
  }

  protected set(register: number, value: Expression): void {
    this.saveRegister(bitOfGeneral(register), this.parts.registers.general(register));
    this.touched |= bitOfGeneral(register);
    this.written |= bitOfGeneral(register);
    this.emit(this.parts.registers.general(register).set(value));
  }

  gpr(register: number, size: number): Expression {
    const { m } = this;
    if (size === 8) return this.get(register);
    const low = m.i32.wrap(this.get(register));
    return size === 4 ? low : m.i32.and(low, m.i32.const(size === 2 ? 0xffff : 0xff));
  }

  setGpr(register: number, size: number, value: Expression): void {
    const { m } = this;
    if (size === 8) this.set(register, value);
    else if (size === 4) this.set(register, m.i64.extend_u(value));
    else this.insert(register, value, size === 2 ? 0xffffn : 0xffn, 0n);
  }

  /** Replaces the bits of `mask` << `shift`. */
  protected insert(register: number, value: Expression, mask: bigint, shift: bigint): void {
    const { m } = this;
    const bits = m.i64.and(m.i64.extend_u(value), m.i64.const(mask));
    const placed = shift === 0n ? bits : m.i64.shl(bits, m.i64.const(shift));
    const kept = m.i64.and(this.get(register), m.i64.const(~(mask << shift)));
    this.set(register, m.i64.or(kept, placed));
  }

  highByte(register: number): Expression {
    const { m } = this;
    return m.i32.and(m.i32.shr_u(m.i32.wrap(this.get(register)), m.i32.const(8)), m.i32.const(0xff));
  }

  setHighByte(register: number, value: Expression): void {
    this.insert(register, value, 0xffn, 8n);
  }

  xmm(register: number): Expression {
    this.touched |= bitOfXmm(register);
    const value = this.parts.registers.xmm(register).get();
    this.lastRead = { value, lane: 2 * register };
    return value;
  }

  setXmm(register: number, value: Expression): void {
    this.saveRegister(bitOfXmm(register), this.parts.registers.xmm(register));
    if (this.lastRead?.value === value) this.known.copy(this.lastRead.lane, 2 * register);
    else this.known.forget(2 * register);
    this.touched |= bitOfXmm(register);
    this.written |= bitOfXmm(register);
    this.emit(this.parts.registers.xmm(register).set(value));
  }

  // ---- record fields ----

  protected readField(location: Location & { field: RegisterField }): Expression {
    const { m } = this;
    const offset = this.records.register(this.index, location.field);
    if (location.kind === 'xmm') {
      const value = this.xmm(this.xmmNumber(location));
      switch (location.size) {
        case 16:
          return value;
        case 8:
          return m.i64x2.extract_lane(value, 0);
        case 4:
          return m.i32x4.extract_lane(value, 0);
        case 2:
          return m.i16x8.extract_lane_u(value, 0);
        default:
          return m.i8x16.extract_lane_u(value, 0);
      }
    }
    const register = (offset - GPR) >> 3;
    return offset & 1 ? this.highByte(register) : this.gpr(register, location.size);
  }

  /** Upper halves of the YMM registers stay in the processor state. */
  protected readLane({ field }: Location & { field: RegisterField }, lane: number): Expression {
    const offset = this.records.register(this.index, field);
    return lane === 0 ? this.xmm((offset - YMM) >> 5) : this.state(offset + 16, 16);
  }

  protected writeLane({ field }: Location & { field: RegisterField }, lane: number, value: Expression): void {
    const offset = this.records.register(this.index, field);
    if (lane === 0) this.setXmm((offset - YMM) >> 5, value);
    else this.setUpper(offset + 16, value);
  }

  protected writeField(location: Location & { field: RegisterField }, value: Expression): void {
    const { m } = this;
    const offset = this.records.register(this.index, location.field);
    if (location.kind === 'xmm') {
      const register = this.xmmNumber(location);
      if (location.size === 16) this.setXmm(register, value);
      else if (location.size === 8) this.setXmm(register, m.i64x2.replace_lane(this.xmm(register), 0, value));
      else this.setXmm(register, m.i32x4.replace_lane(this.xmm(register), 0, value));
      return;
    }
    const register = (offset - GPR) >> 3;
    if (offset & 1) this.setHighByte(register, value);
    else this.setGpr(register, location.size, value);
  }

  /** @param offset of the upper half of a YMM register. */
  protected setUpper(offset: number, value: Expression): void {
    const { m } = this;
    const store = (half: Expression): Expression =>
      this.storeHost(16, CPU_STATE + offset, m.i32.const(0), half);
    this.known.forget(laneAt(offset));
    this.attempt?.save(-offset, () => this.parts.locals.take(v128), this.state(offset, 16), store);
    this.emit(store(value));
  }

  protected xmmNumber(location: Location & { field: RegisterField }): number {
    return (this.records.register(this.index, location.field) - YMM) >> 5;
  }

  /** Lanes do without a way over a general register. */
  override readFloat(operand: number): Expression {
    const { m } = this;
    const location = this.location(this.sourceOf(operand));
    if (location.kind !== 'xmm') return super.readFloat(operand);
    const value = this.xmm(this.xmmNumber(location));
    return location.size === 8 ? m.f64x2.extract_lane(value, 0) : m.f32x4.extract_lane(value, 0);
  }

  override writeFloat(operand: number, value: Expression): void {
    const { m } = this;
    const location = this.location(operand);
    if (location.kind !== 'xmm' || this.worksByLanes) {
      super.writeFloat(operand, value);
      return;
    }
    const register = this.xmmNumber(location);
    const floats = location.size === 8 ? m.f64x2 : m.f32x4;
    this.setXmm(register, floats.replace_lane(this.xmm(register), 0, value));
  }

  private saveRegister(bit: number, register: Local): void {
    const take = () => this.parts.locals.take(register.type);
    this.attempt?.save(bit, take, register.get(), (value) => register.set(value));
  }

  registerNumber(operand: number): Expression {
    const location = this.location(operand);
    if (!('field' in location)) throw new Error(`operand ${operand} is not a register`);
    return this.m.i32.const(this.records.register(this.index, location.field));
  }

  protected immediate(size: number): Expression {
    const value = this.records.immediate(this.index);
    if (size === 8) return this.m.i64.const(value);
    const bits = Number(BigInt.asUintN(32, value));
    return this.m.i32.const((size === 4 ? bits : bits & (size === 2 ? 0xffff : 0xff)) | 0);
  }
}
