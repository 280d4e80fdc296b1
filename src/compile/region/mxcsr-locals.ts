/**
 * What a region has to know of MXCSR, in locals: only LDMXCSR changes its control bits, and other instructions set sticky flags.
 */
import { mxcsrDiffers } from '../../emitter/emitter-base.ts';
import type { Local, Locals } from '../../emitter/locals.ts';
import { MXCSR_FTZ, MXCSR_MASKS, MXCSR_PE, MXCSR_RC } from '../../layout/cpu-state.ts';
import type { Expression, Module } from '../../wasm/builder.ts';
import { i32 } from '../../wasm/value-types.ts';

/** Bits that have to be set, and not to be: else the local is not zero. */
const QUESTIONS = {
  /** Inline code may compute. */
  isSpecial: [MXCSR_MASKS, MXCSR_RC],
  /** The same, and may round without a look at what is lost. */
  isSpecialToRound: [MXCSR_MASKS | MXCSR_PE, MXCSR_RC],
  /** Results that are denormal become zero. */
  flushes: [0, MXCSR_FTZ],
} as const;
type Question = keyof typeof QUESTIONS;
const ALL = Object.keys(QUESTIONS) as Question[];

export class MxcsrLocals {
  private readonly m: Module;
  private readonly locals: Locals;
  private readonly made = new Map<Question, Local>();

  constructor(m: Module, locals: Locals) {
    this.m = m;
    this.locals = locals;
  }

  private local(question: Question): Local {
    let local = this.made.get(question);
    if (local === undefined) {
      local = this.locals.add(i32);
      this.made.set(question, local);
    }
    return local;
  }

  /** i32: what it was when it was last looked at. */
  ask(question: Question): Expression {
    return this.local(question).get();
  }

  /** Looks at MXCSR for all that has been asked: at the start of the region. */
  look(): Expression[] {
    return [...this.made.keys()].map((question) => this.lookFor(question));
  }

  /** Looks at its flags, where some may have been set. */
  lookAtFlags(): Expression[] {
    return this.made.has('isSpecialToRound') ? [this.lookFor('isSpecialToRound')] : [];
  }

  /** Looks for all that code behind it may ask. */
  lookAtAll(): Expression[] {
    return ALL.map((question) => this.lookFor(question));
  }

  private lookFor(question: Question): Expression {
    const [set, clear] = QUESTIONS[question];
    return this.local(question).set(mxcsrDiffers(this.m, set, clear));
  }
}
