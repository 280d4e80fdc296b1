/**
 * The x87 FPU: every instruction is one function. `record` is the instruction's record, for faults; `la` is the
 * linear address of a memory operand; `i` the number of a stack register. All of them but FNINIT, FNCLEX,
 * FNSTCW, FNSTSW check for a pending unmasked exception (#MF); all raise #NM if CR0.EM or CR0.TS is set.
 *
 * Where the manual leaves a choice, these do what AMD's Zen 4 was seen to do: a masked or unmasked invalid
 * compare sets the condition codes, and transcendental results always count as inexact.
 */
export * from './x87/control';
export * from './x87/environment';
export * from './x87/functions';
export * from './x87/operations';
export * from './x87/transfer';
export { fwait } from './x87/status';
