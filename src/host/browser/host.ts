/** The host functions in a page or in a worker of one. */
import type {
  CompileRequest,
  CompileResult,
  LocalCompiler,
  RemoteCompiler,
} from '../../code-cache/tiering.ts';
import type { ArchiveRequest, ArchiveResult } from '../../saved-code/messages.ts';
import type { Host } from '../host.ts';
import type { Assets } from './assets.ts';
import { compilerStarter, type StartCompiler } from './compile-worker.ts';
import { importModule } from './import-module.ts';

/** What the compiler's module (compiler.ts) exports. */
interface CompilerModule {
  loadCompiler(binaryen: string): Promise<LocalCompiler>;
}

export class BrowserHost implements Host {
  private readonly assets: Assets;
  private readonly startCompileWorker: StartCompiler;
  private readonly turns = new MessageChannel();
  private waiting: (() => void)[] = [];

  /** @param startCompileWorker how a compile worker is started; beneath the caller's thread by default. */
  constructor(assets: Assets, startCompileWorker: StartCompiler = compilerStarter(assets)) {
    this.assets = assets;
    this.startCompileWorker = startCompileWorker;
    this.turns.port1.onmessage = () => {
      const { waiting } = this;
      this.waiting = [];
      for (const resolve of waiting) resolve();
    };
  }

  now(): number {
    return performance.now();
  }

  epochMilliseconds(): number {
    return Date.now();
  }

  async loadRuntime(): Promise<WebAssembly.Module> {
    const response = await fetchAsset(this.assets.runtime);
    // Other servers do not know the media type, without which streaming is refused.
    return response.headers.get('content-type') === 'application/wasm'
      ? await WebAssembly.compileStreaming(response)
      : await WebAssembly.compile(await response.arrayBuffer());
  }

  /** A message to oneself: a timer would wait four milliseconds when it is set from another timer. */
  yield(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      if (this.waiting.length === 1) this.turns.port2.postMessage(undefined);
    });
  }

  sleep(milliseconds: number): { readonly done: Promise<void>; wake(): void } {
    // Timers count whole milliseconds; a shorter wait only lets other events happen.
    if (milliseconds < 1) return { done: this.yield(), wake: () => {} };
    let wake: () => void = () => {};
    const woken = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.min(Math.floor(milliseconds), 2 ** 31 - 1));
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    // What comes next does not count as set from a timer.
    return { done: woken.then(() => this.yield()), wake };
  }

  async loadCompiler(): Promise<LocalCompiler> {
    const { compiler, binaryen } = this.assets;
    const module = (await importModule(compiler)) as CompilerModule;
    return await module.loadCompiler(binaryen);
  }

  /** A page without Cache Storage, or in which it is forbidden, does without. */
  async checkCodeCache(): Promise<void> {}

  startCompiler(): RemoteCompiler {
    const { port1: port, port2: otherEnd } = new MessageChannel();
    let onFailure: () => void = () => {};
    const end = this.startCompileWorker(otherEnd, (reason) => {
      console.warn(`longmode: the compile worker failed, the guest goes on interpreted: ${reason}`);
      onFailure();
    });
    return {
      post: (request: CompileRequest | ArchiveRequest) => port.postMessage(request),
      listen: (resultListener, failureListener) => {
        port.onmessage = ({ data }: MessageEvent<CompileResult | ArchiveResult>) => resultListener(data);
        onFailure = failureListener;
      },
      close: async () => {
        port.close();
        end();
      },
    };
  }
}

/** @throws Error that names the file a host does not have. */
export async function fetchAsset(url: string): Promise<Response> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`cannot get ${url}: ${response.status} ${response.statusText}`.trimEnd());
  return response;
}
