/** The ways in which regions become modules, for tests that run all. */
import type { LocalCompiler } from '../../src/code-cache/tiering.ts';
import { compileRegions } from '../../src/compile/compiler.ts';
import { BinaryenModule } from '../../src/wasm/binaryen.ts';
import { optimize } from '../../src/wasm/optimizer.ts';

export type BackEnd = 'writer' | 'old' | 'Binaryen' | 'optimizer';

export const BACK_ENDS: Readonly<Record<BackEnd, LocalCompiler>> = {
  writer: (regions) => compileRegions(regions),
  /** As where the engine has no fused multiply-add, and lets go of no instance that has imported a table. */
  old: (regions) => compileRegions(regions, undefined, false, false),
  Binaryen: (regions) => compileRegions(regions, new BinaryenModule()),
  optimizer: (regions) => optimize(compileRegions(regions)),
};
