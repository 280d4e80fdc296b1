/**
 * The x87 FPU: every instruction is one function. `record` is the instruction's record, for faults; `la` is the
 * linear address of a memory operand; `i` is the number of a stack register. All but FNINIT, FNCLEX, FNSTCW,
 * FNSTSW, FNSTENV and FNSAVE raise #MF if an unmasked exception is pending; all but FWAIT raise #NM if CR0.EM or
 * CR0.TS is set. A memory operand's fault comes before any change.
 *
 * Arithmetic is exact to the last bit in all rounding and precision modes. Transcendental functions are computed
 * with 128-bit significands and then rounded. Where the manual leaves a choice, this follows the processor that
 * the recorded vectors come from: an invalid comparison sets the condition codes even if it is unmasked, and
 * transcendental results other than special values always count as inexact.
 */
export * from './control';
export * from './environment';
export * from './functions';
export * from './mmx';
export * from './numbers';
export * from './operations';
export { fwait } from './status';
export * from './transfer';
