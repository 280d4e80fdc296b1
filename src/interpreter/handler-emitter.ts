/**
 * The emitter of the build: operands are read from the record, registers and flags live in the processor state.
 * What it emits is a handler, `(param $record i32)`, that ends by tail-calling the interpreter's loop with the next record.
 */

import { EmitterBase, FIELD_OFFSET } from '../emitter/emitter-base.ts';
import { conditionOfWords, type FlagSource, materialize } from '../emitter/flags/source.ts';
import { type Local, Locals } from '../emitter/locals.ts';
import { type Access, tlbIndex, tlbProbe } from '../emitter/tlb-probe.ts';
import type { Condition } from '../isa/condition.ts';
import type { Computation, Rounding, Selection, SlowPath, Value } from '../isa/emitter.ts';
import { floats } from '../isa/semantics/float-lanes.ts';
import {
  factorRank,
  OrdinaryNumbers,
  orSpecial,
  signalsOperands,
  signBits,
} from '../isa/semantics/sse-exceptions.ts';
import { zero } from '../isa/semantics/vector.ts';
import type { Location, RegisterField, Variant } from '../isa/variant.ts';
import { FLAG_RF, FLAG_TF } from '../layout/architecture.ts';
import { FLAG_AUX, FLAG_RESULT, MXCSR_PE, RIP, SEGMENT_ES, SYSTEM_FLAGS } from '../layout/cpu-state.ts';
import type { RuntimeFunction } from '../layout/generated/runtime-function.ts';
import { CPU_STATE } from '../layout/linear-memory.ts';
import {
  HEAD_COUNT,
  RECORD_BASE,
  RECORD_DISP,
  RECORD_FN,
  RECORD_IMM,
  RECORD_INDEX,
  RECORD_INDEX_REG,
  RECORD_LENGTH,
  RECORD_LINK_FALL,
  RECORD_LINK_TAKEN,
  RECORD_PAGE_OFFSET,
  RECORD_SCALE,
  RECORD_SEGMENT,
  RECORD_SIZE,
  SLOT_ENTER,
  SLOT_STALE,
} from '../layout/record.ts';
import {
  ACCESS_BASE,
  AVX_DISABLED,
  BOUNCE,
  BUDGET,
  EXIT_BUDGET,
  EXIT_EVENT,
  EXIT_REASON,
  INTERRUPT_PENDING,
  LINEAR_MASK,
  PAGE_BASE,
  REPETITION_FAULTED,
  SSE_DISABLED,
  TLB_TABLE,
} from '../layout/runtime-state.ts';
import type { Expression, FunctionReference, Label, Module } from '../wasm/builder.ts';
import { i32, i64, none, type ValueType, v128 } from '../wasm/value-types.ts';

/** The interpreter's loop (interpret.ts): (record or head record) -> (). */
export const INTERPRET = 'interpret';
/** What an instruction ends in that has noted a fault (wasm-runtime/events/raise.ts): goes on with the guest's handler. */
export const ENTER_FAULT = 'enterFault';

/** Finds a function that the module has from wasm-runtime/, or one of those. */
export type FindRuntimeFunction = (
  name: RuntimeFunction | typeof INTERPRET | typeof ENTER_FAULT,
) => FunctionReference;

/** The one parameter of handlers and regions. */
export const RECORD_PARAMETER = 0;

const MISSED: Record<Access, RuntimeFunction> = {
  read: 'tryRead',
  write: 'tryWrite',
  readWrite: 'tryReadWrite',
};

/** Tail call of the function of a record. `record` is a local. */
export function enterRecord(m: Module, record: Value): Expression {
  return m.return_call_indirect(m.i32.load(RECORD_FN, 4, record()), [record()], [i32], none);
}

/** Goes on with another record, by a branch to a loop that has it as its parameter. */
export function goOn(m: Module, loop: Label, record: Expression): Expression {
  return m.block(null, [m.local.set(RECORD_PARAMETER, record), m.br(loop)]);
}

/**
 * Enters the block of a head, which is a local. Most that handlers lead to are interpreted too, and a direct call needs
 * none of the checks of a table.
 */
function enterHead(m: Module, runtime: FindRuntimeFunction, head: Value): Expression {
  return m.block(null, [
    m.if(runs(m, head, SLOT_ENTER), m.return_call(runtime(INTERPRET), [head()], none)),
    enterRecord(m, head),
  ]);
}

/** Whether a head has the function of a slot. */
export function runs(m: Module, head: Value, slot: number): Expression {
  return m.i32.eq(m.i32.load(RECORD_FN, 4, head()), m.i32.const(slot));
}

/**
 * Makes a link that there is not yet, or that leads to a block whose code is gone, `resolved`. That may be such a block
 * once more, and is then left to its own function: the page is the target's by then.
 */
export function resolveIfUnusable(m: Module, link: Local, resolved: Value): Expression {
  const isStale = runs(m, () => link.get(), SLOT_STALE);
  return m.if(m.i32.eqz(link.get()), link.set(resolved()), m.if(isStale, link.set(resolved())));
}

/** The parameter of handlers and regions. */
export function recordOf(m: Module): Expression {
  return m.local.get(RECORD_PARAMETER, i32);
}

/** The record behind the parameter's. */
export function recordBehind(m: Module): Expression {
  return m.i32.add(recordOf(m), m.i32.const(RECORD_SIZE));
}

/** RIP = address of the record; EXIT_REASON = reason; return to the host. */
export function leaveAt(m: Module, runtime: FindRuntimeFunction, reason: number): Expression {
  const zero = (): Expression => m.i32.const(0);
  const rip = m.call(runtime('instructionRip'), [recordOf(m)], i64);
  return m.block(null, [
    m.i64.store(CPU_STATE + RIP, 8, zero(), rip),
    m.i32.store(CPU_STATE + EXIT_REASON, 4, zero(), m.i32.const(reason)),
    m.return(),
  ]);
}

export class HandlerEmitter extends EmitterBase {
  readonly variant: Variant;
  private readonly runtime: FindRuntimeFunction;
  protected readonly locals: Locals;
  private ended = false;

  constructor(
    module: Module,
    variant: Variant,
    runtime: FindRuntimeFunction,
    locals = new Locals(module, [i32]),
  ) {
    super(module);
    this.locals = locals;
    this.variant = variant;
    this.runtime = runtime;
  }

  /** Runs the semantics and adds the handler to the module under `name`. */
  build(name: string): FunctionReference {
    this.variant.row.semantics(this);
    return this.finish(name);
  }

  /** Adds what has been emitted so far as a function. */
  finish(name: string): FunctionReference {
    return this.m.addFunction(name, [i32], none, this.locals.declared, this.complete());
  }

  /** What has been emitted so far, and what leads to the next record. */
  protected complete(): Expression {
    if (!this.ended) this.emit(this.next());
    return this.m.block(null, this.statements);
  }

  protected next(): Expression {
    return this.m.return_call(this.runtime(INTERPRET), [recordBehind(this.m)], none);
  }

  private end(expression: Expression): void {
    this.emit(expression);
    this.ended = true;
  }

  protected newLocal(type: ValueType): Local {
    return this.locals.add(type);
  }

  record(): Expression {
    return recordOf(this.m);
  }

  private field16(offset: number): Expression {
    return this.m.i32.load16_u(offset, 2, this.record());
  }

  protected readField(location: Location & { field: RegisterField }): Expression {
    return this.loadHost(location.size, CPU_STATE, this.field16(FIELD_OFFSET[location.field]));
  }

  protected readLane({ field }: Location & { field: RegisterField }, lane: number): Expression {
    return this.m.v128.load(CPU_STATE + lane * 16, 16, this.field16(FIELD_OFFSET[field]));
  }

  protected writeLane({ field }: Location & { field: RegisterField }, lane: number, value: Expression): void {
    this.emit(this.m.v128.store(CPU_STATE + lane * 16, 16, this.field16(FIELD_OFFSET[field]), value));
  }

  protected writeField(location: Location & { field: RegisterField }, value: Expression): void {
    const target = this.field16(FIELD_OFFSET[location.field]);
    if (location.kind === 'mmx') {
      // The exponent of a register that MMX writes becomes all ones, so that the x87 sees a NaN.
      const exponent = this.field16(FIELD_OFFSET[location.field]);
      this.emit(this.m.i32.store16(CPU_STATE + 8, 2, exponent, this.m.i32.const(0xffff)));
    }
    if (location.kind === 'general' && location.size === 4) {
      // A 32-bit write clears the upper half of the register.
      this.emit(this.m.i64.store(CPU_STATE, 1, target, this.m.i64.extend_u(value)));
    } else {
      this.emit(this.storeHost(location.size, CPU_STATE, target, value));
    }
  }

  registerNumber(operand: number): Expression {
    const location = this.location(operand);
    if (!('field' in location)) throw new Error(`operand ${operand} is not a register`);
    return this.field16(FIELD_OFFSET[location.field]);
  }

  protected immediate(size: number): Expression {
    return this.loadHost(size, RECORD_IMM, this.record());
  }

  private register64(offset: number): Expression {
    return this.m.i64.load(CPU_STATE, 1, this.field16(offset));
  }

  protected addressMask(): Expression {
    const { m } = this;
    const mode = m.i32.shr_u(m.i32.load8_u(RECORD_SCALE, 1, this.record()), m.i32.const(4));
    const kept = this.let(mode);
    const short = m.select(kept(), m.i64.const(0xffff_ffffn), m.i64.const(-1n));
    return m.select(m.i32.eq(kept(), m.i32.const(2)), m.i64.const(0xffffn), short);
  }

  /** Truncates an address as the record's address size says. */
  private truncateAddress(address: Expression): Expression {
    return this.m.i64.and(address, this.addressMask());
  }

  private isGeneral(): boolean {
    return this.variant.form === 'general';
  }

  protected memoryAddress(): Expression {
    const { m } = this;
    const scaleField = m.i32.load8_u(RECORD_SCALE, 1, this.record());
    const scale = this.isGeneral() ? m.i32.and(scaleField, m.i32.const(3)) : scaleField;
    const sum = m.i64.add(
      m.i64.add(
        this.register64(RECORD_BASE),
        m.i64.shl(this.register64(RECORD_INDEX_REG), m.i64.extend_u(scale)),
      ),
      m.i64.load32_s(RECORD_DISP, 4, this.record()),
    );
    return this.isGeneral() ? this.truncateAddress(sum) : sum;
  }

  private inSegment(effective: Expression, base: Expression): Expression {
    return this.m.i64.and(this.m.i64.add(effective, base), this.state(LINEAR_MASK, 8));
  }

  protected toLinear(effective: Expression): Expression {
    const { m } = this;
    if (!this.isGeneral()) return effective;
    const segment = m.i32.load8_u(RECORD_SEGMENT, 1, this.record());
    return this.inSegment(
      effective,
      m.i64.load(CPU_STATE + ACCESS_BASE, 8, m.i32.shl(segment, m.i32.const(3))),
    );
  }

  protected offsetAddress(): Expression {
    return this.toLinear(this.m.i64.load(RECORD_IMM, 8, this.record()));
  }

  protected stringAddress(kind: 'source' | 'destination'): Expression {
    const register = this.gpr(kind === 'source' ? 6 : 7, 8);
    if (!this.isGeneral()) return register;
    const address = this.truncateAddress(register);
    if (kind === 'source') return this.toLinear(address);
    return this.inSegment(address, this.accessBase(SEGMENT_ES));
  }

  protected probe(access: Access, linearAddress: Value, size: number): Expression {
    const { m } = this;
    const entry = m.i32.add(this.state(TLB_TABLE, 4), tlbIndex(m, linearAddress()));
    const host = this.newLocal(i32);
    const missed = m.block(
      null,
      [
        host.set(this.call(MISSED[access], [this.record(), linearAddress(), m.i32.const(size)], i32)),
        m.if(m.i32.eqz(host.get()), m.return_call(this.runtime(ENTER_FAULT), [this.record()], none)),
        host.get(),
      ],
      i32,
    );
    return tlbProbe(m, access, linearAddress, size, entry, 0, host, missed);
  }

  protected readonly mayBounce: boolean = true;

  protected override finishStore(host: Value): void {
    const { m } = this;
    this.emit(m.if(m.i32.eq(host(), m.i32.const(CPU_STATE + BOUNCE)), this.callNothing('finishWrite', [])));
  }

  gather(width: 4 | 8, indexWidth: 4 | 8, count: number): void {
    const sizes = [width, indexWidth, count].map((size) => this.m.i32.const(size));
    this.run('gather', [this.record(), ...sizes]);
  }

  /** Linear addresses of the 16-byte lanes of a memory operand. */
  private laneAddresses(operand: number, count: number): Value[] {
    const address = this.let(this.address(operand), i64);
    const { i64: q } = this.m;
    return Array.from({ length: count }, (_, lane) => () => q.add(address(), q.const(BigInt(16 * lane))));
  }

  readMasked(operand: number, width: 4 | 8, masks: readonly Value[]): Value[] {
    const name = width === 4 ? 'loadMasked32' : 'loadMasked64';
    const addresses = this.laneAddresses(operand, masks.length);
    this.runMasked('checkMaskedRead', addresses, width, masks);
    return addresses.map((address, lane) =>
      this.let(this.call(name, [this.record(), address(), (masks[lane] as Value)()], v128), v128),
    );
  }

  writeMasked(operand: number, width: 4 | 8, masks: readonly Value[], values: readonly Value[]): void {
    const addresses = this.laneAddresses(operand, masks.length);
    this.runMasked('probeMasked', addresses, width, masks);
    addresses.forEach((address, lane) => {
      const [mask, value] = [masks[lane], values[lane]] as [Value, Value];
      const args = [this.record(), address(), mask(), value()];
      this.run(width === 4 ? 'storeMasked32' : 'storeMasked64', args);
    });
  }

  /** Calls a function with the address and the selected elements of the whole operand. */
  private runMasked(
    name: RuntimeFunction,
    addresses: readonly Value[],
    width: 4 | 8,
    masks: readonly Value[],
  ): void {
    const { m } = this;
    const { bitmask } = width === 4 ? m.i32x4 : m.i64x2;
    const selected = masks
      .map((mask, lane) => m.i32.shl(bitmask(mask()), m.i32.const((16 / width) * lane)))
      .reduce((a, b) => m.i32.or(a, b));
    this.run(name, [this.record(), (addresses[0] as Value)(), selected, m.i32.const(width)]);
  }

  // ---- registers ----

  gpr(register: number, size: number): Expression {
    return this.state(EmitterBase.gprOffset(register), size);
  }

  setGpr(register: number, size: number, value: Expression): void {
    if (size === 4) this.setState(EmitterBase.gprOffset(register), 8, this.m.i64.extend_u(value));
    else this.setState(EmitterBase.gprOffset(register), size, value);
  }

  highByte(register: number): Expression {
    return this.state(EmitterBase.gprOffset(register) + 1, 1);
  }

  setHighByte(register: number, value: Expression): void {
    this.setState(EmitterBase.gprOffset(register) + 1, 1, value);
  }

  xmm(register: number): Expression {
    return this.state(EmitterBase.xmmOffset(register), 16);
  }

  setXmm(register: number, value: Expression): void {
    this.setState(EmitterBase.xmmOffset(register), 16, value);
  }

  clearUpper(register: number): void {
    this.setState(EmitterBase.xmmOffset(register) + 16, 16, zero(this.m));
  }

  // ---- SSE ----

  requireSse(): void {
    this.emit(this.m.if(this.state(SSE_DISABLED, 4), this.callNothing('raiseSseDisabled', [this.record()])));
  }

  requireAvx(): void {
    this.emit(this.m.if(this.state(AVX_DISABLED, 4), this.callNothing('raiseAvxDisabled', [this.record()])));
  }

  requireAligned(linearAddress: Value, size: number): void {
    const { m } = this;
    const misaligned = m.i32.and(m.i32.wrap(linearAddress()), m.i32.const(size - 1));
    this.emit(m.if(misaligned, this.callNothing('raiseGeneralProtection', [this.record(), m.i32.const(0)])));
  }

  signBits(size: 4 | 8): Expression {
    return signBits(this.m, size);
  }

  factorRank(size: 4 | 8): Expression {
    return factorRank(this.m, size);
  }

  /** Only where an exception is unmasked does it matter which half of a vector signals what. */
  override asOneOperation(body: () => void): void {
    this.when(this.unmaskedMxcsr(), () => this.run('holdExceptions', []));
    body();
    this.when(this.unmaskedMxcsr(), () => this.run('releaseExceptions', [this.record()]));
  }

  unlessRare(rare: Expression, ...paths: SlowPath[]): Value[] {
    const { m } = this;
    const condition = this.let(rare);
    return paths.map(({ fast, type, name, args }) =>
      this.let(m.if(condition(), this.call(name, args, type), fast()), type),
    );
  }

  computed({ name, args, type }: Computation): Value {
    return this.let(this.call(name, args, type), type);
  }

  /** The runtime is the same for all engines. */
  readonly fusesMultiplyAdd = false;

  rounded(rounding: Rounding): Value {
    const numbers = new OrdinaryNumbers(this, rounding);
    numbers.add(rounding);
    const rare = orSpecial(this, MXCSR_PE, numbers.failed());
    const { name, args, type } = rounding.call;
    const condition = this.let(rare);
    const byRuntime = rounding.toVector(this.call(name, args, type));
    return this.let(this.m.if(condition(), byRuntime, rounding.result()), v128);
  }

  selected({ size, isScalar, operands, path }: Selection): Value {
    const lanes = floats(this.m, size);
    const low = (value: Value): Expression => lanes.splat(lanes.extract_lane(value(), 0));
    const looked = isScalar ? operands.map((operand) => this.let(low(operand), v128)) : operands;
    const [value] = this.unlessRare(orSpecial(this, 0, signalsOperands(this, size, ...looked)), path) as [
      Value,
    ];
    return value;
  }

  knownImmediate(_operand: number): number | undefined {
    return undefined;
  }

  withImmediate(
    operand: number,
    _known: (value: number) => Expression,
    general: (value: Value) => Expression,
  ): Expression {
    return general(this.let(this.read(operand)));
  }

  // ---- flags ----

  setFlags(source: FlagSource): void {
    // CF is used twice.
    const kept = 'cf' in source ? { ...source, cf: this.let(source.cf()) } : source;
    const { result, aux } = materialize(this.m, kept);
    this.setState(FLAG_RESULT, 8, result);
    this.setState(FLAG_AUX, 4, aux);
  }

  flagSource(): FlagSource {
    return { kind: 'raw', result: () => this.flagResult(), aux: () => this.flagAux() };
  }

  flagResult(): Expression {
    return this.state(FLAG_RESULT, 8);
  }

  flagAux(): Expression {
    return this.state(FLAG_AUX, 4);
  }

  condition(condition: Condition, negated: boolean): Expression {
    const value = conditionOfWords(
      this.m,
      condition,
      () => this.flagResult(),
      () => this.flagAux(),
    );
    return negated ? this.m.i32.eqz(value) : value;
  }

  // ---- control ----

  nextRip(): Expression {
    const { m } = this;
    const offset = m.i32.add(
      this.field16(RECORD_PAGE_OFFSET),
      m.i32.load8_u(RECORD_LENGTH, 1, this.record()),
    );
    return m.i64.add(this.state(PAGE_BASE, 8), m.i64.extend_u(offset));
  }

  call(name: RuntimeFunction, args: Expression[], result: ValueType): Expression {
    return this.m.call(this.runtime(name), args, result);
  }

  x87(name: RuntimeFunction, args: Expression[], result: ValueType): Expression {
    return this.call(name, [this.record(), ...args], result);
  }

  readonly x87Stack = undefined;

  private callNothing(name: RuntimeFunction, args: Expression[]): Expression {
    return this.call(name, args, none);
  }

  run(name: RuntimeFunction, args: Expression[]): void {
    this.emit(this.callNothing(name, args));
  }

  delegate(condition: Expression, name: RuntimeFunction, args: Expression[]): void {
    this.emit(this.m.if(condition, this.m.block(null, [this.callNothing(name, args), this.next()])));
  }

  protected enterHead(head: Value): Expression {
    return enterHead(this.m, this.runtime, head);
  }

  /** Goes where a link of the record leads to. */
  protected follow(linkOffset: number): Expression {
    const { m } = this;
    const link = this.newLocal(i32);
    const resolved = (): Expression =>
      this.call('resolveLink', [this.record(), m.i32.const(linkOffset)], i32);
    return m.block(null, [
      link.set(m.i32.load(linkOffset, 4, this.record())),
      resolveIfUnusable(m, link, resolved),
      this.enterHead(() => link.get()),
    ]);
  }

  jump(): void {
    this.end(this.follow(RECORD_LINK_TAKEN));
  }

  /** The pseudo instruction at the end of a block that has no branch. */
  fallThrough(): void {
    this.end(this.follow(RECORD_LINK_FALL));
  }

  jumpIf(condition: Expression): void {
    this.emit(this.m.if(condition, this.follow(RECORD_LINK_TAKEN)));
    this.end(this.follow(RECORD_LINK_FALL));
  }

  jumpTo(target: Expression): void {
    const lookup = this.variant.row.ending === 'return' ? 'lookupJump' : 'lookupIndirect';
    const head = this.let(this.call(lookup, [this.record(), target], i32));
    this.end(this.enterHead(head));
  }

  /** i32, not zero if the host loop must see something before the next instruction (eventsDue() of the runtime). */
  private eventsDue(): Expression {
    const { m } = this;
    const trap = m.i32.and(this.state(SYSTEM_FLAGS, 4), m.i32.const(FLAG_TF | FLAG_RF));
    const possible = m.i32.or(this.state(INTERRUPT_PENDING, 4), trap);
    return m.if(possible, this.call('eventsDue', [], i32), m.i32.const(0));
  }

  dispatch(): void {
    const { m } = this;
    const leave = [this.storeState4(EXIT_REASON, m.i32.const(EXIT_EVENT)), m.return()];
    this.emit(m.if(this.eventsDue(), m.block(null, leave)));
    const head = this.let(this.call('lookup', [], i32));
    this.end(this.enterHead(head));
  }

  dispatchIf(condition: Expression, change: () => void): void {
    this.when(condition, () => {
      change();
      this.dispatch();
    });
    this.ended = false;
  }

  handlerIf(): void {}

  budgetLeft(): Expression {
    return this.state(BUDGET, 4);
  }

  private storeState4(offset: number, value: Expression): Expression {
    return this.storeHost(4, CPU_STATE + offset, this.m.i32.const(0), value);
  }

  /** RIP = next instruction; the instructions of the block that are not executed go back into the budget. */
  private leave(reason: number): Expression {
    const { m } = this;
    const index = this.newLocal(i32);
    const head = m.i32.sub(
      this.record(),
      m.i32.shl(m.i32.add(index.get(), m.i32.const(1)), m.i32.const(Math.log2(RECORD_SIZE))),
    );
    const left = m.i32.sub(m.i32.sub(m.i32.load16_u(HEAD_COUNT, 2, head), index.get()), m.i32.const(1));
    return m.block(null, [
      this.storeHost(8, CPU_STATE + RIP, m.i32.const(0), this.call('nextRip', [this.record()], i64)),
      index.set(m.i32.load8_u(RECORD_INDEX, 1, this.record())),
      this.storeState4(BUDGET, m.i32.add(this.state(BUDGET, 4), left)),
      this.storeState4(EXIT_REASON, m.i32.const(reason)),
      m.return(),
    ]);
  }

  exit(reason: number): void {
    this.end(this.leave(reason));
  }

  /**
   * The instruction is the last of its block (its row is not one of compiled code alone), so nothing goes back into the budget. EFLAGS.RF
   * is set where a repetition is interrupted (Intel SDM Vol. 3 "Resume Flag").
   */
  repeat(name: RuntimeFunction, args: Expression[]): void {
    const { m } = this;
    const outcome = this.let(this.call(name, args, i32));
    const flags = m.i32.or(this.state(SYSTEM_FLAGS, 4), m.i32.const(FLAG_RF));
    const enterFault = m.return_call(this.runtime(ENTER_FAULT), [this.record()], none);
    const left = [
      m.if(m.i32.eq(outcome(), m.i32.const(REPETITION_FAULTED)), enterFault),
      this.storeState4(SYSTEM_FLAGS, flags),
      leaveAt(m, this.runtime, EXIT_BUDGET),
    ];
    this.emit(m.if(outcome(), m.block(null, left)));
  }

  /** leaveIfInterrupt() looks afterwards. */
  expectNoInterrupt(): void {}

  leaveIfInterrupt(): void {
    this.emit(this.m.if(this.eventsDue(), this.leave(EXIT_EVENT)));
  }
}
