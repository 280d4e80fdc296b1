/** The public API in Node. */
import { Machine as AnyMachine, type MachineOptions } from './api/machine.ts';
import { nodePlatform } from './host/node/platform.ts';

export * from './api/index.ts';

export type Machine = AnyMachine;

export const Machine = {
  /**
   * Makes a machine with the kernel in its memory, ready to run().
   * @throws InputError for a kernel, initramfs, command line or memory size that cannot be used;
   * UnsupportedEngineError.
   */
  create(options: MachineOptions): Promise<Machine> {
    return AnyMachine.create(nodePlatform, options);
  },
};
