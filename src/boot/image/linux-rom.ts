/**
 * An option ROM that a BIOS finds among the configuration files and offers to boot: it has the configuration device
 * put the parts of a Linux kernel into memory, and enters the real-mode code.
 * Source: Plug and Play BIOS Specification 1.0A, "Option ROM Header", "Expansion Header"; QEMU docs/specs/fw_cfg.rst.
 */
import { ByteWriter } from '../byte-writer.ts';
import { FW_CFG_PORT } from '../io-map.ts';
import { type LinuxParts, startSegments } from '../linux16.ts';

const ROM_SIZE = 512;
const ROM_CHECKSUM = 5;
const EXPANSION = 0x20;
const EXPANSION_PARAGRAPHS = 2;
const EXPANSION_CHECKSUM = EXPANSION + 9;
const PRODUCT = 0x40;
const CODE = 0x60;
const TRANSFERS = 0x100;
const PRODUCT_NAME = 'Linux';

/** Select an item and read it. */
const READ = 2;
const SELECT = 8;
const TRANSFER_ADDRESS_PORT = FW_CFG_PORT + 8;

const low = (value: number): number => value & 0xff;
const high = (value: number): number => (value >> 8) & 0xff;

function bootCode(parts: LinuxParts, transferCount: number): number[] {
  const { code, data } = startSegments(parts);
  const loop = [
    ...[0x66, 0x89, 0xd8], // mov eax, ebx
    ...[0x66, 0x0f, 0xb7, 0xd6], // movzx edx, si
    ...[0x66, 0x01, 0xd0], // add eax, edx
    ...[0x66, 0x0f, 0xc8], // bswap eax
    ...[0xba, low(TRANSFER_ADDRESS_PORT), high(TRANSFER_ADDRESS_PORT)], // mov dx, port
    ...[0x66, 0xef], // out dx, eax
    // wait: test dword cs:[si], all but the error bit; jnz wait
    ...[0x2e, 0x66, 0xf7, 0x04, 0xff, 0xff, 0xff, 0xfe, 0x75, 0xf6],
    ...[0x83, 0xc6, 16], // add si, 16
  ];
  return [
    0xfa, // cli
    ...[0x8c, 0xcb], // mov bx, cs
    ...[0x66, 0x0f, 0xb7, 0xdb], // movzx ebx, bx
    ...[0x66, 0xc1, 0xe3, 4], // shl ebx, 4
    ...[0xbe, low(TRANSFERS), high(TRANSFERS)], // mov si, transfers
    ...[0xb9, transferCount, 0], // mov cx, count
    ...[...loop, 0xe2, low(-(loop.length + 2))], // loop
    ...[0xb8, low(data), high(data)], // mov ax, segment
    ...[0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xe0, 0x8e, 0xe8, 0x8e, 0xd0], // mov ds, es, fs, gs, ss, ax
    ...[0x66, 0xbc, low(parts.stackPointer), high(parts.stackPointer), 0, 0], // mov esp, stack
    ...[0xea, 0, 0, low(code), high(code)], // jmp far
  ];
}

/** Makes the bytes from `start` on add up to 0. */
function setSum(rom: Uint8Array, at: number, start: number, length: number): void {
  const sum = rom.subarray(start, start + length).reduce((total, byte) => total + byte, 0);
  rom[at] = -sum;
}

/** @param transfers items of the configuration device and where they go. */
export function buildLinuxRom(
  parts: LinuxParts,
  transfers: readonly { readonly item: number; readonly address: number; readonly length: number }[],
): Uint8Array {
  const rom = new Uint8Array(ROM_SIZE);
  const returnFar = 0xcb;
  rom.set([0x55, 0xaa, ROM_SIZE / 512, returnFar]);
  rom.set([EXPANSION, 0], 0x1a);
  const expansion = new ByteWriter()
    .text('$PnP', 4)
    .u8(1, EXPANSION_PARAGRAPHS)
    .u16(0) // next header
    .u8(0, 0) // reserved, checksum
    .u32(0) // device identifier
    .u16(PRODUCT)
    .u16(PRODUCT)
    .u32(0) // device type and indicators
    .u16(0) // boot connection vector
    .u16(0) // disconnect vector
    .u16(CODE) // bootstrap entry vector
    .zeros(4);
  rom.set(expansion.toBytes(), EXPANSION);
  rom.set(new ByteWriter().text(PRODUCT_NAME, PRODUCT_NAME.length).toBytes(), PRODUCT);
  rom.set(bootCode(parts, transfers.length), CODE);
  const view = new DataView(rom.buffer);
  transfers.forEach(({ item, address, length }, index) => {
    const at = TRANSFERS + index * 16;
    view.setUint16(at, item);
    view.setUint16(at + 2, SELECT | READ);
    view.setUint32(at + 4, length);
    view.setUint32(at + 12, address);
  });
  setSum(rom, EXPANSION_CHECKSUM, EXPANSION, EXPANSION_PARAGRAPHS * 16);
  setSum(rom, ROM_CHECKSUM, 0, ROM_SIZE);
  return rom;
}
