/**
 * What both emitters have in common: operand dispatch, the TLB probe, flags arithmetic.
 *
 * The subclasses say where registers, record fields and flags live and what happens when a probe fails.
 */

import type { Condition } from '../isa/condition.ts';
import type {
  Computation,
  Emitter,
  FlagWriter,
  Rounding,
  Selection,
  SlowPath,
  Value,
  X87Operand,
  X87Stack,
} from '../isa/emitter.ts';
import { columnsOf, joinDoublewords } from '../isa/semantics/vector.ts';
import type { Location, RegisterField, Variant } from '../isa/variant.ts';
import { GPR, MXCSR, MXCSR_MASKS, MXCSR_PE, MXCSR_RC, SEGMENT_BASE, YMM } from '../layout/cpu-state.ts';
import type { RuntimeFunction } from '../layout/generated/runtime-function.ts';
import { CPU_STATE } from '../layout/linear-memory.ts';
import { RECORD_A, RECORD_B, RECORD_C, RECORD_IMM } from '../layout/record.ts';
import { ACCESS_BASE } from '../layout/runtime-state.ts';
import type { Expression, Module } from '../wasm/builder.ts';
import { i32, i64, type ValueType, v128 } from '../wasm/value-types.ts';
import type { FlagSource } from './flags/source.ts';
import { type FlagPlace, SourceFlagWriter } from './flags/writer.ts';
import type { Local } from './locals.ts';
import type { Access } from './tlb-probe.ts';

export const FIELD_OFFSET = { a: RECORD_A, b: RECORD_B, c: RECORD_C, d: RECORD_IMM } as const;

const LANE_SIZE = 16;

export function typeOfSize(size: number): ValueType {
  return size === 16 ? v128 : size === 8 ? i64 : i32;
}

type RegisterLocation = Extract<Location, { readonly kind: 'general' | 'xmm' | 'mmx' }>;

/** Whether the value is in a register, whose offset in the processor state is in the record. */
function isRegisterFile(location: Location): location is RegisterLocation {
  return location.kind === 'general' || location.kind === 'xmm' || location.kind === 'mmx';
}

/** What eachLane() is at. */
interface LaneView {
  lane: number;
  readonly immediateBits: number;
  /** Lanes of memory operands that have been loaded, by operand of the row. */
  readonly loaded: Map<number, Value[]>;
  /** What has been written to operand 0, for each lane. */
  readonly results: Value[];
}

/** i32: bits of MXCSR that are not as usual, which is with exceptions masked, PE set and all else zero. */
export function unusualMxcsr(m: Module): Expression {
  const mxcsr = m.i32.load(CPU_STATE + MXCSR, 4, m.i32.const(0));
  return m.i32.xor(mxcsr, m.i32.const(MXCSR_MASKS | MXCSR_PE));
}

export abstract class EmitterBase implements Emitter, FlagPlace {
  readonly m: Module;
  abstract readonly variant: Variant;
  protected statements: Expression[] = [];
  private laneView: LaneView | undefined;

  constructor(module: Module) {
    this.m = module;
  }

  get operandSize(): number {
    return this.variant.operandSize;
  }

  /** Only 64-bit code has operands of 8 bytes on the stack. Those of 2 bytes exist in every mode. */
  get stackSize(): number | undefined {
    return this.operandSize === 8 ? 8 : undefined;
  }

  get operandCount(): number {
    return this.variant.locations.length;
  }

  protected location(operand: number): Location {
    const location = this.variant.locations[operand];
    if (location === undefined) throw new Error(`${this.variant.row.mnemonic} has no operand ${operand}`);
    return location;
  }

  sizeOf(operand: number): number {
    const location = this.location(operand === 0 ? 0 : this.sourceOf(operand));
    return this.laneView !== undefined && 'lanes' in location
      ? location.size / location.lanes
      : location.size;
  }

  isRegister(operand: number): boolean {
    return isRegisterFile(this.location(this.sourceOf(operand)));
  }

  isSameRegister(_a: number, _b: number): boolean {
    return false;
  }

  /** What eachLane() is at. */
  protected get currentLane(): number {
    return this.laneView?.lane ?? 0;
  }

  protected get worksByLanes(): boolean {
    return this.laneView !== undefined;
  }

  /** Operand of the row that is read for an operand of the semantics: see eachLane(). */
  protected sourceOf(operand: number): number {
    if (this.laneView === undefined) return operand;
    const { operands } = this.variant.row;
    return operands[0]?.place === 'vex' || operands[1]?.place === 'vex' ? operand + 1 : operand;
  }

  emit(statement: Expression): void {
    this.statements.push(statement);
  }

  // ---- what the subclasses know ----

  protected abstract newLocal(type: ValueType): Local;
  protected abstract readField(location: Location & { field: RegisterField }): Expression;
  protected abstract writeField(location: Location & { field: RegisterField }, value: Expression): void;
  /** 128-bit lane `lane` of a vector register. */
  protected abstract readLane(location: Location & { field: RegisterField }, lane: number): Expression;
  protected abstract writeLane(
    location: Location & { field: RegisterField },
    lane: number,
    value: Expression,
  ): void;
  protected abstract immediate(size: number): Expression;
  /** Base + index * scale + displacement, truncated to the address size. */
  protected abstract memoryAddress(): Expression;
  /** Linear address of an effective address of the memory operand. */
  protected abstract toLinear(effective: Expression): Expression;
  /** Absolute address of an `offset` operand, with its segment base. */
  protected abstract offsetAddress(): Expression;
  protected abstract stringAddress(kind: 'source' | 'destination'): Expression;
  /** What effective addresses of the `general` form are truncated with: i64. */
  protected abstract addressMask(): Expression;
  /** Host address of an access, to be used once: i32. */
  protected abstract probe(access: Access, linearAddress: Value, size: number): Expression;
  /** Whether a missed write may give the bounce buffer instead of guest memory. */
  protected abstract readonly mayBounce: boolean;
  /** After a store through a host address that may be the bounce buffer. */
  protected finishStore(_host: Value): void {}
  abstract setFlags(source: FlagSource, isPartial?: boolean): void;
  abstract flagSource(): FlagSource;
  abstract flagResult(): Expression;
  abstract flagAux(): Expression;
  abstract condition(condition: Condition, negated: boolean): Expression;
  abstract gpr(register: number, size: number): Expression;
  abstract setGpr(register: number, size: number, value: Expression): void;
  abstract highByte(register: number): Expression;
  abstract setHighByte(register: number, value: Expression): void;
  abstract xmm(register: number): Expression;
  abstract setXmm(register: number, value: Expression): void;
  abstract clearUpper(register: number): void;
  abstract registerNumber(operand: number): Expression;
  abstract record(): Expression;
  abstract nextRip(): Expression;
  abstract call(name: RuntimeFunction, args: Expression[], result: ValueType): Expression;
  abstract run(name: RuntimeFunction, args: Expression[]): void;
  abstract x87(
    name: RuntimeFunction,
    args: Expression[],
    result: ValueType,
    operand?: X87Operand,
  ): Expression;
  abstract readonly x87Stack: X87Stack | undefined;
  abstract delegate(condition: Expression, name: RuntimeFunction, args: Expression[]): void;
  abstract jump(): void;
  abstract jumpIf(condition: Expression): void;
  abstract jumpTo(target: Expression): void;
  abstract dispatch(): void;
  abstract dispatchIf(condition: Expression, change: () => void): void;
  abstract handlerIf(condition: Expression): void;
  abstract budgetLeft(): Expression;
  abstract exit(reason: number): void;
  abstract repeat(
    name: RuntimeFunction,
    args: Expression[],
    atOnce?: (leaveUnless: (done: Expression) => void) => void,
  ): void;
  abstract expectNoInterrupt(): void;
  abstract leaveIfInterrupt(): void;
  abstract requireSse(): void;
  abstract requireAvx(): void;
  abstract signBits(size: 4 | 8): Expression;
  abstract factorRank(size: 4 | 8): Expression;
  abstract requireAligned(linearAddress: Value, size: number): void;
  abstract unlessRare(rare: Expression, ...paths: SlowPath[]): Value[];
  abstract gather(width: 4 | 8, indexWidth: 4 | 8, count: number): void;
  abstract readMasked(operand: number, width: 4 | 8, masks: readonly Value[]): Value[];
  abstract writeMasked(
    operand: number,
    width: 4 | 8,
    masks: readonly Value[],
    values: readonly Value[],
  ): void;
  abstract computed(computation: Computation): Value;
  abstract readonly fusesMultiplyAdd: boolean;
  abstract rounded(rounding: Rounding): Value;
  abstract selected(selection: Selection): Value;
  abstract knownImmediate(operand: number): number | undefined;
  abstract withImmediate(
    operand: number,
    known: (value: number) => Expression,
    general: (value: Value) => Expression,
  ): Expression;

  // ---- values ----

  let(value: Expression, type: ValueType = i32): Value {
    const local = this.newLocal(type);
    this.emit(local.set(value));
    return () => local.get();
  }

  when(condition: Expression, then: () => void): void {
    this.emit(this.m.if(condition, this.collect(then)));
  }

  /** What `make` emits, as a block of its own. */
  protected collect(make: () => void): Expression {
    const outer = this.statements;
    this.statements = [];
    make();
    const body = this.m.block(null, this.statements);
    this.statements = outer;
    return body;
  }

  loadHost(size: number, offset: number, pointer: Expression): Expression {
    switch (size) {
      case 1:
        return this.m.i32.load8_u(offset, 1, pointer);
      case 2:
        return this.m.i32.load16_u(offset, 1, pointer);
      case 4:
        return this.m.i32.load(offset, 1, pointer);
      case 8:
        return this.m.i64.load(offset, 1, pointer);
      default:
        return this.m.v128.load(offset, 1, pointer);
    }
  }

  storeHost(size: number, offset: number, pointer: Expression, value: Expression): Expression {
    switch (size) {
      case 1:
        return this.m.i32.store8(offset, 1, pointer, value);
      case 2:
        return this.m.i32.store16(offset, 1, pointer, value);
      case 4:
        return this.m.i32.store(offset, 1, pointer, value);
      case 8:
        return this.m.i64.store(offset, 1, pointer, value);
      default:
        return this.m.v128.store(offset, 1, pointer, value);
    }
  }

  state(offset: number, size: number): Expression {
    return this.loadHost(size, CPU_STATE + offset, this.m.i32.const(0));
  }

  setState(offset: number, size: number, value: Expression): void {
    this.emit(this.storeHost(size, CPU_STATE + offset, this.m.i32.const(0), value));
  }

  segmentBase(segment: number): Expression {
    return this.state(SEGMENT_BASE + segment * 8, 8);
  }

  protected unusualMxcsr(): Expression {
    return unusualMxcsr(this.m);
  }

  specialMxcsr(bits = 0): Expression {
    return this.m.i32.and(this.unusualMxcsr(), this.m.i32.const(MXCSR_MASKS | MXCSR_RC | bits));
  }

  /** i32, not zero if an exception is unmasked. */
  protected unmaskedMxcsr(): Expression {
    return this.m.i32.and(this.unusualMxcsr(), this.m.i32.const(MXCSR_MASKS));
  }

  // ---- operands ----

  /** Linear address of a memory operand, aligned as the operand asks for. */
  protected checkedAddress(operand: number): Value {
    const location = this.location(operand);
    const address = this.let(this.address(operand), i64);
    if (location.kind === 'memory' && location.aligned) this.requireAligned(address, location.size);
    return address;
  }

  read(operand: number): Expression {
    const at = this.sourceOf(operand);
    const location = this.location(at);
    if (this.laneView !== undefined) {
      if ('lanes' in location && location.lanes === 2) return this.readPart(this.laneView, at, location);
      if (location.kind === 'memory') return this.readOnce(this.laneView, at, location.size);
      if (location.kind === 'immediate') {
        const shift = this.m.i32.const(this.laneView.lane * this.laneView.immediateBits);
        return this.m.i32.shr_u(this.immediate(location.size), shift);
      }
    }
    switch (location.kind) {
      case 'general':
      case 'xmm':
      case 'mmx':
        return this.readField(location);
      case 'immediate':
        return this.immediate(location.size);
      case 'memory':
      case 'offset':
      case 'source':
      case 'destination':
        return this.load(location.size, this.checkedAddress(at));
      default:
        throw new Error(`${this.variant.row.mnemonic}: operand ${operand} is not a value`);
    }
  }

  write(operand: number, value: Expression): void {
    const location = this.location(operand);
    if (this.laneView !== undefined) {
      if (operand !== 0) throw new Error('only operand 0 is written by lanes');
      this.laneView.results[this.laneView.lane] = this.laneResult(location, value);
      return;
    }
    if (isRegisterFile(location)) {
      this.writeField(location, value);
      return;
    }
    const kept = this.let(value, typeOfSize(location.size));
    this.store(location.size, this.checkedAddress(operand), kept());
  }

  writeProbed(operand: number, value: () => Value): void {
    const { size } = this.location(operand);
    const host = this.let(this.probe('write', this.checkedAddress(operand), size));
    this.emit(this.storeHost(size, 0, host(), value()()));
    if (this.mayBounce) this.finishStore(host);
  }

  readFloat(operand: number): Expression {
    const value = this.read(operand);
    return this.sizeOf(operand) === 8 ? this.m.f64.reinterpret(value) : this.m.f32.reinterpret(value);
  }

  writeFloat(operand: number, value: Expression): void {
    const { m } = this;
    if (this.laneView !== undefined) {
      const floats = this.sizeOf(operand) === 8 ? m.f64x2 : m.f32x4;
      const result = floats.replace_lane(this.readLane(this.location(1) as RegisterLocation, 0), 0, value);
      this.laneView.results[this.laneView.lane] = this.let(result, v128);
      return;
    }
    this.write(operand, this.sizeOf(operand) === 8 ? m.i64.reinterpret(value) : m.i32.reinterpret(value));
  }

  readFloatLane(operand: number): Expression {
    const location = this.location(this.sourceOf(operand));
    if (location.kind === 'xmm') return this.readLane(location, 0);
    return this.loadLow(operand);
  }

  writeFloatLane(operand: number, value: Expression): void {
    if (this.laneView !== undefined) this.laneView.results[this.laneView.lane] = this.let(value, v128);
    else this.writeLane(this.location(operand) as RegisterLocation, 0, value);
  }

  /** A memory operand of 4 or 8 bytes with zeros above it. */
  private loadLow(operand: number): Expression {
    const { v128: vector } = this.m;
    const at = this.sourceOf(operand);
    const { size } = this.location(at);
    const host = this.probe('read', this.checkedAddress(at), size);
    return this.let(size === 8 ? vector.load64_zero(0, 1, host) : vector.load32_zero(0, 1, host), v128)();
  }

  readVector(operand: number): Expression {
    const { m } = this;
    const { kind, size } = this.location(this.sourceOf(operand));
    if (kind === 'memory' && (size === 4 || size === 8) && this.variant.vectorSize <= LANE_SIZE)
      return this.loadLow(operand);
    const zero = (): Expression => m.v128.const(new Uint8Array(16));
    switch (this.sizeOf(operand)) {
      case 16:
        return this.read(operand);
      case 8:
        return m.i64x2.replace_lane(zero(), 0, this.read(operand));
      default:
        return m.i32x4.replace_lane(zero(), 0, this.read(operand));
    }
  }

  get lanes(): 1 | 2 {
    return this.variant.vectorSize === 32 ? 2 : 1;
  }

  readLow(operand: number): Expression {
    return this.readLane(this.location(operand) as RegisterLocation, 0);
  }

  readLanes(operand: number): Value[] {
    const location = this.location(operand);
    const lanes = Array.from({ length: location.size / LANE_SIZE }, (_, lane) => lane);
    if (location.kind === 'xmm') return lanes.map((lane) => this.let(this.readLane(location, lane), v128));
    const host = this.let(this.probe('read', this.checkedAddress(operand), location.size));
    return lanes.map((lane) => this.let(this.loadHost(LANE_SIZE, lane * LANE_SIZE, host()), v128));
  }

  readColumns(operand: number): readonly Value[] {
    return columnsOf(this, operand);
  }

  writeColumns(operand: number, columns: readonly Value[]): void {
    this.write(operand, joinDoublewords(this.m, columns));
  }

  writeLanes(operand: number, lanes: readonly Value[]): void {
    const location = this.location(operand);
    if (location.kind === 'xmm') {
      lanes.forEach((value, lane) => {
        this.writeLane(location, lane, value());
      });
      const isVex = this.variant.row.opcode.vex !== undefined;
      if (isVex && lanes.length === 1)
        this.writeLane(location, 1, this.m.v128.const(new Uint8Array(LANE_SIZE)));
      return;
    }
    const size = lanes.length * LANE_SIZE;
    const host = this.let(this.probe('write', this.checkedAddress(operand), size));
    lanes.forEach((value, lane) => {
      this.emit(this.storeHost(LANE_SIZE, lane * LANE_SIZE, host(), value()));
    });
    if (this.mayBounce) this.finishStore(host);
  }

  eachLane(body: () => void, immediateBits = 0): void {
    const view: LaneView = { lane: 0, immediateBits, loaded: new Map(), results: [] };
    this.laneView = view;
    const count = this.variant.vectorSize / LANE_SIZE;
    // Memory first: what follows cannot fault for another reason than its numbers.
    if (count > 1) this.loadOperands(view);
    const all = (): void => {
      for (; view.lane < count; view.lane += 1) body();
    };
    if (count > 1) this.asOneOperation(all);
    else all();
    this.laneView = undefined;
    const [low, high] = view.results as [Value, Value | undefined];
    const location = this.location(0);
    if (high === undefined || location.size > LANE_SIZE) this.writeLanes(0, view.results);
    // A destination half as wide as the sources takes the low half of what each lane gives.
    else this.writeLanes(0, [this.let(this.joinLowHalves(low, high), v128)]);
  }

  /** Compiled code does not compute where it would matter. */
  asOneOperation(body: () => void): void {
    body();
  }

  private joinLowHalves(low: Value, high: Value): Expression {
    const { i64x2 } = this.m;
    return i64x2.replace_lane(low(), 1, i64x2.extract_lane(high(), 0));
  }

  /** Bit offset of the immediate operand's part for the lane that eachLane() is at. */
  protected get immediateShift(): number {
    return this.laneView === undefined ? 0 : this.laneView.lane * this.laneView.immediateBits;
  }

  /** Loads the memory operands that are read. */
  private loadOperands(view: LaneView): void {
    this.variant.locations.forEach((location, operand) => {
      if (operand === 0 || location.kind !== 'memory') return;
      if (location.lanes === 2) this.loadedLanes(view, operand, location.size);
      else this.readOnce(view, operand, location.size);
    });
  }

  /** What the lane writes, as a whole lane: below it is what the first source has there. */
  private laneResult(location: Location, value: Expression): Value {
    const { m } = this;
    if (location.size >= LANE_SIZE) return this.let(value, v128);
    const first = this.location(1) as RegisterLocation;
    const base = this.readLane(first, 0);
    const lane = location.size === 8 ? m.i64x2.replace_lane : m.i32x4.replace_lane;
    return this.let(lane(base, 0, value), v128);
  }

  /** A memory operand that is the same for all lanes. */
  private readOnce(view: LaneView, operand: number, size: number): Expression {
    let lanes = view.loaded.get(operand);
    if (lanes === undefined) {
      const value = this.load(size, this.checkedAddress(operand));
      lanes = [this.let(value, typeOfSize(size))];
      view.loaded.set(operand, lanes);
    }
    return (lanes[0] as Value)();
  }

  /** The part of an operand of 4, 8, 16 or 32 bytes that belongs to one of two lanes. */
  private readPart(view: LaneView, operand: number, location: Location): Expression {
    const { m } = this;
    const { lane } = view;
    const { size } = location;
    let whole: (lane: number) => Expression;
    if (location.kind === 'xmm') whole = (at) => this.readLane(location, at);
    else {
      const loaded = this.loadedLanes(view, operand, size);
      whole = (at) => (loaded[at] as Value)();
    }
    if (size === 32) return whole(lane);
    if (size === 16) return m.i64x2.extract_lane(whole(0), lane);
    return size === 8 ? m.i32x4.extract_lane(whole(0), lane) : m.i16x8.extract_lane_u(whole(0), lane);
  }

  /** A memory operand that has a part for each of two lanes. */
  private loadedLanes(view: LaneView, operand: number, size: number): Value[] {
    let lanes = view.loaded.get(operand);
    if (lanes === undefined) {
      lanes = size >= LANE_SIZE ? this.readLanes(operand) : [this.let(this.wholeVector(operand, size), v128)];
      view.loaded.set(operand, lanes);
    }
    return lanes;
  }

  /** A memory operand of 4 or 8 bytes at the low end of a v128. */
  private wholeVector(operand: number, size: number): Expression {
    const { m } = this;
    const zero = m.v128.const(new Uint8Array(LANE_SIZE));
    const value = this.load(size, this.checkedAddress(operand));
    return size === 8 ? m.i64x2.replace_lane(zero, 0, value) : m.i32x4.replace_lane(zero, 0, value);
  }

  /** Whether it is known that general registers have 32 bits. */
  protected get areNarrow(): boolean {
    return false;
  }

  writeRegisterIf(operand: number, condition: Expression, value: Expression): void {
    const { m } = this;
    const location = this.location(operand);
    if (location.kind !== 'general') throw new Error(`operand ${operand} is not a general register`);
    // Elsewhere a 32-bit write would clear the upper half.
    const isLow = location.size === 4 && !this.areNarrow;
    const whole = isLow ? { ...location, size: 8 } : location;
    const extended = isLow ? m.i64.extend_u(value) : value;
    this.writeField(whole, m.select(condition, extended, this.readField(whole)));
  }

  update(operand: number, change: (old: Value) => Expression): void {
    const location = this.location(operand);
    if (this.laneView !== undefined) {
      const old = this.let(this.read(operand), typeOfSize(this.sizeOf(operand)));
      this.write(operand, change(old));
      return;
    }
    if (isRegisterFile(location)) {
      const old = this.let(this.readField(location), typeOfSize(location.size));
      this.writeField(location, change(old));
      return;
    }
    this.updateMemory(location.size, this.checkedAddress(operand), change);
  }

  address(operand: number): Expression {
    const { kind } = this.location(operand);
    if (kind === 'offset') return this.offsetAddress();
    if (kind === 'source' || kind === 'destination') return this.stringAddress(kind);
    return this.toLinear(this.memoryAddress());
  }

  effectiveAddress(_operand: number): Expression {
    return this.memoryAddress();
  }

  addressWith(operand: number, displacement: Expression): Expression {
    const { i64: q } = this.m;
    if (this.variant.form !== 'general') return q.add(this.address(operand), displacement);
    return this.toLinear(q.and(q.add(this.memoryAddress(), displacement), this.addressMask()));
  }

  /** What is added to effective addresses in a segment: the base, with a mark if accesses are checked. */
  protected accessBase(segment: number): Expression {
    return this.state(ACCESS_BASE + segment * 8, 8);
  }

  addressSizeRegister(register: number): Expression {
    return this.m.i64.and(this.gpr(register, 8), this.addressMask());
  }

  addToAddressRegister(register: number, step: Expression): void {
    const { m } = this;
    if (this.variant.form === 'memory') {
      this.setGpr(register, 8, m.i64.add(this.gpr(register, 8), step));
      return;
    }
    const old = this.let(this.gpr(register, 8), i64);
    const mask = this.let(this.addressMask(), i64);
    const sum = m.i64.and(m.i64.add(old(), step), mask());
    // A 32-bit write clears the upper half; a 16-bit write keeps the rest of the register.
    const kept = m.i64.and(old(), m.i64.const(~0xffffn));
    const upper = m.select(m.i64.eq(mask(), m.i64.const(0xffffn)), kept, m.i64.const(0n));
    this.setGpr(register, 8, m.i64.or(upper, sum));
  }

  // ---- memory ----

  load(size: number, linearAddress: Value): Expression {
    const host = this.probe('read', linearAddress, size);
    const type = typeOfSize(size);
    return this.let(this.loadHost(size, 0, host), type)();
  }

  store(size: number, linearAddress: Value, value: Expression): void {
    const probed = this.probe('write', linearAddress, size);
    if (!this.mayBounce) {
      this.emit(this.storeHost(size, 0, probed, value));
      return;
    }
    const host = this.let(probed);
    this.emit(this.storeHost(size, 0, host(), value));
    this.finishStore(host);
  }

  updateMemory(size: number, linearAddress: Value, change: (old: Value) => Expression): void {
    const host = this.let(this.probe('readWrite', linearAddress, size));
    const old = this.let(this.loadHost(size, 0, host()), typeOfSize(size));
    const value = this.let(change(old), typeOfSize(size));
    this.emit(this.storeHost(size, 0, host(), value()));
    if (this.mayBounce) this.finishStore(host);
  }

  /** Only compiled code makes use of it. */
  sameAddress(_value: Value, _register: number): void {}
  nearAddress(_value: Value, _from: Value, _bytes: number): void {}

  // ---- flags ----

  carry(): Expression {
    return this.condition('b', false);
  }

  arithmeticFlags(): Expression {
    return this.call('arithmeticFlags', [this.flagResult(), this.flagAux()], i32);
  }

  readonly flags: FlagWriter = new SourceFlagWriter(this);

  protected static gprOffset(register: number): number {
    return GPR + register * 8;
  }

  protected static xmmOffset(register: number): number {
    return YMM + register * 32;
  }
}
