/**
 * Where a kernel goes that is at another place each time (KASLR), as its decompressor would choose.
 * Source: Linux arch/x86/boot/compressed/kaslr.c.
 */
import type { BzImage } from '../bzimage.ts';
import type { E820Entry } from '../e820.ts';
import { GIB, HIGH_RAM, MIB } from '../memory-map.ts';
import { alignUp, type Range, usableRam } from '../placement.ts';
import { encodeUtf8 } from '../utf8.ts';

/** The decompressor has this message if it can randomize. */
const MESSAGE = encodeUtf8("KASLR disabled: 'nokaslr'");
/** Where the kernel may be in the virtual addresses of a 64-bit kernel, and in all those of a 32-bit one. */
const KERNEL_IMAGE_SIZE = { 32: 512 * MIB, 64: GIB } as const;
const LOWEST_MAXIMUM = 512 * MIB;

function contains(bytes: Uint8Array, text: Uint8Array): boolean {
  const [first] = text as unknown as [number];
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (text.every((byte, index) => bytes[at + index] === byte)) return true;
  }
  return false;
}

/** Whether the kernel was built to be randomized. */
export function canRandomize({ protectedMode, payload }: BzImage): boolean {
  const start = payload.byteOffset - protectedMode.byteOffset;
  const code = [protectedMode.subarray(0, start), protectedMode.subarray(start + payload.length)];
  return code.some((part) => contains(part, MESSAGE));
}

export interface Placement {
  /** Guest-physical. */
  readonly physical: number;
  /** From the virtual addresses that the kernel was linked for. */
  readonly distance: number;
}

/** Physical memory, in pieces of the kernel's alignment, in which it fits. */
function physicalSlots(
  image: BzImage,
  bits: 32 | 64,
  lowest: number,
  taken: Range,
  e820: readonly E820Entry[],
): number[] {
  const { initSize, kernelAlignment } = image;
  const end = bits === 32 ? KERNEL_IMAGE_SIZE[32] : HIGH_RAM;
  const slots: number[] = [];
  for (const ram of usableRam(e820)) {
    const limit = Math.min(ram.end, end) - initSize;
    for (let at = alignUp(Math.max(ram.start, lowest), kernelAlignment); at <= limit; at += kernelAlignment) {
      if (at >= taken.end || at + initSize <= taken.start) slots.push(at);
    }
  }
  return slots;
}

/**
 * @param start where the kernel would be loaded else. @param taken by what else is loaded above 1 MiB.
 * @param random 32 bits a call.
 */
export function chooseRandomly(
  image: BzImage,
  bits: 32 | 64,
  start: number,
  taken: Range,
  e820: readonly E820Entry[],
  random: () => number,
): Placement {
  const { initSize, kernelAlignment, preferredAddress } = image;
  const slots = physicalSlots(image, bits, Math.min(start, LOWEST_MAXIMUM), taken, e820);
  const physical = slots[random() % slots.length] ?? start;
  if (bits === 32) return { physical, distance: physical - preferredAddress };
  const room = KERNEL_IMAGE_SIZE[64] - alignUp(preferredAddress, kernelAlignment) - initSize;
  const virtualSlots = 1 + Math.max(0, Math.floor(room / kernelAlignment));
  return { physical, distance: (random() % virtualSlots) * kernelAlignment };
}
