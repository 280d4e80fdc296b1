/** Regions of the third tier go through an optimiser, which takes longer to load than most guests run. */
import { compileRegions } from './compiler.ts';
import type { RegionSource } from './region-source.ts';

/** Takes and gives the bytes of a module. */
export type Optimizer = (module: Uint8Array) => Uint8Array;

function isWorthOptimizing(sources: readonly RegionSource[]): boolean {
  return sources.some(({ tier }) => tier === 'third');
}

/** compileRegions() for all tiers. */
export function compilerWith(optimize: Optimizer): (sources: readonly RegionSource[]) => Uint8Array {
  return (sources) => {
    const bytes = compileRegions(sources);
    return isWorthOptimizing(sources) ? optimize(bytes) : bytes;
  };
}

/** The same for a compile worker. @param load called each time that the optimiser is needed. */
export async function compileOptimizing(
  sources: readonly RegionSource[],
  load: () => Promise<Optimizer>,
): Promise<Uint8Array> {
  return isWorthOptimizing(sources) ? compilerWith(await load())(sources) : compileRegions(sources);
}
