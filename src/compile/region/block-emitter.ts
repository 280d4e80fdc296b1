/**
 * The emitter of run time, one for each block: record fields are constants, registers and flags are locals of the region's
 * function.
 *
 * Invariants:
 * 1. Before a block starts, every register it touches is in its local; what it writes is stored by the way out of its
 *    group (register-placement.ts works out which loads and stores that takes).
 * 2. Before an instruction has done anything that can be seen, it may leave: to its own handler, which does it
 *    again with the slow paths that compiled code does not have. So a probe never comes after a write. Instructions of
 *    an attempt (attempt.ts) do so together: it ends before anything else than registers is written.
 * 3. Flags are `source` (what set them last, as locals of this block) until something needs their two words. What
 *    becomes of them across an edge is in flag-locals.ts.
 */

import { typeOfSize } from '../../emitter/emitter-base.ts';
import {
  conditionOfSource,
  conditionOfWords,
  type FlagSource,
  materialize,
} from '../../emitter/flags/source.ts';
import type { Local } from '../../emitter/locals.ts';
import { type Access, viewProbe } from '../../emitter/tlb-probe.ts';
import type { Condition } from '../../isa/condition.ts';
import type { Computation, Rounding, SlowPath, Value, X87Operand } from '../../isa/emitter.ts';
import { variantOfSlot } from '../../isa/instruction-set.ts';
import { zero } from '../../isa/semantics/vector.ts';
import type { Location, Variant } from '../../isa/variant.ts';
import { CR0_EM, CR0_TS, FLAG_RF, FLAG_TF } from '../../layout/architecture.ts';
import {
  CR0,
  FPU_CONTROL,
  FPU_ERROR_SUMMARY,
  FPU_EXCEPTIONS,
  FPU_STATUS,
  GPR,
  MXCSR,
  MXCSR_PE,
  RIP,
  SEGMENT_CS,
  SYSTEM_FLAGS,
} from '../../layout/cpu-state.ts';
import type { RuntimeFunction } from '../../layout/generated/runtime-function.ts';
import { MODE_CODE_64, MODE_FLAT } from '../../layout/mode.ts';
import { ADDRESS_32, ADDRESS_64 } from '../../layout/record.ts';
import {
  AVX_DISABLED,
  INTERRUPT_PENDING,
  PAGE_BASE,
  SSE_DISABLED,
  ZERO_REGISTER,
} from '../../layout/runtime-state.ts';
import type { Expression } from '../../wasm/builder.ts';
import { i32, i64, type ValueType, v128 } from '../../wasm/value-types.ts';
import { Attempt } from './attempt.ts';
import { BlockAddresses } from './block-addresses.ts';
import type { Result } from './known-numbers.ts';
import type { RegionParts } from './parts.ts';
import type { PlannedBlock } from './plan.ts';
import { xmmAt } from './register-locals.ts';
import type { RegisterUse } from './register-placement.ts';
import { type FindWindow, type Place, tlbWindow, Window, Windows } from './windows.ts';

type VectorLocation = Extract<Location, { readonly kind: 'xmm' }>;

/** How a block of a region ends. */
type Terminator =
  | { readonly kind: 'jump' }
  | { readonly kind: 'fall' }
  | { readonly kind: 'branch'; readonly condition: Expression }
  /** To Leave.branchTarget. */
  | { readonly kind: 'indirect' }
  /** The code that leaves is already emitted. */
  | { readonly kind: 'left' };

export interface EmittedBlock {
  /** All but the edges to other blocks. */
  readonly statements: readonly Expression[];
  readonly terminator: Terminator;
  /** What the flags are at its end; good for edges that come right behind the statements. */
  readonly flags: FlagSource;
  /** Of each bank of registers. */
  readonly uses: Readonly<Record<'registers' | 'uppers', RegisterUse>>;
}

export class BlockEmitter extends BlockAddresses {
  private source: FlagSource;
  private terminator: Terminator = { kind: 'fall' };
  /** Locals handed out in the current instruction, and those that the flag source is made of. */
  private inUse: Local[] = [];
  private kept: Local[] = [];
  private keepsFlags = false;
  /** The block has checked that SSE, or AVX, is enabled: what changes that is a handler's. */
  private sseRequired = false;
  private avxRequired = false;
  /** And that x87 instructions raise nothing: neither are exceptions unmasked in a region. */
  private x87Required = false;
  /** What is known of lanes that the current instruction writes. */
  private produced: { readonly lane: number; readonly result: Result; readonly isOrdinary: boolean }[] = [];
  /** expectNoInterrupt() has looked for the instruction being emitted. */
  private expectsNoInterrupt = false;
  readonly windows: Windows;
  /** The block's statements, where those of no attempt and no condition are. */
  private outermost: Expression[] = [];

  /** @param before of the block that leads to this one, in the same group. */
  constructor(parts: RegionParts, block: PlannedBlock, before: Windows | undefined) {
    super(parts, block);
    this.windows = new Windows(before);
    this.source = parts.flags.words;
  }

  emitBlock(): void {
    const { block, records } = this;
    this.outermost = this.statements;
    this.emit(this.parts.leave.takeBudget(block));
    for (let index = 0; index < block.length; index++) {
      const variant = variantOfSlot(records.slot(index));
      if (variant !== undefined) this.instruction(index, variant);
    }
    if (block.length < records.length) {
      this.endAttempt();
      this.index = block.length;
      this.emit(this.leaveToHandler());
      this.terminator = { kind: 'left' };
    }
    this.endAttempt();
    this.parts.locals.release(this.inUse);
    this.parts.locals.release(this.kept);
  }

  /** After emitBlock() of all blocks. */
  finish(): EmittedBlock {
    const { terminator, source, uses } = this;
    return { statements: this.windows.finish(this.statements), terminator, flags: source, uses };
  }

  private instruction(index: number, variant: Variant): void {
    if (this.keepsFlags) {
      this.release(this.kept);
      this.kept = this.inUse;
    } else this.release(this.inUse);
    this.inUse = [];
    this.keepsFlags = false;
    this.expectsNoInterrupt = false;
    this.index = index;
    this.variant = variant;
    this.produced = [];
    const moved = this.movedRegister(variant);
    variant.row.semantics(this);
    if (moved !== undefined) this.windows.setRegister(moved.register, moved.place);
    for (const { lane, result, isOrdinary } of this.produced) {
      if (isOrdinary) this.known.setOrdinary(lane, result);
      this.known.setResult(lane, result);
    }
  }

  /** What an ADD or SUB of a constant makes of a register that is as wide as addresses. */
  private movedRegister(variant: Variant): { register: number; place: Place } | undefined {
    const { mnemonic } = variant.row;
    const [target, source] = variant.locations;
    if (mnemonic !== 'add' && mnemonic !== 'sub') return undefined;
    if (target?.kind !== 'general' || source?.kind !== 'immediate' || target.size !== this.stackSize)
      return undefined;
    const register = (this.records.register(this.index, target.field) - GPR) >> 3;
    const immediate = Number(BigInt.asIntN(32, this.records.immediate(this.index)));
    const place = this.windows.ofRegister(register);
    const by = mnemonic === 'add' ? immediate : -immediate;
    return { register, place: { ...place, distance: place.distance + by } };
  }

  /** What undoing an attempt needs is released behind it. */
  private release(locals: readonly Local[]): void {
    if (this.attempt === undefined) this.parts.locals.release(locals);
    else this.attempt.held.push(...locals);
  }

  private leaveToHandler(): Expression {
    if (this.attempt !== undefined) return this.attempt.undo();
    return this.parts.leave.toHandler(this.block, this.index, this.source);
  }

  protected newLocal(type: ValueType): Local {
    const local = this.parts.locals.take(type);
    this.inUse.push(local);
    return local;
  }

  // ---- memory ----

  protected probe(access: Access, linearAddress: Value, size: number): Expression {
    const isDeferred = this.windows.ofValue(linearAddress) !== undefined;
    const address = isDeferred ? this.let(linearAddress(), i64) : linearAddress;
    return this.prober(access, address, address, size).here();
  }

  /**
   * What makes the probe of an access of the current instruction, one of the two and once: `here` with what is remembered of
   * pages, or `apart` by a function, where that is hardly ever needed.
   * @param linearAddress @param address the same, for `here`.
   */
  private prober(access: Access, linearAddress: Value, address: Value, size: number, place?: Place) {
    const { m, records, index } = this;
    const base = place === undefined ? records.base(index) : GPR + place.register * 8;
    const indexRegister = place === undefined ? records.indexRegister(index) : ZERO_REGISTER;
    const { imports, lastPages } = this.parts;
    const isAligned = this.isProbablyAligned(size);
    const host = this.newLocal(i32);
    const leave = this.leaveToHandler();
    const hostOrLeave = (address: Expression): Expression => m.ifLikely(host.tee(address), host.get(), leave);
    const call = (at: Value): Expression =>
      hostOrLeave(m.call(imports.probe(access, size, records.tlbView), [at()], i32));
    const slot = this.newLocal(i32);
    const here = (): Expression => {
      const last = lastPages?.find(access, base, indexRegister);
      if (last !== undefined) return last.probe(address, size, isAligned, records.tlbView, call(address));
      const filled = hostOrLeave(imports.fill(access, address(), size));
      return viewProbe(m, access, address, size, records.tlbView, slot, filled);
    };
    return { here, apart: () => call(linearAddress) };
  }

  // ---- windows ----

  override sameAddress(value: Value, register: number): void {
    if (this.stackSize === undefined) return;
    const place = this.windows.ofValue(value);
    if (place === undefined) this.windows.setValue(value, this.windows.ofRegister(register));
    else this.windows.setRegister(register, place);
  }

  override nearAddress(value: Value, from: Value, bytes: number): void {
    const place = this.windows.ofValue(from);
    if (place !== undefined) this.windows.setValue(value, { ...place, distance: place.distance + bytes });
  }

  protected override set(register: number, value: Expression): void {
    super.set(register, value);
    this.windows.replaceRegister(register);
  }

  /** An address of a base register and a constant is not computed before it is needed. */
  protected override checkedAddress(operand: number): Value {
    const { records, index } = this;
    const location = this.location(operand);
    const base = this.placedBase(location);
    if (base === undefined) return super.checkedAddress(operand);
    const distance = records.displacement(index);
    const address = (): Expression => this.apart(this.get(base), distance);
    const place = this.windows.ofRegister(base);
    this.windows.setValue(address, { ...place, distance: place.distance + distance });
    return address;
  }

  /** The register that a memory operand has only a constant besides; its address is linear and as wide as the stack's. */
  private placedBase(location: Location): number | undefined {
    const { records, index } = this;
    if (location.kind !== 'memory' || location.aligned || this.stackSize === undefined) return undefined;
    if (records.indexRegister(index) !== ZERO_REGISTER || !this.isFlatSegment(records.segment(index)))
      return undefined;
    if (records.addressSize(index) !== (this.stackSize === 8 ? ADDRESS_64 : ADDRESS_32)) return undefined;
    const base = records.base(index);
    return base === ZERO_REGISTER || base === PAGE_BASE ? undefined : (base - GPR) >> 3;
  }

  /** Another address. */
  private apart(address: Expression, bytes: number): Expression {
    const { m } = this;
    if (this.stackSize === 8) return bytes === 0 ? address : m.i64.add(address, m.i64.const(BigInt(bytes)));
    const low = m.i32.wrap(address);
    return m.i64.extend_u(bytes === 0 ? low : m.i32.add(low, m.i32.const(bytes)));
  }

  /** Where an access is, if it may be in a window: statements of an attempt may be left in between. */
  private placeOf(linearAddress: Value): Place | undefined {
    return this.statements === this.outermost ? this.windows.ofValue(linearAddress) : undefined;
  }

  /** An access whose address is known to be near others, and what makes its probe if its window is of no use. */
  private nearAccess(place: Place, size: number, access: Access, linearAddress: Value) {
    const { m, parts } = this;
    const { tlbView } = this.records;
    const create = (): Window => {
      const slot = this.newLocal(i32);
      const first = this.newLocal(i64);
      const find: FindWindow = (kind, address, range) => {
        const last = parts.lastPages?.find(kind, GPR + place.register * 8, ZERO_REGISTER);
        if (last !== undefined) return last.window(address, range, tlbView, slot);
        return tlbWindow(m, kind, address, range, tlbView, slot);
      };
      const addressAt = (distance: number): Expression =>
        this.apart(linearAddress(), distance - place.distance);
      return new Window(m, parts.locals, first, place, find, addressAt);
    };
    const window = this.windows.access(this.statements, place, size, access, create);
    const address = this.newLocal(i64);
    const prober = this.prober(access, linearAddress, () => address.get(), size, place);
    this.emitLater(() => (window.isUseful ? undefined : address.set(linearAddress())));
    return { window, prober };
  }

  private emitLater(make: () => Expression | undefined): void {
    this.windows.emitLater(this.statements, make);
  }

  override load(size: number, linearAddress: Value): Expression {
    const { m } = this;
    const place = this.placeOf(linearAddress);
    if (place === undefined) return super.load(size, linearAddress);
    const { window, prober } = this.nearAccess(place, size, 'read', linearAddress);
    const value = this.newLocal(typeOfSize(size));
    this.emitLater(() => {
      if (!window.isUseful) return value.set(this.loadHost(size, 0, prober.here()));
      const inside = this.loadHost(size, window.offset(place), window.host.get());
      return value.set(m.ifLikely(window.host.get(), inside, this.loadHost(size, 0, prober.apart())));
    });
    return value.get();
  }

  /**
   * Whether an access probably has the alignment of its size. To guess wrong costs two operations, or, where each time is
   * different, a mispredicted branch: words at any byte of a text.
   */
  private isProbablyAligned(size: number): boolean {
    const { records, index, variant } = this;
    if (size === 1) return true;
    if (size > 8) return variant.locations.some((location) => location.kind === 'memory' && location.aligned);
    return records.indexRegister(index) === ZERO_REGISTER || 1 << records.scale(index) >= size;
  }

  /** A host address, or out to the handler if it is 0. */
  private hostOrLeave(address: Expression): Expression {
    const host = this.newLocal(i32);
    return this.m.ifLikely(host.tee(address), host.get(), this.leaveToHandler());
  }

  /** A host address found by the probe or by the fill functions is never the bounce buffer. */
  protected readonly mayBounce = false;

  /**
   * Where a masked operand is. All of its bytes are looked at, which is the same if they are on one page and one element
   * is selected.
   */
  private maskedHost(access: Access, operand: number, signs: readonly Value[]): Value {
    const { m } = this;
    const any = signs.map((sign) => sign()).reduce((a, b) => m.v128.or(a, b));
    this.leaveIf(m.i32.eqz(m.v128.any_true(any)));
    const address = this.let(this.address(operand), i64);
    return this.let(this.probe(access, address, signs.length * 16));
  }

  /** All ones in elements whose mask has its sign bit set. */
  private signsOf(masks: readonly Value[], width: 4 | 8): Value[] {
    const { i32x4, i64x2, i32: word } = this.m;
    const lanes = width === 4 ? i32x4 : i64x2;
    return masks.map((mask) => this.let(lanes.shr_s(mask(), word.const(8 * width - 1)), v128));
  }

  readMasked(operand: number, width: 4 | 8, masks: readonly Value[]): Value[] {
    const signs = this.signsOf(masks, width);
    const host = this.maskedHost('read', operand, signs);
    return signs.map((sign, lane) =>
      this.let(this.m.v128.and(this.loadHost(16, 16 * lane, host()), sign()), v128),
    );
  }

  writeMasked(operand: number, width: 4 | 8, masks: readonly Value[], values: readonly Value[]): void {
    const { m } = this;
    this.endAttempt();
    const signs = this.signsOf(masks, width);
    const host = this.maskedHost('readWrite', operand, signs);
    signs.forEach((sign, lane) => {
      const old = this.loadHost(16, 16 * lane, host());
      const value = m.v128.bitselect((values[lane] as Value)(), old, sign());
      this.emit(this.storeHost(16, 16 * lane, host(), value));
    });
  }

  /** What cannot be finished is the handler's: nothing is written before all elements are there. */
  gather(width: 4 | 8, indexWidth: 4 | 8, count: number): void {
    const { m } = this;
    const [destination, , selector] = this.variant.locations as [VectorLocation, Location, VectorLocation];
    const indexRegister = xmmAt(this.records.indexRegister(this.index));
    const registers = [indexRegister, this.xmmNumber(destination), this.xmmNumber(selector)];
    this.endAttempt();
    // #UD.
    if (new Set(registers).size < 3) this.leaveIf(m.i32.const(1));
    const lanesOf = (register: number) => [0, 1].map((lane) => this.let(this.lane(register, lane), v128));
    const [indices, results, masks] = registers.map(lanesOf) as [Value[], Value[], Value[]];
    const elements = width === 4 ? m.i32x4 : m.i64x2;
    const perLane = 16 / width;
    const gathered = results.map((old) => {
      const local = this.newLocal(v128);
      this.emit(local.set(old()));
      return local;
    });
    for (let i = 0; i < count; i++) {
      const at = Math.floor(i / perLane);
      const place = i % perLane;
      const mask = masks[at] as Value;
      const result = gathered[at] as Local;
      const top = m.i32x4.extract_lane(mask(), width === 4 ? place : 2 * place + 1);
      this.when(m.i32.lt_s(top, m.i32.const(0)), () => {
        const address = this.let(this.elementAddress(indices, indexWidth, i), i64);
        this.emit(result.set(elements.replace_lane(result.get(), place, this.load(width, address))));
      });
    }
    const [low, high] = gathered.map((local) => () => local.get()) as [Value, Value];
    const none = (): Expression => zero(m);
    const isHalf = width * count === 8;
    const lower = isHalf ? m.i64x2.replace_lane(none(), 0, m.i64x2.extract_lane(low(), 0)) : low();
    this.writeLane(destination, 0, lower);
    this.writeLane(destination, 1, width * count === 32 ? high() : none());
    for (const lane of [0, 1]) this.writeLane(selector, lane, none());
  }

  /** Linear address of element `i` of a vector of addresses. */
  private elementAddress(indices: readonly Value[], indexWidth: 4 | 8, i: number): Expression {
    const { m } = this;
    const perLane = 16 / indexWidth;
    const lane = (indices[Math.floor(i / perLane)] as Value)();
    const index =
      indexWidth === 4
        ? m.i64.extend_s(m.i32x4.extract_lane(lane, i % perLane))
        : m.i64x2.extract_lane(lane, i % perLane);
    return this.toLinear(this.memoryAddress(index));
  }

  override updateMemory(size: number, linearAddress: Value, change: (old: Value) => Expression): void {
    const { m } = this;
    this.endAttempt();
    const place = this.placeOf(linearAddress);
    if (place === undefined) {
      super.updateMemory(size, linearAddress, change);
      return;
    }
    const { window, prober } = this.nearAccess(place, size, 'readWrite', linearAddress);
    const host = this.newLocal(i32);
    const offset = (): number => (window.isUseful ? window.offset(place) : 0);
    this.emitLater(() => {
      if (!window.isUseful) return host.set(prober.here());
      const outside = m.i32.sub(prober.apart(), m.i32.const(offset()));
      return host.set(m.ifLikely(window.host.get(), window.host.get(), outside));
    });
    const old = this.newLocal(typeOfSize(size));
    this.emitLater(() => old.set(this.loadHost(size, offset(), host.get())));
    const value = this.let(
      change(() => old.get()),
      typeOfSize(size),
    );
    this.emitLater(() => this.storeHost(size, offset(), host.get(), value()));
  }

  override store(size: number, linearAddress: Value, value: Expression): void {
    const { m } = this;
    this.endAttempt();
    const place = this.placeOf(linearAddress);
    if (place === undefined) {
      super.store(size, linearAddress, value);
      return;
    }
    const kept = this.let(value, typeOfSize(size));
    const { window, prober } = this.nearAccess(place, size, 'write', linearAddress);
    this.emitLater(() => {
      if (!window.isUseful) return this.storeHost(size, 0, prober.here(), kept());
      const inside = this.storeHost(size, window.offset(place), window.host.get(), kept());
      return m.ifLikely(window.host.get(), inside, this.storeHost(size, 0, prober.apart(), kept()));
    });
  }

  override writeLanes(operand: number, lanes: readonly Value[]): void {
    if (!this.isRegister(operand)) this.endAttempt();
    super.writeLanes(operand, lanes);
  }

  override setState(offset: number, size: number, value: Expression): void {
    this.endAttempt();
    super.setState(offset, size, value);
    if (offset === MXCSR) for (const look of this.parts.mxcsr.lookAtAll()) this.emit(look);
  }

  clearUpper(register: number): void {
    const { uppers } = this.parts;
    this.endAttempt();
    if (uppers.keeps(register)) this.setUpper(register, zero(this.m));
    else this.emit(uppers.storeValue(register, zero(this.m)));
  }

  override when(condition: Expression, then: () => void): void {
    this.endAttempt();
    super.when(condition, then);
  }

  // ---- attempts ----

  private beginAttempt(): Attempt {
    const { parts } = this;
    if (this.attempt === undefined) {
      this.attempt = new Attempt(this.m, parts.attempts, this.index, this.source, this.statements);
      parts.attempts += 1;
      this.statements = [];
    }
    return this.attempt;
  }

  /** From here on things may be written that it cannot undo. */
  private endAttempt(): void {
    const { attempt, parts } = this;
    if (attempt === undefined) return;
    this.attempt = undefined;
    this.emit(this.check(attempt));
    this.known.endAttempt();
    const body = this.statements;
    this.statements = attempt.outer;
    this.emit(attempt.finish(body, parts.leave.toHandler(this.block, attempt.index, attempt.flags)));
    parts.locals.release(attempt.held);
  }

  /** Undoes an attempt that has failed. With MXCSR.FTZ that is also one with a denormal sum. */
  private check(attempt: Attempt): Expression {
    const { m } = this;
    const failed = attempt.failed(this);
    if (attempt.sums.length === 0) return m.ifUnlikely(failed, attempt.undo());
    const known = this.let(failed);
    // One branch in the usual case.
    const closer = this.collect(() => {
      this.emit(m.if(known(), attempt.undo()));
      this.emit(m.ifUnlikely(attempt.flushed(this), attempt.undo()));
    });
    return m.ifUnlikely(m.i32.or(known(), this.parts.mxcsr.ask('flushes')), closer);
  }

  // ---- SSE ----

  private leaveIf(condition: Expression): void {
    this.emit(this.m.ifUnlikely(condition, this.leaveToHandler()));
  }

  requireSse(): void {
    if (!this.sseRequired) this.leaveIf(this.state(SSE_DISABLED, 4));
    this.sseRequired = true;
  }

  requireAvx(): void {
    if (!this.avxRequired) this.leaveIf(this.state(AVX_DISABLED, 4));
    this.avxRequired = true;
  }

  // ---- x87 ----

  /** Leaves where an x87 instruction may raise something: it is not available, or an exception is unmasked or pending. */
  private requireX87(): void {
    const { m } = this;
    if (this.x87Required) return;
    const unavailable = m.i32.and(this.state(CR0, 4), m.i32.const(CR0_EM | CR0_TS));
    const unmasked = m.i32.and(
      m.i32.xor(this.state(FPU_CONTROL, 2), m.i32.const(-1)),
      m.i32.const(FPU_EXCEPTIONS),
    );
    const pending = m.i32.and(this.state(FPU_STATUS, 2), m.i32.const(FPU_ERROR_SUMMARY));
    this.leaveIf(m.i32.or(m.i32.or(unavailable, unmasked), pending));
    this.x87Required = true;
  }

  /** The runtime function finds no record, but RIP, and a translation of its operand. */
  x87(name: RuntimeFunction, args: Expression[], result: ValueType, operand?: X87Operand): Expression {
    const { m, records, index } = this;
    this.requireX87();
    if (operand !== undefined) {
      const { access, linearAddress, size } = operand;
      const filled = this.hostOrLeave(this.parts.imports.fill(access, linearAddress(), size));
      this.let(viewProbe(m, access, linearAddress, size, records.tlbView, this.newLocal(i32), filled));
    }
    this.setState(RIP, 8, this.inCodeSegment(this.codeAddress(records.pageOffset(index))));
    return this.call(name, [m.i32.const(0), ...args], result);
  }

  /** RIP of a linear address. */
  private inCodeSegment(linear: Expression): Expression {
    const { m } = this;
    const { mode } = this.records;
    if ((mode & (MODE_CODE_64 | MODE_FLAT)) !== 0) return linear;
    return m.i64.and(m.i64.sub(linear, this.segmentBase(SEGMENT_CS)), m.i64.const(0xffff_ffffn));
  }

  requireAligned(linearAddress: Value, size: number): void {
    const { m } = this;
    this.leaveIf(m.i32.and(m.i32.wrap(linearAddress()), m.i32.const(size - 1)));
  }

  override specialMxcsr(wanted = 0, unwanted = 0): Expression {
    const { mxcsr } = this.parts;
    if (unwanted !== 0) return super.specialMxcsr(wanted, unwanted);
    return mxcsr.ask(wanted === MXCSR_PE ? 'isSpecialToRound' : 'isSpecial');
  }

  unlessRare(rare: Expression, ...paths: SlowPath[]): Value[] {
    const { m } = this;
    const results = paths.map(({ type }) => this.newLocal(type));
    const fast = results.map((result, i) => result.set((paths[i] as SlowPath).fast()));
    // With all exceptions masked the runtime raises none.
    const leave = m.ifUnlikely(this.unmaskedMxcsr(), this.leaveToHandler());
    const slow = results.map((result, i) => {
      const { name, args, type } = paths[i] as SlowPath;
      return result.set(this.callRuntime(name, args, type));
    });
    this.emit(m.block(null, fast));
    this.emit(m.ifUnlikely(rare, m.block(null, [leave, ...slow, ...this.parts.mxcsr.lookAtFlags()])));
    return results.map((result) => () => result.get());
  }

  /** Lane of a vector register that is being worked on. */
  private laneOf(location: Location): number | undefined {
    if (location.kind !== 'xmm') return undefined;
    return 2 * this.xmmNumber(location) + this.currentLane;
  }

  private lookAt(attempt: Attempt, rounding: Rounding): void {
    const { known } = this;
    const { operands, places, result: value, underflow, size, isScalar } = rounding;
    const numbers = attempt.numbersOf(this, rounding);
    operands.forEach((operand, i) => {
      const place = places[i];
      const lane = place === undefined ? undefined : this.laneOf(this.location(this.sourceOf(place)));
      if (lane === undefined || !known.isOrdinary(lane, rounding)) numbers.operand(operand);
      if (lane === undefined) return;
      known.setOrdinary(lane, rounding);
      known.use(lane, rounding, underflow !== 'quotient' || i === 0);
    });
    numbers.underflow(rounding);
    const result = { value, size, isScalar, isUsed: false, isRanked: underflow !== 'exact' };
    attempt.addResult(result);
    const lane = this.laneOf(this.location(0));
    if (lane !== undefined) this.produced.push({ lane, result, isOrdinary: result.isRanked });
  }

  /** With all exceptions masked the function raises none. */
  computed({ name, args, type }: Computation): Value {
    this.leaveIf(this.unmaskedMxcsr());
    return this.let(this.callRuntime(name, args, type), type);
  }

  rounded(rounding: Rounding): Value {
    const { m } = this;
    const { mxcsr } = this.parts;
    const { fast, type, name, args } = rounding.path;
    const attempt = this.beginAttempt();
    this.lookAt(attempt, rounding);
    const result = this.newLocal(type);
    this.emit(result.set(fast()));
    const isSpecial = mxcsr.ask('isSpecialToRound');
    const slow = [
      m.ifUnlikely(this.unmaskedMxcsr(), this.leaveToHandler()),
      result.set(this.callRuntime(name, args, type)),
      ...mxcsr.lookAtFlags(),
    ];
    this.emit(m.ifUnlikely(isSpecial, m.block(null, slow)));
    return () => result.get();
  }

  knownImmediate(operand: number): number | undefined {
    if (this.location(operand).kind !== 'immediate') return undefined;
    return Number(BigInt.asIntN(32, this.records.immediate(this.index)));
  }

  withImmediate(_operand: number, known: (value: number) => Expression): Expression {
    return known(Number(this.records.immediate(this.index) & 0xffn) >> this.immediateShift);
  }

  // ---- flags ----

  setFlags(source: FlagSource): void {
    this.source = source;
    this.keepsFlags = true;
  }

  /** Turns the source into words that are in locals of this block. */
  private words(): FlagSource & { kind: 'raw' } {
    if (this.source.kind === 'raw') return this.source;
    const { result, aux } = materialize(this.m, this.source);
    const words = { kind: 'raw', result: this.let(result, i64), aux: this.let(aux) } as const;
    this.source = words;
    this.keepsFlags = true;
    return words;
  }

  flagResult(): Expression {
    return this.words().result();
  }

  flagAux(): Expression {
    const { source } = this;
    // AUX alone does not need the result.
    if (source.kind === 'logic') return this.m.i32.const(0);
    return this.words().aux();
  }

  condition(condition: Condition, negated: boolean): Expression {
    const { m } = this;
    let value = conditionOfSource(m, condition, this.source);
    if (value === undefined) {
      const { result, aux } = this.words();
      value = conditionOfWords(m, condition, result, aux);
    }
    return negated ? m.i32.eqz(value) : value;
  }

  // ---- control ----

  record(): Expression {
    return this.m.i32.const(this.records.address(this.index));
  }

  nextRip(): Expression {
    const offset = this.records.pageOffset(this.index) + this.records.instructionLength(this.index);
    return this.codeAddress(offset);
  }

  call(name: RuntimeFunction, args: Expression[], result: ValueType): Expression {
    this.endAttempt();
    return this.callRuntime(name, args, result);
  }

  /** Of a function that does no more than to set sticky flags of MXCSR. */
  private callRuntime(name: RuntimeFunction, args: Expression[], result: ValueType): Expression {
    return this.m.call(this.parts.imports.function(name), args, result);
  }

  run(name: RuntimeFunction): void {
    throw new Error(`${this.variant.row.mnemonic}: compiled code cannot call ${name}`);
  }

  delegate(condition: Expression): void {
    this.emit(this.m.ifUnlikely(condition, this.leaveToHandler()));
  }

  jump(): void {
    this.terminator = { kind: 'jump' };
  }

  jumpIf(condition: Expression): void {
    this.terminator = { kind: 'branch', condition };
  }

  jumpTo(target: Expression): void {
    this.emit(this.parts.leave.branchTarget.set(target));
    this.terminator = { kind: 'indirect' };
  }

  dispatch(): void {
    throw new Error(`${this.variant.row.mnemonic}: compiled code cannot dispatch`);
  }

  exit(): void {
    throw new Error(`${this.variant.row.mnemonic}: compiled code cannot leave to the host`);
  }

  resumeIf(): void {
    throw new Error(`${this.variant.row.mnemonic}: compiled code cannot leave to the host`);
  }

  expectNoInterrupt(): void {
    const { m } = this;
    const trap = m.i32.and(this.state(SYSTEM_FLAGS, 4), m.i32.const(FLAG_TF | FLAG_RF));
    this.leaveIf(m.i32.or(this.state(INTERRUPT_PENDING, 4), trap));
    this.expectsNoInterrupt = true;
  }

  /** Nothing in a region makes an interrupt wait: what expectNoInterrupt() has found is still so. */
  leaveIfInterrupt(): void {
    if (!this.expectsNoInterrupt)
      throw new Error(`${this.variant.row.mnemonic}: compiled code cannot leave to the host`);
  }
}
