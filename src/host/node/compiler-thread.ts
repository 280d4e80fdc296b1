/** The thread of the compile worker, which may start before the machine that it compiles for. */
import { Worker } from 'node:worker_threads';
import type { PrepareRequest } from '../../saved-code/messages.ts';
import type { CompileWorkerOptions } from './compile-worker.ts';
import { chosenFlags, optimizesWithoutBaseline } from './engine-flags.ts';

/**
 * Size of the young generation of the compile worker's heap. With what V8 takes by default the process needs 40 MB
 * more and is no faster.
 */
const COMPILER_YOUNG_MEGABYTES = 4;

function startWorker(): Worker {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const workerData: CompileWorkerOptions = {
    optimizesAtOnce: optimizesWithoutBaseline(),
    flags: chosenFlags(),
  };
  // The program's own flags (--input-type and kin) are none of the worker's business.
  const worker = new Worker(new URL(`./compile-worker.${extension}`, import.meta.url), {
    execArgv: [],
    workerData,
    resourceLimits: { maxYoungGenerationSizeMb: COMPILER_YOUNG_MEGABYTES },
  });
  // A machine that has ended must not keep the process alive.
  worker.unref();
  return worker;
}

/** Of the next machine that needs one. */
let prepared: Worker | undefined;

/**
 * Starts the worker of the process's next machine, which so loads while the machine's own modules do. One that no machine
 * takes ends with the process.
 */
export function prepareCompiler(): void {
  if (prepared !== undefined) return;
  const worker = startWorker();
  prepared = worker;
  // One that has failed already is no machine's: the next will tell why.
  worker.on('error', () => {});
  worker.on('exit', () => {
    if (prepared === worker) prepared = undefined;
  });
  worker.unref();
}

/** Asks something of the worker that was prepared, if there is one. */
export function postToPrepared(request: PrepareRequest): void {
  prepared?.postMessage(request);
}

/** The worker that was prepared, or a new one. */
export function takeCompiler(): Worker {
  const worker = prepared ?? startWorker();
  prepared = undefined;
  return worker;
}
