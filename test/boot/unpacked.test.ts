import { describe, expect, it } from 'vitest';
import { type BootInput, ClosedDoor } from '../../src/boot/door.ts';
import { findDoor, loadKernel } from '../../src/boot/doors.ts';
import { buildE820 } from '../../src/boot/e820.ts';
import { beginUnpacking, loadUnpacker } from '../../src/boot/unpack/unpack.ts';
import { makeElf } from './elf-fixtures.ts';
import { FlatMemory, makeBzImage, NO_HARDWARE } from './guest-fixtures.ts';
import { compressLz4 } from './unpack/lz4-fixtures.ts';

const MIB = 2 ** 20;
const PREFERRED = 16 * MIB;
const MESSAGE = "KASLR disabled: 'nokaslr' on cmdline.";
const KASLR_FLAG = 2;

interface KernelFields {
  readonly bits: 32 | 64;
  readonly canRandomize: boolean;
  /** Virtual addresses, from the end of the file. */
  readonly lists: readonly (readonly number[])[];
  readonly address: number;
}

/** An ELF file of a segment with its own virtual address at its second word, and the relocations behind it. */
function kernelProper({ bits, lists, address }: KernelFields): Uint8Array {
  const data = new Uint8Array(0x100);
  new DataView(data.buffer).setUint32(4, address, true);
  const elf = makeElf({
    bits,
    machine: bits === 64 ? 62 : 3,
    entry: PREFERRED + 0x10,
    segments: [{ address: PREFERRED, data, memorySize: 0x4000 }],
  });
  // The fixture has no virtual addresses but by its own rule.
  if (bits === 32) new DataView(elf.buffer).setUint32(52 + 8, 0xc000_0000 + PREFERRED, true);
  const words = [...lists].reverse().flatMap((list) => [0, ...list]);
  return Uint8Array.of(...elf, ...new Uint8Array(Uint32Array.from(words).buffer));
}

/** A bzImage around it: a decompressor that is never run, payload, and the decompressor's messages. */
function bzImage(changes: Partial<KernelFields> = {}, change: (payload: Uint8Array) => void = () => {}) {
  const fields: KernelFields = {
    bits: 64,
    canRandomize: true,
    lists: [[0x8100_0004], [], []],
    address: 0x8100_0000,
    ...changes,
  };
  const payload = compressLz4(kernelProper(fields));
  change(payload);
  const message = new TextEncoder().encode(fields.canRandomize ? MESSAGE : '');
  const size = Math.ceil((0x400 + payload.length + message.length) / 16) * 16;
  const file = makeBzImage({ payload: size, xloadFlags: fields.bits === 64 ? 1 : 0 });
  const start = 5 * 512;
  file.fill(0, start);
  file.set(payload, start + 0x400);
  file.set(message, start + 0x400 + payload.length);
  const view = new DataView(file.buffer);
  view.setUint32(0x248, 0x400, true);
  view.setUint32(0x24c, payload.length, true);
  return file;
}

const KERNEL_32 = { bits: 32, lists: [[0xc100_0004]], address: 0xc100_0000 } as const;

async function load(
  kernel: Uint8Array,
  { entry, random = 0, ...changes }: Partial<BootInput> & { entry?: 'unpacked' | '64'; random?: number } = {},
) {
  const memory = new FlatMemory(64 * MIB);
  const unpack = await loadUnpacker(kernel);
  const input: BootInput = {
    kernel,
    modules: [],
    commandLine: 'console=ttyS0',
    e820: buildE820(memory.size),
    rsdpAddress: 0xf0000,
    unpacked: unpack && (await beginUnpacking(kernel, unpack, () => undefined)),
    hardware: { ...NO_HARDWARE, random: () => random },
    ...changes,
  };
  const start = await loadKernel(memory, input, entry);
  const view = new DataView(memory.bytes.buffer);
  const params = start.registers.si as number;
  return {
    start,
    u32: (address: number) => view.getUint32(address, true),
    loadFlags: memory.bytes[params + 0x211] as number,
  };
}

describe('a bzImage that the loader unpacks', () => {
  it('is entered where the kernel in it says, in 64-bit mode', async () => {
    const { start, u32, loadFlags } = await load(bzImage());
    expect(start.rip).toBe(PREFERRED + 0x10);
    expect(u32(PREFERRED + 4)).toBe(0x8100_0000);
    expect(loadFlags & KASLR_FLAG).toBe(KASLR_FLAG);
    expect(start.efer).not.toBe(0n);
  });

  it('is entered in 32-bit mode where it is of 32 bits', async () => {
    const { start, u32 } = await load(bzImage(KERNEL_32), { random: 3 });
    expect(start.rip).toBe(PREFERRED + 6 * MIB + 0x10);
    expect(u32(PREFERRED + 6 * MIB + 4)).toBe(0xc100_0000 + 6 * MIB);
    expect(start.efer).toBe(0n);
  });

  it('is moved by chance, with its addresses', async () => {
    const { start, u32 } = await load(bzImage(), { random: 2 });
    expect(start.rip).toBe(PREFERRED + 4 * MIB + 0x10);
    expect(u32(PREFERRED + 4 * MIB + 4)).toBe(0x8100_0000 + 4 * MIB);
  });

  it.each([
    ['the command line says so', bzImage(), 'quiet nokaslr'],
    ['it cannot be moved', bzImage({ canRandomize: false, lists: [] }), ''],
  ])('stays where it is where %s', async (_name, kernel, commandLine) => {
    const { start, u32, loadFlags } = await load(kernel, { random: 2, commandLine });
    expect(start.rip).toBe(PREFERRED + 0x10);
    expect(u32(PREFERRED + 4)).toBe(0x8100_0000);
    expect(loadFlags & KASLR_FLAG).toBe(0);
  });

  it.each<[string, Uint8Array, Parameters<typeof load>[1]]>([
    [
      'a damaged payload',
      bzImage({}, (payload) => {
        payload[8] = 0xff;
      }),
      {},
    ],
    ['another size', bzImage({}, (payload) => payload.set([1, 2], payload.length - 4)), {}],
    ['a payload that is for another processor', bzImage({ bits: 64, lists: [] }), undefined],
    ['relocations that are none', bzImage({ lists: [[0x8100_0004]] }), { random: 1 }],
    ['a relocation elsewhere', bzImage({ lists: [[0x9100_0004], [], []] }), { random: 1 }],
    ['5-level paging', bzImage(), { fiveLevelPaging: true }],
    ['less memory on the command line', bzImage(), { commandLine: 'mem=40M' }],
    ['an unknown format', bzImage(), { unpacked: undefined }],
  ])('is left to its own decompressor with %s', async (name, kernel, options = {}) => {
    if (name.includes('another processor')) kernel[0x236] = 0;
    const { start } = await load(kernel, options);
    expect(start.rip).toBe(kernel[0x236] === 0 ? PREFERRED : PREFERRED + 0x200);
    await expect(load(kernel, { ...options, entry: 'unpacked' })).rejects.toThrow(ClosedDoor);
  });

  it('is the first choice, and none where the payload is of no known format', () => {
    expect(findDoor(bzImage(), undefined).entry).toBe('unpacked');
    expect(findDoor(bzImage(KERNEL_32), undefined).entry).toBe('unpacked');
    const unknown = bzImage({}, (payload) => payload.fill(0x55, 0, 4));
    expect(findDoor(unknown, undefined).entry).toBe('64');
  });

  it('is entered at its decompressor where that was asked for', async () => {
    expect((await load(bzImage(), { entry: '64' })).start.rip).toBe(PREFERRED + 0x200);
  });
});
