/** The machine in a browser: the program of its worker, or to import. */
import type { FromThread, Link, ToThread } from '../../api/protocol.ts';
import { serveMachine } from '../../api/thread/server.ts';
import type { Assets } from './assets.ts';
import { BrowserHost } from './host.ts';
import { MACHINE } from './platform.ts';
import { type WorkerScope, workerScope } from './worker-scope.ts';

export function serve(link: Link<FromThread, ToThread>, assets: Assets): void {
  serveMachine(link, new BrowserHost(assets));
}

/** The first message is about the assets, all others are of the API. */
function serveScope(scope: WorkerScope): void {
  let receive: ((message: ToThread) => void) | undefined;
  scope.addEventListener('message', ({ data }: MessageEvent<Assets | ToThread>) => {
    if ('kind' in data) receive?.(data);
    else {
      serve(
        {
          post: (message, transfer = []) => scope.postMessage(message, transfer),
          listen: (listener) => {
            receive = listener;
          },
        },
        data,
      );
    }
  });
}

const scope = workerScope(MACHINE);
if (scope !== undefined) serveScope(scope);
