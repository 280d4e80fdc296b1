/** The compile worker in Node: regions in, modules out. */
import { parentPort } from 'node:worker_threads';
import type { CompileRequest, CompileResult } from '../../code-cache/tiering.ts';
import { compileOptimizing } from '../../compile/optimizing.ts';
import { unpackRegions } from '../../compile/region-source.ts';
import { compileEagerly } from './eager-compilation.ts';
import { loadOptimizer } from './optimizer.ts';

parentPort?.on('message', async ({ id, regions }: CompileRequest) => {
  const start = performance.now();
  const bytes = await compileOptimizing(unpackRegions(regions), loadOptimizer);
  const module = compileEagerly(bytes);
  const result: CompileResult = { id, module, bytes: bytes.length, milliseconds: performance.now() - start };
  parentPort?.postMessage(result);
});
