/** What compiling and installing regions costs: those of a boot, as they come. */
import { readFileSync } from 'node:fs';
import { regionExports } from '../../src/code-cache/region-exports.ts';
import type { CompileResult, RemoteCompiler } from '../../src/code-cache/tiering.ts';
import { compileRegions } from '../../src/compile/compiler.ts';
import { compilerWith } from '../../src/compile/optimizing.ts';
import { type CompiledTier, type RegionSource, unpackRegions } from '../../src/compile/region-source.ts';
import type { Processor } from '../../src/cpu/processor.ts';
import { compileEagerly } from '../../src/host/node/eager-compilation.ts';
import { NodeHost } from '../../src/host/node/host.ts';
import { loadOptimizer } from '../../src/host/node/optimizer.ts';
import { HEAD_COUNT } from '../../src/layout/record.ts';
import { Machine } from '../../src/machine/machine.ts';
import type { Measurement } from '../report/comparison.ts';
import type { GuestFiles } from '../run/guest.ts';
import { BOOT_LINE } from './compare-boots.ts';

interface Compilation {
  readonly regions: readonly RegionSource[];
  readonly result: CompileResult;
}

/** A host that keeps what it compiles. */
class WatchedHost extends NodeHost {
  readonly compilations: Compilation[] = [];

  override startCompiler(): RemoteCompiler {
    const compiler = super.startCompiler();
    const underWay = new Map<number, readonly RegionSource[]>();
    return {
      ...compiler,
      post: (request) => {
        if (request.kind === 'compile') underWay.set(request.id, unpackRegions(request.regions));
        compiler.post(request);
      },
      listen: (onResult, onFailure) =>
        compiler.listen((result) => {
          if (result.kind === 'compiled')
            this.compilations.push({ regions: underWay.get(result.id) ?? [], result });
          onResult(result);
        }, onFailure),
    };
  }
}

function instructionsOf(regions: readonly RegionSource[]): number {
  const counts = regions.flatMap(({ blocks }) =>
    blocks.map(({ records }) => new DataView(records.buffer, records.byteOffset).getUint16(HEAD_COUNT, true)),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

const isOf = (tier: CompiledTier) => (source: RegionSource) => source.tier === tier;

/** Microseconds of the worker for an instruction: our compiler and the engine's, cold as it is in a boot. */
function workerCost(compilations: readonly Compilation[], tier: CompiledTier): number {
  const own = compilations.filter(({ regions }) => regions.length > 0 && regions.every(isOf(tier)));
  const milliseconds = own.reduce((sum, { result }) => sum + result.milliseconds, 0);
  return (milliseconds * 1000) / own.reduce((sum, { regions }) => sum + instructionsOf(regions), 0);
}

/** Microseconds for an instruction when everything is done a second time. */
function warmCost(
  batches: readonly (readonly RegionSource[])[],
  compile: (batch: readonly RegionSource[]) => void,
) {
  const instructions = batches.reduce((sum, batch) => sum + instructionsOf(batch), 0);
  for (const batch of batches) compile(batch);
  const start = performance.now();
  for (const batch of batches) compile(batch);
  return ((performance.now() - start) * 1000) / instructions;
}

/** Microseconds to make an instance of a module and put its functions into a table. */
function installCost(processor: Processor, compilations: readonly Compilation[]): number {
  const most = Math.max(...compilations.map(({ regions }) => regions.length));
  const table = new WebAssembly.Table({ initial: most, element: 'anyfunc' });
  const start = performance.now();
  for (const { result } of compilations) {
    Object.values(regionExports(result.module, processor)).forEach((code, index) => {
      table.set(index, code);
    });
  }
  return ((performance.now() - start) * 1000) / compilations.length;
}

export async function compileCosts(guest: GuestFiles): Promise<Measurement[]> {
  const host = new WatchedHost();
  const machine = await Machine.create({
    host,
    kernel: readFileSync(guest.kernel),
    initrd: readFileSync(guest.initrd),
    commandLine: BOOT_LINE,
    reboot: false,
  });
  const ending = await machine.run();
  if (ending.kind !== 'power off') throw new Error(`the boot ended with ${ending.kind}`);
  const { compilations } = host;
  const install = installCost(machine.processor, compilations);
  await machine.close();

  const optimize = compilerWith(await loadOptimizer());
  const batches = (tier: CompiledTier) =>
    compilations.map(({ regions }) => regions.filter(isOf(tier))).filter((batch) => batch.length > 0);
  const third = batches('second').map((batch) =>
    batch.map((source): RegionSource => ({ ...source, tier: 'third', isLast: true })),
  );
  const unit = 'us an instruction';
  return [
    { name: 'compiling, first tier, cold, with the engine', unit, value: workerCost(compilations, 'first') },
    {
      name: 'compiling, second tier, cold, with the engine',
      unit,
      value: workerCost(compilations, 'second'),
    },
    { name: 'first tier, warm, without the engine', unit, value: warmCost(batches('first'), compileRegions) },
    {
      name: 'second tier, warm, without the engine',
      unit,
      value: warmCost(batches('second'), compileRegions),
    },
    {
      name: 'third tier, warm, with the engine',
      unit,
      value: warmCost(third, (batch) => compileEagerly(optimize(batch))),
    },
    { name: 'installing a module', unit: 'us', value: install },
  ];
}
