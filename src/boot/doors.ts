/** All doors, and which one a file is for. */
import { type Door, ENTRIES, type EntryName } from './door.ts';
import { efi } from './efi/efi.ts';
import { InputError } from './input-error.ts';
import { linux16 } from './linux16.ts';
import { linux32 } from './linux32.ts';
import { linux64 } from './linux64.ts';
import { multiboot1 } from './multiboot/multiboot1.ts';
import { multiboot2 } from './multiboot/multiboot2.ts';
import { pvh } from './pvh.ts';
import { vmlinux } from './vmlinux.ts';

/** In the order in which they are tried where the user names none. */
export const DOORS: readonly Door[] = [linux64, linux32, linux16, multiboot2, multiboot1, pvh, vmlinux, efi];

/**
 * @param entry what the user asked for; undefined takes the first that fits the file.
 * @throws InputError when there is none.
 */
export function findDoor(file: Uint8Array, entry: EntryName | undefined): Door {
  if (file.length === 0) throw new InputError('the kernel is an empty file');
  const fitting = DOORS.filter((door) => door.recognises(file));
  if (fitting.length === 0) {
    throw new InputError(
      'not a kernel: no setup header of Linux, no Multiboot header, no ELF file of 64 bits or with a PVH note, no EFI application',
    );
  }
  const door = fitting.find((candidate) => entry === undefined || candidate.entry === entry);
  if (door !== undefined) return door;
  const entries = ENTRIES.filter((name) => fitting.some((candidate) => candidate.entry === name));
  throw new InputError(`this file has no ${entry} entry point, only ${entries.join(', ')}`);
}
