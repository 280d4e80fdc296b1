/**
 * The compile worker as others see it: it answers on a port, so that who starts it can be another than who uses it.
 *
 * The page starts the one of a machine in a worker. For in Firefox a worker that starts a worker may hang for ever
 * while DevTools or WebDriver listen: `new Worker` waits there until the page knows of the new worker, on a condition
 * that the new worker waits for too, and only one of them is woken.
 */
import type { Assets } from './assets.ts';
import { startWorker } from './worker-scope.ts';

/** Name of compile workers. */
export const COMPILER = 'longmode compiler';

/** The only message to the worker itself. */
export interface CompilerStart {
  readonly port: MessagePort;
  /** URL of Binaryen's module. */
  readonly binaryen: string;
}

/**
 * Starts a compile worker that answers on the other end of `port`.
 * @param onFailure told why nothing more will come.
 * @returns what ends it.
 */
export type StartCompiler = (port: MessagePort, onFailure: (reason: string) => void) => () => void;

/** Starts compile workers beneath the caller's thread. */
export function compilerStarter({ compiler, binaryen }: Assets): StartCompiler {
  return (port, onFailure) => {
    const worker = startWorker(compiler, COMPILER);
    worker.onerror = ({ message }) => onFailure(message || `is ${compiler} there?`);
    const start: CompilerStart = { port, binaryen };
    worker.postMessage(start, [port]);
    return () => worker.terminate();
  };
}
