import { describe, expect, it } from 'vitest';
import type { BootInput } from '../../src/boot/door.ts';
import { buildE820 } from '../../src/boot/e820.ts';
import { linux16 } from '../../src/boot/linux16.ts';
import { FlatMemory, makeBzImage, NO_HARDWARE } from './guest-fixtures.ts';

const MIB = 2 ** 20;

function load(options: Partial<BootInput> = {}, size = 64 * MIB) {
  const memory = new FlatMemory(size);
  const start = linux16.load(memory, {
    kernel: makeBzImage(),
    modules: [],
    commandLine: 'console=ttyS0',
    e820: buildE820(size),
    rsdpAddress: 0xf0000,
    hardware: NO_HARDWARE,
    ...options,
  });
  const view = new DataView(memory.bytes.buffer);
  const realMode = start.data.base;
  return {
    memory,
    start,
    u8: (offset: number) => view.getUint8(realMode + offset),
    u16: (offset: number) => view.getUint16(realMode + offset, true),
    u32: (offset: number) => view.getUint32(realMode + offset, true),
    text: (address: number, length: number) => new TextDecoder().decode(memory.read(address, length)),
  };
}

describe('the real-mode entry of a bzImage', () => {
  it('starts 20H paragraphs into the real-mode code, with a stack behind its heap', () => {
    const { start, u16 } = load();
    expect(start.cr0).toBe(0x10n);
    expect([start.code.selector, start.data.selector]).toEqual([0x1020, 0x1000]);
    expect([start.code.base, start.data.base, start.code.limit]).toEqual([0x10200, 0x10000, 0xffff]);
    expect(start.rip).toBe(0);
    expect(start.registers.sp).toBe(0xe000);
    // heap_end_ptr counts from the header's jump.
    expect(u16(0x224)).toBe(0xe000 - 0x200);
  });

  it('has its protected-mode code where code32_start says', () => {
    const { memory, u32 } = load({ kernel: makeBzImage({ code32Start: 0x200000 }) });
    expect([...memory.read(0x200000, 4)]).toEqual([0, 1, 2, 3]);
    expect(u32(0x214)).toBe(0x200000);
  });

  it('is told the loader, the heap, the command line, the initramfs and the seed', () => {
    const { memory, u8, u32, text } = load({
      modules: [{ data: new Uint8Array(5000).fill(0xab) }],
      seed: new Uint8Array(32).fill(7),
    });
    expect(u8(0x210)).toBe(0xff);
    expect(u8(0x211)).toBe(0x81);
    expect(text(u32(0x228), 14)).toBe('console=ttyS0\0');
    expect([u32(0x218), u32(0x21c)]).toEqual([0x3ff0000 - 0x2000, 5000]);
    expect(memory.bytes[0x3ff0000 - 0x2000 + 4999]).toBe(0xab);
    expect([...memory.read(u32(0x250) + 8, 9)]).toEqual([9, 0, 0, 0, 32, 0, 0, 0, 7]);
  });

  it.each([
    ['', 0],
    [' vga=ask', 0xfffd],
    [' vga=0x0f01', 0x0f01],
    [' vga=other', 0],
    [' xvga=1', 0],
  ])('has the video mode that the command line asks for: "%s"', (words, mode) => {
    expect(load({ commandLine: `quiet${words}` }).u16(0x1fa)).toBe(mode);
  });

  it('keeps the initramfs clear of where the kernel moves itself', () => {
    const modules = [{ data: new Uint8Array(4 * MIB) }];
    const { u32 } = load({ kernel: makeBzImage({ initSize: 43 * MIB }), modules });
    expect(u32(0x218)).toBe(0x3ff0000 - 4 * MIB);
    expect(() => load({ kernel: makeBzImage({ initSize: 45 * MIB }), modules })).toThrow(
      /does not fit beside/,
    );
  });
});

describe('an older kernel', () => {
  it('of protocol 2.00 is at 90000H and finds the command line by its offset', () => {
    const { start, u16, u8, text } = load({ kernel: makeBzImage({ version: 0x0200 }) });
    expect(start.data.base).toBe(0x90000);
    expect(start.registers.sp).toBe(0x9800);
    expect([u16(0x20), u16(0x22)]).toEqual([0xa33f, 0x9800]);
    expect(text(0x99800, 14)).toBe('console=ttyS0\0');
    expect(u16(0x212)).toBe(0x9800 + 14);
    // Neither heap nor pointer to the command line are in this header.
    expect(u8(0x211)).toBe(1);
    expect(u16(0x224)).toBe(0);
  });

  it('as a zImage lies at 10000H', () => {
    const { memory, start, u32 } = load({
      kernel: makeBzImage({ version: 0x0202, loadFlags: 0, code32Start: 0x1000 }),
    });
    expect([...memory.read(0x10000, 4)]).toEqual([0, 1, 2, 3]);
    expect(start.data.base).toBe(0x90000);
    expect(u32(0x228)).toBe(0x99800);
  });
});

describe('refuses', () => {
  it.each([
    [{ kernel: makeBzImage({ version: 0x01ff }) }, /protocol 1.255 is too old: 2.00/],
    [{ kernel: makeBzImage({ loadFlags: 0, payload: 0x80010 }) }, /zImage is too large/],
    [{ kernel: makeBzImage({ code32Start: 0x9000 }) }, /loaded at 0x9000, where there is no room/],
    [{ kernel: makeBzImage({ setupSectors: 120 }) }, /real-mode code of this kernel is too long/],
    [{ kernel: makeBzImage({ initSize: 60 * MIB }) }, /too little memory: this kernel needs/],
    [{ commandLine: 'x'.repeat(2048) }, /command line has 2048 bytes/],
    [{ kernel: makeBzImage({ version: 0x0200 }), commandLine: 'x'.repeat(256) }, /at most 255/],
  ])('what cannot boot: %#', (options, message) => {
    expect(() => load(options)).toThrow(message);
  });
});
