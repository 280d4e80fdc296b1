/**
 * A door: one way from a file to running code. It says which files it takes, puts the file and what goes with it
 * into memory, and tells the state to start the processor in; the machine only enters what it is handed.
 */
import type { GuestMemory } from '../devices/device.ts';
import type { E820Entry } from './e820.ts';
import type { Hardware } from './firmware.ts';
import { InputError } from './input-error.ts';
import type { StartState } from './start-state.ts';
import type { Piece } from './unpack/unpack.ts';

/** What `--entry` can ask for. */
export const ENTRIES = ['16', '32', '64', 'unpacked', 'efi', 'pvh', 'multiboot'] as const;
export type EntryName = (typeof ENTRIES)[number];

/** A file loaded beside the kernel: an initramfs, or a Multiboot module with its arguments. */
export interface BootModule {
  readonly data: Uint8Array;
  /** For Multiboot kernels; Linux takes none. */
  readonly commandLine?: string;
}

export interface BootInput {
  /** The file. */
  readonly kernel: Uint8Array;
  readonly modules: readonly BootModule[];
  readonly commandLine: string;
  readonly e820: readonly E820Entry[];
  /** Guest-physical address of the ACPI root pointer; 0 when there is none. */
  readonly rsdpAddress: number;
  /** Random bytes the kernel may credit as entropy, at most 4080. */
  readonly seed?: Uint8Array | undefined;
  /** The kernel's payload, of beginUnpacking(); undefined where nothing can unpack it. */
  readonly unpacked?: AsyncIterable<Piece> | undefined;
  /** The processor has 5-level paging. */
  readonly fiveLevelPaging?: boolean;
  /** For doors that bring firmware, and chance. */
  readonly hardware: Hardware;
}

/** This door is not for this file or this machine, although it recognises it: another may be. */
export class ClosedDoor extends InputError {}

export interface Door<Loaded extends StartState | Promise<StartState> = StartState> {
  readonly entry: EntryName;
  /** What it takes and does, in a few words for the help. */
  readonly description: string;
  /** Whether the file is for this door, by its magic numbers: `load` may find it damaged. Never throws. */
  recognises(file: Uint8Array): boolean;
  /**
   * Puts everything into memory.
   * @throws ClosedDoor, InputError when the file cannot be used or something does not fit; RangeError for too long a seed.
   */
  load(memory: GuestMemory, input: BootInput): Loaded;
}
