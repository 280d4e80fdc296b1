/** Numbers of the SSE floating-point operations, for the runtime functions that compute rare cases. */
export const SSE_ADD = 0;
export const SSE_SUBTRACT = 1;
export const SSE_MULTIPLY = 2;
export const SSE_DIVIDE = 3;
export const SSE_MINIMUM = 4;
export const SSE_MAXIMUM = 5;
/** Of the second operand. */
export const SSE_SQUARE_ROOT = 6;
/** Subtracts even lanes, adds odd ones. */
export const SSE_ADD_SUBTRACT = 7;
/** Plus the low four bits of the immediate of ROUNDPS; of the second operand. */
export const SSE_ROUND = 16;
/** Plus the predicate, 0 to 31. */
export const SSE_COMPARE = 32;
