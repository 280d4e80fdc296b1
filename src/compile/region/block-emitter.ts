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

import {
  conditionOfSource,
  conditionOfWords,
  type FlagSource,
  materialize,
} from '../../emitter/flags/source.ts';
import type { Local } from '../../emitter/locals.ts';
import { viewProbe } from '../../emitter/tlb-probe.ts';
import type { Condition } from '../../isa/condition.ts';
import type {
  Computation,
  Rounding,
  Selection,
  SlowPath,
  Value,
  X87Operand,
  X87Stack,
} from '../../isa/emitter.ts';
import { variantOfSlot } from '../../isa/instruction-set.ts';
import { zero } from '../../isa/semantics/vector.ts';
import type { Location, RegisterField, Variant } from '../../isa/variant.ts';
import { FLAG_RF, FLAG_TF } from '../../layout/architecture.ts';
import { MXCSR, MXCSR_PE, RIP, SEGMENT_CS, SYSTEM_FLAGS } from '../../layout/cpu-state.ts';
import type { RuntimeFunction } from '../../layout/generated/runtime-function.ts';
import { MODE_CODE_64, MODE_FLAT } from '../../layout/mode.ts';
import { AVX_DISABLED, FPU_REST, INTERRUPT_PENDING, SSE_DISABLED } from '../../layout/runtime-state.ts';
import type { Expression } from '../../wasm/builder.ts';
import { i32, i64, type ValueType, v128 } from '../../wasm/value-types.ts';
import { Attempt } from './attempt.ts';
import { BlockMemory } from './block-memory.ts';
import type { FlagState } from './flag-locals.ts';
import type { KnownColumns } from './known-columns.ts';
import { attemptLabels } from './labels.ts';
import { movedFrom } from './moved-numbers.ts';
import type { RegionParts } from './parts.ts';
import type { PlannedBlock } from './plan.ts';
import { numberOfXmm } from './register-locals.ts';
import type { RegisterUse } from './register-placement.ts';
import { hasX87, X87Locals } from './x87-locals.ts';

/** How a block of a region ends. */
type Terminator =
  | 'jump'
  | 'fall'
  /** Where its condition holds to where a jump would lead, else behind it. */
  | 'branch'
  /** To Leave.branchTarget. */
  | 'indirect'
  /** The code that leaves is already emitted. */
  | 'left';

export interface EmittedBlock {
  /** All but the edges to other blocks, which are added to them. */
  readonly statements: Expression[];
  readonly terminator: Terminator;
  /** Of a branch. */
  readonly condition: Expression;
  /** What the flags are at its end; good for edges that come right behind the statements. */
  readonly flags: FlagState;
  /** The x87 stack, if it is in locals that a block which this one leads to goes on with: other edges store it, and so do ways out. */
  readonly x87: X87Locals | undefined;
  readonly goesOnWithX87: boolean;
  /** What it has of vectors in columns: edges to other groups refresh registers, and so do ways out. */
  readonly columns: KnownColumns;
  /** Whether they are other flags than at its start, and the general registers that are written before: a set of them. */
  readonly replacesFlags: boolean;
  readonly overwritten: number;
  /** Of each bank of registers. */
  readonly registerUse: RegisterUse;
  readonly upperUse: RegisterUse;
}

export class BlockEmitter extends BlockMemory {
  private source: FlagSource;
  private terminator: Terminator = 'fall';
  private branchCondition: Expression = 0;
  /** Locals handed out in the current instruction, and those that the flag source is made of. */
  private inUse: Local[] = [];
  private kept: Local[] = [];
  /** Registers that are written before the current instruction, and before the first one that replaces the flags. */
  private written = 0;
  private writtenBefore: number | undefined = undefined;
  /** Which instructions' locals the current instruction has made the flag source of. */
  private flagsMadeOf: 'nothing new' | 'this instruction' | 'this and others' = 'nothing new';
  /** The block has checked that x87 instructions raise nothing: what changes that is a handler's. */
  private x87Required = false;
  /** The x87 register stack, where it is in locals, and what of it other blocks go on with. */
  private x87Locals: X87Locals | undefined = undefined;
  private x87AtEnd: X87Locals | undefined = undefined;
  /** The stack that it starts with is in locals of the block before. */
  private readonly goesOnWithX87: boolean;
  /** The block has looked at MXCSR, or one before it. */
  private isMxcsrUsual: boolean;
  /** What is known of lanes that the current instruction writes. */
  private produced: (() => void)[] = [];
  /** expectNoInterrupt() has looked for the instruction being emitted. */
  private expectsNoInterrupt = false;

  /** @param before of the block that leads to this one, in the same group. */
  constructor(parts: RegionParts, block: PlannedBlock, before: BlockEmitter | undefined) {
    super(parts, block, before);
    this.source = before?.source ?? parts.flags.words;
    this.kept = before?.flagLocals ?? [];
    parts.locals.reserve(this.kept);
    this.isMxcsrUsual = before?.isMxcsrUsual ?? false;
    this.goesOnWithX87 = before?.x87AtEnd !== undefined && hasX87(block);
    if (!this.goesOnWithX87) return;
    this.x87Required = true;
    this.x87Locals = this.newX87Locals(before?.x87AtEnd);
    parts.locals.reserve(this.x87Locals.locals);
  }

  /** What the source at the end of the block is made of. */
  private get flagLocals(): Local[] {
    if (this.flagsMadeOf === 'nothing new') return this.kept;
    return this.flagsMadeOf === 'this instruction' ? this.inUse : [...this.kept, ...this.inUse];
  }

  private get flagState(): FlagState {
    return { source: this.source, origins: this.origins };
  }

  /** @param following nodes, of which the first are `blocks`. */
  emitBlock(following: readonly number[], blocks: readonly PlannedBlock[]): void {
    const { block, records } = this;
    for (let index = 0; index < block.length; index++) {
      const variant = variantOfSlot(records.slot(index));
      if (variant !== undefined) this.instruction(index, variant);
    }
    if (this.x87Locals !== undefined && this.terminator !== 'indirect') this.keepX87(following, blocks);
    this.endX87();
    if (this.terminator === 'indirect') this.refreshAll();
    if (block.length < records.length) {
      this.endAttempt();
      this.index = block.length;
      this.emit(this.leaveToHandler());
      this.terminator = 'left';
    }
    this.endAttempt();
    this.parts.locals.release(this.inUse);
    this.parts.locals.release(this.kept);
    this.releaseFound();
    this.columns.end();
  }

  /** After emitBlock() of all blocks. */
  finish(): EmittedBlock {
    const { terminator, branchCondition: condition, flagState: flags, registerUse, upperUse } = this;
    const { x87AtEnd: x87, goesOnWithX87, columns } = this;
    const statements = this.windows.finish(this.statements);
    const overwritten = this.writtenBefore ?? registerUse.written;
    return {
      statements,
      terminator,
      condition,
      flags,
      x87,
      goesOnWithX87,
      columns,
      replacesFlags: this.writtenBefore !== undefined,
      overwritten,
      registerUse,
      upperUse,
    };
  }

  private instruction(index: number, variant: Variant): void {
    switch (this.flagsMadeOf) {
      case 'nothing new':
        this.release(this.inUse);
        break;
      case 'this instruction':
        this.release(this.kept);
        this.kept = this.inUse;
        break;
      case 'this and others':
        this.kept = [...this.kept, ...this.inUse];
    }
    this.inUse = [];
    this.flagsMadeOf = 'nothing new';
    this.expectsNoInterrupt = false;
    this.index = index;
    this.variant = variant;
    this.written = this.registerUse.written;
    this.produced = [];
    const moved = this.movedRegister(variant);
    this.noteMoved(variant);
    variant.row.semantics(this);
    if (moved !== undefined) {
      const target = variant.locations[0] as Location & { field: RegisterField };
      this.windows.setRegister(this.generalAt(target), moved);
    }
    for (let i = 0; i < this.produced.length; i++) this.produced[i]?.();
  }

  /** What undoing an attempt needs is released behind it. */
  private release(locals: readonly Local[]): void {
    if (this.attempt === undefined) this.parts.locals.release(locals);
    else this.attempt.held.push(...locals);
  }

  protected leaveToHandler(): Expression {
    if (this.attempt !== undefined) return this.attempt.undo();
    const leave = this.parts.leave.toHandler(this.block, this.index, this.flagState);
    const changes = [...(this.x87Locals?.store() ?? []), ...this.columns.refreshAll()];
    return changes.length === 0 ? leave : this.m.block(null, [...changes, leave]);
  }

  protected newLocal(type: ValueType): Local {
    const local = this.parts.locals.take(type);
    this.inUse.push(local);
    return local;
  }

  override writeLanes(operand: number, lanes: readonly Value[]): void {
    if (!this.isRegister(operand)) this.endAttempt();
    super.writeLanes(operand, lanes);
  }

  override readColumns(operand: number): readonly Value[] {
    const lane = this.laneOf(this.location(this.sourceOf(operand)));
    if (lane === undefined) return super.readColumns(operand);
    const known = this.columns.of(lane);
    if (known !== undefined) return known;
    return this.mayWant(lane) ? this.columns.want(lane) : super.readColumns(operand);
  }

  /** Whether the lane is what it was at the start of the block. */
  private mayWant(lane: number): boolean {
    const isLow = (lane & 1) === 0;
    const use = isLow ? this.registerUse : this.upperUse;
    const number = isLow ? numberOfXmm(lane >> 1) : lane >> 1;
    if ((use.written & (1 << number)) !== 0) return false;
    use.read(number);
    return true;
  }

  override writeColumns(operand: number, columns: readonly Value[]): void {
    const lane = this.laneOf(this.location(operand)) as number;
    const isStale = !this.worksByLanes && this.attempt === undefined;
    if (isStale) {
      this.known.forget(lane);
      this.registerUse.write(numberOfXmm(lane >> 1));
    } else super.writeColumns(operand, columns);
    this.produced.push(() => {
      for (const statement of this.columns.set(lane, columns, isStale)) this.emit(statement);
    });
  }

  override setState(offset: number, size: number, value: Expression): void {
    this.endAttempt();
    super.setState(offset, size, value);
    if (offset !== MXCSR) return;
    this.emit(this.parts.entryLocals.mxcsr.look());
    this.isMxcsrUsual = false;
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
    this.endX87();
    if (this.attempt === undefined) {
      this.refreshAll();
      this.attempt = new Attempt(this.m, parts.attempts, this.index, this.source, this.statements);
      parts.attempts += 1;
      const isStraight = this.statements === this.straight;
      this.statements = [];
      if (isStraight) this.straight = this.statements;
    }
    return this.attempt;
  }

  private refreshAll(): void {
    for (const statement of this.columns.refreshAll()) this.emit(statement);
    if (this.isStraight) this.columns.setAllFresh();
  }

  /** From here on things may be written that it cannot undo. */
  protected endAttempt(): void {
    const { attempt, parts } = this;
    if (attempt === undefined) return;
    const failed = attempt.failed(this);
    this.known.endAttempt();
    this.attempt = undefined;
    const body = this.statements;
    const flags = { source: attempt.flags, origins: this.origins };
    if (this.straight === body) this.straight = attempt.outer;
    this.statements = attempt.outer;
    this.emit(attempt.finish(body, failed, parts.leave.toHandler(this.block, attempt.index, flags)));
    parts.locals.release(attempt.held);
  }

  // ---- SSE ----

  protected leaveIf(condition: Expression): void {
    this.emit(this.m.ifUnlikely(condition, this.leaveToHandler()));
  }

  requireSse(): void {
    this.parts.leave.enterOnlyIfZero(SSE_DISABLED);
  }

  requireAvx(): void {
    this.parts.leave.enterOnlyIfZero(AVX_DISABLED);
  }

  // ---- x87 ----

  /** Leaves where an x87 instruction may raise something. */
  private requireX87(): void {
    if (!this.x87Required) this.leaveIf(this.parts.entryLocals.x87.get());
    this.x87Required = true;
  }

  /** The runtime function finds no record, but RIP, and a translation of its operand. */
  x87(name: RuntimeFunction, args: Expression[], result: ValueType, operand?: X87Operand): Expression {
    const { m, records } = this;
    this.endX87();
    this.requireX87();
    if (operand !== undefined) {
      const { access, linearAddress, size } = operand;
      const filled = this.hostOrLeave(this.parts.imports.fill(access, linearAddress(), size));
      this.let(viewProbe(m, access, linearAddress, size, records.tlbView, this.newLocal(i32), filled));
    }
    this.setState(RIP, 8, this.ripOf(this.index));
    return this.call(name, [m.i32.const(0), ...args], result);
  }

  /** Of an instruction of the block. */
  private ripOf(index: number): Expression {
    return this.inCodeSegment(this.codeAddress(this.records.pageOffset(index)));
  }

  /** From here on the state of the x87 unit is in memory. */
  private endX87(): void {
    const { x87Locals } = this;
    if (x87Locals === undefined) return;
    this.x87Locals = undefined;
    for (const statement of x87Locals.store()) this.emit(statement);
    this.parts.locals.release(x87Locals.locals);
  }

  /** The end of the block leaves it in locals if one of the following blocks goes on with it. */
  private keepX87(following: readonly number[], blocks: readonly PlannedBlock[]): void {
    const { x87Locals, parts } = this;
    const goesOn = following.some((next) => {
      const block = blocks[next];
      return block !== undefined && block.group !== next && hasX87(block);
    });
    if (x87Locals === undefined || !goesOn) return;
    this.x87AtEnd = x87Locals;
    this.x87Locals = undefined;
    parts.locals.release(x87Locals.locals);
  }

  private newX87Locals(before: X87Locals | undefined): X87Locals {
    return new X87Locals(this.m, (type) => this.parts.locals.take(type), before);
  }

  private beginX87(): X87Locals {
    this.endAttempt();
    this.requireX87();
    const stack = this.x87Locals ?? this.newX87Locals(undefined);
    if (stack.begin(() => this.leaveToHandler()))
      this.windows.emitLater(this.statements, () => stack.start());
    this.x87Locals = stack;
    return stack;
  }

  /** Made when it is first asked for: few blocks have x87 instructions. */
  private madeX87Stack: X87Stack | undefined = undefined;

  get x87Stack(): X87Stack {
    this.madeX87Stack ??= this.makeX87Stack();
    return this.madeX87Stack;
  }

  private makeX87Stack(): X87Stack {
    return {
      begin: (used, pushes) => {
        this.endAttempt();
        if (this.beginX87().require(used, pushes)) return true;
        this.endX87();
        return false;
      },
      get: (i) => this.beginX87().get(i, (statement) => this.emit(statement)),
      set: (i, number) => this.beginX87().set(i, number),
      push: (number) => this.beginX87().push(number),
      pop: () => this.beginX87().pop(),
      numberOf: (operand) => this.stackNumber(operand),
      leaveIf: (condition) => this.leaveIf(condition),
      host: (access, linearAddress, size) => this.let(this.probe(access, linearAddress, size)),
      local: (type) => this.newLocal(type),
      keep: (type) => this.beginX87().keep(type),
      usually: (exponents) =>
        this.m.i32.and(this.parts.entryLocals.x87Usual.get(), this.m.i32.const(exponents)),
      either: (fast, slow) => this.either(fast, slow),
      choose: (condition, then, otherwise) =>
        this.emit(this.m.if(condition, this.collect(then), this.collect(otherwise))),
      call: (name, args, result) => this.callRuntime(name, args, result),
      rest: () => this.state(FPU_REST, 4),
      end: (up = () => this.m.i32.const(0), lost = undefined) => {
        const { index } = this;
        for (const statement of this.beginX87().end(() => this.ripOf(index), up, lost)) this.emit(statement);
      },
    };
  }

  private stackNumber(operand: number): number {
    const location = this.location(operand);
    if (!('field' in location)) throw new Error(`operand ${operand} is not a register`);
    return this.records.register(this.index, location.field);
  }

  private either(fast: (fail: () => Expression) => void, slow: () => void): void {
    const { m, parts } = this;
    const { undo: other, done } = attemptLabels(parts.attempts);
    parts.attempts += 1;
    const tried = this.collect(() => fast(() => m.br(other)));
    this.emit(m.block(done, [m.block(other, [tried, m.br(done)]), this.collect(slow)]));
  }

  /** RIP of a linear address. */
  private inCodeSegment(linear: Expression): Expression {
    const { m } = this;
    const { mode } = this.records;
    if ((mode & (MODE_CODE_64 | MODE_FLAT)) !== 0) return linear;
    return m.i64.and(m.i64.sub(linear, this.segmentBase(SEGMENT_CS)), m.i64.const(0xffff_ffffn));
  }

  signBits(size: 4 | 8): Expression {
    return this.parts.entryLocals.signBits[size].get();
  }

  factorRank(size: 4 | 8): Expression {
    return this.parts.entryLocals.factorRank[size].get();
  }

  protected override unusualMxcsr(): Expression {
    return this.parts.entryLocals.mxcsr.get();
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
    this.emit(m.ifUnlikely(rare, m.block(null, [leave, ...slow])));
    return results.map((result) => () => result.get());
  }

  /** Lane of a vector register that is being worked on. */
  private laneOf(location: Location, lane = this.currentLane): number | undefined {
    return location.kind === 'xmm' ? 2 * this.xmmNumber(location) + lane : undefined;
  }

  /** What is known of elements is known where they are moved to. */
  private noteMoved(variant: Variant): void {
    const { known, attempt } = this;
    const moved = movedFrom(variant);
    if (moved === undefined) return;
    for (let lane = 0; lane < this.lanes; lane++) {
      const lanesOf = (locations: readonly Location[]): number[] =>
        locations.map((location) => this.laneOf(location, lane)).filter((at) => at !== undefined);
      const joined = known.joined(lanesOf(moved.from), moved.size);
      for (const target of lanesOf(variant.locations.slice(0, 1)))
        this.produced.push(() => known.setJoined(target, joined, this.attempt === attempt));
    }
  }

  private lookAt(attempt: Attempt, rounding: Rounding): void {
    const { known } = this;
    const { operands, places, result: value, underflow, size, isScalar } = rounding;
    const numbers = attempt.numbersOf(this, rounding);
    operands.forEach((operand, i) => {
      const place = places[i];
      const lane =
        place === undefined ? undefined : this.laneOf(this.location(this.sourceOf(place)), rounding.lane);
      const isKnown =
        lane !== undefined &&
        (underflow === 'product' ? known.isLooked(lane, rounding) : known.isOrdinary(lane, rounding));
      if (!isKnown) numbers.operand(operand);
      if (lane === undefined) return;
      if (!isKnown) known.setLooked(lane, rounding);
      if (underflow !== 'quotient' || i === 0) known.use(lane, rounding);
    });
    numbers.underflow(rounding);
    const result = { value, size, isScalar, isUsed: false };
    attempt.addResult(result);
    const lane = this.laneOf(this.location(0), rounding.lane);
    if (lane === undefined) return;
    this.produced.push(() => {
      known.setOrdinary(lane, result);
      known.setResult(lane, result);
    });
  }

  /** What is infinite stays so, and does not show: operands that are results are looked at by themselves. */
  selected(selection: Selection): Value {
    const { known } = this;
    const { operands, places, path, isScalar, resultSize } = selection;
    const numbers = this.beginAttempt().numbersOf(this, selection);
    operands.forEach((operand, i) => {
      const place = places[i];
      const lane = place === undefined ? undefined : this.laneOf(this.location(this.sourceOf(place)));
      if (lane === undefined || !known.isOrdinary(lane, selection)) numbers.operand(operand);
      if (lane === undefined || !known.isOrdered(lane, selection)) numbers.ordered(operand);
      if (lane === undefined) return;
      known.setOrdinary(lane, selection);
      known.setOrdered(lane, selection);
    });
    const lane = this.laneOf(this.location(0));
    if (lane !== undefined && resultSize !== undefined) {
      const view = { size: resultSize, isScalar };
      this.produced.push(() => {
        known.setOrdinary(lane, view);
        known.setOrdered(lane, view);
      });
    }
    return path.fast;
  }

  /** With all exceptions masked the function raises none. */
  computed({ name, args, type }: Computation): Value {
    this.leaveIf(this.unmaskedMxcsr());
    return this.let(this.callRuntime(name, args, type), type);
  }

  get fusesMultiplyAdd(): boolean {
    return this.parts.fusesMultiplyAdd;
  }

  /** Leaves where numbers that are ordinary may be rounded otherwise, or PE has to be set. */
  private requireUsualMxcsr(): void {
    if (this.isMxcsrUsual) return;
    this.leaveIf(this.specialMxcsr(MXCSR_PE));
    this.isMxcsrUsual = this.statements === this.straight;
  }

  rounded(rounding: Rounding): Value {
    const { m, parts } = this;
    if (parts.roundsInPlace) this.requireUsualMxcsr();
    const attempt = this.beginAttempt();
    const local = this.newLocal(v128);
    const result = (): Expression => local.get();
    this.emit(local.set(rounding.result()));
    if (!parts.roundsInPlace) {
      const { name, args, type } = rounding.call;
      const byRuntime = m.block(null, [
        m.ifUnlikely(this.unmaskedMxcsr(), this.leaveToHandler()),
        local.set(rounding.toVector(this.callRuntime(name, args, type))),
      ]);
      this.emit(m.ifUnlikely(this.specialMxcsr(MXCSR_PE), byRuntime));
    }
    this.lookAt(attempt, { ...rounding, result });
    return result;
  }

  knownImmediate(operand: number): number | undefined {
    const { records, index } = this;
    if (this.location(operand).kind !== 'immediate' || this.parts.constants.movesImmediate(records, index))
      return undefined;
    return records.immediateLow(index);
  }

  withImmediate(_operand: number, known: (value: number) => Expression): Expression {
    return known((this.records.immediateLow(this.index) & 0xff) >> this.immediateShift);
  }

  // ---- flags ----

  setFlags(source: FlagSource, isPartial = false): void {
    this.writtenBefore ??= this.written;
    this.source = source;
    if (!isPartial) this.flagsMadeOf = 'this instruction';
    else if (this.flagsMadeOf === 'nothing new') this.flagsMadeOf = 'this and others';
  }

  /** Sources that are made of others are not made of many: code of each way out would grow. */
  flagSource(): FlagSource {
    const { kind } = this.source;
    return kind === 'maybe' || kind === 'carry' ? this.words() : this.source;
  }

  /** Turns the source into words that are in locals of this block. */
  private words(): FlagSource & { kind: 'raw' } {
    if (this.source.kind === 'raw') return this.source;
    const { result, aux } = materialize(this.m, this.source);
    const words = { kind: 'raw', result: this.let(result, i64), aux: this.let(aux) } as const;
    this.source = words;
    this.flagsMadeOf = 'this instruction';
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
    this.terminator = 'jump';
  }

  jumpIf(condition: Expression): void {
    this.terminator = 'branch';
    this.branchCondition = condition;
  }

  jumpTo(target: Expression): void {
    this.emit(this.parts.leave.branchTarget.set(target));
    this.terminator = 'indirect';
  }

  dispatch(): void {
    throw new Error(`${this.variant.row.mnemonic}: compiled code cannot dispatch`);
  }

  dispatchIf(condition: Expression): void {
    this.leaveIf(condition);
  }

  handlerIf(condition: Expression): void {
    this.leaveIf(condition);
  }

  budgetLeft(): Expression {
    return this.parts.leave.budgetLeft(this.block);
  }

  exit(): void {
    throw new Error(`${this.variant.row.mnemonic}: compiled code cannot leave to the host`);
  }

  repeat(
    _name: RuntimeFunction,
    _args: Expression[],
    atOnce?: (leaveUnless: (done: Expression) => void) => void,
  ): void {
    if (atOnce === undefined)
      throw new Error(`${this.variant.row.mnemonic}: compiled code cannot leave to the host`);
    this.endAttempt();
    if (this.hasLinearStrings) atOnce((done) => this.leaveIf(this.m.i32.eqz(done)));
    else this.leaveIf(this.m.i32.const(1));
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
