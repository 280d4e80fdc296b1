/** The public API. Node's host is the default; another one can be given. */
import type { Host } from './host/host.ts';
import { NodeHost } from './host/node/host.ts';
import { Machine as AnyHostMachine } from './machine/machine.ts';
import type { MachineOptions as AnyHostMachineOptions } from './machine/options.ts';

export type { BootModule, EntryName } from './boot/door.ts';
export { InputError } from './boot/input-error.ts';
export type { Tier } from './code-cache/tiering.ts';
export type { Host } from './host/host.ts';
export type { ClockKind } from './machine/clock.ts';
export type { Ending } from './machine/machine.ts';
export { type Bytes, LARGEST_MEMORY, SMALLEST_MEMORY } from './machine/options.ts';
export { BACKED_MEMORY } from './machine/ram.ts';
export type { Statistics } from './machine/statistics.ts';

export interface MachineOptions extends Omit<AnyHostMachineOptions, 'host'> {
  /** What the machine runs in; a new NodeHost by default. */
  readonly host?: Host;
}

export type Machine = AnyHostMachine;

export const Machine = {
  /**
   * Makes a machine with the kernel in its memory, ready to run().
   * @throws InputError for an option that cannot be used, which it names, and for a kernel, initramfs or command line
   * that does not fit.
   */
  create(options: MachineOptions): Promise<Machine> {
    return AnyHostMachine.create({ ...options, host: options.host ?? new NodeHost() });
  },
};
