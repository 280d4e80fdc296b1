/**
 * Compiles regions into one module: regions in, wasm bytes out. Runs in the compile worker or, synchronously,
 * on the machine's own thread.
 */

import { TABLE } from '../interpreter/handler-emitter.ts';
import {
  addMemoryAndTable,
  createModule,
  createType,
  type Expression,
  emit,
  i32,
  i64,
  type Module,
  none,
  type ValueType,
} from '../wasm/binaryen.ts';
import { addBranchHints } from '../wasm/branch-hints.ts';
import { BlockRecords } from './record-view.ts';
import { compileRegion } from './region/region.ts';
import { FILL } from './region/region-emitter.ts';
import type { RegionSource } from './region-source.ts';
import { type Access, viewProbe } from './tlb-probe.ts';

/** Where generated modules import from. */
export const IMPORT_RUNTIME = 'runtime';
export const IMPORT_ENVIRONMENT = 'env';

/** @returns the bytes of a module whose start-up puts each region into its table slot. */
export function compileRegions(sources: readonly RegionSource[]): Uint8Array {
  const m = createModule();
  addMemoryAndTable(m, IMPORT_ENVIRONMENT, TABLE);
  const imported = new Set<string>();
  const imports = {
    function: (name: string, parameters: ValueType[], result: ValueType) =>
      importOnce(m, imported, name, parameters, result),
    probe: (access: Access, size: number, view: number) => addProbe(m, imported, access, size, view),
  };
  for (const source of sources) {
    const name = `region${source.slot}`;
    const region = source.blocks.map((block) => ({
      records: new BlockRecords(block.head, block.records),
      taken: block.taken < 0 ? undefined : block.taken,
      fall: block.fall < 0 ? undefined : block.fall,
      page: block.page,
    }));
    compileRegion(m, name, region, imports);
    m.addActiveElementSegment(TABLE, `slot${source.slot}`, [name], m.i32.const(source.slot));
  }
  const bytes = addBranchHints(emit(m), m.getNumFunctions());
  m.dispose();
  return bytes;
}

function importOnce(
  m: Module,
  imported: Set<string>,
  name: string,
  parameters: ValueType[],
  result: ValueType,
): void {
  if (imported.has(name)) return;
  imported.add(name);
  m.addFunctionImport(name, IMPORT_RUNTIME, name, parametersType(parameters), result);
}

function parametersType(parameters: ValueType[]): ValueType {
  return parameters.length === 0 ? none : createType(parameters);
}

/** The function behind RegionImports.probe, added when it is first asked for. */
function addProbe(m: Module, added: Set<string>, access: Access, size: number, view: number): string {
  const fill = FILL[access];
  const name = `${fill}${size}_${view}`;
  if (added.has(name)) return name;
  added.add(name);
  importOnce(m, added, fill, [i64, i32], i32);
  const address = (): Expression => m.local.get(0, i64);
  const missed = m.call(fill, [address(), m.i32.const(size)], i32);
  m.addFunction(name, i64, i32, [i32], viewProbe(m, access, address, size, view, 1, missed));
  return name;
}
