import type { RuntimeFunction } from '../../layout/generated/runtime-function.ts';
import type { Expression } from '../../wasm/builder.ts';

/** Where the guest goes on, and where it leaves to the host. */
export interface ControlEmitter {
  /** Linear address of the next instruction: i64. */
  nextRip(): Expression;
  /** Ends the block: to the branch target of the relative operand. */
  jump(): void;
  /** Ends the block: to the target if the condition (i32) holds, else to the next instruction. */
  jumpIf(condition: Expression): void;
  /** Ends the block: to a RIP, which outside 64-bit code is an offset in the code segment. */
  jumpTo(target: Expression): void;
  /** Ends the block at the RIP that a runtime function has put into the processor state. */
  dispatch(): void;
  /** Where the condition (i32) holds, runs what changes RIP and mode, and dispatches; compiled code leaves to the handler for that. */
  dispatchIf(condition: Expression, change: () => void): void;
  /** Compiled code leaves to the handler if the condition (i32) holds; the handler does all by what follows. */
  handlerIf(condition: Expression): void;
  /** What is left of the budget behind the instruction, which is the last of its block: i32. */
  budgetLeft(): Expression;
  /** Leaves to the host loop with RIP = the next instruction. */
  exit(reason: number): void;
  /**
   * Repeats by a runtime function, which says whether the budget ended before the repetition did; then this leaves to the host loop
   * for more, RIP = this instruction, which is then continued. Compiled code, of a row of both tiers, does `atOnce` instead. Unless what
   * that hands over (i32) holds, nothing has happened, and it leaves to the handler.
   */
  repeat(
    name: RuntimeFunction,
    args: Expression[],
    atOnce?: (leaveUnless: (done: Expression) => void) => void,
  ): void;
  /**
   * Before an instruction that may let interrupts in: compiled code leaves to the handler if one waits, or a trap. Nothing may
   * have been written before.
   */
  expectNoInterrupt(): void;
  /** Leaves to the host loop, RIP = next instruction, if an interrupt or NMI can be taken (after IF may have been set). */
  leaveIfInterrupt(): void;
}
