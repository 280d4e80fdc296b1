/** The host functions in Node. */
import { existsSync, readFileSync } from 'node:fs';
import { InputError } from '../../boot/input-error.ts';
import type {
  CompileRequest,
  CompileResult,
  LocalCompiler,
  RemoteCompiler,
} from '../../code-cache/tiering.ts';
import type { ArchiveRequest, ArchiveResult, SaveRequest } from '../../saved-code/messages.ts';
import { type Guest, packPlace } from '../../saved-code/pack-place.ts';
import type { Host } from '../host.ts';
import { postToPrepared, takeCompiler } from './compiler-thread.ts';
import { compileInBaseline, compileLazily } from './eager-compilation.ts';
import { optimizesWithoutBaseline, setChosenFlags } from './engine-flags.ts';
import { reason } from './file-error.ts';
import { useLargePages } from './large-pages.ts';
import { loadOptimizer } from './optimizer.ts';

/** The runtime beside the built package, or in build/ when run from source. */
const RUNTIME_LOCATIONS = ['../../longmode/runtime.wasm', '../../../build/runtime.wasm'];

const { hrtime } = process;

/** @throws where nothing can be written. */
async function saveDetached(request: SaveRequest): Promise<void> {
  const { startPackWriter } = await import('./start-pack-writer.ts');
  startPackWriter(request);
}

interface NodeHostOptions {
  /** What is to be kept is left to a process that outlives this one: nobody waits for it. */
  readonly savesDetached?: boolean;
}

export class NodeHost implements Host {
  private readonly savesDetached: boolean;
  private runtime: WebAssembly.Module | undefined;

  constructor({ savesDetached = false }: NodeHostOptions = {}) {
    this.savesDetached = savesDetached;
  }

  /** Not by the global `performance`, which Node loads when it is first asked for, nor by the global `process`, which is a function's result. */
  now(): number {
    const [seconds, nanoseconds] = hrtime();
    return seconds * 1e3 + nanoseconds / 1e6;
  }

  epochMilliseconds(): number {
    return Date.now();
  }

  async loadRuntime(): Promise<WebAssembly.Module> {
    this.runtime ??= this.readRuntime();
    return this.runtime;
  }

  private readRuntime(): WebAssembly.Module {
    setChosenFlags();
    for (const location of RUNTIME_LOCATIONS) {
      const file = new URL(location, import.meta.url);
      // At once: by turns of the event loop it takes 20 ms, while the compile worker starts.
      if (existsSync(file)) return new WebAssembly.Module(readFileSync(file));
    }
    throw new Error('runtime.wasm is missing: run `npm run build`');
  }

  /** V8 reserves addresses for as much as a memory may grow to. */
  prepareMemory(memory: WebAssembly.Memory, most: number): void {
    useLargePages(memory.buffer, most);
  }

  yield(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }

  sleep(milliseconds: number): { readonly done: Promise<void>; wake(): void } {
    let wake: () => void = () => {};
    const done = new Promise<void>((resolve) => {
      // setTimeout counts whole milliseconds; a shorter wait only lets other events happen.
      const timer =
        milliseconds < 1 ? undefined : setTimeout(resolve, Math.min(Math.floor(milliseconds), 2 ** 31 - 1));
      const immediate = milliseconds < 1 ? setImmediate(resolve) : undefined;
      wake = () => {
        if (timer !== undefined) clearTimeout(timer);
        if (immediate !== undefined) clearImmediate(immediate);
        resolve();
      };
    });
    return { done, wake };
  }

  async loadCompiler(): Promise<LocalCompiler> {
    // Where the worker compiles, nothing of the compiler is loaded on this side.
    const { compilerWith } = await import('../../compile/optimizing.ts');
    return compilerWith(await loadOptimizer());
  }

  async checkCodeCache(folder: string): Promise<void> {
    const { CodeFolder } = await import('./code-folder.ts');
    try {
      new CodeFolder(folder).prepare();
    } catch (error) {
      throw new InputError(`codeCache: ${folder}: ${reason(error)}`);
    }
  }

  /** Lets the worker of prepareCompiler() read and compile what the next machine will ask for, while that is loaded. */
  async prepareCode(guest: Guest): Promise<void> {
    const place = packPlace(await this.loadRuntime(), guest);
    if (place !== undefined) postToPrepared({ kind: 'prepare', place });
  }

  startCompiler(): RemoteCompiler {
    const worker = takeCompiler();
    let failure = 'it ended';
    let isClosed = false;
    let outstanding = 0;
    let onResult: (result: CompileResult | ArchiveResult) => void = () => {};
    let onFailure: () => void = () => {};
    worker.on('message', (result: CompileResult | ArchiveResult) => {
      if (result.kind === 'compiled' || result.kind === 'saved') outstanding -= 1;
      if (outstanding === 0 && !isClosed) worker.unref();
      onResult(result);
    });
    worker.on('error', (error) => {
      failure = String(error);
    });
    // Follows an error too.
    worker.on('exit', () => {
      if (!isClosed)
        process.emitWarning(`the compile worker failed, the guest goes on interpreted: ${failure}`);
      onFailure();
    });
    // Adding a listener takes a reference.
    worker.unref();
    return {
      post: (request: CompileRequest | ArchiveRequest) => {
        if (request.kind === 'save' && this.savesDetached) {
          saveDetached(request)
            .catch((error) =>
              process.stderr.write(`longmode: cannot write to the code cache: ${reason(error)}\n`),
            )
            .then(() => onResult({ kind: 'saved' }));
          return;
        }
        // A machine may be waiting for the result: it must not be alone in keeping the process alive.
        if (request.kind === 'compile' || request.kind === 'save') {
          if (outstanding === 0) worker.ref();
          outstanding += 1;
        }
        worker.postMessage(request);
      },
      listen: (resultListener, failureListener) => {
        onResult = resultListener;
        onFailure = failureListener;
      },
      close: async () => {
        isClosed = true;
        // Or the process may end before the worker has.
        worker.ref();
        await worker.terminate();
        compileLazily();
        if (optimizesWithoutBaseline()) compileInBaseline();
      },
    };
  }
}
