/**
 * The x87 register stack of a stretch of blocks, in locals. A stretch begins with the first instruction that can do without a call
 * (X87Stack) and ends before what needs the state in memory, at the latest with the group of blocks (plan.ts): a block that only one leads to
 * goes on with what that has. Where the stack stands does not matter: registers are named by their distance from the top at the start,
 * and all pushes and pops are known. What is asked at the start, once, is that registers which are read are in use and those which are
 * pushed are empty; a block that goes on asks for what it needs besides.
 *
 * Numbers are never changed, so FLD ST(i) and FXCH are no code. A way out in between stores what has changed until then, and so does an
 * edge to a block that does not go on.
 */
import type { Local } from '../../emitter/locals.ts';
import type { Value, X87Number } from '../../isa/emitter.ts';
import { variantOfSlot } from '../../isa/instruction-set.ts';
import { newPlaces, numberIn, packedHead, unpackHead } from '../../isa/semantics/x87-numbers.ts';
import { FPU_IP, FPU_REGISTERS, FPU_STATUS, FPU_TAG, FPU_TOP } from '../../layout/cpu-state.ts';
import { CPU_STATE } from '../../layout/linear-memory.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import { i32, i64, type ValueType } from '../../wasm/value-types.ts';
import type { PlannedBlock } from './plan.ts';

/** Of a register: tags as in the tag word. */
const IN_USE = 0;
const EMPTY = 3;
const OFFSETS = 0x70;
/** Bits of the status word: inexact result, and rounded up. */
const PRECISION_BIT = 5;
const C1_BIT = 9;

/** Opcodes of the x87 unit. */
const [FIRST_OPCODE, LAST_OPCODE] = [0xd8, 0xdf];

/** Whether a block has instructions that may use it. */
export function hasX87({ records, length }: PlannedBlock): boolean {
  for (let index = 0; index < length; index++) {
    const opcode = variantOfSlot(records.slot(index))?.row.opcode;
    if (opcode?.map === 0 && opcode.byte >= FIRST_OPCODE && opcode.byte <= LAST_OPCODE) return true;
  }
  return false;
}

export class X87Locals {
  private readonly m: Module;
  private readonly take: (type: ValueType) => Local;
  /** The block before, which this one goes on from. */
  private readonly before: X87Locals | undefined;
  /** Way to the handler of the block's first instruction. */
  private leave: Expression | undefined;
  private readonly held: Local[];
  /** Offset of st(0) at the start. */
  private readonly top: Local;
  /** Tags in the order of the registers from there on. */
  private readonly tags: Local;
  private readonly lost: Local;
  /** Whether `lost` is used in this block or one before, and in any of the stretch. */
  private isRounded: boolean;
  private readonly rounding: { isAny: boolean };
  /** Of registers by their distance: what they have to be at the start, what they are. */
  private readonly needed: Map<number, number>;
  private readonly now: Map<number, number>;
  private readonly loaded: Map<number, X87Number>;
  private readonly numbers: Map<number, X87Number>;
  /** How far the top has moved. */
  private moved: number;
  private up: Value | undefined;
  private rip: Value | undefined;

  /** @param before of the block that leads to this one: its locals are held until they are released here, too. */
  constructor(m: Module, take: (type: ValueType) => Local, before: X87Locals | undefined) {
    this.m = m;
    this.take = take;
    this.before = before;
    this.held = [...(before?.held ?? [])];
    this.needed = new Map(before?.needed);
    this.now = new Map(before?.now);
    this.loaded = new Map(before?.loaded);
    this.numbers = new Map(before?.numbers);
    this.moved = before?.moved ?? 0;
    this.up = before?.up;
    this.rip = before?.rip;
    this.isRounded = before?.isRounded ?? false;
    this.rounding = before?.rounding ?? { isAny: false };
    this.top = before?.top ?? this.keep(i32);
    this.tags = before?.tags ?? this.keep(i32);
    this.lost = before?.lost ?? this.keep(i64);
  }

  /** An instruction of the block begins to use it. @param leave way to its handler. @returns whether it is the first. */
  begin(leave: () => Expression): boolean {
    const isFirst = this.leave === undefined;
    this.leave ??= leave();
    return isFirst;
  }

  keep(type: ValueType): Local {
    const local = this.take(type);
    this.held.push(local);
    return local;
  }

  /** Locals that are free behind it. */
  get locals(): readonly Local[] {
    return this.held;
  }

  private distance(i: number): number {
    return (this.moved + i) & 7;
  }

  /** Whether registers may be as an instruction needs them; then they are, from the start. */
  require(used: readonly number[], pushes: 0 | 1): boolean {
    const wanted = new Map(used.map((i) => [this.distance(i), IN_USE]));
    // What is pushed takes the place of st(7).
    const pushed = this.distance(-1);
    if (pushes !== 0 && wanted.has(pushed)) return false;
    if (pushes !== 0) wanted.set(pushed, EMPTY);
    for (const [at, tag] of wanted) if ((this.now.get(at) ?? tag) !== tag) return false;
    for (const [at, tag] of wanted) {
      if (this.now.has(at)) continue;
      this.needed.set(at, tag);
      this.now.set(at, tag);
    }
    return true;
  }

  /** @param emit where it is loaded. */
  get(i: number, emit: (statement: Expression) => void): X87Number {
    const at = this.distance(i);
    const known = this.numbers.get(at);
    if (known !== undefined) return known;
    const { m } = this;
    const places = newPlaces((type) => this.keep(type));
    const address = this.take(i32);
    this.held.push(address);
    const significand = m.i64.load(CPU_STATE + FPU_REGISTERS, 8, address.tee(this.offset(at)));
    emit(places.significand.set(significand));
    emit(unpackHead(m, places, m.i32.load16_u(CPU_STATE + FPU_REGISTERS + 8, 2, address.get())));
    const number = numberIn(places);
    this.loaded.set(at, number);
    this.numbers.set(at, number);
    return number;
  }

  set(i: number, number: X87Number): void {
    const at = this.distance(i);
    this.numbers.set(at, number);
    this.now.set(at, IN_USE);
  }

  push(number: X87Number): void {
    this.moved -= 1;
    this.set(0, number);
  }

  pop(): void {
    this.now.set(this.distance(0), EMPTY);
    this.moved += 1;
  }

  end(rip: Value, up: Value | 'same', lost: Expression | undefined): Expression[] {
    this.rip = rip;
    if (up !== 'same') this.up = up;
    if (lost === undefined) return [];
    this.isRounded = true;
    this.rounding.isAny = true;
    return [this.lost.set(this.m.i64.or(this.lost.get(), lost))];
  }

  private offset(distance: number): Expression {
    const { m, top } = this;
    if (distance === 0) return top.get();
    return m.i32.and(m.i32.add(top.get(), m.i32.const(16 * distance)), m.i32.const(OFFSETS));
  }

  /** A word of 16 bits twice, shifted right. */
  private rotated(word: Expression, count: Expression): Expression {
    const { m } = this;
    return m.i32.shr_u(m.i32.mul(word, m.i32.const(0x1_0001)), count);
  }

  /** Code before the block's first instruction of the stretch, when all instructions are known. */
  start(): Expression {
    const { m, top, tags, lost, before } = this;
    let mask = 0;
    let expected = 0;
    for (const [at, tag] of this.needed) {
      if (before?.needed.has(at)) continue;
      mask |= 3 << (2 * at);
      expected |= tag << (2 * at);
    }
    const statements: Expression[] = [];
    const none = (): Expression => m.i32.const(0);
    if (before === undefined) {
      const tagWord = m.i32.load16_u(CPU_STATE + FPU_TAG, 2, none());
      statements.push(
        top.set(m.i32.load(CPU_STATE + FPU_TOP, 4, none())),
        tags.set(this.rotated(tagWord, m.i32.shr_u(top.get(), m.i32.const(3)))),
      );
    }
    const isOther = m.i32.ne(m.i32.and(tags.get(), m.i32.const(mask)), m.i32.const(expected));
    if (mask !== 0) statements.push(m.ifUnlikely(isOther, this.leave as Expression));
    if (before === undefined && this.rounding.isAny) statements.push(lost.set(m.i64.const(0n)));
    return m.block(null, statements);
  }

  /** Stores what has changed so far. */
  store(): Expression[] {
    const { m, rip, up, tags, lost } = this;
    if (rip === undefined) return [];
    const none = (): Expression => m.i32.const(0);
    const statements = [m.i64.store(CPU_STATE + FPU_IP, 8, none(), rip())];
    for (const [at, number] of this.numbers) {
      if (this.loaded.get(at) === number) continue;
      const registers = CPU_STATE + FPU_REGISTERS;
      statements.push(m.i64.store(registers, 8, this.offset(at), number.significand()));
      statements.push(m.i32.store16(registers + 8, 2, this.offset(at), packedHead(m, number)));
    }
    if ((this.moved & 7) !== 0)
      statements.push(m.i32.store(CPU_STATE + FPU_TOP, 4, none(), this.offset(this.moved & 7)));
    let mask = 0;
    let changed = 0;
    for (const [at, tag] of this.now) {
      if (this.needed.get(at) === tag) continue;
      mask |= 3 << (2 * at);
      changed |= tag << (2 * at);
    }
    if (mask !== 0) {
      const kept = m.i32.and(tags.get(), m.i32.const(0xffff & ~mask));
      const back = m.i32.sub(m.i32.const(16), m.i32.shr_u(this.top.get(), m.i32.const(3)));
      const word = this.rotated(m.i32.or(kept, m.i32.const(changed)), back);
      statements.push(m.i32.store16(CPU_STATE + FPU_TAG, 2, none(), word));
    }
    if (up !== undefined || this.isRounded) {
      let status = m.i32.load16_u(CPU_STATE + FPU_STATUS, 2, none());
      if (up !== undefined) {
        status = m.i32.and(status, m.i32.const(0xffff & ~(1 << C1_BIT)));
        status = m.i32.or(status, m.i32.shl(up(), m.i32.const(C1_BIT)));
      }
      if (this.isRounded) {
        const isInexact = m.i64.ne(lost.get(), m.i64.const(0n));
        status = m.i32.or(status, m.i32.shl(isInexact, m.i32.const(PRECISION_BIT)));
      }
      statements.push(m.i32.store16(CPU_STATE + FPU_STATUS, 2, none(), status));
    }
    return statements;
  }
}
