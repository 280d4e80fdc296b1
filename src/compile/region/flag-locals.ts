/**
 * The arithmetic flags of a region, where they are not a source of the block that set them: across edges and on the way
 * out. `kind` says where they are (FLAGS_* of layout/flag-words.ts): in the processor state, as the region found them;
 * in the two words; or an operation with its operands, which only the way out looks at.
 */

import { type FlagSource, materialize } from '../../emitter/flags/source.ts';
import type { Local, Locals } from '../../emitter/locals.ts';
import type { Value } from '../../isa/emitter.ts';
import { FLAG_AUX, FLAG_RESULT } from '../../layout/cpu-state.ts';
import {
  FLAGS_ADD,
  FLAGS_DEC,
  FLAGS_INC,
  FLAGS_LOGIC,
  FLAGS_SUB,
  FLAGS_WORDS,
} from '../../layout/flag-words.ts';
import { CPU_STATE } from '../../layout/linear-memory.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import { i32, i64, none } from '../../wasm/value-types.ts';
import type { ModuleImports } from '../module-imports.ts';

const KINDS = {
  add: FLAGS_ADD,
  adc: FLAGS_ADD,
  sub: FLAGS_SUB,
  sbb: FLAGS_SUB,
  logic: FLAGS_LOGIC,
  inc: FLAGS_INC,
  dec: FLAGS_DEC,
} as const;

export class FlagLocals {
  private readonly m: Module;
  private readonly imports: ModuleImports;
  private readonly result: Local;
  private readonly aux: Local;
  private readonly kind: Local;
  /** Operands and result of an operation. */
  private readonly a: Local;
  private readonly b: Local;
  private readonly r: Local;
  /** Whether the words that the region starts with may be read, and whether it may set flags. */
  private areRead = false;
  private areSet = false;
  /** What the flags are at the start of a block that reads them: the words. */
  readonly words: FlagSource;

  constructor(m: Module, locals: Locals, imports: ModuleImports) {
    this.m = m;
    this.imports = imports;
    // By type: the fewer the changes, the shorter the function's declarations.
    this.result = locals.add(i64);
    this.a = locals.add(i64);
    this.b = locals.add(i64);
    this.r = locals.add(i64);
    this.aux = locals.add(i32);
    this.kind = locals.add(i32);
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

  /** Moves the flags out of a block's own locals. */
  move(source: FlagSource, areReadLater: boolean): Expression[] {
    return areReadLater ? this.toWords(source) : this.toOperation(source);
  }

  /** For a successor that reads them. */
  toWords(source: FlagSource): Expression[] {
    const { m } = this;
    if (source === this.words) return [];
    this.areSet = true;
    const { result, aux } = materialize(m, source);
    return [
      // The words may be made of each other's old values: compute both before storing.
      this.r.set(result),
      this.aux.set(aux),
      this.result.set(this.r.get()),
      this.kind.set(m.i32.const(FLAGS_WORDS)),
    ];
  }

  /** For the way out. */
  toOperation(source: FlagSource): Expression[] {
    const { m } = this;
    if (source.kind === 'raw') return this.toWords(source);
    this.areSet = true;
    const wide = (value: Value): Expression => (source.size === 8 ? value() : m.i64.extend_u(value()));
    const statements = [
      this.kind.set(m.i32.const(KINDS[source.kind] * 16 + source.size)),
      this.r.set(wide(source.r)),
    ];
    if (source.kind === 'logic') return statements;
    statements.push(this.a.set(wide(source.a)));
    if ('b' in source) statements.push(this.b.set(wide(source.b)));
    else statements.push(this.aux.set(source.aux()));
    return statements;
  }

  /** For the end of the function: the runtime works the words out of an operation. */
  store(): Expression[] {
    const { m, kind } = this;
    if (!this.areSet) return [];
    const zero = (): Expression => m.i32.const(0);
    const store = this.imports.function('storeOperationFlags');
    const operands = [kind, this.a, this.b, this.r, this.aux].map((local) => local.get());
    const set = m.if(
      m.i32.eq(kind.get(), m.i32.const(FLAGS_WORDS)),
      m.block(null, [
        m.i64.store(CPU_STATE + FLAG_RESULT, 8, zero(), this.result.get()),
        m.i32.store(CPU_STATE + FLAG_AUX, 4, zero(), this.aux.get()),
      ]),
      m.call(store, operands, none),
    );
    // FLAGS_FOUND, where locals start, is zero.
    return [m.if(kind.get(), set)];
  }
}
