/** The compile worker in Node: regions in, modules out, and what is kept of them for other runs. */
import { parentPort, workerData } from 'node:worker_threads';
import type { CompileRequest, CompileResult } from '../../code-cache/tiering.ts';
import { compileOptimizing } from '../../compile/optimizing.ts';
import { unpackRegions } from '../../compile/region-source.ts';
import { CodeArchive } from '../../saved-code/archive.ts';
import type { ArchiveRequest } from '../../saved-code/messages.ts';
import { CodeFolder } from './code-folder.ts';
import { compileEagerly, compileOptimized } from './eager-compilation.ts';
import { loadOptimizer } from './optimizer.ts';

export interface CompileWorkerOptions {
  /** Whether compileOptimized() may be used. */
  readonly optimizesAtOnce: boolean;
}

/**
 * Bytes of machine code that a saved region executes before V8 optimises it, far more than others do: a boot of Linux takes as long, but 0.91
 * of the processor time. What is hotter is compiled again by ourselves, soon after that.
 */
const SAVED_BUDGET = 60_000_000;

const options = workerData as CompileWorkerOptions;

const archive = new CodeArchive({
  open: (folder) => new CodeFolder(folder),
  warn: (message) => process.stderr.write(`longmode: ${message}\n`),
  compile: (bytes) => compileEagerly(bytes, SAVED_BUDGET),
  post: (result) => parentPort?.postMessage(result),
  yield: () => new Promise((resolve) => setImmediate(resolve)),
});

parentPort?.on('message', async (request: CompileRequest | ArchiveRequest) => {
  if (request.kind !== 'compile') {
    await archive.answer(request);
    return;
  }
  const { id, regions } = request;
  const start = performance.now();
  const sources = unpackRegions(regions);
  const bytes = await compileOptimizing(sources, loadOptimizer);
  // What the second tier takes the place of has been optimised, mostly, and is faster than new baseline code.
  const isHot = sources.every(({ tier }) => tier !== 'first');
  const module = isHot && options.optimizesAtOnce ? compileOptimized(bytes) : compileEagerly(bytes);
  const milliseconds = performance.now() - start;
  const result: CompileResult = { kind: 'compiled', id, module, bytes: bytes.length, milliseconds };
  parentPort?.postMessage(result);
});
