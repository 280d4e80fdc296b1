/**
 * WebAssembly compilation at once, instead of V8's habit of compiling each function at its first call, on the
 * thread that calls it. V8's flags are those of the whole process, where Binaryen and the runtime are better
 * compiled as they are called.
 */
import { setFlagsFromString } from 'node:v8';

export function compileEagerly(bytes: Uint8Array): WebAssembly.Module {
  setFlagsFromString('--no-wasm-lazy-compilation');
  try {
    return new WebAssembly.Module(bytes as BufferSource);
  } finally {
    compileLazily();
  }
}

/** Back to V8's default; also for after a thread was ended in the middle of compileEagerly(). */
export function compileLazily(): void {
  setFlagsFromString('--wasm-lazy-compilation');
}
