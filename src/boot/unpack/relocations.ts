/**
 * The places of a kernel that have an address in them, which its build appends to the ELF file in the payload: lists of 32-bit
 * virtual addresses, read from the end, each with a zero in front of it.
 * Source: Linux arch/x86/tools/relocs.c and arch/x86/boot/compressed/misc.c, handle_relocations().
 */
import type { GuestMemory } from '../../devices/device.ts';
import { InputError } from '../input-error.ts';
import type { Range } from '../placement.ts';

/** What is added at the places of a list: the distance to 4 or 8 bytes, or taken away from 4 (`inverse`). */
type Kind = 'u32' | 'inverse' | 'u64';

/** By the number of lists, from the end: Linux before 6.15 has inverse ones in 64-bit kernels. */
const LISTS: { readonly [bits in 32 | 64]: readonly (readonly Kind[])[] } = {
  32: [['u32']],
  64: [
    ['u32', 'u64'],
    ['u32', 'inverse', 'u64'],
  ],
};

export interface RelocatedKernel {
  readonly bits: 32 | 64;
  /** What has been loaded of it: guest-physical addresses. */
  readonly segments: readonly Range[];
  /** From a virtual address, without its upper half, to the physical one: to be added, modulo 2^32. */
  readonly toPhysical: number;
  /** From the addresses it was linked for to those where it runs: more than 0. */
  readonly distance: number;
}

const damaged = (what: string): InputError => new InputError(`damaged bzImage: ${what}`);

/** The lists from the end, each as it is in the file. @throws InputError for another number of lists, or what is none. */
function splitLists(words: Uint32Array, bits: 32 | 64): { kind: Kind; places: Uint32Array }[] {
  const found: Uint32Array[] = [];
  for (let end = words.length; end > 0; ) {
    const zero = words.lastIndexOf(0, end - 1);
    if (zero < 0) throw damaged('its relocations have no end');
    found.push(words.subarray(zero + 1, end));
    end = zero;
  }
  const kinds = LISTS[bits].find(({ length }) => length === found.length);
  if (kinds === undefined) throw damaged(`there are ${found.length} lists of relocations`);
  return found.map((places, index) => ({ kind: kinds[index] as Kind, places }));
}

/** Adds to a little-endian number of 4 or 8 bytes. */
function addTo(view: DataView, at: number, size: number, value: number): void {
  const sum = view.getUint32(at, true) + value;
  view.setUint32(at, sum, true);
  if (size === 8 && sum >= 2 ** 32) view.setUint32(at + 4, view.getUint32(at + 4, true) + 1, true);
}

/**
 * Adds to the numbers at places from an index on, as long as they are in a view.
 * @param toView from a place to the view, modulo 2^32. @param end where the view ends.
 * @returns the index of the first that is not in it.
 *
 * It runs once, cold, 200,000 times around: so there are no calls and only 32-bit integers.
 */
function addWithin(
  view: DataView,
  places: Uint32Array,
  index: number,
  toView: number,
  end: number,
  value: number,
): number {
  const { length } = places;
  for (; index < length; index++) {
    const at = ((places[index] as number) + toView) | 0;
    if (at < 0 || at > end) break;
    view.setInt32(at, (view.getInt32(at, true) + value) | 0, true);
  }
  return index;
}

/**
 * Moves a kernel that has been loaded.
 * @param relocations what follows the ELF file in the payload.
 * @throws InputError when they are not as they should be.
 */
export function relocate(memory: GuestMemory, relocations: Uint8Array, kernel: RelocatedKernel): void {
  if (relocations.length === 0 || relocations.length % 4 !== 0) throw damaged('it has no relocations');
  const words = new Uint32Array(relocations.slice().buffer);
  const { segments, toPhysical } = kernel;
  for (const { kind, places } of splitLists(words, kernel.bits)) {
    const size = kind === 'u64' ? 8 : 4;
    const value = kind === 'inverse' ? -kernel.distance : kernel.distance;
    for (let index = 0; index < places.length; ) {
      const address = ((places[index] as number) + toPhysical) >>> 0;
      const segment = segments.find(({ start, end }) => address >= start && address + size <= end);
      if (segment === undefined) throw damaged('a relocation is outside of it');
      const bytes = memory.view(address, segment.end - address);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      if (bytes.length < size) {
        // It goes on in another piece of memory.
        const whole = memory.read(address, size);
        addTo(new DataView(whole.buffer, whole.byteOffset, size), 0, size, value);
        memory.write(address, whole);
        index += 1;
      } else if (kind === 'u64') {
        for (; index < places.length; index++) {
          const at = ((places[index] as number) + toPhysical - address) | 0;
          if (at < 0 || at > view.byteLength - 8) break;
          addTo(view, at, 8, value);
        }
      } else {
        index = addWithin(view, places, index, (toPhysical - address) | 0, view.byteLength - 4, value);
      }
    }
  }
}
