/** SSE: what handlers call. */

export * from './sse/aes';
export { raiseSseDisabled, updateSseDisabled } from './sse/availability';
export * from './sse/convert';
export * from './sse/operations';
export * from './sse/search';
export { loadMxcsr } from './sse/status';
export * from './sse/string';
