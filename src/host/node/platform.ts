/** What the public API needs of Node. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { createLocalLink } from '../../api/local-link.ts';
import type { MachineThread, OpenFile, Platform } from '../../api/platform.ts';
import type { FromThread, ToThread } from '../../api/protocol.ts';
import { openUrl } from '../open-url.ts';
import { NodeHost } from './host.ts';

export const nodePlatform: Platform = {
  async open(location, signal) {
    const url = location instanceof URL ? location : URL.canParse(location) ? new URL(location) : undefined;
    if (url === undefined) return await openFile(String(location));
    return url.protocol === 'file:' ? await openFile(fileURLToPath(url)) : await openUrl(url, signal);
  },

  startThread: () => new WorkerThread(),

  async startHere() {
    const { serveMachine } = await import('../../api/thread/server.ts');
    const [link, ours] = createLocalLink<FromThread, ToThread>();
    serveMachine(link, new NodeHost());
    return {
      post: (message) => ours.post(message),
      listen: (receive) => ours.listen(receive),
      onFailure: () => {},
      end: async () => {},
    };
  },
};

async function openFile(path: string): Promise<OpenFile> {
  const { size } = await stat(path);
  return { body: Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>, size };
}

/** A machine in a worker thread, which keeps the process alive only while something is awaited of it. */
class WorkerThread implements MachineThread {
  private readonly worker: Worker;
  private receive: (message: FromThread) => void = () => {};
  private failure: Error | undefined;
  private fail: (error: Error) => void = () => {};
  private outstanding = 0;

  constructor() {
    const location = import.meta.url.endsWith('.ts')
      ? new URL('./machine-worker.ts', import.meta.url)
      : new URL('./machine-worker.js', import.meta.url);
    // The program's own flags (--input-type and kin) are none of the worker's business.
    this.worker = new Worker(location, { execArgv: [] });
    this.worker.on('message', (message: FromThread) => {
      if (message.kind === 'result' || message.kind === 'thrown') {
        this.outstanding -= 1;
        if (this.outstanding === 0) this.worker.unref();
      }
      this.receive(message);
    });
    let reason = new Error("the machine's thread has ended");
    this.worker.on('error', (error) => {
      reason = error as Error;
    });
    // Follows an error too.
    this.worker.on('exit', () => {
      this.failure = reason;
      this.fail(reason);
    });
    this.worker.unref();
  }

  post(message: ToThread, transfer: ArrayBuffer[] = []): void {
    if (message.kind === 'call') {
      if (this.outstanding === 0) this.worker.ref();
      this.outstanding += 1;
    }
    this.worker.postMessage(message, transfer);
  }

  listen(receive: (message: FromThread) => void): void {
    this.receive = receive;
  }

  onFailure(listener: (error: Error) => void): void {
    this.fail = listener;
    if (this.failure !== undefined) listener(this.failure);
  }

  async end(): Promise<void> {
    this.fail = () => {};
    this.worker.ref();
    await this.worker.terminate();
  }
}
