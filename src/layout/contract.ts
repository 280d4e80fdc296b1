/**
 * What the WebAssembly modules are to each other and to JavaScript: names of imports and exports, types of functions. There is
 * the runtime (wasm-runtime/ with the handlers) and, while the guest runs, a module for each batch of regions. The
 * functions of wasm-runtime/ and what it asks of JavaScript are read from it (generated/runtime-function.ts).
 */
import type { HostImport, RuntimeFunction } from './generated/runtime-function.ts';

/** The one memory (linear-memory.ts), which every module imports. */
export const MEMORY_MODULE = 'env';
export const MEMORY = 'memory';
/** Where the runtime imports what JavaScript does. */
export const HOST_MODULE = 'host';
/** Where regions import from: the runtime's exports. */
export const RUNTIME_MODULE = 'runtime';
/** The runtime's export: handlers and regions by slot, all of them (record) -> (). */
export const TABLE = 'table';

/**
 * The debug build (build/debug-runtime.wasm) exports each mutable global of wasm-runtime/ by its name behind this. They hold what
 * an instruction is about, nothing that is wanted after a slice, and the processor checks that (cpu/slice-globals.ts).
 */
export const DEBUG_GLOBAL = 'global ';
/** Its function that fills them with what comes of a number. */
export const DEBUG_SPOIL = 'spoil globals';

/** Export of a module of regions: the region with this index in the batch. */
export function regionName(index: number): string {
  return `region${index}`;
}

/** Custom section of the built runtime: a text that is another where the code of regions might be. */
export const TRANSLATOR_SECTION = 'longmode translator';

/** Types of parameters, a colon, type of the result: i = i32, I = i64, f = f32, F = f64, V = v128. */
export type Signature = `${string}:${'' | 'i' | 'I' | 'f' | 'F' | 'V'}`;

/** What the runtime exports beside the functions of wasm-runtime/ (src/interpreter/). */
export const GENERATED_FUNCTIONS = {
  /** Ways in from JavaScript: by the block at RIP, by a record. */
  run: ':',
  enter: 'i:',
  /** What regions end in. All take a record: what to go on with; */
  continueAt: 'i:',
  /** one whose link to follow, at an offset in it; */
  followLink: 'ii:',
  /** the branch that is taken to another page, the head of the block there, and its linear address; */
  cross: 'iiI:',
  /** the branch, to RIP; */
  jumpTo: 'iI:',
  /** the same, and notes where an indirect jump or call has led; */
  jumpAndNote: 'iI:',
  /** the head of a region that the budget is too small for. */
  outOfBudget: 'i:',
  /** What regions of the first tier call when they have become hot, with their head. JavaScript does it. */
  requestCompile: 'i:',
} as const satisfies Record<string, Signature>;

export type GeneratedFunction = keyof typeof GENERATED_FUNCTIONS;

/** What regions import. */
export type RegionImport = RuntimeFunction | GeneratedFunction;

/** What the runtime imports from JavaScript. */
export type HostFunction = HostImport | 'requestCompile';
