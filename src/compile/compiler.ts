/**
 * Compiles regions into one module: regions in, wasm bytes out. Runs in the compile worker or, synchronously,
 * on the machine's own thread.
 */

import type { Expression, FunctionReference, Module } from '../wasm/builder.ts';
import { i32, i64, type ValueType } from '../wasm/value-types.ts';
import { ModuleWriter } from '../wasm/writer/module-writer.ts';
import { BlockRecords } from './record-view.ts';
import { compileRegion } from './region/region.ts';
import { FILL, type RegionImports } from './region/region-emitter.ts';
import type { RegionImport } from './region/way-out.ts';
import { type RegionSource, regionName } from './region-source.ts';
import { type Access, viewProbe } from './tlb-probe.ts';

/** Where generated modules import from. */
export const IMPORT_RUNTIME = 'runtime';
export const IMPORT_ENVIRONMENT = 'env';

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
 * @returns the bytes of a module that exports each region (regionName).
 */
export function compileRegions(sources: readonly RegionSource[], m: Module = emptyWriter()): Uint8Array {
  m.importMemory(IMPORT_ENVIRONMENT, 'memory');
  const imports = new ModuleImports(m);
  sources.forEach(({ tier, blocks }, index) => {
    const name = regionName(index);
    const region = blocks.map((block) => ({
      records: new BlockRecords(block.head, block.records),
      taken: block.taken < 0 ? undefined : block.taken,
      fall: block.fall < 0 ? undefined : block.fall,
      page: block.page,
    }));
    m.exportFunction(name, compileRegion(m, name, tier, region, imports));
  });
  return m.emit();
}

/** Functions that the regions of a module share, made when they are first asked for. */
class ModuleImports implements RegionImports {
  private readonly m: Module;
  private readonly functions = new Map<string, FunctionReference>();

  constructor(m: Module) {
    this.m = m;
  }

  function(name: RegionImport, parameters: readonly ValueType[], result: ValueType): FunctionReference {
    return this.once(name, () => this.m.importFunction(IMPORT_RUNTIME, name, parameters, result));
  }

  probe(access: Access, size: number, view: number): FunctionReference {
    const name = `${FILL[access]}${size}_${view}`;
    return this.once(name, () => this.addProbe(name, access, size, view));
  }

  private once(name: string, make: () => FunctionReference): FunctionReference {
    let reference = this.functions.get(name);
    if (reference === undefined) {
      reference = make();
      this.functions.set(name, reference);
    }
    return reference;
  }

  private addProbe(name: string, access: Access, size: number, view: number): FunctionReference {
    const { m } = this;
    const fill = this.function(FILL[access], [i64, i32], i32);
    const address = (): Expression => m.local.get(0, i64);
    const missed = m.call(fill, [address(), m.i32.const(size)], i32);
    return m.addFunction(name, [i64], i32, [i32], viewProbe(m, access, address, size, view, 1, missed));
  }
}
