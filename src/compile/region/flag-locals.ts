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

const KINDS = {
  add: FLAGS_ADD,
  adc: FLAGS_ADC,
  sub: FLAGS_SUB,
  sbb: FLAGS_SBB,
  logic: FLAGS_LOGIC,
  inc: FLAGS_INC,
  dec: FLAGS_DEC,
} as const;

type Operation = Extract<FlagSource, { readonly kind: keyof typeof KINDS }>;

function isOperation(source: FlagSource): source is Operation {
  return source.kind in KINDS;
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

  /** For the start of the function, made after all that may read them. */
  load(): Expression[] {
    const { m } = this;
    if (!this.areRead) return [];
    return [
      this.result.set(m.i64.load(CPU_STATE + FLAG_RESULT, 8, m.i32.const(0))),
      this.aux.set(m.i32.load(CPU_STATE + FLAG_AUX, 4, m.i32.const(0))),
    ];
  }

  /**
   * Moves the flags out of a block's own locals.
   * @param overwritten set of the general registers that may have something else when the way out looks.
   */
  move(flags: FlagState, areReadLater: boolean, overwritten: number): Expression[] {
    return areReadLater ? this.toWords(flags.source) : this.toOperation(flags, overwritten);
  }

  /** For a successor that reads them. */
  toWords(source: FlagSource): Expression[] {
    const { m } = this;
    if (source === this.words) return [];
    this.areSet = true;
    const { result, aux } = materialize(m, source);
    return [
      // The words may be made of each other's old values: compute both before storing.
      this.first.set(result),
      this.aux.set(aux),
      this.result.set(this.first.get()),
      this.operation.set(m.i64.const(FLAGS_WORDS)),
    ];
  }

  /** For the way out. */
  toOperation({ source, origins }: FlagState, overwritten = 0): Expression[] {
    if (!isOperation(source)) return this.toWords(source);
    this.areSet = true;
    const { size } = source;
    const known = (value: Value): Origin | undefined => {
      const origin = origins.find(value, size);
      const isLost =
        origin !== undefined && !origin.isConstant && ((overwritten >> origin.register) & 1) === 1;
      return isLost ? undefined : origin;
    };
    const statements: Expression[] = [];
    const { m } = this;
    const wide = (value: Value): Expression => (size === 8 ? value() : m.i64.extend_u(value()));
    let constant = 0;
    const place = (value: Value, local: Local): number => {
      const origin = known(value);
      if (origin === undefined) {
        statements.push(local.set(wide(value)));
        return FLAGS_VALUE;
      }
      if (!origin.isConstant) return origin.register;
      constant = origin.constant;
      return FLAGS_CONSTANT;
    };
    let kind: number = KINDS[source.kind];
    let first = 'a' in source && source.kind !== 'inc' && source.kind !== 'dec' ? source.a : source.r;
    if ((source.kind === 'add' || source.kind === 'sub') && known(source.a) === undefined) {
      if (known(source.r) !== undefined) {
        kind = source.kind === 'add' ? FLAGS_ADD_RESULT : FLAGS_SUB_RESULT;
        first = source.r;
      }
    }
    let operation = size | (kind << FLAGS_KIND_SHIFT) | (place(first, this.first) << FLAGS_FIRST_SHIFT);
    if ('b' in source) operation |= place(source.b, this.second) << FLAGS_SECOND_SHIFT;
    if (source.kind === 'adc' || source.kind === 'sbb') statements.push(this.sum.set(wide(source.r)));
    if ('cf' in source) statements.push(this.aux.set(m.i32.shl(source.cf(), m.i32.const(AUX_CF_BIT))));
    statements.push(this.operation.set(m.i64.halves(operation, constant)));
    return statements;
  }

  /** For the end of the function: the runtime works the words out of an operation. */
  store(): Expression[] {
    const { m, operation } = this;
    if (!this.areSet) return [];
    const zero = (): Expression => m.i32.const(0);
    const store = this.imports.function('storeOperationFlags');
    const operands = [operation, this.first, this.second, this.sum, this.aux].map((local) => local.get());
    const set = m.if(
      m.i64.eq(operation.get(), m.i64.const(FLAGS_WORDS)),
      m.block(null, [
        m.i64.store(CPU_STATE + FLAG_RESULT, 8, zero(), this.result.get()),
        m.i32.store(CPU_STATE + FLAG_AUX, 4, zero(), this.aux.get()),
      ]),
      m.call(store, operands, none),
    );
    // FLAGS_FOUND, where locals start, is zero.
    return [m.if(m.i64.ne(operation.get(), m.i64.const(0)), set)];
  }
}
