/** What does not change within a region, or hardly ever, and is in locals: set where the region is entered, if anything asks for it. */
import { unusualMxcsr } from '../../emitter/emitter-base.ts';
import type { Local, Locals } from '../../emitter/locals.ts';
import { factorRank, signBits } from '../../isa/semantics/sse-exceptions.ts';
import { CR0_EM, CR0_TS } from '../../layout/architecture.ts';
import { CR0, FPU_CONTROL, FPU_ERROR_SUMMARY, FPU_EXCEPTIONS, FPU_STATUS } from '../../layout/cpu-state.ts';
import { CPU_STATE } from '../../layout/linear-memory.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import { i32, type ValueType, v128 } from '../../wasm/value-types.ts';

/** Precision and rounding control, and the usual ones. */
const CONTROL_ROUNDING = 0xf00;
const USUAL_ROUNDING = 0x300;

class EntryLocal {
  private readonly locals: Locals;
  private readonly type: ValueType;
  private readonly value: () => Expression;
  /** Made when it is first asked for. */
  private made: Local | undefined = undefined;

  constructor(locals: Locals, type: ValueType, value: () => Expression) {
    this.locals = locals;
    this.type = type;
    this.value = value;
  }

  get(): Expression {
    return this.local.get();
  }

  /** Sets it once more, for code behind it. */
  look(): Expression {
    return this.local.set(this.value());
  }

  /** @param statements that are added to. */
  atEntry(statements: Expression[]): void {
    if (this.made !== undefined) statements.push(this.look());
  }

  private get local(): Local {
    this.made ??= this.locals.add(this.type);
    return this.made;
  }
}

/** By the size of a number. */
interface BySize {
  readonly 4: EntryLocal;
  readonly 8: EntryLocal;
}

export class EntryLocals {
  /**
   * Bits of MXCSR that are not as usual (unusualMxcsr()). Only LDMXCSR changes its control bits. Other instructions set sticky flags,
   * which are noticed where the region is entered again: a local that changes on ways that are hardly ever taken is another one
   * where they meet the others, and with PE set unnoticed it only takes longer.
   */
  readonly mxcsr: EntryLocal;
  /** Not zero where an x87 instruction may raise something: it is not available, or an exception is unmasked or pending. Handlers change that. */
  readonly x87: EntryLocal;
  /** All ones where x87 results have 64 bits and are rounded to nearest, or else zero. */
  readonly x87Usual: EntryLocal;
  /** Sign bits of elements of 4 and 8 bytes. V8 makes a constant anew at each use; what has been computed stays in a register. */
  readonly signBits: BySize;
  /** What looks at numbers compares with. */
  readonly factorRank: BySize;

  constructor(m: Module, locals: Locals) {
    const none = (): Expression => m.i32.const(0);
    this.mxcsr = new EntryLocal(locals, i32, () => unusualMxcsr(m));
    const control = (): Expression => m.i32.load16_u(CPU_STATE + FPU_CONTROL, 2, none());
    this.x87 = new EntryLocal(locals, i32, () => {
      const unavailable = m.i32.and(m.i32.load(CPU_STATE + CR0, 4, none()), m.i32.const(CR0_EM | CR0_TS));
      const unmasked = m.i32.and(m.i32.xor(control(), m.i32.const(-1)), m.i32.const(FPU_EXCEPTIONS));
      const status = m.i32.load16_u(CPU_STATE + FPU_STATUS, 2, none());
      return m.i32.or(m.i32.or(unavailable, unmasked), m.i32.and(status, m.i32.const(FPU_ERROR_SUMMARY)));
    });
    this.x87Usual = new EntryLocal(locals, i32, () => {
      const rounding = m.i32.and(control(), m.i32.const(CONTROL_ROUNDING));
      return m.i32.sub(none(), m.i32.eq(rounding, m.i32.const(USUAL_ROUNDING)));
    });
    const vector = (value: typeof signBits, size: 4 | 8): EntryLocal =>
      new EntryLocal(locals, v128, () => value(m, size));
    this.signBits = { 4: vector(signBits, 4), 8: vector(signBits, 8) };
    this.factorRank = { 4: vector(factorRank, 4), 8: vector(factorRank, 8) };
  }

  /** @param statements that are added to. */
  set(statements: Expression[]): void {
    this.mxcsr.atEntry(statements);
    this.x87.atEntry(statements);
    this.x87Usual.atEntry(statements);
    for (const bySize of [this.signBits, this.factorRank]) {
      bySize[4].atEntry(statements);
      bySize[8].atEntry(statements);
    }
  }
}
