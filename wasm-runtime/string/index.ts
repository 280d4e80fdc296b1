/**
 * Repeated string instructions.
 *
 * 1. Work is done in chunks of elements that lie within one page of each operand; registers are written after
 *    each chunk. So a fault finds them at the element that it happened at, and the instruction can be restarted.
 * 2. A chunk whose pages are not plain RAM, or an element that crosses pages, goes element by element through
 *    the slow paths, which raise what there is to raise before anything has changed.
 * 3. A chunk over translated code drops all the code under it at once and starts again.
 * 4. Comparisons write flags only at the end (SDM Vol. 2 "REP": flags are restored when a fault interrupts them).
 * 5. What has been done is paid for in the budget, and where that ends the instruction stops (repetition.ts).
 */
export * from './compare';
export * from './move';
