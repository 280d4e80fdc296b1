/** SSE: what handlers call. */

export * from './aes';
export { raiseAvxDisabled, raiseSseDisabled, updateSseDisabled } from './availability';
export * from './convert';
export * from './fused';
export * from './galois';
export * from './gather';
export * from './half';
export * from './masked';
export * from './operations';
export * from './search';
export * from './sha';
export { holdExceptions, releaseExceptions } from './status';
export * from './string';
