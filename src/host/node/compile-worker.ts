/** The compile worker in Node: regions in, modules out. */
import { parentPort } from 'node:worker_threads';
import type { CompileRequest, CompileResult } from '../../code-cache/tiering.ts';
import { compileRegions } from '../../compile/compiler.ts';
import { unpackRegions } from '../../compile/region-source.ts';
import { compileEagerly } from './eager-compilation.ts';

parentPort?.on('message', ({ id, regions }: CompileRequest) => {
  const start = performance.now();
  const bytes = compileRegions(unpackRegions(regions));
  const module = compileEagerly(bytes);
  const result: CompileResult = { id, module, bytes: bytes.length, milliseconds: performance.now() - start };
  parentPort?.postMessage(result);
});
