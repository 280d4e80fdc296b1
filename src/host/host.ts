import type { LocalCompiler, RemoteCompiler } from '../code-cache/tiering.ts';

/** What the machine needs of the place it runs in. Node's is in host/node, the browser's in host/browser. */
export interface Host {
  /** Monotonic time in milliseconds. */
  now(): number;
  /** Milliseconds since 1970 (UTC). */
  epochMilliseconds(): number;
  /** The compiled runtime module. */
  loadRuntime(): Promise<WebAssembly.Module>;
  /** Does what makes a processor's memory faster, before anything is in it. @param most bytes that it may grow to. */
  prepareMemory?(memory: WebAssembly.Memory, most: number): void;
  /** Lets the host's other events happen, then continues at once. */
  yield(): Promise<void>;
  /** Sleeps for at most `milliseconds` (Infinity: until woken); `wake` ends it early. */
  sleep(milliseconds: number): { readonly done: Promise<void>; wake(): void };
  /** The compiler for the machine's own thread. */
  loadCompiler(): Promise<LocalCompiler>;
  /** @param name MachineOptions.codeCache. @throws InputError where code cannot be kept under it, and a user should be told. */
  checkCodeCache(name: string): Promise<void>;
  /** Starts the compile worker. */
  startCompiler(): RemoteCompiler;
}
