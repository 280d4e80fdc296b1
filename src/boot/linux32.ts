/**
 * The 32-bit entry point of a bzImage, startup_32, which makes its own page tables.
 * Source: Linux Documentation/arch/x86/boot.rst, "32-bit Boot Protocol".
 */
import { hasSetupHeader, parseBzImage } from './bzimage.ts';
import type { Door } from './door.ts';
import { BOOT_CODE, BOOT_DATA, buildGdt } from './gdt.ts';
import { handOver } from './linux-handover.ts';
import { placeKernel } from './placement.ts';
import { protectedModeStart } from './start-state.ts';

export const linux32: Door = {
  entry: '32',
  description: 'the same at its 32-bit entry point; kernels that have no other',
  recognises: hasSetupHeader,
  load(memory, input) {
    const image = parseBzImage(input.kernel);
    const range = placeKernel(image, input.e820);
    const { bootParams, gdt, stack } = handOver(memory, { ...image, range }, buildGdt('32-bit'), input);
    memory.write(range.start, image.protectedMode);
    return protectedModeStart({
      rip: range.start,
      selectors: { code: BOOT_CODE, data: BOOT_DATA },
      gdt,
      registers: { si: bootParams, sp: stack },
    });
  },
};
