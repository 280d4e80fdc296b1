/**
 * What the runtime's comparisons of strings (wasm-runtime/sse/string.ts) tell in an i32. Bits 0 to 15 are "IntRes2" (Intel SDM
 * Vol. 2 "Imm8 Control Byte Operation for PCMPESTRI...").
 */

/** The first and the second operand end before their last element. */
export const STRINGS_FIRST_SHORT = 1 << 16;
export const STRINGS_SECOND_SHORT = 1 << 17;
/** Where the index of the first or last match begins, or the number of elements if there is none. */
export const STRINGS_INDEX_SHIFT = 24;
