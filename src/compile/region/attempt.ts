/**
 * Instructions of a block that are undone together.
 *
 * Whether floating-point numbers are ordinary is asked once for as many instructions as there are without a store
 * (isa/semantics/sse-exceptions.ts). If they are not, or if one of the instructions cannot be finished in compiled code, the
 * block is left to the handler of the first of them, with registers and flags as they were before it: all of them are
 * done again. Only registers, flags and sticky flags of MXCSR may change in between; those are set again.
 *
 *     saves                   registers that are written, as they are before
 *     block $done
 *       block $undo
 *         instructions        br $undo: instead of a way to the handler
 *         br $done
 *       end
 *       restores
 *       way to the first instruction's handler
 *     end
 */
import type { FlagSource } from '../../emitter/flags/source.ts';
import type { Local, Locals } from '../../emitter/locals.ts';
import type { Emitter, Rounding } from '../../isa/emitter.ts';
import { OrdinaryNumbers } from '../../isa/semantics/sse-exceptions.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import type { Result } from './known-numbers.ts';
import { attemptLabels } from './labels.ts';
import type { RegisterBank } from './register-locals.ts';

export class Attempt {
  /** What has been emitted before. */
  readonly outer: Expression[];
  /** Locals that may be used for something else behind it. */
  readonly held: Local[] = [];
  /** The first instruction. */
  readonly index: number;
  /** What the flags are before it. */
  readonly flags: FlagSource;
  private readonly m: Module;
  private readonly labels: ReturnType<typeof attemptLabels>;
  private readonly saves: Expression[] = [];
  private readonly restores: Expression[] = [];
  private readonly saved = new Map<RegisterBank, Set<number>>();
  private readonly numbers = new Map<string, OrdinaryNumbers>();
  private readonly results: Result[] = [];

  /** @param number of the attempt in its region. */
  constructor(m: Module, number: number, index: number, flags: FlagSource, outer: Expression[]) {
    this.m = m;
    this.labels = attemptLabels(number);
    this.index = index;
    this.flags = flags;
    this.outer = outer;
  }

  undo(): Expression {
    return this.m.br(this.labels.undo);
  }

  /** Before a register is written, by its number in its bank. */
  save(bank: RegisterBank, number: number, register: Local, locals: Locals): void {
    const saved = this.saved.get(bank) ?? new Set();
    if (saved.has(number)) return;
    this.saved.set(bank, saved.add(number));
    const local = locals.take(register.type);
    this.held.push(local);
    this.saves.push(local.set(register.get()));
    this.restores.push(register.set(local.get()));
  }

  /** Numbers to look at, of one kind. */
  numbersOf(e: Emitter, kind: Pick<Rounding, 'size' | 'isScalar'>): OrdinaryNumbers {
    const key = `${kind.size} ${kind.isScalar}`;
    let numbers = this.numbers.get(key);
    if (numbers === undefined) {
      numbers = new OrdinaryNumbers(e, kind);
      this.numbers.set(key, numbers);
    }
    return numbers;
  }

  /** Looks at the result at the end, unless it is used before. */
  addResult(result: Result): void {
    this.results.push(result);
  }

  /** i32, not zero if a number was not ordinary. */
  failed(e: Emitter): Expression {
    for (const result of this.results) {
      if (!result.isUsed) this.numbersOf(e, result).finite(result.value);
    }
    const failures = [...this.numbers.values()].map((numbers) => numbers.failed());
    return failures.reduce((a, b) => this.m.i32.or(a, b));
  }

  /** @param body of the instructions. @param failed as above. @param leave way to the first one's handler. */
  finish(body: readonly Expression[], failed: Expression, leave: Expression): Expression {
    const { m, labels } = this;
    const check = m.ifUnlikely(failed, this.undo());
    const tried = m.block(labels.undo, [...body, check, m.br(labels.done)]);
    return m.block(null, [...this.saves, m.block(labels.done, [tried, ...this.restores, leave])]);
  }
}
