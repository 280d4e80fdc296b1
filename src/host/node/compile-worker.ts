/** The compile worker in Node: regions in, modules out. */
import { parentPort } from 'node:worker_threads';
import { unpackRegions } from '../../translate/region-source.ts';
import type { CompileRequest, CompileResult } from '../../translate/tiering.ts';
import { compileEagerly } from './eager-compilation.ts';

// Loads Binaryen. Node does not wait for a module that is being compiled: only the listener keeps the worker alive.
const compiler = import('../../translate/compiler.ts');

parentPort?.on('message', async ({ id, regions }: CompileRequest) => {
  const { compileRegions } = await compiler;
  const start = performance.now();
  const bytes = compileRegions(unpackRegions(regions));
  const module = compileEagerly(bytes);
  const result: CompileResult = { id, module, bytes: bytes.length, milliseconds: performance.now() - start };
  parentPort?.postMessage(result);
});
