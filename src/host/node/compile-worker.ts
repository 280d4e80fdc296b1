/** The compile worker in Node: regions in, modules out. */
import { parentPort } from 'node:worker_threads';
import type { CompileRequest, CompileResult } from '../../code-cache/tiering.ts';
import { unpackRegions } from '../../compile/region-source.ts';
import { loadCompiler } from './compiler.ts';
import { compileEagerly } from './eager-compilation.ts';

// Node does not wait for a module that is being compiled: only the listener keeps the worker alive.
const compiler = loadCompiler();

parentPort?.on('message', async ({ id, regions }: CompileRequest) => {
  const { compileRegions } = await compiler;
  const start = performance.now();
  const bytes = compileRegions(unpackRegions(regions));
  const module = compileEagerly(bytes);
  const result: CompileResult = { id, module, bytes: bytes.length, milliseconds: performance.now() - start };
  parentPort?.postMessage(result);
});
