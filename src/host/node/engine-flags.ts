/**
 * How V8 is set for a process that is nothing but the emulator. V8's flags are those of the whole process, so the
 * library leaves them alone.
 */
import { setFlagsFromString } from 'node:v8';

/** The version of V8 that has the flags and counts calls; others complain about what they do not know. */
const VERSION = 14;
/** Node's options that run code before the program's, which may compile WebAssembly. */
const RUNS_FIRST = /(^|\s)(-r|--require|--import|--loader|--experimental-loader)\b/;

/**
 * WebAssembly functions are not inlined. Nothing gains by it: a region calls only other modules, and Binaryen has inlined in
 * the runtime what is worth it. But for it V8's baseline code looks for a vector of call counts at each entry of a
 * function, a twentieth of what a boot takes on the guest's thread.
 *
 * Both flags have to be set, since V8 derives the second from the first only on its command line.
 */
const NO_INLINING = ['--no-wasm-inlining-call-indirect', '--no-wasm-inlining'];
/**
 * JavaScript is optimised by Maglev as early as V8 thinks right, but by TurboFan 33 times as late. What gets hot is the compile worker's
 * code and the run loop's, half a second of a boot's processor time with Maglev alone; TurboFan took 0.2 s more to make it
 * faster, on processors that the guest and what compiles for it need. Code that stays hot for seconds is optimised as before.
 */
const JAVASCRIPT_LATER = ['--invocation-count-for-turbofan=100000'];
/**
 * Functions of WebAssembly are validated when they are compiled, not all of a module's at once: all modules are ours, and of the runtime's
 * functions a guest that powers off at once calls one in fifteen. Making its module takes 1.6 instead of 4 ms so.
 */
const VALIDATION_LATER = ['--wasm-lazy-validation'];

let chosen: readonly string[] = [];

/**
 * Chooses the flags of this process, and sets none: from the first on V8 refuses the code that Node has of its own modules, of which a new
 * thread loads 50. Without that code they are compiled, and the compile worker starts 15 ms later.
 *
 * Inlining is dropped only before any WebAssembly is compiled: code that counts calls needs the vectors. Node's loader of TypeScript is such code.
 *
 * @param module address of one of the program's own modules.
 */
export function chooseFlags(module: string): void {
  const options = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ');
  const isFirst = !module.endsWith('.ts') && !RUNS_FIRST.test(options);
  if (Number.parseInt(process.versions.v8, 10) !== VERSION) return;
  chosen = [...(isFirst ? NO_INLINING : []), ...JAVASCRIPT_LATER, ...VALIDATION_LATER];
}

/** What has been chosen in this thread; nothing in a process that is not ours alone. */
export function chosenFlags(): readonly string[] {
  return chosen;
}

/** Sets what has been chosen. To be called before the first WebAssembly is compiled, and as late as can be. */
export function setChosenFlags(): void {
  for (const flag of chosen) setFlagsFromString(flag);
}

/** Whether V8's optimiser needs no counts of baseline code, with the flags that have been chosen in this thread. */
export function optimizesWithoutBaseline(): boolean {
  return NO_INLINING.every((flag) => chosen.includes(flag));
}
