/** The machine without a thread or a platform: for programs that bring their own Host. */
export type { BootModule, EntryName } from './boot/door.ts';
export { InputError } from './boot/input-error.ts';
export type {
  CompileRequest,
  CompileResult,
  LocalCompiler,
  RemoteCompiler,
  Tier,
} from './code-cache/tiering.ts';
export type { Host } from './host/host.ts';
export type { ClockKind } from './machine/clock.ts';
export { type Ending, Machine } from './machine/machine.ts';
export {
  type Bytes,
  LARGEST_MEMORY,
  type MachineOptions,
  type ModuleOption,
  SMALLEST_MEMORY,
} from './machine/options.ts';
export { BACKED_MEMORY } from './machine/ram.ts';
export type { Stall } from './machine/stall-watch.ts';
export type { Statistics } from './machine/statistics.ts';
