/** What the tests of the runtime's parts share: compiling the files they need, and the processor's state. */
import asc from 'assemblyscript/asc';
import { CPU_STATE, HEAP_BASE } from '../../src/layout/linear-memory.ts';

const FLAGS =
  '--runtime stub --importMemory --memoryBase 65536 --noAssert -O2 --enable simd --enable bulk-memory';
const OUTPUT = 'runtime.wasm';

const compiled = new Map<string, WebAssembly.Module>();

/** Compiles the named files of wasm-runtime/, each list once. */
export async function compileRuntime(names: readonly string[]): Promise<WebAssembly.Module> {
  const key = names.join();
  const known = compiled.get(key);
  if (known) return known;
  const entries = names.map((name) => `wasm-runtime/${name}.ts`);
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main([...entries, '--outFile', OUTPUT, ...FLAGS.split(' ')], {
    writeFile(name, contents) {
      if (name === OUTPUT && typeof contents !== 'string') binary = contents;
    },
  });
  if (error || !binary) throw new Error(stderr.toString());
  const module = new WebAssembly.Module(Uint8Array.from(binary));
  compiled.set(key, module);
  return module;
}

/** The memory of an instance, with the fields of the processor's state in it. */
export class RuntimeHarness {
  readonly memory = new WebAssembly.Memory({ initial: HEAP_BASE / 65536, maximum: 65536 });

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
