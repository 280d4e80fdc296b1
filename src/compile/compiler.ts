/**
 * Compiles regions into one module: regions in, wasm bytes out. Runs in the compile worker or, synchronously,
 * on the machine's own thread.
 */

import { MEMORY, MEMORY_MODULE, regionName } from '../layout/contract.ts';
import { FIXED_PAGES } from '../layout/linear-memory.ts';
import type { Module } from '../wasm/builder.ts';
import { ModuleWriter } from '../wasm/writer/module-writer.ts';
import { fusesMultiplyAdd } from './fused-multiply-add.ts';
import { ModuleImports } from './module-imports.ts';
import { compileRegion } from './region/region.ts';
import type { RegionSource } from './region-source.ts';

/** One for all modules that are not given another back end: it keeps its memory. */
const writer = new ModuleWriter();

function emptyWriter(): Module {
  // There is something in it if the last compilation failed.
  writer.clear();
  return writer;
}

/**
 * The regions do not import the function table: in some engines (V8 before version 12) each instance that does has a
 * copy of it, and lives as long as the table.
 *
 * @param m an empty module of the back end to use; by default of the one that takes the least time.
 * @param fuses whether fused multiply-adds are the engine's; by default if that of this thread has them.
 * @returns the bytes of a module that exports each region (regionName).
 */
export function compileRegions(
  sources: readonly RegionSource[],
  m: Module = emptyWriter(),
  fuses: boolean = fusesMultiplyAdd(),
): Uint8Array {
  m.importMemory(MEMORY_MODULE, MEMORY, FIXED_PAGES);
  const imports = new ModuleImports(m);
  for (let index = 0; index < sources.length; index++) {
    const name = regionName(index);
    m.exportFunction(name, compileRegion(m, name, sources[index] as RegionSource, imports, fuses));
  }
  return m.emit();
}
