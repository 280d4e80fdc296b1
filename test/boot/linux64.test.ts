import { describe, expect, it } from 'vitest';
import type { BootInput } from '../../src/boot/door.ts';
import type { E820Entry } from '../../src/boot/e820.ts';
import { buildE820, E820_RAM } from '../../src/boot/e820.ts';
import { InputError } from '../../src/boot/input-error.ts';
import { linux32 } from '../../src/boot/linux32.ts';
import { linux64 } from '../../src/boot/linux64.ts';
import { FlatMemory, makeBzImage, NO_HARDWARE } from './guest-fixtures.ts';

const MIB = 2 ** 20;

function load(size: number, options: Partial<BootInput> = {}, door = linux64) {
  const memory = new FlatMemory(size);
  const start = door.load(memory, {
    kernel: makeBzImage(),
    modules: [],
    commandLine: 'console=ttyS0',
    e820: buildE820(size),
    rsdpAddress: 0xf0000,
    hardware: NO_HARDWARE,
    ...options,
  });
  const view = new DataView(memory.bytes.buffer);
  const u32 = (address: number) => view.getUint32(address, true);
  const u64 = (address: number) => Number(view.getBigUint64(address, true));
  return { memory, start, u32, u64, params: start.registers.si ?? 0, pageTables: Number(start.cr3) };
}

describe('the 64-bit entry', () => {
  it('loads the protected-mode code at the preferred address and enters 0x200 into it', () => {
    const { memory, start } = load(64 * MIB);
    expect(start.rip).toBe(0x1000200);
    expect([...memory.read(0x1000000, 4)]).toEqual([0, 1, 2, 3]);
    expect(memory.bytes[0x1000000 + 0xfff]).toBe(0xfff % 251);
  });

  it('moves a relocatable kernel to the next aligned address where init_size fits', () => {
    const e820: E820Entry[] = [
      { address: 0x100000, length: 20 * MIB, type: E820_RAM },
      { address: 0x1900000 + 4096, length: 32 * MIB, type: E820_RAM },
    ];
    expect(load(64 * MIB, { e820 }).start.rip).toBe(0x1a00200);
    const kernel = makeBzImage({ relocatable: 0 });
    expect(() => load(64 * MIB, { e820, kernel })).toThrow(InputError);
  });

  it('fills boot_params from the setup header and its own fields', () => {
    const { memory, params, u32, u64 } = load(64 * MIB);
    const bytes = memory.read(params, 4096);
    expect(new TextDecoder().decode(bytes.subarray(0x202, 0x206))).toBe('HdrS');
    expect(u32(params + 0x260)).toBe(0x800000);
    expect(bytes[0x210]).toBe(0xff);
    expect(bytes[0x1ef]).toBe(0);
    expect(u64(params + 0x70)).toBe(0xf0000);
    expect(u32(params + 0x214)).toBe(0x1000000);
    expect(u64(params + 0x250)).toBe(0);
    const line = u32(params + 0x228);
    expect(new TextDecoder().decode(memory.read(line, 14))).toBe('console=ttyS0\0');
  });

  it('passes the memory map', () => {
    const { memory, params, u32, u64 } = load(64 * MIB);
    const map = buildE820(64 * MIB);
    expect(memory.bytes[params + 0x1e8]).toBe(map.length);
    map.forEach((entry, index) => {
      const at = params + 0x2d0 + 20 * index;
      expect({ address: u64(at), length: u64(at + 8), type: u32(at + 16) }).toEqual(entry);
    });
  });

  it('hands over a seed as setup_data', () => {
    const seed = Uint8Array.from({ length: 32 }, (_, index) => index + 1);
    const { memory, params, u32, u64 } = load(64 * MIB, { seed });
    const data = u64(params + 0x250);
    expect(u64(data)).toBe(0);
    expect(u32(data + 8)).toBe(9);
    expect(u32(data + 12)).toBe(32);
    expect(memory.read(data + 16, 32)).toEqual(seed);
  });

  it('maps the first 4 GiB to itself', () => {
    const { pageTables, u64 } = load(64 * MIB);
    for (const address of [0, 0x1000200, 0x3fffffff, 0x40000000, 0xfee00000, 0xffffffff]) {
      const pml4e = u64(pageTables);
      const pdpte = u64(pml4e - (pml4e % 4096) + 8 * Math.floor(address / 2 ** 30));
      const pde = u64(pdpte - (pdpte % 4096) + 8 * (Math.floor(address / 2 ** 21) % 512));
      expect([pml4e % 4096, pdpte % 4096, pde % 4096]).toEqual([3, 3, 0x83]);
      expect(pde - (pde % 4096)).toBe(address - (address % 2 ** 21));
    }
    expect(u64(pageTables + 8)).toBe(0);
  });

  it('leaves a descriptor table with 64-bit code at 0x10 and data at 0x18', () => {
    const { start, u64, u32 } = load(64 * MIB);
    expect(start.gdt.limit).toBe(31);
    expect(u64(start.gdt.base)).toBe(0);
    // Present, DPL 0, code, readable; L set, D clear.
    expect((u32(start.gdt.base + 0x14) >> 8) & 0xfa).toBe(0x9a);
    expect((u32(start.gdt.base + 0x14) >> 20) & 0xf).toBe(0xa);
    // Present, DPL 0, data, writable.
    expect((u32(start.gdt.base + 0x1c) >> 8) & 0xfe).toBe(0x92);
  });

  it('keeps all that the kernel is handed below 0x9f000, apart from each other', () => {
    const commandLine = 'x'.repeat(2047);
    const { start, pageTables, params, u32, u64 } = load(64 * MIB, {
      commandLine,
      seed: new Uint8Array(4080),
    });
    const parts = [
      [start.gdt.base, start.gdt.limit + 1],
      [params, 4096],
      [u64(params + 0x250), 4096],
      [pageTables, 6 * 4096],
      [u32(params + 0x228), 2048],
      [(start.registers.sp ?? 0) - 4096, 4096],
    ].sort(([a], [b]) => a - b);
    parts.forEach(([address, length], index) => {
      expect(address + length).toBeLessThanOrEqual(index + 1 < parts.length ? parts[index + 1][0] : 0x9f000);
    });
  });

  describe('places the initramfs', () => {
    const initrd = new Uint8Array(5000).fill(0xab);

    it('page aligned at the top of RAM', () => {
      const { memory, params, u32 } = load(64 * MIB, { modules: [{ data: initrd }] });
      const address = u32(params + 0x218);
      expect(address).toBe(0x3ff0000 - 0x2000);
      expect(u32(params + 0x21c)).toBe(5000);
      expect(memory.read(address, 5000)).toEqual(initrd);
    });

    it('below initrd_addr_max', () => {
      const kernel = makeBzImage({ initrdAddressMax: 0x2ffffff });
      const { params, u32 } = load(64 * MIB, { kernel, modules: [{ data: initrd }] });
      expect(u32(params + 0x218)).toBe(0x3000000 - 0x2000);
    });

    it('below the kernel when there is no room above', () => {
      const kernel = makeBzImage({ initSize: 15 * MIB });
      const { params, u32 } = load(32 * MIB, { kernel, modules: [{ data: new Uint8Array(2 * MIB) }] });
      expect(u32(params + 0x218)).toBe(14 * MIB);
    });

    it('or says that it is too large', () => {
      expect(() => load(32 * MIB, { modules: [{ data: new Uint8Array(40 * MIB) }] })).toThrow(
        /initramfs of 40 MiB does not fit .* 32 MiB/,
      );
    });

    it('and leaves its fields 0 when there is none', () => {
      for (const none of [[], [{ data: new Uint8Array(0) }]]) {
        const { params, u32 } = load(64 * MIB, { modules: none });
        expect([u32(params + 0x218), u32(params + 0x21c)]).toEqual([0, 0]);
      }
    });
  });

  it('refuses what cannot boot', () => {
    expect(() => load(64 * MIB, { kernel: makeBzImage({ xloadFlags: 0 }) })).toThrow(/32-bit kernel/);
    expect(() => load(64 * MIB, { commandLine: 'x'.repeat(2048) })).toThrow(/command line has 2048 bytes/);
    expect(() => load(24 * MIB)).toThrow(/too little memory: this kernel needs at least 25 MiB/);
    expect(() => load(25 * MIB)).not.toThrow();
  });
});

describe('the 32-bit entry', () => {
  it('is the start of the protected-mode code, flat and without paging', () => {
    const { start, params } = load(64 * MIB, { kernel: makeBzImage({ xloadFlags: 0 }) }, linux32);
    expect(start.rip).toBe(0x1000000);
    expect(start.cr0 & 0x80000001n).toBe(1n);
    expect([start.cr4, start.efer]).toEqual([0n, 0n]);
    expect(params).not.toBe(0);
    // boot.rst: EBP, EDI and EBX must be zero.
    expect(Object.keys(start.registers).sort()).toEqual(['si', 'sp']);
    expect([start.code.selector, start.data.selector]).toEqual([0x10, 0x18]);
  });

  it('has 32-bit code at 0x10', () => {
    const { start, u32 } = load(64 * MIB, {}, linux32);
    expect(u32(start.gdt.base + 0x14)).toBe(0x00cf9b00);
    expect(start.code.rights).toBe(0xc09b);
  });
});
