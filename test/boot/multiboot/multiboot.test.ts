import { describe, expect, it } from 'vitest';
import type { BootInput, Door } from '../../../src/boot/door.ts';
import { findDoor } from '../../../src/boot/doors.ts';
import { buildE820 } from '../../../src/boot/e820.ts';
import { multiboot1 } from '../../../src/boot/multiboot/multiboot1.ts';
import { multiboot2 } from '../../../src/boot/multiboot/multiboot2.ts';
import { makeElf } from '../elf-fixtures.ts';
import { FlatMemory, NO_HARDWARE } from '../guest-fixtures.ts';
import { elfKernel, flatKernel1, flatKernel2, header1, header2, LOAD_ADDRESS } from './multiboot-fixtures.ts';

const MIB = 2 ** 20;
const E820 = buildE820(64 * MIB);

function load(door: Door, kernel: Uint8Array, changes: Partial<BootInput> = {}) {
  const memory = new FlatMemory(64 * MIB);
  memory.write(0xf0000, new TextEncoder().encode('RSD PTR '));
  const start = door.load(memory, {
    kernel,
    modules: [],
    commandLine: 'one two',
    e820: E820,
    rsdpAddress: 0xf0000,
    hardware: NO_HARDWARE,
    ...changes,
  });
  const view = new DataView(memory.bytes.buffer);
  const u32 = (address: number) => view.getUint32(address, true);
  const u64 = (address: number) => Number(view.getBigUint64(address, true));
  const text = (address: number) => {
    const end = memory.bytes.indexOf(0, address);
    return new TextDecoder().decode(memory.bytes.subarray(address, end));
  };
  return { memory, start, u32, u64, text, info: start.registers.bx as number };
}

const MODULES = [
  { data: new Uint8Array(5000).fill(0xaa), commandLine: 'first module' },
  { data: Uint8Array.of(1, 2, 3) },
];

describe.each([
  ['1', multiboot1, header1(1), 0x2badb002],
  ['2', multiboot2, header2(), 0x36d76289],
] as const)('Multiboot %s', (_version, door, header, magic) => {
  it('is found by its header with a right checksum', () => {
    expect(findDoor(elfKernel(32, header), undefined)).toBe(door);
    expect(findDoor(elfKernel(64, header), 'multiboot')).toBe(door);
    const wrong = [...header];
    wrong[4] = (wrong[4] as number) ^ 1;
    expect(door.recognises(elfKernel(32, wrong))).toBe(false);
    expect(door.recognises(makeElf())).toBe(false);
    expect(door.recognises(new Uint8Array(0))).toBe(false);
  });

  it.each([32, 64] as const)('loads ELF of %i bits and enters it in flat protected mode', (bits) => {
    const { memory, start } = load(door, elfKernel(bits, header));
    expect(start.rip).toBe(LOAD_ADDRESS + 0x100);
    expect(start.registers.ax).toBe(magic);
    expect(start.cr0 & 0x80000001n).toBe(1n);
    expect(start.code).toMatchObject({ base: 0, limit: 0xffffffff, rights: 0xc09b });
    expect(memory.bytes.subarray(LOAD_ADDRESS, LOAD_ADDRESS + 16).some((byte) => byte !== 0)).toBe(true);
  });

  it('takes the entry point for a virtual address where it is one', () => {
    const virtual = 0xffffffff00000000 + LOAD_ADDRESS;
    expect(load(door, elfKernel(64, header, virtual + 0x800)).start.rip).toBe(LOAD_ADDRESS + 0x800);
  });

  it('puts modules behind the kernel, page aligned, apart from all else', () => {
    const { memory, info } = load(door, elfKernel(32, header), { modules: MODULES });
    const first = memory.bytes.indexOf(0xaa);
    expect(first).toBe(LOAD_ADDRESS + 0x3000);
    expect(memory.bytes[first + 4999]).toBe(0xaa);
    expect([...memory.read(first + 0x2000, 4)]).toEqual([1, 2, 3, 0]);
    expect(info).toBeLessThan(0x9f000);
    expect(info % 8).toBe(0);
  });

  it('says what does not fit', () => {
    const huge = [{ data: new Uint8Array(63 * MIB) }];
    expect(() => load(door, elfKernel(32, header), { modules: huge })).toThrow(/module 1 of .* does not fit/);
    const flat = new Uint8Array(100);
    flat.set(header);
    expect(() => load(door, flat)).toThrow(/neither by ELF nor by its header/);
  });
});

describe('Multiboot 1', () => {
  it('loads by the addresses of its header', () => {
    const { memory, start } = load(multiboot1, flatKernel1([1, 2, 3]));
    expect(start.rip).toBe(0x101000);
    expect([...memory.read(0x101000, 3)]).toEqual([1, 2, 3]);
  });

  it('refuses addresses that make no sense, and what it does not know', () => {
    const withAddresses = (...addresses: number[]) => {
      const file = new Uint8Array(0x100);
      file.set(header1(0x10000, addresses));
      return file;
    };
    const [address, end] = [LOAD_ADDRESS, LOAD_ADDRESS + 0x100];
    expect(() => load(multiboot1, withAddresses(address, address, end, end, address))).not.toThrow();
    expect(() => load(multiboot1, withAddresses(address, address, end + 1, 0, address))).toThrow(/truncated/);
    expect(() => load(multiboot1, withAddresses(address, address + 0x200, 0, 0, address))).toThrow(
      /contradict/,
    );
    expect(() => load(multiboot1, withAddresses(address, address - 4, 0, 0, address))).toThrow(/contradict/);
    expect(() => load(multiboot1, withAddresses(address, address, address, 0, address))).toThrow(
      /contradict/,
    );
    expect(() => load(multiboot1, withAddresses(address, address, end, address + 1, address))).toThrow(
      /contradict/,
    );
    expect(() => load(multiboot1, withAddresses(address, address, 0, 0, end))).toThrow(/contradict/);
    expect(() => load(multiboot1, withAddresses(address, address, 0, 0x8000000, address))).toThrow(
      /belongs to 0x100000 to 0x7ffffff, where there is no memory/,
    );
    expect(() => load(multiboot1, elfKernel(32, header1(0x10)))).toThrow(/flags 0x10/);
  });

  it('hands over the information structure', () => {
    const { info, u32, u64, text, memory } = load(multiboot1, elfKernel(32, header1(3)), {
      modules: MODULES,
    });
    expect(u32(info) & 0x24d).toBe(0x24d);
    expect([u32(info + 4), u32(info + 8)]).toEqual([639, 63 * 1024 - 64]);
    expect(text(u32(info + 16))).toBe('one two');
    expect(text(u32(info + 64))).toBe('longmode');
    expect(u32(info + 20)).toBe(2);
    const modules = u32(info + 24);
    expect(u32(modules + 4) - u32(modules)).toBe(5000);
    expect(text(u32(modules + 8))).toBe('first module');
    expect([...memory.read(u32(modules + 16), 3)]).toEqual([1, 2, 3]);
    expect(text(u32(modules + 24))).toBe('');
    const map: object[] = [];
    for (let at = u32(info + 48); at < u32(info + 48) + u32(info + 44); at += u32(at) + 4) {
      map.push({ address: u64(at + 4), length: u64(at + 12), type: u32(at + 20) });
    }
    expect(map).toEqual(E820);
  });
});

describe('Multiboot 2', () => {
  it('loads by the address and entry tags, from the start of the file if so', () => {
    const { memory, start } = load(multiboot2, flatKernel2([1, 2, 3]));
    expect(start.rip).toBe(0x101000);
    expect([...memory.read(0x101000, 3)]).toEqual([1, 2, 3]);
  });

  it('hands over tags', () => {
    const { info, u32, u64, text, memory } = load(multiboot2, elfKernel(32, header2()), { modules: MODULES });
    const tags = new Map<number, number[]>();
    let at = info + 8;
    for (; u32(at) !== 0; at += Math.ceil(u32(at + 4) / 8) * 8) {
      tags.set(u32(at), [...(tags.get(u32(at)) ?? []), at]);
    }
    expect(u32(info)).toBe(at + 8 - info);
    const tag = (type: number, index = 0) => tags.get(type)?.[index] as number;
    expect(text(tag(1) + 8)).toBe('one two');
    expect(text(tag(2) + 8)).toBe('longmode');
    expect(u32(tag(3) + 12) - u32(tag(3) + 8)).toBe(5000);
    expect(text(tag(3) + 16)).toBe('first module');
    expect([...memory.read(u32(tag(3, 1) + 8), 3)]).toEqual([1, 2, 3]);
    expect([u32(tag(4) + 8), u32(tag(4) + 12)]).toEqual([639, 63 * 1024 - 64]);
    expect([u32(tag(6) + 8), u32(tag(6) + 12)]).toEqual([24, 0]);
    expect((u32(tag(6) + 4) - 16) / 24).toBe(E820.length);
    expect(u64(tag(6) + 16 + 24)).toBe(E820[1]?.address);
    expect(text(tag(15) + 8)).toBe('RSD PTR ');
  });

  it('refuses what it cannot give, unless it is optional', () => {
    expect(() => load(multiboot2, elfKernel(32, header2([[1, 0, 6, 8]])))).toThrow(
      /requires information.*type 8/,
    );
    expect(() => load(multiboot2, elfKernel(32, header2([[1, 1, 8]])))).not.toThrow();
    expect(() => load(multiboot2, elfKernel(32, header2([[77, 0]])))).toThrow(/tag 77/);
    expect(() => load(multiboot2, elfKernel(32, header2([[77, 1]])))).not.toThrow();
    expect(() => load(multiboot2, elfKernel(32, header2([[3, 0]])))).toThrow(/entry tag ends early/);
  });
});
