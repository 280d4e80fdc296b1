/** All doors, and which one a file is for. */
import type { GuestMemory } from '../devices/device.ts';
import { type BootInput, ClosedDoor, type Door, ENTRIES, type EntryName } from './door.ts';
import { efi } from './efi/efi.ts';
import { InputError } from './input-error.ts';
import { linux16 } from './linux16.ts';
import { linux32 } from './linux32.ts';
import { linux64 } from './linux64.ts';
import { multiboot1 } from './multiboot/multiboot1.ts';
import { multiboot2 } from './multiboot/multiboot2.ts';
import { pvh } from './pvh.ts';
import type { StartState } from './start-state.ts';
import { unpacked } from './unpacked.ts';
import { vmlinux } from './vmlinux.ts';

type AnyDoor = Door | Door<Promise<StartState>>;

/** In the order in which they are tried where the user names none. */
export const DOORS: readonly AnyDoor[] = [
  unpacked,
  linux64,
  linux32,
  linux16,
  multiboot2,
  multiboot1,
  pvh,
  vmlinux,
  efi,
];

/**
 * Puts a kernel into memory.
 * @param entry the door that the user asked for; undefined takes the first that fits the file and is open.
 * @throws InputError when there is none.
 */
export async function loadKernel(
  memory: GuestMemory,
  input: BootInput,
  entry: EntryName | undefined,
): Promise<StartState> {
  const [door, ...others] = findDoors(input.kernel, entry) as [AnyDoor, ...AnyDoor[]];
  try {
    return await door.load(memory, input);
  } catch (error) {
    const [next] = others;
    if (!(error instanceof ClosedDoor) || next === undefined || entry !== undefined) throw error;
    return await next.load(memory, input);
  }
}

/** The first door that fits a file. @throws InputError when there is none. */
export function findDoor(file: Uint8Array, entry: EntryName | undefined): AnyDoor {
  return findDoors(file, entry)[0] as AnyDoor;
}

/** At least one. */
function findDoors(file: Uint8Array, entry: EntryName | undefined): AnyDoor[] {
  if (file.length === 0) throw new InputError('the kernel is an empty file');
  const fitting = DOORS.filter((door) => door.recognises(file));
  if (fitting.length === 0) {
    throw new InputError(
      'not a kernel: no setup header of Linux, no Multiboot header, no ELF file of 64 bits or with a PVH note, no EFI application',
    );
  }
  const doors = fitting.filter((door) => entry === undefined || door.entry === entry);
  if (doors.length > 0) return doors;
  const entries = ENTRIES.filter((name) => fitting.some((door) => door.entry === name));
  throw new InputError(`this file has no ${entry} entry point, only ${entries.join(', ')}`);
}
