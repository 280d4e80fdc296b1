/** What the public API needs of a browser. */
import { createLocalLink } from '../../api/local-link.ts';
import type { MachineThread, Platform } from '../../api/platform.ts';
import type { FromThread, Link, ToThread } from '../../api/protocol.ts';
import { openUrl } from '../open-url.ts';
import type { Assets } from './assets.ts';
import { importModule } from './import-module.ts';
import { startMachineWorker } from './machine-worker.ts';

/** What the machine's module (machine.ts) exports. */
interface MachineModule {
  serve(link: Link<FromThread, ToThread>, assets: Assets): void;
}

export function browserPlatform(assets: Assets): Platform {
  return {
    open: async (location, signal) => {
      const url = new URL(location, 'document' in globalThis ? document.baseURI : globalThis.location.href);
      return await openUrl(url, signal);
    },

    startThread: () => startMachineWorker(assets),

    async startHere(): Promise<MachineThread> {
      const module = (await importModule(assets.machine)) as MachineModule;
      const [link, ours] = createLocalLink<FromThread, ToThread>();
      module.serve(link, assets);
      return {
        post: (message) => ours.post(message),
        listen: (receive) => ours.listen(receive),
        onFailure: () => {},
        end: async () => {},
      };
    },
  };
}
