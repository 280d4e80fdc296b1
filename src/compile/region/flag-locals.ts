/**
 * The arithmetic flags of a region, where they are not a source of the block that set them: where a group of blocks
 * (plan.ts) begins and on the way out. `operation` says where they are (layout/flag-words.ts): in the processor state, as
 * the region found them; in the two words; or an operation with its operands, which only the way out looks at. Operands
 * that are still in a register, or constants, need no local: a local that is set on the way back to a loop's header costs
 * a move in each turn.
 */

import { type FlagSource, materialize } from '../../emitter/flags/source.ts';
import type { Local, Locals } from '../../emitter/locals.ts';
import type { Value } from '../../isa/emitter.ts';
import { FLAG_AUX, FLAG_RESULT } from '../../layout/cpu-state.ts';
import {
  AUX_CF_BIT,
  FLAGS_ADC,
  FLAGS_ADD,
  FLAGS_ADD_RESULT,
  FLAGS_CONSTANT,
  FLAGS_DEC,
  FLAGS_FIRST_SHIFT,
  FLAGS_INC,
  FLAGS_KIND_SHIFT,
  FLAGS_LOGIC,
  FLAGS_SBB,
  FLAGS_SECOND_SHIFT,
  FLAGS_SUB,
  FLAGS_SUB_RESULT,
  FLAGS_VALUE,
  FLAGS_WORDS,
} from '../../layout/flag-words.ts';
import { CPU_STATE } from '../../layout/linear-memory.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import { i32, i64, none } from '../../wasm/value-types.ts';
import type { ModuleImports } from '../module-imports.ts';
import type { Origin, ValueOrigins } from './value-origins.ts';

/** Flags at a place in a block. */
export interface FlagState {
  readonly source: FlagSource;
  readonly origins: ValueOrigins;
}

type Operation = Extract<
  FlagSource,
  { readonly kind: 'add' | 'adc' | 'sub' | 'sbb' | 'logic' | 'inc' | 'dec' }
>;

const NO_OPERATION = 0;

function kindOf({ kind }: FlagSource): number {
  switch (kind) {
    case 'add':
      return FLAGS_ADD;
    case 'adc':
      return FLAGS_ADC;
    case 'sub':
      return FLAGS_SUB;
    case 'sbb':
      return FLAGS_SBB;
    case 'logic':
      return FLAGS_LOGIC;
    case 'inc':
      return FLAGS_INC;
    case 'dec':
      return FLAGS_DEC;
    default:
      return NO_OPERATION;
  }
}

/** What a value still is when the way out looks. */
function find(origins: ValueOrigins, value: Value, size: number, overwritten: number): Origin | undefined {
  const origin = origins.find(value, size);
  const isLost = origin !== undefined && !origin.isConstant && ((overwritten >> origin.register) & 1) === 1;
  return isLost ? undefined : origin;
}

export class FlagLocals {
  private readonly m: Module;
  private readonly imports: ModuleImports;
  private readonly result: Local;
  private readonly aux: Local;
  private readonly operation: Local;
  /** Operands of an operation that are nowhere else, and the result of one with carry. */
  private readonly first: Local;
  private readonly second: Local;
  private readonly sum: Local;
  /** Whether the words that the region starts with may be read, and whether it may set flags. */
  private areRead = false;
  private areSet = false;
  /** What the flags are at the start of a group: the words, if it reads them. */
  readonly words: FlagSource;

  constructor(m: Module, locals: Locals, imports: ModuleImports) {
    this.m = m;
    this.imports = imports;
    // By type: the fewer the changes, the shorter the function's declarations.
    this.result = locals.add(i64);
    this.operation = locals.add(i64);
    this.first = locals.add(i64);
    this.second = locals.add(i64);
    this.sum = locals.add(i64);
    this.aux = locals.add(i32);
    const read = (word: Local) => (): Expression => {
      this.areRead = true;
      return word.get();
    };
    this.words = { kind: 'raw', result: read(this.result), aux: read(this.aux) };
  }

  /** For the start of the function, made after all that may read them. @param code that is added to. */
  load(code: Expression[]): void {
    const { m } = this;
    if (!this.areRead) return;
    code.push(
      this.result.set(m.i64.load(CPU_STATE + FLAG_RESULT, 8, m.i32.const(0))),
      this.aux.set(m.i32.load(CPU_STATE + FLAG_AUX, 4, m.i32.const(0))),
    );
  }

  /**
   * Moves the flags out of a block's own locals.
   * @param overwritten set of the general registers that may have something else when the way out looks.
   */
  move(flags: FlagState, areReadLater: boolean, overwritten: number, code: Expression[]): void {
    if (areReadLater) this.toWords(flags.source, code);
    else this.toOperation(flags, code, overwritten);
  }

  /** For a successor that reads them. */
  toWords(source: FlagSource, code: Expression[]): void {
    const { m } = this;
    if (source === this.words) return;
    this.areSet = true;
    const { result, aux } = materialize(m, source);
    code.push(
      // The words may be made of each other's old values: compute both before storing.
      this.first.set(result),
      this.aux.set(aux),
      this.result.set(this.first.get()),
      this.operation.set(m.i64.const(FLAGS_WORDS)),
    );
  }

  /** For the way out. */
  toOperation({ source, origins }: FlagState, code: Expression[], overwritten = 0): void {
    const { m } = this;
    const ofOperation = kindOf(source);
    if (ofOperation === NO_OPERATION) {
      this.toWords(source, code);
      return;
    }
    const operands = source as Operation;
    this.areSet = true;
    const { size } = operands;
    let kind = ofOperation;
    let first = operands.r;
    let second: Value | undefined;
    switch (operands.kind) {
      case 'add':
      case 'sub':
        second = operands.b;
        if (find(origins, operands.a, size, overwritten) !== undefined) first = operands.a;
        else if (find(origins, operands.r, size, overwritten) === undefined) first = operands.a;
        else kind = ofOperation === FLAGS_ADD ? FLAGS_ADD_RESULT : FLAGS_SUB_RESULT;
        break;
      case 'adc':
      case 'sbb':
        first = operands.a;
        second = operands.b;
        break;
    }
    let operation = size | (kind << FLAGS_KIND_SHIFT);
    let constant = 0;
    const ofFirst = find(origins, first, size, overwritten);
    operation |= this.place(ofFirst, first, this.first, size, code) << FLAGS_FIRST_SHIFT;
    if (ofFirst?.isConstant === true) constant = ofFirst.constant;
    if (second !== undefined) {
      const ofSecond = find(origins, second, size, overwritten);
      operation |= this.place(ofSecond, second, this.second, size, code) << FLAGS_SECOND_SHIFT;
      if (ofSecond?.isConstant === true) constant = ofSecond.constant;
    }
    switch (operands.kind) {
      case 'adc':
      case 'sbb':
        code.push(this.sum.set(this.wide(operands.r, size)));
        break;
      case 'inc':
      case 'dec':
        code.push(this.aux.set(m.i32.shl(operands.cf(), m.i32.const(AUX_CF_BIT))));
        break;
    }
    code.push(this.operation.set(m.i64.halves(operation, constant)));
  }

  /** Where an operand is: a register, a constant or its local, which is set then. */
  private place(
    origin: Origin | undefined,
    value: Value,
    local: Local,
    size: number,
    code: Expression[],
  ): number {
    if (origin === undefined) {
      code.push(local.set(this.wide(value, size)));
      return FLAGS_VALUE;
    }
    return origin.isConstant ? FLAGS_CONSTANT : origin.register;
  }

  private wide(value: Value, size: number): Expression {
    return size === 8 ? value() : this.m.i64.extend_u(value());
  }

  /** For the end of the function: the runtime works the words out of an operation. */
  store(): Expression | undefined {
    const { m, operation } = this;
    if (!this.areSet) return undefined;
    const zero = (): Expression => m.i32.const(0);
    const store = this.imports.function('storeOperationFlags');
    const operands = [operation.get(), this.first.get(), this.second.get(), this.sum.get(), this.aux.get()];
    const set = m.if(
      m.i64.eq(operation.get(), m.i64.const(FLAGS_WORDS)),
      m.block(null, [
        m.i64.store(CPU_STATE + FLAG_RESULT, 8, zero(), this.result.get()),
        m.i32.store(CPU_STATE + FLAG_AUX, 4, zero(), this.aux.get()),
      ]),
      m.call(store, operands, none),
    );
    // FLAGS_FOUND, where locals start, is zero.
    return m.if(m.i64.ne(operation.get(), m.i64.const(0)), set);
  }
}
