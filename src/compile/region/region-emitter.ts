/**
 * The emitter of run time: record fields are constants, registers and flags are locals of one wasm function.
 *
 * Invariants:
 * 1. Before a block starts, every register it touches is in its local; what it writes is stored by the block's own
 *    way out (region.ts works out which loads and stores that takes).
 * 2. Before an instruction has done anything that can be seen, it may leave: to its own handler, which does it
 *    again with the slow paths that compiled code does not have. So a probe never comes after a write.
 * 3. Flags are `source` (what set them last, as locals of this block) until something needs their two words.
 *    Across an edge they are either the words (`raw`) or, if nothing on the other side reads them, kept as the
 *    operation and its operands for the way out to work out.
 */

import type { Condition } from '../../isa/condition.ts';
import type { SlowPath, Value } from '../../isa/emitter.ts';
import { VARIANTS } from '../../isa/instruction-set.ts';
import type { Location, Variant } from '../../isa/variant.ts';
import {
  GPR,
  PAGE_BASE,
  SEGMENT_ES,
  SEGMENT_NONE,
  SSE_DISABLED,
  YMM,
  ZERO_REGISTER,
} from '../../layout/cpu-state.ts';
import {
  FLAGS_ADD,
  FLAGS_DEC,
  FLAGS_INC,
  FLAGS_LOGIC,
  FLAGS_SUB,
  FLAGS_WORDS,
} from '../../layout/flag-words.ts';
import type { RuntimeFunction } from '../../layout/generated/runtime-function.ts';
import { CPU_STATE } from '../../layout/linear-memory.ts';
import { MODE_CODE_64, MODE_CODE_MASK, MODE_VIEW_SHIFT } from '../../layout/mode.ts';
import { ADDRESS_16, ADDRESS_32 } from '../../layout/record.ts';
import type { Expression, FunctionReference, Label, Module } from '../../wasm/builder.ts';
import { i32, i64, type ValueType, v128 } from '../../wasm/value-types.ts';
import { EmitterBase } from '../emitter-base.ts';
import { conditionOfSource, conditionOfWords, type FlagSource, materialize } from '../flags/source.ts';
import type { BlockRecords } from '../record-view.ts';
import { type Access, viewProbe } from '../tlb-probe.ts';
import { forgetLastPage, type LastPage, lastPageProbe } from './last-page.ts';
import { type RegionImport, WAY_INDIRECT, WAY_RECORD, type Way } from './way-out.ts';

/** Label of the sequence that all ways out share (region.ts). Behind it come three for each block. */
export const WAY_OUT_LABEL: Label = 0;

/** Label of the way out of a group of blocks, which stores what has been written on the way to and in them. */
export function groupWayOutLabel(group: number): Label {
  return 3 * group + 1;
}

export function loopLabel(node: number): Label {
  return 3 * node + 2;
}

export function mergeLabel(node: number): Label {
  return 3 * node + 3;
}

/** Parameter 0 is the head record; it also carries the record to leave to. */
export const LOCAL_TARGET = 0;
/** A Way (way-out.ts). */
export const LOCAL_WAY = 1;
export const LOCAL_BUDGET = 2;
export const LOCAL_PAGE_BASE = 3;
/** Target of an indirect branch. */
export const LOCAL_RIP = 4;
/** Address of the entry of the execute TLB or of the jump cache that is being looked at. */
export const LOCAL_ENTRY = 5;
export const LOCAL_FLAG_RESULT = 6;
export const LOCAL_FLAG_AUX = 7;
/** Where the flags are: FLAGS_* of layout/flag-words.ts. Operands and result of an operation are in the next three. */
export const LOCAL_FLAG_KIND = 8;
export const LOCAL_FLAG_A = 9;
export const LOCAL_FLAG_B = 10;
export const LOCAL_FLAG_R = 11;
const FIRST_FREE_LOCAL = 12;

/** Number of XMM0 among the registers a block touches; general registers come before it. */
const FIRST_XMM = 16;
const FIXED_LOCALS: readonly ValueType[] = [i32, i32, i64, i64, i32, i64, i32, i32, i64, i64, i64];

const FLAG_KINDS = {
  add: FLAGS_ADD,
  adc: FLAGS_ADD,
  sub: FLAGS_SUB,
  sbb: FLAGS_SUB,
  logic: FLAGS_LOGIC,
  inc: FLAGS_INC,
  dec: FLAGS_DEC,
} as const;

/** How a block of a region ends. */
export type Terminator =
  | { readonly kind: 'jump' }
  | { readonly kind: 'fall' }
  | { readonly kind: 'branch'; readonly condition: Expression }
  /** To the linear address in LOCAL_RIP. */
  | { readonly kind: 'indirect' }
  /** The code that leaves is already emitted. */
  | { readonly kind: 'left' };

/** Base and index registers of a region whose last pages are remembered: each takes two locals. */
const MOST_LAST_PAGES = 8;

export const FILL: Record<Access, RuntimeFunction> = {
  read: 'fillRead',
  write: 'fillWrite',
  readWrite: 'fillWrite',
};

interface TemporaryLocal {
  readonly type: ValueType;
  readonly local: number;
}

export interface RegionImports {
  /** A function of the runtime, which the module then imports. */
  function(name: RegionImport, parameters: readonly ValueType[], result: ValueType): FunctionReference;
  /** A function of the module that probes a TLB view: linear address -> host address, 0 = leave. */
  probe(access: Access, size: number, view: number): FunctionReference;
}

export class RegionEmitter extends EmitterBase {
  /** Of the instruction being emitted. */
  variant = VARIANTS[0] as Variant;
  private readonly imports: RegionImports;
  private readonly locals: ValueType[] = [];
  private readonly free = new Map<ValueType, number[]>();
  /** Locals handed out in the current instruction, and those that the flag source is made of. */
  private inUse: TemporaryLocal[] = [];
  private kept: TemporaryLocal[] = [];
  private keepsFlags = false;
  private readonly registerLocals = new Map<number, number>();
  private readonly xmmLocals = new Map<number, number>();
  /** Bit masks of the registers the current block touches and writes: GPR n is bit n, XMM n is bit n + 16. */
  touched = 0;
  written = 0;
  writesFlags = false;
  /** Whether the words that the region starts with may be read. */
  readsFlags = false;
  /** Pages in locals are fast to use, but have to be set at each entry and found again: they are for loops. */
  remembersPages = true;
  private readonly lastPages = new Map<string, LastPage>();

  private block: BlockRecords | undefined;
  private label = WAY_OUT_LABEL;
  private pageDelta = 0n;
  private index = 0;
  private source: FlagSource;
  terminator: Terminator = { kind: 'fall' };
  private readonly rawSource: FlagSource;

  constructor(module: Module, imports: RegionImports) {
    super(module);
    this.imports = imports;
    this.rawSource = {
      kind: 'raw',
      result: () => this.readFlagWord(LOCAL_FLAG_RESULT, i64),
      aux: () => this.readFlagWord(LOCAL_FLAG_AUX, i32),
    };
    this.source = this.rawSource;
  }

  private readFlagWord(local: number, type: ValueType): Expression {
    this.readsFlags = true;
    return this.m.local.get(local, type);
  }

  // ---- driven by region.ts ----

  /** Types of all locals after the parameter. */
  get localTypes(): ValueType[] {
    return [...FIXED_LOCALS, ...this.locals];
  }

  /** @param group whose way out the block uses. @param page linear page relative to the region's entry. */
  beginBlock(block: BlockRecords, group: number, page: number): void {
    this.block = block;
    this.label = groupWayOutLabel(group);
    this.pageDelta = BigInt(page) * 4096n;
    this.touched = 0;
    this.written = 0;
    this.statements = [];
    this.source = this.rawSource;
    this.terminator = { kind: 'fall' };
    this.release(this.inUse);
    this.release(this.kept);
    this.inUse = [];
    this.kept = [];
    this.keepsFlags = false;
  }

  /** Emits one instruction that compiled code can run. */
  instruction(index: number, variant: Variant): void {
    if (this.keepsFlags) {
      this.release(this.kept);
      this.kept = this.inUse;
    } else this.release(this.inUse);
    this.inUse = [];
    this.keepsFlags = false;
    this.index = index;
    this.variant = variant;
    variant.row.semantics(this);
  }

  /** Leaves to the handler of instruction `index`: everything before it has been done. */
  leaveAt(index: number): void {
    this.index = index;
    this.emit(this.leaveToHandler());
    this.terminator = { kind: 'left' };
  }

  takeStatements(): Expression[] {
    const { statements } = this;
    this.statements = [];
    return statements;
  }

  /** Statements that put the flags where the other side of an edge expects them. */
  flagsForEdge(readOnOtherSide: boolean): Expression[] {
    return readOnOtherSide ? this.flagsAsWords() : this.flagsAsOperation();
  }

  /** Statements that store the two words into their locals. */
  flagsAsWords(): Expression[] {
    const { m } = this;
    if (this.source === this.rawSource) return [];
    this.writesFlags = true;
    const { result, aux } = materialize(m, this.source);
    return [
      // The words may be made of each other's old values: compute both before storing.
      m.local.set(LOCAL_FLAG_R, result),
      m.local.set(LOCAL_FLAG_AUX, aux),
      m.local.set(LOCAL_FLAG_RESULT, m.local.get(LOCAL_FLAG_R, i64)),
      m.local.set(LOCAL_FLAG_KIND, m.i32.const(FLAGS_WORDS)),
    ];
  }

  /** Statements that keep the operation for the way out. */
  private flagsAsOperation(): Expression[] {
    const { m } = this;
    const { source } = this;
    if (source === this.rawSource) return [];
    this.writesFlags = true;
    if (source.kind === 'raw') return this.flagsAsWords();
    const wide = (value: Value): Expression => (source.size === 8 ? value() : m.i64.extend_u(value()));
    const statements = [
      m.local.set(LOCAL_FLAG_KIND, m.i32.const(FLAG_KINDS[source.kind] * 16 + source.size)),
      m.local.set(LOCAL_FLAG_R, wide(source.r)),
    ];
    if (source.kind === 'logic') return statements;
    statements.push(m.local.set(LOCAL_FLAG_A, wide(source.a)));
    if ('b' in source) statements.push(m.local.set(LOCAL_FLAG_B, wide(source.b)));
    else statements.push(m.local.set(LOCAL_FLAG_AUX, source.aux()));
    return statements;
  }

  // ---- leaving ----

  /** Leaves by a record. @param before what is to be done first. */
  leave(way: Way, record: number, before: readonly Expression[] = []): Expression {
    const { m } = this;
    const target = m.local.set(LOCAL_TARGET, m.i32.const(record));
    const set = way === WAY_RECORD ? [] : [m.local.set(LOCAL_WAY, m.i32.const(way))];
    return m.block(null, [...before, target, ...this.storePageBase(), ...set, m.br(this.label)]);
  }

  private leaveToHandler(): Expression {
    const record = (this.block as BlockRecords).address(this.index);
    return this.leave(WAY_RECORD, record, this.flagsAsOperation());
  }

  // ---- locals ----

  protected newLocal(type: ValueType): number {
    const local = this.free.get(type)?.pop() ?? this.permanentLocal(type);
    this.inUse.push({ type, local });
    return local;
  }

  private release(locals: readonly TemporaryLocal[]): void {
    for (const { type, local } of locals) this.free.get(type)?.push(local);
  }

  private permanentLocal(type: ValueType): number {
    if (!this.free.has(type)) this.free.set(type, []);
    this.locals.push(type);
    return FIRST_FREE_LOCAL + this.locals.length - 1;
  }

  /** Local of a general register by number. */
  private registerLocal(register: number): number {
    let local = this.registerLocals.get(register);
    if (local === undefined) {
      local = this.permanentLocal(i64);
      this.registerLocals.set(register, local);
    }
    return local;
  }

  private xmmLocal(register: number): number {
    let local = this.xmmLocals.get(register);
    if (local === undefined) {
      local = this.permanentLocal(v128);
      this.xmmLocals.set(register, local);
    }
    return local;
  }

  /** Loads a register (numbered as in `touched`) into its local. */
  loadRegister(register: number): Expression {
    const { m } = this;
    const zero = m.i32.const(0);
    if (register < FIRST_XMM) {
      return m.local.set(this.registerLocal(register), m.i64.load(CPU_STATE + GPR + register * 8, 8, zero));
    }
    const xmm = register - FIRST_XMM;
    return m.local.set(this.xmmLocal(xmm), m.v128.load(CPU_STATE + YMM + xmm * 32, 16, zero));
  }

  storeRegister(register: number): Expression {
    const { m } = this;
    const zero = m.i32.const(0);
    if (register < FIRST_XMM) {
      const value = m.local.get(this.registerLocal(register), i64);
      return m.i64.store(CPU_STATE + GPR + register * 8, 8, zero, value);
    }
    const xmm = register - FIRST_XMM;
    return m.v128.store(CPU_STATE + YMM + xmm * 32, 16, zero, m.local.get(this.xmmLocal(xmm), v128));
  }

  /** For a way out of the current block: the processor state still has the entry's page. */
  private storePageBase(): Expression[] {
    if (this.pageDelta === 0n) return [];
    const { m } = this;
    return [m.i64.store(CPU_STATE + PAGE_BASE, 8, m.i32.const(0), this.linearAddress(0))];
  }

  private get(register: number): Expression {
    this.touched |= 1 << register;
    return this.m.local.get(this.registerLocal(register), i64);
  }

  private set(register: number, value: Expression): void {
    this.touched |= 1 << register;
    this.written |= 1 << register;
    this.emit(this.m.local.set(this.registerLocal(register), value));
  }

  // ---- registers ----

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
  private insert(register: number, value: Expression, mask: bigint, shift: bigint): void {
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
    this.touched |= 1 << (FIRST_XMM + register);
    return this.m.local.get(this.xmmLocal(register), v128);
  }

  setXmm(register: number, value: Expression): void {
    this.touched |= 1 << (FIRST_XMM + register);
    this.written |= 1 << (FIRST_XMM + register);
    this.emit(this.m.local.set(this.xmmLocal(register), value));
  }

  // ---- record fields ----

  private get records(): BlockRecords {
    return this.block as BlockRecords;
  }

  protected readField(location: Location & { field: 'a' | 'b' | 'c' }): Expression {
    const { m } = this;
    const offset = this.records.register(this.index, location.field);
    if (location.kind === 'xmm') {
      const value = this.xmm((offset - YMM) >> 5);
      switch (location.size) {
        case 16:
          return value;
        case 8:
          return m.i64x2.extract_lane(value, 0);
        case 4:
          return m.i32x4.extract_lane(value, 0);
        default:
          return m.i16x8.extract_lane_u(value, 0);
      }
    }
    const register = (offset - GPR) >> 3;
    return offset & 1 ? this.highByte(register) : this.gpr(register, location.size);
  }

  protected writeField(location: Location & { field: 'a' | 'b' | 'c' }, value: Expression): void {
    const { m } = this;
    const offset = this.records.register(this.index, location.field);
    if (location.kind === 'xmm') {
      const register = (offset - YMM) >> 5;
      if (location.size === 16) this.setXmm(register, value);
      else if (location.size === 8) this.setXmm(register, m.i64x2.replace_lane(this.xmm(register), 0, value));
      else this.setXmm(register, m.i32x4.replace_lane(this.xmm(register), 0, value));
      return;
    }
    const register = (offset - GPR) >> 3;
    if (offset & 1) this.setHighByte(register, value);
    else this.setGpr(register, location.size, value);
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

  private pageBase(): Expression {
    return this.linearAddress(0);
  }

  /** Linear address of an offset relative to the start of the current block's page. */
  private linearAddress(offset: number): Expression {
    const { m } = this;
    const base = m.local.get(LOCAL_PAGE_BASE, i64);
    const delta = this.pageDelta + BigInt(offset);
    return delta === 0n ? base : m.i64.add(base, m.i64.const(delta));
  }

  /** Base or index register by its state offset; undefined for the always-zero one. */
  private addressRegister(offset: number): Expression | undefined {
    if (offset === ZERO_REGISTER) return undefined;
    if (offset === PAGE_BASE) return this.pageBase();
    return this.get((offset - GPR) >> 3);
  }

  protected memoryAddress(): Expression {
    const { m } = this;
    const { records, index } = this;
    let sum = this.addressRegister(records.base(index));
    let scaled = this.addressRegister(records.indexRegister(index));
    if (scaled !== undefined && records.scale(index) > 0) {
      scaled = m.i64.shl(scaled, m.i64.const(BigInt(records.scale(index))));
    }
    if (scaled !== undefined) sum = sum === undefined ? scaled : m.i64.add(sum, scaled);
    const displacement = BigInt(records.displacement(index));
    if (sum === undefined) sum = m.i64.const(displacement);
    else if (displacement !== 0n) sum = m.i64.add(sum, m.i64.const(displacement));
    return this.truncateAddress(sum);
  }

  protected addressMask(): Expression {
    const size = this.records.addressSize(this.index);
    return this.m.i64.const(size === ADDRESS_32 ? 0xffff_ffffn : size === ADDRESS_16 ? 0xffffn : -1n);
  }

  private truncateAddress(address: Expression): Expression {
    const { m } = this;
    switch (this.records.addressSize(this.index)) {
      case ADDRESS_32:
        return m.i64.and(address, m.i64.const(0xffff_ffffn));
      case ADDRESS_16:
        return m.i64.and(address, m.i64.const(0xffffn));
      default:
        return address;
    }
  }

  protected truncateLinear(address: Expression): Expression {
    const { m } = this;
    const is64BitCode = (this.records.mode & MODE_CODE_MASK) === MODE_CODE_64;
    return is64BitCode ? address : m.i64.and(address, m.i64.const(0xffff_ffffn));
  }

  private addSegment(address: Expression): Expression {
    const segment = this.records.segment(this.index);
    return segment === SEGMENT_NONE ? address : this.toLinear(address, this.segmentBase(segment));
  }

  protected memoryLinearAddress(): Expression {
    return this.addSegment(this.memoryAddress());
  }

  protected offsetAddress(): Expression {
    return this.addSegment(this.m.i64.const(this.records.immediate(this.index)));
  }

  protected stringAddress(kind: 'source' | 'destination'): Expression {
    const address = this.truncateAddress(this.get(kind === 'source' ? 6 : 7));
    if (this.variant.form !== 'general') return address;
    return kind === 'source'
      ? this.addSegment(address)
      : this.toLinear(address, this.segmentBase(SEGMENT_ES));
  }

  // ---- memory ----

  private get view(): number {
    return (this.records.mode >> MODE_VIEW_SHIFT) & 3;
  }

  protected probe(access: Access, linearAddress: Value, size: number): Expression {
    const { m, view } = this;
    const last = this.remembersPages ? this.lastPage(access) : undefined;
    if (last !== undefined) {
      const probe = this.imports.probe(access, size, view);
      const probed = this.hostOrLeave(m.call(probe, [linearAddress()], i32));
      return lastPageProbe(m, last, access, linearAddress, size, view, probed);
    }
    const fill = this.imports.function(FILL[access], [i64, i32], i32);
    const filled = this.hostOrLeave(m.call(fill, [linearAddress(), m.i32.const(size)], i32));
    return viewProbe(m, access, linearAddress, size, view, this.newLocal(i32), filled);
  }

  /** What the base and index register of the instruction led to last; undefined if too many do. */
  private lastPage(access: Access): LastPage | undefined {
    const { records, index, lastPages } = this;
    const key = `${access === 'read'} ${records.base(index)} ${records.indexRegister(index)}`;
    const known = lastPages.get(key);
    if (known !== undefined || lastPages.size === MOST_LAST_PAGES) return known;
    const page = this.permanentLocal(i64);
    const last = { page, addend: this.permanentLocal(i32) };
    lastPages.set(key, last);
    return last;
  }

  /** Has to run before the first block. */
  forgetPages(): Expression[] {
    return [...this.lastPages.values()].map((last) => forgetLastPage(this.m, last));
  }

  /** A host address, or out to the handler if it is 0. */
  private hostOrLeave(address: Expression): Expression {
    const { m } = this;
    const host = this.newLocal(i32);
    return m.ifLikely(m.local.tee(host, address, i32), m.local.get(host, i32), this.leaveToHandler());
  }

  /** A host address found by the probe or by the fill functions is never the bounce buffer. */
  protected readonly mayBounce = false;

  // ---- SSE ----

  private leaveIf(condition: Expression): void {
    this.emit(this.m.ifUnlikely(condition, this.leaveToHandler()));
  }

  requireSse(): void {
    this.leaveIf(this.state(SSE_DISABLED, 4));
  }

  requireAligned(linearAddress: Value, size: number): void {
    const { m } = this;
    this.leaveIf(m.i32.and(m.i32.wrap(linearAddress()), m.i32.const(size - 1)));
  }

  unlessRare(rare: Expression, ...paths: SlowPath[]): Value[] {
    this.leaveIf(rare);
    return paths.map(({ fast, type }) => this.let(fast(), type));
  }

  knownImmediate(operand: number): number | undefined {
    if (this.location(operand).kind !== 'immediate') return undefined;
    return Number(BigInt.asIntN(32, this.records.immediate(this.index)));
  }

  withImmediate(_operand: number, known: (value: number) => Expression): Expression {
    return known(Number(this.records.immediate(this.index) & 0xffn));
  }

  // ---- flags ----

  setFlags(source: FlagSource): void {
    this.writesFlags = true;
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
    return this.linearAddress(offset);
  }

  call(name: RuntimeFunction, args: Expression[], result: ValueType): Expression {
    const { m } = this;
    const types = args.map((argument) => m.typeOf(argument));
    return m.call(this.imports.function(name, types, result), args, result);
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
    this.emit(this.m.local.set(LOCAL_RIP, target));
    this.terminator = { kind: 'indirect' };
  }

  /** Leaves to the linear address in LOCAL_RIP. */
  leaveIndirect(): Expression {
    const { records } = this;
    return this.leave(WAY_INDIRECT, records.address(records.length - 1), this.flagsAsWords());
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

  leaveIfInterrupt(): void {
    throw new Error(`${this.variant.row.mnemonic}: compiled code cannot leave to the host`);
  }
}
