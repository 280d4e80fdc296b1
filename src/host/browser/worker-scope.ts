/** Workers of a page: how they are started, and what they see of themselves. */

/** What is used of DedicatedWorkerGlobalScope. */
export interface WorkerScope {
  /** As given to startWorker(). */
  readonly name: string;
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
}

/**
 * The worker this runs in, if it was started with that name: modules that are a worker's program can then be
 * imported too.
 */
export function workerScope(name: string): WorkerScope | undefined {
  const scope = globalThis as unknown as Partial<WorkerScope>;
  return 'DedicatedWorkerGlobalScope' in globalThis && scope.name === name
    ? (scope as WorkerScope)
    : undefined;
}

/** @param url of a module, which may be of another origin, if that allows it by CORS. */
export function startWorker(url: string, name: string): Worker {
  if (new URL(url).origin === location.origin) return new Worker(url, { type: 'module', name });
  // Workers are only started from their page's own origin, but may import from others.
  const program = new Blob([`import ${JSON.stringify(url)};`], { type: 'text/javascript' });
  const own = URL.createObjectURL(program);
  const worker = new Worker(own, { type: 'module', name });
  worker.addEventListener('message', () => URL.revokeObjectURL(own), { once: true });
  return worker;
}
