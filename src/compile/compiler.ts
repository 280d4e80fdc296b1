/**
 * Compiles regions into one module: regions in, wasm bytes out. Runs in the compile worker or, synchronously,
 * on the machine's own thread.
 */

import { MEMORY, MEMORY_MODULE, RUNTIME_MODULE, regionName, TABLE } from '../layout/contract.ts';
import { FIXED_PAGES } from '../layout/linear-memory.ts';
import type { Module } from '../wasm/builder.ts';
import { ModuleWriter } from '../wasm/writer/module-writer.ts';
import { fusesMultiplyAdd } from './fused-multiply-add.ts';
import { ModuleImports } from './module-imports.ts';
import { compileRegion } from './region/region.ts';
import type { RegionSource } from './region-source.ts';
import { sharesTables } from './shared-table.ts';

/** One for all modules that are not given another back end: it keeps its memory. */
const writer = new ModuleWriter();

function emptyWriter(): Module {
  // There is something in it if the last compilation failed.
  writer.clear();
  return writer;
}

/**
 * @param m an empty module of the back end to use; by default of the one that takes the least time.
 * @param fuses whether fused multiply-adds are the engine's; by default if that of this thread has them.
 * @param byTable whether regions import the function table and lead to each other by it; by default if the engine lets go of them nevertheless.
 * @returns the bytes of a module that exports each region (regionName).
 */
export function compileRegions(
  sources: readonly RegionSource[],
  m: Module = emptyWriter(),
  fuses: boolean = fusesMultiplyAdd(),
  byTable: boolean = sharesTables(),
): Uint8Array {
  m.importMemory(MEMORY_MODULE, MEMORY, FIXED_PAGES);
  if (byTable) m.importTable(RUNTIME_MODULE, TABLE);
  const imports = new ModuleImports(m, byTable);
  for (let index = 0; index < sources.length; index++) {
    const name = regionName(index);
    m.exportFunction(name, compileRegion(m, name, sources[index] as RegionSource, imports, fuses));
  }
  return m.emit();
}
