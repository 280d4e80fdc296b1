/**
 * Accesses that are near each other, such as those by the stack pointer, share one look for their page: a
 * *window* is the range from the first to the last byte of accesses whose addresses differ by constants. Where its first
 * access is, it is found whether all of the window lies in one page that allows them; if so, the accesses need no more than to
 * know that. Otherwise each probes for itself, takes what has been found of the two pages (split-window.ts), or, in a region without a loop,
 * the first one leaves to its handler. Nothing is filled in for a window, and nothing in a region changes a mapping, so an access that the
 * guest does not come to leaves no trace.
 *
 * A window is open to the end of the group of blocks (plan.ts) on the ways that lead over it. What it has to cover is known
 * when all of them have been emitted, so code of it and of its accesses is made then, in the places that were kept for it.
 */

import type { Local, Locals } from '../../emitter/locals.ts';
import { type Access, pageOfLastByte, tagOffset, tlbIndex, tlbTable } from '../../emitter/tlb-probe.ts';
import type { Value } from '../../isa/emitter.ts';
import { RSP } from '../../layout/architecture.ts';
import { TLB_ADDEND } from '../../layout/tlb.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import { i32 } from '../../wasm/value-types.ts';

/** An address: `distance` bytes from what a general register had when it got a value of which no more is known. */
export class Place {
  /** Stands for that value. */
  readonly origin: object;
  readonly register: number;
  readonly distance: number;

  constructor(origin: object, register: number, distance: number) {
    this.origin = origin;
    this.register = register;
    this.distance = distance;
  }

  /** So many bytes from it. */
  moved(bytes: number): Place {
    return new Place(this.origin, this.register, this.distance + bytes);
  }
}

/** A window with fewer accesses costs more than it gains: other registers than RSP may lead to another page each time. */
const FEWEST = 4;
const FEWEST_ON_STACK = 2;
/** Longest window in bytes: the longer, the more often it is not in one page. */
const LONGEST = 512;
/**
 * Most bytes between two neighbours: where a frame of the stack crosses a page, its places that are used together are most likely on one, and
 * what is far from them, such as the registers that a function's end restores, has a window of its own.
 */
const NEAR = 64;
/** A window does not begin further below its first access. */
const BELOW = 64;

export interface WindowFinder {
  /**
   * Sets `host`, an i32, to the host address of so many bytes from a linear address on, or to 0 if they are not in one page that is in the
   * TLB. Then `addends` of the window, if it has some, are set.
   */
  readonly find: (access: Access, address: Value, span: number, host: Local) => Expression;
  /** The region is left instead of a 0. */
  readonly leaves: boolean;
}

export class Window {
  readonly host: Local;
  /** Where the addends of its two pages are (split-window.ts), if it has such a place. */
  readonly addends: number | undefined;
  private readonly m: Module;
  private readonly address: Local;
  private readonly origin: object;
  private readonly fewest: number;
  /** Where it begins at the lowest. */
  private readonly lowest: number;
  private readonly finder: WindowFinder;
  private readonly addressAt: (distance: number) => Expression;
  private low: number;
  private high: number;
  private writes = false;
  private accesses = 0;

  constructor(
    m: Module,
    locals: Locals,
    address: Local,
    place: Place,
    finder: WindowFinder,
    addressAt: (distance: number) => Expression,
    addends?: number,
  ) {
    this.m = m;
    this.addends = addends;
    this.host = locals.add(i32);
    this.address = address;
    this.origin = place.origin;
    this.fewest = place.register === RSP ? FEWEST_ON_STACK : FEWEST;
    this.lowest = place.distance - BELOW;
    this.finder = finder;
    this.addressAt = addressAt;
    this.low = place.distance;
    this.high = place.distance;
  }

  /** Takes an access in if it is near. */
  join({ origin, distance }: Place, size: number, access: Access): boolean {
    const low = Math.min(this.low, distance);
    const high = Math.max(this.high, distance + size);
    if (origin !== this.origin || distance < this.lowest || high - low > LONGEST) return false;
    if (this.low - distance - size > NEAR || distance - this.high > NEAR) return false;
    this.low = low;
    this.high = high;
    this.accesses += 1;
    this.writes ||= access !== 'read';
    return true;
  }

  get isUseful(): boolean {
    return this.accesses >= this.fewest;
  }

  /** An access in it, or one for itself where it has not been found. */
  either(inside: Expression, apart: Value): Expression {
    return this.finder.leaves ? inside : this.m.ifLikely(this.host.get(), inside, apart());
  }

  /** Offset of an access from `host`, when all of them are known. */
  offset({ distance }: Place): number {
    return distance - this.low;
  }

  /** Where the first access is: sets `host`. */
  open(): Expression {
    const { m, low, high, address } = this;
    const access = this.writes ? 'write' : 'read';
    const find = this.finder.find(access, () => address.get(), high - low, this.host);
    return m.block(null, [address.set(this.addressAt(low)), find]);
  }
}

/**
 * Finds a window in the table of a view.
 * @param isNarrow addresses have 32 bits. @param slot i32 local. @param missed if it is not in a page there.
 */
export function tlbWindow(
  m: Module,
  access: Access,
  address: Value,
  span: number,
  view: number,
  isNarrow: boolean,
  slot: Local,
  missed: Expression,
): Expression {
  const tag = m.i64.load(tlbTable(view) + tagOffset(access), 8, slot.tee(tlbIndex(m, address())));
  const addend = m.i32.load(tlbTable(view) + TLB_ADDEND, 4, slot.get());
  const isThere = isNarrow
    ? fitsNarrowPage(m, address, tag, span)
    : m.i32.and(m.i64.eq(tag, pageOfLastByte(m, address, 1)), fitsPage(m, address, span));
  return m.ifLikely(isThere, m.i32.add(m.i32.wrap(address()), addend), missed);
}

/** Whether so many bytes from an address on are in its page. */
export function fitsPage(m: Module, address: Value, span: number): Expression {
  const offset = m.i32.and(m.i32.wrap(address()), m.i32.const(4095));
  return m.i32.le_u(offset, m.i32.const(4096 - span));
}

/**
 * Whether so many bytes from an address of 32 bits on are in the page of a tag, by one comparison: TLB_INVALID is above all of them, so their
 * distance from it is a large number.
 */
export function fitsNarrowPage(m: Module, address: Value, tag: Expression, span: number): Expression {
  return m.i64.le_u(m.i64.sub(address(), tag), m.i64.const(4096 - span));
}

/** Where the registers of a block are, and the windows that it opens or finds open. */
export class Windows {
  /** By number of a general register. */
  private readonly registers: (Place | undefined)[];
  /** Values, and the place of each: there are few, and the last ones are asked for. */
  private readonly values: Value[] = [];
  private readonly places: Place[] = [];
  private readonly open: Window[];
  /** What is emitted at the end: index of a statement, and what makes it. */
  private readonly later: { readonly at: number; readonly make: () => Expression | undefined }[] = [];

  /** @param before of the only block that leads to this one. */
  constructor(before?: Windows) {
    this.registers = before === undefined ? [] : before.registers.slice();
    this.open = before === undefined ? [] : before.open.slice();
  }

  ofRegister(register: number): Place {
    let place = this.registers[register];
    if (place === undefined) {
      place = new Place({}, register, 0);
      this.registers[register] = place;
    }
    return place;
  }

  ofValue(value: Value): Place | undefined {
    const { values } = this;
    for (let i = values.length - 1; i >= 0; i--) if (values[i] === value) return this.places[i];
    return undefined;
  }

  setValue(value: Value, place: Place): void {
    this.values.push(value);
    this.places.push(place);
  }

  /** It has got another value, and it is known where that is. */
  setRegister(register: number, place: Place): void {
    this.registers[register] = place;
  }

  /** It has got a value of which nothing is known. */
  replaceRegister(register: number): void {
    this.registers[register] = undefined;
  }

  /**
   * Takes in an access.
   * @param statements of the block. @param create makes a window that begins with it, behind so many that are open.
   */
  access(
    statements: Expression[],
    place: Place,
    size: number,
    access: Access,
    create: (ordinal: number) => Window,
  ): Window {
    for (const window of this.open) if (window.join(place, size, access)) return window;
    const window = create(this.open.length);
    window.join(place, size, access);
    this.open.push(window);
    this.emitLater(statements, () => (window.isUseful ? window.open() : undefined));
    return window;
  }

  /** Keeps a place among the statements. */
  emitLater(statements: Expression[], make: () => Expression | undefined): void {
    this.later.push({ at: statements.length, make });
    statements.push(NOTHING);
  }

  /** When all blocks are known that may use the windows. @returns the statements with what was to be made. */
  finish(statements: Expression[]): Expression[] {
    if (this.later.length === 0) return statements;
    for (const { at, make } of this.later) statements[at] = make() ?? NOTHING;
    let count = 0;
    for (let i = 0; i < statements.length; i++) {
      const statement = statements[i] as Expression;
      if (statement !== NOTHING) statements[count++] = statement;
    }
    statements.length = count;
    return statements;
  }
}

/** No expression: they are not negative. */
const NOTHING = -1;
