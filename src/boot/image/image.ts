/**
 * A firmware image as it lies in a ROM below 4 GiB, its end also below 1 MiB, where processors of real mode find it.
 * The processor starts in it as after power-up: there is no start state.
 */
import type { GuestMemory } from '../../devices/device.ts';
import { InputError } from '../input-error.ts';
import { EXTENDED_MEMORY, KIB, MIB, PAGE_SIZE } from '../memory-map.ts';

const SMALLEST_IMAGE = 64 * KIB;
const LARGEST_IMAGE = 16 * MIB;
const LOW_PART = 128 * KIB;

/** @throws InputError for what is no image by its size. */
export function checkImage(image: Uint8Array): void {
  if (image.length < SMALLEST_IMAGE || image.length > LARGEST_IMAGE || image.length % PAGE_SIZE !== 0) {
    throw new InputError(
      `a firmware image has 64 KiB to 16 MiB in pages of 4 KiB, this file has ${image.length} bytes`,
    );
  }
}

/** @throws InputError for what cannot be the variable store of an image: flash memory right below it. */
export function checkVariableStore(store: Uint8Array, image: Uint8Array): void {
  if (store.length === 0 || store.length % PAGE_SIZE !== 0 || store.length + image.length > LARGEST_IMAGE) {
    throw new InputError(
      `a variable store has pages of 4 KiB, 16 MiB at most with its firmware image, this file has ${store.length} bytes`,
    );
  }
}

/** Puts the end of an image where it is in low memory. */
export function placeLowPart(memory: GuestMemory, image: Uint8Array): void {
  const part = image.subarray(-Math.min(image.length, LOW_PART));
  memory.write(EXTENDED_MEMORY - part.length, part);
}
