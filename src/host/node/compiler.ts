/** Loads the compiler, and says where it finds Binaryen. */
import { readFile } from 'node:fs/promises';
import { provideBinaryenFile } from '../../wasm/binaryen-file.ts';

export function loadCompiler(): Promise<typeof import('../../compile/compiler.ts')> {
  // For the built package; from source Binaryen comes as its own package has it.
  provideBinaryenFile(() => readFile(new URL('../../longmode/binaryen.wasm', import.meta.url)));
  return import('../../compile/compiler.ts');
}
