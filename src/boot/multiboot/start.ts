/** The state both versions of Multiboot start in: 32-bit protected mode, flat, paging and interrupts off. */
import { BOOT_CODE, BOOT_DATA } from '../gdt.ts';
import { protectedModeStart, type StartState } from '../start-state.ts';

/** @param magic goes to EAX. @param information goes to EBX. @param gdt which the kernel must not rely on. */
export function multibootStart(
  entry: number,
  magic: number,
  information: number,
  gdt: StartState['gdt'],
): StartState {
  return protectedModeStart({
    rip: entry,
    selectors: { code: BOOT_CODE, data: BOOT_DATA },
    gdt,
    registers: { ax: magic, bx: information },
  });
}
