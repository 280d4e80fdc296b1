/** What the tests of the runtime's parts share: the AssemblyScript half, and the processor's state. */
import { readFileSync } from 'node:fs';
import { HOST_MODULE, MEMORY, MEMORY_MODULE } from '../../src/layout/contract.ts';
import { CPU_STATE, HEAP_BASE } from '../../src/layout/linear-memory.ts';
import { TEST_RUNTIME } from '../global-setup.ts';

/** wasm-runtime/ without handlers, as the tests' set-up compiled it. */
const RUNTIME_HALF = new WebAssembly.Module(readFileSync(TEST_RUNTIME));

/** The memory of an instance, with the fields of the processor's state in it. */
export class RuntimeHarness {
  readonly memory = new WebAssembly.Memory({ initial: HEAP_BASE / 65536, maximum: 65536 });

  /** @param host what the runtime may ask for in these tests; anything else is an error. */
  protected instantiate(host: Record<string, (...values: never[]) => unknown>): WebAssembly.Exports {
    const imports: Record<string, (...values: never[]) => unknown> = {};
    for (const { module, name } of WebAssembly.Module.imports(RUNTIME_HALF)) {
      if (module !== HOST_MODULE) continue;
      imports[name] =
        host[name] ??
        (() => {
          throw new Error(`the runtime called host.${name}`);
        });
    }
    return new WebAssembly.Instance(RUNTIME_HALF, {
      [MEMORY_MODULE]: { [MEMORY]: this.memory },
      [HOST_MODULE]: imports,
    }).exports;
  }

  get view(): DataView {
    return new DataView(this.memory.buffer);
  }

  state32(field: number): number {
    return this.view.getInt32(CPU_STATE + field, true);
  }

  setState32(field: number, value: number): void {
    this.view.setInt32(CPU_STATE + field, value, true);
  }

  state64(field: number): bigint {
    return this.view.getBigUint64(CPU_STATE + field, true);
  }

  setState64(field: number, value: bigint): void {
    this.view.setBigUint64(CPU_STATE + field, value, true);
  }
}
