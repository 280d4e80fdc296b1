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
  /** V8's flags (engine-flags.ts), which are set before the worker's bundle is loaded (load-program.ts). */
  readonly flags: readonly string[];
}

/**
 * Bytes of machine code that a saved region executes before V8 optimises it, three times as many as others do: all saved regions are there
 * when a guest starts, and V8 has one of two processors for them. With 60 MB a second boot of Linux takes 0.90 of the processor time, but 1.03 of the time.
 */
const SAVED_BUDGET = 4_000_000;

const options = workerData as CompileWorkerOptions;

/** Not by the global `performance`: Node would load what that is made of before the first answer. */
function now(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

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
  const start = now();
  const sources = unpackRegions(regions);
  const bytes = await compileOptimizing(sources, loadOptimizer);
  // What the second tier takes the place of has been optimised, mostly, and is faster than new baseline code.
  const isHot = sources.every(({ tier }) => tier !== 'first');
  const module = isHot && options.optimizesAtOnce ? compileOptimized(bytes) : compileEagerly(bytes);
  const milliseconds = now() - start;
  const result: CompileResult = { kind: 'compiled', id, module, bytes: bytes.length, milliseconds };
  parentPort?.postMessage(result);
});
