/** Globally unique identifiers of protocols, tables and media (UEFI specification 2.10, "GUID and Time Formats"). */

/** In memory: three little-endian fields, then eight bytes. */
export function encodeGuid(text: string): Uint8Array {
  const digits = text.replaceAll('-', '');
  const byte = (index: number): number => Number.parseInt(digits.slice(index * 2, index * 2 + 2), 16);
  return Uint8Array.of(...[3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15].map(byte));
}

/** @param bytes at least 16. */
export function decodeGuid(bytes: Uint8Array): string {
  const digits = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]
    .map((index) => (bytes[index] as number).toString(16).padStart(2, '0'))
    .join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export const LOADED_IMAGE = '5b1b31a1-9562-11d2-8e3f-00a0c969723b';
export const LOADED_IMAGE_DEVICE_PATH = 'bc62157e-3e33-4fec-9920-2d3b36d750df';
export const DEVICE_PATH = '09576e91-6d3f-11d2-8e39-00a0c969723b';
export const LOAD_FILE_2 = '4006c0c1-fcb3-403e-996d-4a6c8724e06d';
export const SIMPLE_TEXT_INPUT = '387477c1-69c7-11d2-8e39-00a0c969723b';
export const SIMPLE_TEXT_OUTPUT = '387477c2-69c7-11d2-8e39-00a0c969723b';
export const GRAPHICS_OUTPUT = '9042a9de-23dc-4a38-96fb-7aded080516a';
export const RANDOM_NUMBERS = '3152bca5-eade-433d-862e-c01cdc291f44';

export const ACPI_2_TABLE = '8868e871-e4f1-11d3-bc22-0080c73c8881';
export const SMBIOS_3_TABLE = 'f2fd1544-9794-4a2c-992e-e5bbcf20e394';
export const MEMORY_ATTRIBUTES_TABLE = 'dcfa911d-26eb-469f-a220-38b7dc461220';

/** Media whose content is the initramfs (Linux Documentation/arch/x86/boot.rst and its EFI stub). */
export const LINUX_INITRD_MEDIA = '5568e427-68fc-4f3d-ac74-ca555231cc68';
