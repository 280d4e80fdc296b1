/** Registers of a block of a region: locals of the region's function, and constants of the records that name them. */
import { EmitterBase } from '../../emitter/emitter-base.ts';
import type { Value } from '../../isa/emitter.ts';
import { variantsOfRow } from '../../isa/instruction-set.ts';
import { constant, int } from '../../isa/semantics/integer.ts';
import type { Location, RegisterField, Variant } from '../../isa/variant.ts';
import { GPR } from '../../layout/cpu-state.ts';
import type { Expression } from '../../wasm/builder.ts';
import { i32, type ValueType } from '../../wasm/value-types.ts';
import type { BlockRecords } from '../record-view.ts';
import type { Attempt } from './attempt.ts';
import { KnownColumns } from './known-columns.ts';
import { KnownNumbers } from './known-numbers.ts';
import type { RegionParts } from './parts.ts';
import type { PlannedBlock } from './plan.ts';
import { numberOfXmm, type RegisterBank, xmmAt } from './register-locals.ts';
import type { RegisterUse } from './register-placement.ts';
import { ValueOrigins } from './value-origins.ts';

class BankUse implements RegisterUse {
  touched = 0;
  written = 0;

  read(number: number): void {
    this.touched |= 1 << number;
  }

  write(number: number): void {
    this.touched |= 1 << number;
    this.written |= 1 << number;
  }
}

/** By size of an operand. */
const MASKS = { 1: 0xff, 2: 0xffff } as const;

export abstract class BlockRegisters extends EmitterBase {
  /** Of the instruction being emitted. */
  variant = variantsOfRow(0)[0] as Variant;
  protected readonly parts: RegionParts;
  protected readonly block: PlannedBlock;
  protected readonly records: BlockRecords;
  /** Instruction being emitted. */
  protected index = 0;
  protected readonly registerUse = new BankUse();
  protected readonly upperUse = new BankUse();
  protected attempt: Attempt | undefined = undefined;
  protected readonly known: KnownNumbers;
  protected readonly columns: KnownColumns;
  /** The lane of a vector register read last. */
  protected lastRead: { readonly value: Expression; readonly lane: number } | undefined = undefined;

  protected readonly origins: ValueOrigins;
  /** General registers of which only the low 1 or 2 bytes were written last: how many, in two bits for each. MainBank.low() has them. */
  private lows: number;

  /** @param before of the block that leads to this one, in the same group. */
  constructor(parts: RegionParts, block: PlannedBlock, before: BlockRegisters | undefined) {
    super(parts.m);
    this.origins = new ValueOrigins(before?.origins);
    this.lows = before === undefined ? 0 : before.lows;
    this.known = new KnownNumbers(before?.known);
    this.columns = new KnownColumns(parts, before?.columns);
    this.parts = parts;
    this.block = block;
    this.records = block.records;
  }

  protected override get areNarrow(): boolean {
    return this.parts.registers.areNarrow;
  }

  /** As wide as the register's local. */
  protected whole(register: number): Expression {
    this.registerUse.read(register);
    return this.parts.registers.local(register).get();
  }

  /** i64. */
  protected get(register: number): Expression {
    const value = this.whole(register);
    return this.areNarrow ? this.m.i64.extend_u(value) : value;
  }

  /** Its low half: i32. */
  protected low(register: number): Expression {
    const value = this.whole(register);
    return this.areNarrow ? value : this.m.i32.wrap(value);
  }

  /** @param value as wide as the register's local. @param low what its low `size` bytes get, if that is told. */
  protected set(register: number, value: Expression, low?: Expression, size = 0): void {
    this.setLocal(this.parts.registers, this.registerUse, register, value);
    this.origins.write(register, low, size);
    this.lows &= ~(3 << (2 * register));
  }

  override let(value: Expression, type: ValueType = i32): Value {
    const { origins } = this;
    const local = this.newLocal(type);
    this.statements.push(local.set(value));
    const named: Value = () => {
      const expression = local.get();
      origins.noteValue(expression, named);
      return expression;
    };
    origins.make(named, value);
    return named;
  }

  override when(condition: Expression, then: () => void): void {
    this.origins.within(() => super.when(condition, then));
  }

  gpr(register: number, size: number): Expression {
    const { m } = this;
    if (size === 8) return this.get(register);
    if (size === 4) return this.low(register);
    const written = (this.lows >> (2 * register)) & 3;
    const low = written < size ? this.low(register) : this.parts.registers.low(register).get();
    return written === size ? low : m.i32.and(low, m.i32.const(MASKS[size as 1 | 2]));
  }

  setGpr(register: number, size: number, value: Expression): void {
    const { m } = this;
    if (size === 8) this.set(register, this.areNarrow ? m.i32.wrap(value) : value, value, size);
    else if (size === 4) this.set(register, this.areNarrow ? value : m.i64.extend_u(value), value, size);
    else this.setLow(register, size as 1 | 2, value);
  }

  /** What reads the same bytes next does not wait for the rest of the register. */
  private setLow(register: number, size: 1 | 2, value: Expression): void {
    const { m } = this;
    const bytes = this.parts.registers.low(register);
    this.emit(bytes.set(m.i32.and(value, m.i32.const(MASKS[size]))));
    this.insert(register, bytes.get(), MASKS[size], 0, value, size);
    this.lows |= size << (2 * register);
  }

  /** Replaces the bits of `mask` << `shift`. @param value has no others than those of `mask`. */
  private insert(
    register: number,
    value: Expression,
    mask: number,
    shift: number,
    low?: Expression,
    size = 0,
  ): void {
    const { m, areNarrow } = this;
    const width = areNarrow ? 4 : 8;
    const { and, or, shl } = int(m, width);
    const bits = areNarrow ? value : m.i64.extend_u(value);
    const placed = shift === 0 ? bits : shl(bits, constant(m, width, shift));
    const kept = and(this.whole(register), constant(m, width, ~(mask << shift)));
    this.set(register, or(kept, placed), low, size);
  }

  highByte(register: number): Expression {
    const { m } = this;
    return m.i32.and(m.i32.shr_u(this.low(register), m.i32.const(8)), m.i32.const(0xff));
  }

  setHighByte(register: number, value: Expression): void {
    const { m } = this;
    this.insert(register, m.i32.and(value, m.i32.const(0xff)), 0xff, 8);
  }

  xmm(register: number): Expression {
    const number = numberOfXmm(register);
    this.registerUse.read(number);
    this.refresh(2 * register);
    const value = this.parts.registers.local(number).get();
    this.lastRead = { value, lane: 2 * register };
    return value;
  }

  setXmm(register: number, value: Expression): void {
    this.noteLane(2 * register, value);
    this.setLocal(this.parts.registers, this.registerUse, numberOfXmm(register), value);
  }

  /** What is emitted from now on is executed whenever what comes behind it is. */
  protected abstract get isStraight(): boolean;

  /** Before a lane's local is read. */
  private refresh(lane: number): void {
    for (const statement of this.columns.refresh(lane)) this.emit(statement);
    if (this.isStraight) this.columns.setFresh(lane);
  }

  private upper(register: number): Expression {
    this.upperUse.read(register);
    const value = this.parts.uppers.local(register).get();
    this.lastRead = { value, lane: 2 * register + 1 };
    return value;
  }

  protected setUpper(register: number, value: Expression): void {
    this.noteLane(2 * register + 1, value);
    this.setLocal(this.parts.uppers, this.upperUse, register, value);
  }

  /** What is known of a lane of a vector register that is written. */
  private noteLane(lane: number, value: Expression): void {
    if (this.lastRead?.value === value) this.known.copy(this.lastRead.lane, lane);
    else this.known.forget(lane);
    this.columns.forget(lane);
  }

  private setLocal(bank: RegisterBank, use: BankUse, number: number, value: Expression): void {
    const local = bank.local(number);
    this.attempt?.save(bank, number, local, this.parts.locals);
    use.write(number);
    this.statements.push(local.set(value));
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
    if (offset & 1) return this.highByte(register);
    const value = this.gpr(register, location.size);
    this.origins.noteRegister(value, register, location.size);
    return value;
  }

  override isSameRegister(a: number, b: number): boolean {
    const [first, second] = [this.location(a), this.location(b)];
    if (first.kind !== 'general' || second.kind !== 'general' || first.size !== second.size) return false;
    const { records, index } = this;
    return records.register(index, first.field) === records.register(index, second.field);
  }

  /** 128-bit lane of a vector register. */
  protected lane(register: number, lane: number): Expression {
    return lane === 0 ? this.xmm(register) : this.upper(register);
  }

  protected readLane(location: Location & { field: RegisterField }, lane: number): Expression {
    return this.lane(this.xmmNumber(location), lane);
  }

  protected writeLane(location: Location & { field: RegisterField }, lane: number, value: Expression): void {
    const register = this.xmmNumber(location);
    if (lane === 0) this.setXmm(register, value);
    else this.setUpper(register, value);
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

  protected generalAt(location: Location & { field: RegisterField }): number {
    return (this.records.register(this.index, location.field) - GPR) >> 3;
  }

  protected xmmNumber(location: Location & { field: RegisterField }): number {
    return xmmAt(this.records.register(this.index, location.field));
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

  registerNumber(operand: number): Expression {
    const location = this.location(operand);
    if (!('field' in location)) throw new Error(`operand ${operand} is not a register`);
    return this.m.i32.const(this.records.register(this.index, location.field));
  }

  protected immediate(size: number): Expression {
    const { m, records, index } = this;
    const { constants } = this.parts;
    if (size >= 4 && constants.movesImmediate(records, index)) {
      const moved = constants.immediate(records, index);
      return size === 8 ? moved : m.i32.wrap(moved);
    }
    const low = records.immediateLow(index);
    const expression =
      size === 8
        ? m.i64.halves(low, records.immediateHigh(index))
        : m.i32.const(size === 4 ? low : low & (size === 2 ? 0xffff : 0xff));
    // What is not so short is a MOV's.
    if (records.isImmediateShort(index)) this.origins.noteConstant(expression, low, size);
    return expression;
  }
}
