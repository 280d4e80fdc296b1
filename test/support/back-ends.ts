/** The back ends that compile regions, for tests that run both. */
import type { LocalCompiler } from '../../src/code-cache/tiering.ts';
import { compileRegions } from '../../src/compile/compiler.ts';
import { BinaryenModule } from '../../src/wasm/binaryen.ts';

export type BackEnd = 'writer' | 'Binaryen';

export const BACK_ENDS: Readonly<Record<BackEnd, LocalCompiler>> = {
  writer: (regions) => compileRegions(regions),
  Binaryen: (regions) => compileRegions(regions, new BinaryenModule()),
};
