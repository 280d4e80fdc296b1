/** A host whose runtime is the debug build: nothing may stay in the runtime's globals from one slice to the next. */
import { readFile } from 'node:fs/promises';
import { NodeHost } from '../../src/host/node/host.ts';

export class DebugHost extends NodeHost {
  override async loadRuntime(): Promise<WebAssembly.Module> {
    const bytes = await readFile(new URL('../../build/debug-runtime.wasm', import.meta.url));
    return new WebAssembly.Module(bytes);
  }
}
