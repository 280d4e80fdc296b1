/** Multiboot kernels with the offsets of the specifications. */
import { makeElf } from '../elf-fixtures.ts';

export const LOAD_ADDRESS = 0x100000;

const le32 = (...values: number[]): number[] => [...new Uint8Array(Uint32Array.from(values).buffer)];

/** A Multiboot 1 header: magic, flags, checksum, and address fields if there are any. */
export function header1(flags: number, addresses: readonly number[] = []): number[] {
  return le32(0x1badb002, flags, -(0x1badb002 + flags), ...addresses);
}

/** A Multiboot 2 header with tags of type, flags and content, and the end. */
export function header2(
  tags: readonly (readonly [type: number, flags: number, ...content: number[]])[] = [],
): number[] {
  const body = [...tags, [0, 0] as const].flatMap(([type, flags, ...content]) => {
    const bytes = [type, 0, flags, 0, ...le32(8 + content.length * 4), ...le32(...content)];
    return [...bytes, ...new Uint8Array((8 - (bytes.length % 8)) % 8)];
  });
  const length = 16 + body.length;
  return [...le32(0xe85250d6, 0, length, -(0xe85250d6 + length)), ...body];
}

/** A flat file for LOAD_ADDRESS: header, then code at 1000h. */
export function flatKernel1(code: readonly number[], flags = 1): Uint8Array {
  const file = new Uint8Array(0x1000 + code.length);
  const entry = LOAD_ADDRESS + 0x1000;
  file.set(header1(flags | 0x10000, [LOAD_ADDRESS, LOAD_ADDRESS, 0, LOAD_ADDRESS + 0x8000, entry]));
  file.set(code, 0x1000);
  return file;
}

export function flatKernel2(code: readonly number[]): Uint8Array {
  const file = new Uint8Array(0x1000 + code.length);
  const entry = LOAD_ADDRESS + 0x1000;
  file.set(
    header2([
      [2, 0, LOAD_ADDRESS, 0xffffffff, 0, 0],
      [3, 0, entry],
    ]),
  );
  file.set(code, 0x1000);
  return file;
}

/** An ELF file whose only segment, at LOAD_ADDRESS, begins with a header. */
export function elfKernel(
  bits: 32 | 64,
  header: readonly number[],
  entry = LOAD_ADDRESS + 0x100,
): Uint8Array {
  const data = new Uint8Array(0x200);
  data.set(header);
  const segments = [{ address: LOAD_ADDRESS, data, memorySize: 0x3000 }];
  // The header has to be at a multiple of 8 in the file.
  const elf = makeElf({ bits, machine: bits === 64 ? 62 : 3, entry, segments });
  const offset = elf.length - data.length;
  if (offset % 8 === 0) return elf;
  data.set(new Uint8Array(header.length));
  data.set(header, 8 - (offset % 8));
  return makeElf({ bits, machine: bits === 64 ? 62 : 3, entry, segments });
}
