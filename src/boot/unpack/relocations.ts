/**
 * The places of a kernel that have an address in them, which its build appends to the ELF file in the payload: lists of 32-bit
 * virtual addresses, read from the end, each with a zero in front of it.
 * Source: Linux arch/x86/tools/relocs.c and arch/x86/boot/compressed/misc.c, handle_relocations().
 */
import type { GuestMemory } from '../../devices/device.ts';
import { InputError } from '../input-error.ts';
import { alignUp, type Range } from '../placement.ts';
import { MODULE } from './generated/relocations-module.ts';
import { instantiate } from './workspace.ts';

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
  /** Where the memory that is its own ends. */
  readonly end: number;
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
function addTo(bytes: Uint8Array, value: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sum = view.getUint32(0, true) + value;
  view.setUint32(0, sum, true);
  if (bytes.length === 8 && sum >= 2 ** 32) view.setUint32(4, view.getUint32(4, true) + 1, true);
}

interface Exports extends WebAssembly.Exports {
  addAll(
    list: number,
    listEnd: number,
    distance: number,
    first: number,
    last: number,
    value: number,
    isWide: number,
  ): number;
}

/**
 * Moves a kernel that has been loaded.
 * @param relocations what follows the ELF file in the payload. It is put behind the kernel, where its decompressor has it, too.
 * @throws InputError when they are not as they should be.
 */
export function relocate(memory: GuestMemory, relocations: Uint8Array, kernel: RelocatedKernel): void {
  if (relocations.length === 0 || relocations.length % 4 !== 0) throw damaged('it has no relocations');
  const { segments, toPhysical } = kernel;
  const listAddress = alignUp(Math.max(...segments.map(({ end }) => end)), 4);
  if (listAddress + relocations.length > kernel.end) throw damaged('it has no room for its relocations');
  memory.write(listAddress, relocations);
  const { addAll } = instantiate<Exports>(MODULE, memory.linear);
  const words = new Uint32Array(relocations.slice().buffer);
  for (const { kind, places } of splitLists(words, kernel.bits)) {
    const size = kind === 'u64' ? 8 : 4;
    const value = kind === 'inverse' ? -kernel.distance : kernel.distance;
    for (let index = 0; index < places.length; ) {
      const address = ((places[index] as number) + toPhysical) >>> 0;
      const segment = segments.find(({ start, end }) => address >= start && address + size <= end);
      if (segment === undefined) throw damaged('a relocation is outside of it');
      const bytes = memory.view(address, segment.end - address);
      if (bytes.length < size) {
        // It goes on in another piece of memory.
        const whole = memory.read(address, size);
        addTo(whole, value);
        memory.write(address, whole);
        index += 1;
        continue;
      }
      const rest = places.subarray(index);
      const { byteOffset, byteLength } = memory.view(listAddress + rest.byteOffset, rest.byteLength);
      const first = bytes.byteOffset;
      const last = first + bytes.length - size;
      const distance = toPhysical + first - address;
      const isWide = size === 8 ? 1 : 0;
      const next = addAll(byteOffset, byteOffset + byteLength, distance, first, last, value, isWide);
      index += ((next >>> 0) - byteOffset) / 4;
    }
  }
}
