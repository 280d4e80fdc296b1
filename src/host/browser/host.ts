/** The host functions in a page or in a worker of one. */
import type {
  CompileRequest,
  CompileResult,
  LocalCompiler,
  RemoteCompiler,
} from '../../code-cache/tiering.ts';
import type { Host } from '../host.ts';
import type { Assets } from './assets.ts';
import { importModule } from './import-module.ts';
import { startWorker } from './worker-scope.ts';

/** Name of compile workers. */
export const COMPILER = 'longmode compiler';

/** The first message to a compile worker. */
export interface CompilerStart {
  /** URL of Binaryen's module. */
  readonly binaryen: string;
}

/** What the compiler's module (compiler.ts) exports. */
interface CompilerModule {
  loadCompiler(binaryen: string): Promise<{ readonly compileRegions: LocalCompiler }>;
}

export class BrowserHost implements Host {
  private readonly assets: Assets;
  private readonly turns = new MessageChannel();
  private waiting: (() => void)[] = [];

  constructor(assets: Assets) {
    this.assets = assets;
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
    return (await module.loadCompiler(binaryen)).compileRegions;
  }

  startCompiler(): RemoteCompiler {
    const worker = startWorker(this.assets.compiler, COMPILER);
    const start: CompilerStart = { binaryen: this.assets.binaryen };
    worker.postMessage(start);
    let onFailure: () => void = () => {};
    worker.onerror = (event) => {
      console.warn(
        `longmode: the compile worker failed, the guest goes on interpreted: ${event.message ?? ''}`,
      );
      onFailure();
    };
    return {
      post: (request: CompileRequest) => worker.postMessage(request),
      listen: (resultListener, failureListener) => {
        worker.onmessage = ({ data }: MessageEvent<CompileResult>) => resultListener(data);
        onFailure = failureListener;
      },
      close: async () => worker.terminate(),
    };
  }
}

/** @throws Error that names the file a host does not have. */
export async function fetchAsset(url: string): Promise<Response> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`cannot get ${url}: ${response.status} ${response.statusText}`.trimEnd());
  return response;
}
