/** The machine in a browser: the program of its worker, or to import. */
import type { FromThread, Link, ToThread } from '../../api/protocol.ts';
import { serveMachine } from '../../api/thread/server.ts';
import type { Assets } from './assets.ts';
import type { StartCompiler } from './compile-worker.ts';
import { BrowserHost } from './host.ts';
import { type FromMachineWorker, MACHINE, type ToMachineWorker } from './machine-worker.ts';
import { type WorkerScope, workerScope } from './worker-scope.ts';

export function serve(link: Link<FromThread, ToThread>, assets: Assets, startCompiler?: StartCompiler): void {
  serveMachine(link, new BrowserHost(assets, startCompiler));
}

function serveScope(scope: WorkerScope): void {
  let receive: (message: ToThread) => void = () => {};
  let compilerFailed: (reason: string) => void = () => {};
  const post = (message: FromMachineWorker, transfer: Transferable[] = []): void =>
    scope.postMessage(message, transfer);
  const link: Link<FromThread, ToThread> = {
    post,
    listen: (listener) => {
      receive = listener;
    },
  };
  const startCompiler: StartCompiler = (port, onFailure) => {
    compilerFailed = onFailure;
    post({ kind: 'start compiler', port }, [port]);
    // It ends with this worker.
    return () => {};
  };
  scope.addEventListener('message', ({ data }: MessageEvent<ToMachineWorker>) => {
    if (data.kind === 'start') serve(link, data.assets, startCompiler);
    else if (data.kind === 'compiler failed') compilerFailed(data.reason);
    else receive(data);
  });
}

const scope = workerScope(MACHINE);
if (scope !== undefined) serveScope(scope);
