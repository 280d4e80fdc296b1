/**
 * The 64-bit entry point of a bzImage.
 * Source: Linux Documentation/arch/x86/boot.rst, "64-bit Boot Protocol".
 */
import { hasEntry64, parseBzImage } from './bzimage.ts';
import type { Door } from './door.ts';
import { BOOT_CODE, BOOT_DATA, buildGdt } from './gdt.ts';
import { buildIdentityMap } from './identity-map.ts';
import { InputError } from './input-error.ts';
import { handOver, PAGE_TABLES_ADDRESS } from './linux-handover.ts';
import { placeKernel } from './placement.ts';
import { longModeStart } from './start-state.ts';

/** From the start of the protected-mode code. */
const ENTRY64_OFFSET = 0x200;

export const linux64: Door = {
  entry: '64',
  description: 'Linux bzImage, boot protocol 2.12 or later, at its 64-bit entry point',
  recognises: hasEntry64,
  load(memory, input) {
    const image = parseBzImage(input.kernel);
    if (!image.hasEntry64) throw new InputError('this is a 32-bit kernel: it has no 64-bit entry point');
    const range = placeKernel(image, input.e820);
    const { bootParams, gdt, stack } = handOver(memory, { ...image, range }, buildGdt('64-bit'), input);
    memory.write(range.start, image.protectedMode);
    memory.write(PAGE_TABLES_ADDRESS, buildIdentityMap(PAGE_TABLES_ADDRESS));
    const entry = {
      rip: range.start + ENTRY64_OFFSET,
      selectors: { code: BOOT_CODE, data: BOOT_DATA },
      gdt,
      registers: { si: bootParams, sp: stack },
    };
    return longModeStart(entry, PAGE_TABLES_ADDRESS);
  },
};
