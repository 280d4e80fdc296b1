/** The compile worker in Node: regions in, modules out. */
import { parentPort } from 'node:worker_threads';
import { compileRegions, unpackRegions } from '../../translate/compiler.ts';
import type { CompileRequest, CompileResult } from '../../translate/tiering.ts';

parentPort?.on('message', ({ id, regions }: CompileRequest) => {
  const start = performance.now();
  const bytes = compileRegions(unpackRegions(regions));
  const module = new WebAssembly.Module(bytes as BufferSource);
  const result: CompileResult = { id, module, bytes: bytes.length, milliseconds: performance.now() - start };
  parentPort?.postMessage(result);
});
