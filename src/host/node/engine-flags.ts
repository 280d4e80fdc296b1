/**
 * How V8 is set for a process that is nothing but the emulator. V8's flags are those of the whole process, so the
 * library leaves them alone.
 */
import { setFlagsFromString } from 'node:v8';

/** The version of V8 that has the flags and counts calls; others complain about what they do not know. */
const VERSION = 14;
let isInliningDropped = false;
/** Node's options that run code before the program's, which may compile WebAssembly. */
const RUNS_FIRST = /(^|\s)(-r|--require|--import|--loader|--experimental-loader)\b/;

/**
 * WebAssembly functions are not inlined. Nothing gains by it: a region calls only other modules, and Binaryen has inlined in
 * the runtime what is worth it. But for it V8's baseline code looks for a vector of call counts at each entry of a
 * function, a twentieth of what a boot takes on the guest's thread.
 *
 * Both flags have to be set, since V8 derives the second from the first only on its command line, and before any
 * WebAssembly is compiled: code that counts calls needs the vectors. Node's loader of TypeScript is such code.
 *
 * @param module address of one of the program's own modules.
 * @returns whether it was done.
 */
export function dropInlining(module: string): boolean {
  const options = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ');
  if (Number.parseInt(process.versions.v8, 10) !== VERSION) return false;
  if (module.endsWith('.ts') || RUNS_FIRST.test(options)) return false;
  setFlagsFromString('--no-wasm-inlining-call-indirect');
  setFlagsFromString('--no-wasm-inlining');
  isInliningDropped = true;
  return true;
}

/** Whether this thread has done dropInlining(): V8's optimiser then needs no counts of baseline code. */
export function optimizesWithoutBaseline(): boolean {
  return isInliningDropped;
}

/**
 * JavaScript is optimised by Maglev as early as V8 thinks right, but by TurboFan 33 times as late. What gets hot is the compile worker's
 * code and the run loop's, half a second of a boot's processor time with Maglev alone; TurboFan took 0.2 s more to make it
 * faster, on processors that the guest and what compiles for it need. Code that stays hot for seconds is optimised as before.
 *
 * @returns whether it was done.
 */
export function optimizeJavaScriptLater(): boolean {
  if (Number.parseInt(process.versions.v8, 10) !== VERSION) return false;
  setFlagsFromString('--invocation-count-for-turbofan=100000');
  return true;
}

/**
 * Functions of WebAssembly are validated when they are compiled, not all of a module's at once: all modules are ours, and of the runtime's
 * functions a guest that powers off at once calls one in fifteen. Making its module takes 1.6 instead of 4 ms so.
 *
 * @returns whether it was done.
 */
export function validateWhenCompiled(): boolean {
  if (Number.parseInt(process.versions.v8, 10) !== VERSION) return false;
  setFlagsFromString('--wasm-lazy-validation');
  return true;
}
