/** A machine's worker as its page sees it. */
import type { MachineThread } from '../../api/platform.ts';
import type { FromThread, ToThread } from '../../api/protocol.ts';
import type { Assets } from './assets.ts';
import { compilerStarter } from './compile-worker.ts';
import { startWorker } from './worker-scope.ts';

/** Name of machines' workers. */
export const MACHINE = 'longmode machine';

/** What the worker (machine.ts) is told, at first `start`. */
export type ToMachineWorker =
  | { readonly kind: 'start'; readonly assets: Assets }
  | { readonly kind: 'compiler failed'; readonly reason: string }
  | ToThread;

/** What it says; it asks for one compile worker at most. */
export type FromMachineWorker = { readonly kind: 'start compiler'; readonly port: MessagePort } | FromThread;

export function startMachineWorker(assets: Assets): MachineThread {
  const worker = startWorker(assets.machine, MACHINE);
  const post = (message: ToMachineWorker, transfer: ArrayBuffer[] = []): void =>
    worker.postMessage(message, transfer);
  let receive: (message: FromThread) => void = () => {};
  let endCompiler: () => void = () => {};
  let fail: (error: Error) => void = () => {};
  let failure: Error | undefined;
  worker.onmessage = ({ data }: MessageEvent<FromMachineWorker>) => {
    if (data.kind === 'start compiler') {
      endCompiler = compilerStarter(assets)(data.port, (reason) => post({ kind: 'compiler failed', reason }));
    } else receive(data);
  };
  worker.onerror = ({ message }) => {
    const why = message ? `: ${message}` : `; is ${assets.machine} there?`;
    failure = new Error(`the machine's worker failed${why}`);
    fail(failure);
  };
  post({ kind: 'start', assets });
  return {
    post,
    listen: (listener) => {
      receive = listener;
    },
    onFailure: (listener) => {
      fail = listener;
      if (failure !== undefined) listener(failure);
    },
    end: async () => {
      worker.terminate();
      endCompiler();
    },
  };
}
