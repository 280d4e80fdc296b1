/**
 * WebAssembly compilation at once, instead of V8's habit of compiling each function at its first call, on the
 * thread that calls it. V8's flags are those of the whole process, where Binaryen and the runtime are better
 * compiled as they are called.
 */
import { setFlagsFromString } from 'node:v8';

/** Bytes of machine code that a function executes before V8 optimises it, roughly: V8's default. */
const DEFAULT_BUDGET = 13_000_000;
/** The same for a region: it is hot already when it is compiled, and optimised code is half as long. */
const REGION_BUDGET = 1_300_000;

/** @param budget bytes of machine code that each function executes before it is optimised. */
export function compileEagerly(bytes: Uint8Array, budget = REGION_BUDGET): WebAssembly.Module {
  setFlagsFromString('--no-wasm-lazy-compilation');
  // A module takes it when it is made.
  setFlagsFromString(`--wasm-tiering-budget=${budget}`);
  try {
    return new WebAssembly.Module(bytes as BufferSource);
  } finally {
    setFlagsFromString(`--wasm-tiering-budget=${DEFAULT_BUDGET}`);
    compileLazily();
  }
}

/**
 * Optimises all functions at once, without baseline code: that takes 50 to 150 ms for 40 kB. To be called only where
 * optimizesWithoutBaseline() (engine-flags.ts): with its counts of calls missing V8 ends the process.
 */
export function compileOptimized(bytes: Uint8Array): WebAssembly.Module {
  setFlagsFromString('--no-liftoff');
  try {
    return compileEagerly(bytes);
  } finally {
    compileInBaseline();
  }
}

/** Back to V8's default; also for after a thread was ended in the middle of compileOptimized(). */
export function compileInBaseline(): void {
  setFlagsFromString('--liftoff');
}

/** Back to V8's default; also for after a thread was ended in the middle of compileEagerly(). */
export function compileLazily(): void {
  setFlagsFromString('--wasm-lazy-compilation');
}
