import { describe, expect, it } from 'vitest';
import type { BootInput, Door } from '../../src/boot/door.ts';
import { findDoor } from '../../src/boot/doors.ts';
import { buildE820 } from '../../src/boot/e820.ts';
import { pvh } from '../../src/boot/pvh.ts';
import { vmlinux } from '../../src/boot/vmlinux.ts';
import { makeElf } from './elf-fixtures.ts';
import { FlatMemory, NO_HARDWARE } from './guest-fixtures.ts';

const MIB = 2 ** 20;
const PVH_NOTE = { name: 'Xen', type: 18, descriptor: [0x40, 0, 0, 1, 0, 0, 0, 0] };

function load(door: Door, changes: Partial<BootInput> = {}) {
  const memory = new FlatMemory(64 * MIB);
  const start = door.load(memory, {
    kernel: makeElf({ notes: [PVH_NOTE] }),
    modules: [],
    commandLine: 'console=ttyS0',
    e820: buildE820(64 * MIB),
    rsdpAddress: 0xf0000,
    hardware: NO_HARDWARE,
    ...changes,
  });
  const view = new DataView(memory.bytes.buffer);
  const u32 = (address: number) => view.getUint32(address, true);
  const u64 = (address: number) => Number(view.getBigUint64(address, true));
  const text = (address: number, length: number) => new TextDecoder().decode(memory.read(address, length));
  return { memory, start, u32, u64, text };
}

const segments = (...parts: readonly [address: number, size: number][]) =>
  makeElf({
    notes: [PVH_NOTE],
    segments: parts.map(([address, memorySize]) => ({ address, data: Uint8Array.of(1), memorySize })),
  });

describe('an ELF kernel', () => {
  it('is entered by its PVH note, without one at its entry point; either can be asked for', () => {
    expect(findDoor(makeElf({ notes: [PVH_NOTE] }), undefined)).toBe(pvh);
    expect(findDoor(makeElf({ notes: [PVH_NOTE] }), '64')).toBe(vmlinux);
    expect(findDoor(makeElf(), undefined)).toBe(vmlinux);
    expect(findDoor(makeElf({ notes: [{ ...PVH_NOTE, type: 6 }] }), undefined)).toBe(vmlinux);
    expect(() => findDoor(makeElf(), 'pvh')).toThrow('this file has no pvh entry point, only 64');
  });

  it('must fit into memory, with segments apart and its entry point in one of them', () => {
    expect(() => load(vmlinux, { kernel: segments([0x1000000, 100], [0x3f00000, 2 * MIB]) })).toThrow(
      /belongs to 0x3f00000 to 0x40fffff, where there is no memory/,
    );
    expect(() => load(vmlinux, { kernel: segments([0x1000000, 0x1001], [0x1001000, 1]) })).toThrow(/overlap/);
    expect(() => load(vmlinux, { kernel: makeElf({ entry: 0x1002000 }) })).toThrow(/0x1002000 is in none/);
    expect(() => load(pvh, { kernel: segments([0x2000000, 0x1000]) })).toThrow(/0x1000040 is in none/);
    expect(() => load(vmlinux, { kernel: segments([0x90000, 0x1000]) })).toThrow(
      /belongs to 0x90000.*loader's/,
    );
    expect(() => load(pvh, { kernel: segments([0x1000, 0x1000], [0x1000000, 0x1000]) })).toThrow(/loader's/);
    expect(() => load(vmlinux, { kernel: makeElf({ machine: 3 }) })).toThrow(/not for x86-64/);
  });
});

describe('a vmlinux', () => {
  it('gets boot_params with a setup header', () => {
    const { memory, start, u32, text } = load(vmlinux, { modules: [{ data: Uint8Array.of(1, 2, 3) }] });
    expect(start.rip).toBe(0x1000000);
    expect(memory.bytes[0x1000000]).toBe(0xf4);
    const params = start.registers.si as number;
    expect(text(params + 0x202, 4)).toBe('HdrS');
    expect(text(u32(params + 0x228), 14)).toBe('console=ttyS0\0');
    expect([...memory.read(u32(params + 0x218), u32(params + 0x21c))]).toEqual([1, 2, 3]);
    expect(start.cr0 >> 31n).toBe(1n);
  });
});

describe('a PVH kernel', () => {
  it('is entered in flat 32-bit protected mode with an available TSS that is busy', () => {
    const { start } = load(pvh);
    expect(start.rip).toBe(0x1000040);
    expect(start.cr0 & 0x80000001n).toBe(1n);
    expect(start.cr4).toBe(0n);
    expect(start.code).toMatchObject({ base: 0, limit: 0xffffffff });
    expect(start.data).toMatchObject({ base: 0, limit: 0xffffffff });
    expect(start.task).toMatchObject({ base: 0, limit: 0x67, rights: 0x8b });
  });

  it('gets a hvm_start_info with command line, RSDP, memory map and the initramfs', () => {
    const modules = [{ data: Uint8Array.of(1, 2, 3, 4) }, { data: Uint8Array.of(5) }];
    const { memory, start, u32, u64, text } = load(pvh, { modules });
    const info = start.registers.bx as number;
    expect([u32(info), u32(info + 4), u32(info + 8), u32(info + 12)]).toEqual([0x336ec578, 1, 0, 1]);
    const module = u64(info + 16);
    expect([...memory.read(u64(module), u64(module + 8))]).toEqual([1, 2, 3, 4, 5, 0, 0, 0]);
    expect([u64(module + 16), u64(module + 24)]).toEqual([0, 0]);
    expect(text(u64(info + 24), 14)).toBe('console=ttyS0\0');
    expect(u64(info + 32)).toBe(0xf0000);
    const map = u64(info + 40);
    const e820 = buildE820(64 * MIB);
    expect(u32(info + 48)).toBe(e820.length);
    e820.forEach((entry, index) => {
      const at = map + 24 * index;
      expect({ address: u64(at), length: u64(at + 8), type: u32(at + 16) }).toEqual(entry);
    });
  });

  it('gets no module list without an initramfs', () => {
    const { start, u32, u64 } = load(pvh);
    const info = start.registers.bx as number;
    expect([u32(info + 12), u64(info + 16)]).toEqual([0, 0]);
  });
});
