/**
 * The 64-bit entry point of a `vmlinux`, Linux as an ELF file: startup_64 of the kernel proper, which is handed
 * boot_params as by the decompressor.
 * Source: Linux Documentation/arch/x86/boot.rst, "64-bit Boot Protocol".
 */
import { SETUP_HEADER } from './bzimage.ts';
import type { Door } from './door.ts';
import { hasElfMagic, parseElf } from './elf.ts';
import { BOOT_CODE, BOOT_DATA, buildGdt } from './gdt.ts';
import { buildIdentityMap } from './identity-map.ts';
import { InputError } from './input-error.ts';
import { handOver, PAGE_TABLES_ADDRESS } from './linux-handover.ts';
import { loadElf } from './load-elf.ts';
import { EXTENDED_MEMORY } from './memory-map.ts';
import { longModeStart } from './start-state.ts';

/** End of the setup header of protocol 2.15. */
const SETUP_HEADER_END = 0x26c;
const BOOT_PROTOCOL = 0x020f;
const LOADED_HIGH = 1;
const KERNEL_ALIGNMENT = 0x200000;
const INITRD_ADDRESS_MAX = 0x7fffffff;
const COMMAND_LINE_SIZE = 2047;

/** A vmlinux has no setup header of its own: what a bzImage of current kernels says. */
function buildSetupHeader(): Uint8Array {
  const header = new Uint8Array(SETUP_HEADER_END - SETUP_HEADER);
  const view = new DataView(header.buffer);
  view.setUint16(0x1fe - SETUP_HEADER, 0xaa55, true);
  view.setUint32(0x202 - SETUP_HEADER, 0x53726448, true); // HdrS
  view.setUint16(0x206 - SETUP_HEADER, BOOT_PROTOCOL, true);
  view.setUint8(0x211 - SETUP_HEADER, LOADED_HIGH);
  view.setUint32(0x22c - SETUP_HEADER, INITRD_ADDRESS_MAX, true);
  view.setUint32(0x230 - SETUP_HEADER, KERNEL_ALIGNMENT, true);
  view.setUint32(0x238 - SETUP_HEADER, COMMAND_LINE_SIZE, true);
  return header;
}

export const vmlinux: Door = {
  entry: '64',
  description: 'Linux vmlinux (ELF) at its 64-bit entry point',
  recognises: (file) => hasElfMagic(file) && file[4] === 2,
  load(memory, input) {
    const elf = parseElf(input.kernel);
    if (elf.machine !== 'x86-64') throw new InputError('this ELF file is not for x86-64');
    const range = loadElf(memory, elf, elf.entry, input.e820, EXTENDED_MEMORY);
    const kernel = {
      setupHeader: buildSetupHeader(),
      range,
      initrdAddressMax: INITRD_ADDRESS_MAX,
      commandLineSize: COMMAND_LINE_SIZE,
    };
    const { bootParams, gdt, stack } = handOver(memory, kernel, buildGdt('64-bit'), input);
    memory.write(PAGE_TABLES_ADDRESS, buildIdentityMap(PAGE_TABLES_ADDRESS));
    const entry = {
      rip: elf.entry,
      selectors: { code: BOOT_CODE, data: BOOT_DATA },
      gdt,
      registers: { si: bootParams, sp: stack },
    };
    return longModeStart(entry, PAGE_TABLES_ADDRESS);
  },
};
