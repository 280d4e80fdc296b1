/** What the public API has besides Machine.create, which depends on where it runs. */
export type { EntryName } from '../boot/door.ts';
export { InputError } from '../boot/input-error.ts';
export type { Tier } from '../code-cache/tiering.ts';
export type { ClockKind } from '../machine/clock.ts';
export type { Ending } from '../machine/machine.ts';
export { LARGEST_MEMORY, SMALLEST_MEMORY } from '../machine/options.ts';
export { BACKED_MEMORY } from '../machine/ram.ts';
export type { Stall } from '../machine/stall-watch.ts';
export type { Statistics } from '../machine/statistics.ts';
export type { Console, WaitOptions } from './console.ts';
export { UnsupportedEngineError } from './engine.ts';
export type {
  BootProgressEvent,
  EndedEvent,
  MachineErrorEvent,
  MachineEvents,
  OutputEvent,
  Progress,
  StallEvent,
} from './events.ts';
export type { MachineOptions, ModuleSource } from './machine.ts';
export type { BootStage } from './protocol.ts';
export type { Source } from './source.ts';
