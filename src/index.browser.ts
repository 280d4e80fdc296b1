/** The public API in a page or in a worker of one. */
import { Machine as AnyMachine, type MachineOptions } from './api/machine.ts';
import type { Assets } from './host/browser/assets.ts';
import { browserPlatform } from './host/browser/platform.ts';

export * from './api/index.ts';

/** Bundlers find files in this form, and copy them. They are not to be bundled: they are programs of workers. */
const ASSETS: Assets = {
  machine: new URL('./longmode/machine.js', import.meta.url).href,
  compiler: new URL('./longmode/compiler.js', import.meta.url).href,
  runtime: new URL('./longmode/runtime.wasm', import.meta.url).href,
  binaryen: new URL('./longmode/binaryen.wasm', import.meta.url).href,
};

export type Machine = AnyMachine;

export const Machine = {
  /**
   * Makes a machine with the kernel in its memory, ready to run().
   * @throws InputError for a kernel, initramfs, command line or memory size that cannot be used;
   * UnsupportedEngineError.
   */
  create(options: MachineOptions): Promise<Machine> {
    return AnyMachine.create(browserPlatform(ASSETS), options);
  },
};
