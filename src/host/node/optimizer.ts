/** Loads the optimiser, and says where it finds Binaryen. */
import { readFileSync } from 'node:fs';
import type { Optimizer } from '../../compile/optimizing.ts';

export async function loadOptimizer(): Promise<Optimizer> {
  const { provideBinaryenFile } = await import('../../wasm/binaryen-file.ts');
  // For the built package; from source Binaryen comes as its own package has it.
  provideBinaryenFile(async () => readFileSync(new URL('../../longmode/binaryen.wasm', import.meta.url)));
  return (await import('../../wasm/optimizer.ts')).optimize;
}
