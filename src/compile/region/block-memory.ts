/**
 * Memory accesses of a block. One leaves to the handler where its page is not in the TLB and cannot be filled in, so it
 * comes before anything that can be seen of its instruction. In a region without a loop nothing is filled in, which is done by the handler
 * then: calls of functions that do are most of such a region's machine code. Those whose addresses are near each other share a look for
 * their page (windows.ts).
 */
import { typeOfSize } from '../../emitter/emitter-base.ts';
import type { Local } from '../../emitter/locals.ts';
import { type Access, pageOfAligned, pageOfLastByte, viewProbe } from '../../emitter/tlb-probe.ts';
import type { Value } from '../../isa/emitter.ts';
import { zero } from '../../isa/semantics/vector.ts';
import type { Location, Variant } from '../../isa/variant.ts';
import { RSP } from '../../layout/architecture.ts';
import { GPR } from '../../layout/cpu-state.ts';
import { ADDRESS_32, ADDRESS_64 } from '../../layout/record.ts';
import { PAGE_BASE, ZERO_REGISTER } from '../../layout/runtime-state.ts';
import type { Expression } from '../../wasm/builder.ts';
import { i32, i64, v128 } from '../../wasm/value-types.ts';
import { BlockAddresses } from './block-addresses.ts';
import { FoundHosts } from './found-hosts.ts';
import { attemptLabels } from './labels.ts';
import type { NotedAccess } from './page-changes.ts';
import type { RegionParts } from './parts.ts';
import type { PlannedBlock } from './plan.ts';
import { xmmAt } from './register-locals.ts';
import { hostInSplit, noteAddends, splitAddends } from './split-window.ts';
import { type Place, tlbWindow, Window, type WindowFinder, Windows } from './windows.ts';

type VectorLocation = Extract<Location, { readonly kind: 'xmm' }>;

export abstract class BlockMemory extends BlockAddresses {
  readonly windows: Windows;
  /** The block's statements, where those of no attempt and no condition are. */
  private readonly outermost = this.statements;
  /** Those that are executed whenever what comes behind them is. */
  protected straight = this.statements;
  /** Only in hot regions: each takes a local. */
  private readonly found: FoundHosts | undefined;
  /** An address that is to be a multiple of what is accessed there. */
  private aligned: Value | undefined = undefined;

  /** @param before of the block that leads to this one, in the same group. */
  constructor(parts: RegionParts, block: PlannedBlock, before: BlockMemory | undefined) {
    super(parts, block, before);
    this.windows = new Windows(before?.windows);
    this.found = parts.isHot ? new FoundHosts() : undefined;
  }

  protected get isStraight(): boolean {
    return this.statements === this.straight;
  }

  /** Leaves before the current instruction. */
  protected abstract leaveToHandler(): Expression;
  protected abstract leaveIf(condition: Expression): void;
  /** Before something is written that cannot be undone. */
  protected abstract endAttempt(): void;

  protected probe(access: Access, linearAddress: Value, size: number): Expression {
    const alignment = this.alignmentOf(linearAddress, size);
    const found = this.found?.find(linearAddress, access, size, alignment);
    if (found !== undefined) return found.get();
    const isDeferred = this.windows.ofValue(linearAddress) !== undefined;
    const address = isDeferred ? this.let(linearAddress(), i64) : linearAddress;
    const probed = this.prober(access, address, address, size).here();
    if (this.statements !== this.straight || this.found?.isNamed(linearAddress) !== true) return probed;
    const host = this.parts.locals.take(i32);
    this.emit(host.set(probed));
    this.found.keep(access, size, alignment, host);
    return host.get();
  }

  protected releaseFound(): void {
    if (this.found !== undefined) this.parts.locals.release(this.found.hosts);
  }

  /**
   * What makes the probe of an access of the current instruction, one of the three and once: `here` with what is remembered of
   * pages, `apart` by a function, where that is hardly ever needed, or `split` in a window of two pages. Without a loop all leave where the
   * TLB has no entry, and in hot regions what is on the stack: around a call the engine would store its registers.
   * @param linearAddress @param address the same, for `here`.
   */
  private prober(access: Access, linearAddress: Value, address: Value, size: number, place?: Place) {
    const { m, records, index } = this;
    const { imports, lastPages, isHot } = this.parts;
    const leave = this.leaveToHandler();
    const slot = this.newLocal(i32);
    const isAligned = this.aligned === linearAddress;
    const pageOf = isAligned ? pageOfAligned : pageOfLastByte;
    const inTable = (missed: Expression): Expression =>
      viewProbe(m, access, address, size, records.tlbView, slot, missed, pageOf);
    if (lastPages === undefined)
      return { here: () => inTable(leave), apart: () => leave, split: () => leave };
    const base = place === undefined ? records.base(index) : GPR + place.register * 8;
    const indexRegister = place === undefined ? records.indexRegister(index) : ZERO_REGISTER;
    const displacement = place?.distance ?? this.displacement(base);
    const host = this.newLocal(i32);
    const hostOrLeave = (found: Expression): Expression => m.ifLikely(host.tee(found), host.get(), leave);
    const call = (at: Value): Expression =>
      hostOrLeave(m.call(imports.probe(access, size, records.tlbView), [at()], i32));
    const noted = this.notedAccess();
    const tag = isAligned || this.isProbablyAligned(size) ? undefined : this.newLocal(i64);
    const unaligned = isAligned ? this.leaveUnlessAligned(address, size) : undefined;
    const here = (): Expression => {
      const isScattered = noted !== undefined && records.isScattered(index);
      const last = isScattered ? undefined : lastPages.find(access, base, indexRegister, displacement);
      const filled = (): Expression => imports.fill(access, address(), size);
      if (last === undefined) {
        const found = hostOrLeave(filled());
        return inTable(unaligned === undefined ? found : m.block(null, [unaligned, found], i32));
      }
      const look = (missed: Expression): Expression =>
        last.look(address, size, records.tlbView, slot, host, missed, noted);
      // The stack is on one page for long, or keeps going from one to its neighbour: those are in the TLB.
      const isStack = base === GPR + RSP * 8 && indexRegister === ZERO_REGISTER;
      const another = (): Expression => {
        if (!isStack) return look(m.ifUnlikely(m.i32.eqz(filled()), leave));
        return isHot ? look(leave) : last.take(address, records.tlbView, host, call(address));
      };
      return last.probe(address, size, tag, another(), unaligned);
    };
    const split = (addends: number): Expression =>
      hostInSplit(m, addends, linearAddress, size, slot, host, leave);
    return { here, apart: () => call(linearAddress), split };
  }

  /** It is compared with a page together with where it is, so it takes no look of its own. */
  requireAligned(linearAddress: Value): void {
    this.aligned = linearAddress;
  }

  /** What an access asks its address to be a multiple of. */
  private alignmentOf(linearAddress: Value, size: number): number {
    return this.aligned === linearAddress ? size : 1;
  }

  private leaveUnlessAligned(address: Value, size: number): Expression {
    const { m } = this;
    return m.ifUnlikely(m.i32.and(m.i32.wrap(address()), m.i32.const(size - 1)), this.leaveToHandler());
  }

  /** How an access of the current instruction is noted where it keeps finding other pages; undefined if its record has no place for that. */
  private notedAccess(): NotedAccess | undefined {
    const { records, index, block } = this;
    const { row, locations } = this.variant;
    if (row.ending !== 'next' || locations.some((location) => 'field' in location && location.field === 'c'))
      return undefined;
    const executed = (): Expression => this.parts.leave.executed(block, index);
    return { record: records.address(index), count: records.count, executed };
  }

  /** Of the memory operand from its registers: PAGE_BASE is that of the region's entry. */
  private displacement(base: number): number {
    const { records, index, block } = this;
    const isOffset = this.variant.locations.some(({ kind }) => kind === 'offset');
    if (isOffset) return records.immediateLow(index);
    const displacement = records.displacement(index);
    return base === PAGE_BASE ? displacement + block.page * 4096 : displacement;
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
    if (place !== undefined) this.windows.setValue(value, place.moved(bytes));
  }

  protected override set(register: number, value: Expression, low?: Expression, size = 0): void {
    super.set(register, value, low, size);
    this.windows.replaceRegister(register);
    this.found?.written(GPR + register * 8);
  }

  /** An address of a base register and a constant is not computed before it is needed. */
  protected override checkedAddress(operand: number): Value {
    const { records, index, found } = this;
    const address = this.addressOrPlace(operand);
    const isMemory = this.location(operand).kind === 'memory';
    if (found === undefined || !isMemory || !this.isFlatSegment(records.segment(index))) return address;
    const rest = `${records.scale(index)} ${records.displacement(index)} ${records.addressSize(index)}`;
    found.name(address, records.base(index), records.indexRegister(index), rest);
    return address;
  }

  private addressOrPlace(operand: number): Value {
    const { records, index } = this;
    const location = this.location(operand);
    const base = this.placedBase(location);
    if (base === undefined) return super.checkedAddress(operand);
    const distance = records.displacement(index);
    if (this.parts.constants.moves(distance)) return super.checkedAddress(operand);
    const address = (): Expression => this.apart(this.get(base), distance);
    this.windows.setValue(address, this.windows.ofRegister(base).moved(distance));
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
    if (this.stackSize === 8) return bytes === 0 ? address : m.i64.add(address, m.i64.const(bytes));
    const low = m.i32.wrap(address);
    return m.i64.extend_u(bytes === 0 ? low : m.i32.add(low, m.i32.const(bytes)));
  }

  /** Where an access is, if it may be in a window: statements of an attempt may be left in between. */
  private placeOf(linearAddress: Value): Place | undefined {
    return this.statements === this.outermost ? this.windows.ofValue(linearAddress) : undefined;
  }

  /** An access whose address is known to be near others, and what makes its probe if its window is of no use. */
  private nearAccess(place: Place, size: number, access: Access, linearAddress: Value) {
    const { m } = this;
    const create = (ordinal: number): Window => {
      const first = this.newLocal(i64);
      const addends = this.addendsOf(place, ordinal);
      const addressAt = (distance: number): Expression =>
        this.apart(linearAddress(), distance - place.distance);
      const finder = this.windowFinder(place, addends);
      return new Window(m, this.parts.locals, first, place, finder, addressAt, addends);
    };
    const window = this.windows.access(this.statements, place, size, access, create);
    const address = this.newLocal(i64);
    const { here, apart, split } = this.prober(access, linearAddress, () => address.get(), size, place);
    this.emitLater(() => (window.isUseful ? undefined : address.set(linearAddress())));
    const { addends } = window;
    return { window, prober: { here, apart: addends === undefined ? apart : () => split(addends) } };
  }

  /** Where a window has the addends of two pages, if it has: that of the stack in hot regions. */
  private addendsOf({ register }: Place, ordinal: number): number | undefined {
    const { isHot, lastPages } = this.parts;
    return isHot && lastPages !== undefined && register === RSP ? splitAddends(ordinal) : undefined;
  }

  /** For a window that begins with an access of the current instruction. */
  private windowFinder({ register, distance }: Place, addends: number | undefined): WindowFinder {
    const { m, records, areNarrow } = this;
    const { tlbView } = records;
    const { lastPages } = this.parts;
    const slot = this.newLocal(i32);
    if (lastPages === undefined) {
      const leave = this.leaveToHandler();
      return {
        find: (access, address, span, host) =>
          host.set(tlbWindow(m, access, address, span, tlbView, areNarrow, slot, leave)),
        leaves: true,
      };
    }
    const found = { addend: this.newLocal(i32), tag: this.newLocal(i64) };
    const look = (access: Access, address: Value, span: number, none: Value): Expression => {
      const last = lastPages.find(access, GPR + register * 8, ZERO_REGISTER, distance);
      if (last !== undefined) return last.window(address, span, tlbView, areNarrow, slot, found, none);
      return tlbWindow(m, access, address, span, tlbView, areNarrow, slot, none());
    };
    const find: WindowFinder['find'] = (access, address, span, host) => {
      const none = (): Expression => m.i32.const(0);
      if (addends === undefined) return host.set(look(access, address, span, none));
      const { undo: split, done } = attemptLabels(this.parts.attempts);
      this.parts.attempts += 1;
      const whole = [host.set(look(access, address, span, () => m.br(split))), m.br(done)];
      const notes = noteAddends(m, addends, access, address, span, tlbView, slot);
      return m.block(done, [m.block(split, whole), ...notes, host.set(none())]);
    };
    return { find, leaves: false };
  }

  private emitLater(make: () => Expression | undefined): void {
    this.windows.emitLater(this.statements, make);
  }

  override load(size: number, linearAddress: Value): Expression {
    const found = this.found?.find(linearAddress, 'read', size, this.alignmentOf(linearAddress, size));
    if (found !== undefined) return this.let(this.loadHost(size, 0, found.get()), typeOfSize(size))();
    const place = this.placeOf(linearAddress);
    if (place === undefined) return super.load(size, linearAddress);
    const { window, prober } = this.nearAccess(place, size, 'read', linearAddress);
    const value = this.newLocal(typeOfSize(size));
    this.emitLater(() => {
      if (!window.isUseful) return value.set(this.loadHost(size, 0, prober.here()));
      const inside = this.loadHost(size, window.offset(place), window.host.get());
      return value.set(window.either(inside, () => this.loadHost(size, 0, prober.apart())));
    });
    return value.get();
  }

  /**
   * Whether an access probably has the alignment of its size. To guess wrong costs two operations, or, where each time is
   * different, a mispredicted branch: words at any byte of a text.
   */
  private isProbablyAligned(size: number): boolean {
    const { records, index } = this;
    if (size === 1) return true;
    if (size > 8) return false;
    return records.indexRegister(index) === ZERO_REGISTER || 1 << records.scale(index) >= size;
  }

  /** A host address, or out to the handler if it is 0. */
  protected hostOrLeave(address: Expression): Expression {
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
      const apart = (): Expression => m.i32.sub(prober.apart(), m.i32.const(offset()));
      return host.set(window.either(window.host.get(), apart));
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
      return window.either(inside, () => this.storeHost(size, 0, prober.apart(), kept()));
    });
  }

  /** What an ADD or SUB of a constant makes of a register that is as wide as addresses. */
  protected movedRegister(variant: Variant): Place | undefined {
    const { mnemonic } = variant.row;
    if (mnemonic !== 'add' && mnemonic !== 'sub') return undefined;
    const constant = this.knownImmediate(1);
    const target = variant.locations[0];
    if (target?.kind !== 'general' || constant === undefined || target.size !== this.stackSize)
      return undefined;
    const place = this.windows.ofRegister(this.generalAt(target));
    return place.moved(mnemonic === 'add' ? constant : -constant);
  }
}
