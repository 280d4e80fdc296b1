/** Everything of the AssemblyScript half that handlers, compiled regions and JavaScript call. */
export * from './physical-memory';
export * from './tlb';
export * from './mmu';
export * from './code-cache';
export * from './raise';
export * from './events';
export * from './flags';
export * from './segments';
export * from './segment-queries';
export * from './system-segments';
export * from './far-transfers';
export * from './far-returns';
export * from './fast-system-calls';
export * from './undefined';
export * from './divide';
export * from './frame';
export * from './operation-flags';
