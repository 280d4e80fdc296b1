/** Every loader takes what is left of a real file with flipped bytes or without its end, or says in one line why not. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { EntryName } from '../../src/boot/door.ts';
import { findDoor } from '../../src/boot/doors.ts';
import { buildE820 } from '../../src/boot/e820.ts';
import { buildConfiguration } from '../../src/boot/image/configuration.ts';
import { InputError } from '../../src/boot/input-error.ts';
import { beginUnpacking, loadUnpacker } from '../../src/boot/unpack/unpack.ts';
import type { GuestMemory } from '../../src/devices/device.ts';
import { NO_HARDWARE } from '../boot/guest-fixtures.ts';
import {
  elfKernel,
  flatKernel1,
  flatKernel2,
  header1,
  header2,
  LOAD_ADDRESS,
} from '../boot/multiboot/multiboot-fixtures.ts';
import { extractVmlinux } from './extract-vmlinux.ts';
import { findGuest } from './linux-guest.ts';

const MIB = 2 ** 20;
const ROUNDS = 2000;
const MINUTES = 60_000;
/** It unpacks what is not too damaged. */
const UNPACKED_ROUNDS = 200;
const guest = await findGuest();
const unpack = guest === undefined ? undefined : await loadUnpacker(guest.kernel);

/** RAM that forgets large writes: those of kernels would take the most time here. */
class ForgetfulMemory implements GuestMemory {
  readonly size = 128 * MIB;
  readonly linear = new WebAssembly.Memory({ initial: (2 * MIB) / 65_536 });
  private readonly pieces = new Map<number, number>();

  private check(address: number, length: number): void {
    if (!(address >= 0 && address + length <= this.size)) throw new RangeError('not RAM');
  }

  read(address: number, length: number): Uint8Array<ArrayBuffer> {
    this.check(address, length);
    return Uint8Array.from({ length }, (_, index) => this.pieces.get(address + index) ?? 0);
  }

  view(address: number): Uint8Array {
    this.check(address, 1);
    return new Uint8Array(this.linear.buffer, address % (2 * MIB));
  }

  write(address: number, bytes: Uint8Array): void {
    this.check(address, bytes.length);
    if (bytes.length > 1024) return;
    bytes.forEach((byte, index) => {
      this.pieces.set(address + index, byte);
    });
  }
}

/** Numbers from 0 up to and without 1, always the same (Park and Miller's generator). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 0x7fffffff;
    return state / 0x7fffffff;
  };
}

/** How a kernel comes into memory: by a door, or in the parts that a firmware image is handed. */
type Way = EntryName | 'firmware';

/** Loads; 'loaded', or the message of the InputError. Everything else passes through. */
async function load(file: Uint8Array, way: Way): Promise<string> {
  const memory = new ForgetfulMemory();
  const input = { kernel: file, modules: [{ data: new Uint8Array(5000) }], commandLine: 'console=ttyS0' };
  try {
    if (way === 'firmware') buildConfiguration({ ...input, memorySize: memory.size });
    else
      await findDoor(file, way).load(memory, {
        ...input,
        e820: buildE820(memory.size),
        rsdpAddress: 0xf0000,
        unpacked:
          way === 'unpacked' && unpack !== undefined
            ? await beginUnpacking(file, unpack, () => undefined)
            : undefined,
        hardware: NO_HARDWARE,
      });
    return 'loaded';
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
}

/** Where a flip does something: most of a kernel is code that loaders do not look at. */
function place(random: () => number, length: number): number {
  const span = random() < 0.8 ? Math.min(length, 1024) : length;
  return Math.floor(random() * span);
}

async function damage(original: Uint8Array, entry: Way): Promise<Set<string>> {
  const file = Uint8Array.from(original);
  const random = randomNumbers(1 + entry.length);
  const results = new Set<string>();
  const rounds = entry === 'unpacked' ? UNPACKED_ROUNDS : ROUNDS;
  for (let round = 0; round < rounds; round++) {
    if (round % 4 === 0) {
      results.add(await load(file.subarray(0, place(random, file.length)), entry));
      continue;
    }
    const flips = Array.from({ length: 1 + (round % 3) }, () => place(random, file.length));
    for (const at of flips) file[at] = random() < 0.5 ? Math.floor(random() * 256) : 0xff;
    results.add(await load(file, entry));
    for (const at of flips) file[at] = original[at] as number;
  }
  return results;
}

async function expectCareful(original: Uint8Array, entry: Way): Promise<void> {
  expect(await load(original, entry)).toBe('loaded');
  const results = await damage(original, entry);
  for (const message of results) expect(message).toMatch(/^[^\n]{5,200}$/);
  // Some files were taken, and others were refused for different reasons.
  expect(results).toContain('loaded');
  expect(results.size).toBeGreaterThan(3);
}

/** Of the header itself, of the first byte that is loaded, to the end of the file, of the memory's end, and the entry. */
const ELF_ADDRESSES = [LOAD_ADDRESS + 0x10, LOAD_ADDRESS, 0, LOAD_ADDRESS + 0x8000, LOAD_ADDRESS + 0x180];

describe('damaged Multiboot kernels', { timeout: 2 * MINUTES }, () => {
  it.each([
    ['1, flat', flatKernel1([0xf4])],
    ['2, flat', flatKernel2([0xf4])],
    ['1, ELF of 32 bits', elfKernel(32, header1(3))],
    ['1, ELF of 64 bits', elfKernel(64, header1(3))],
    ['1, ELF that its header has addresses for', elfKernel(32, header1(0x10003, ELF_ADDRESSES))],
    ['2, ELF of 32 bits', elfKernel(32, header2([[1, 0, 6, 3]]))],
    ['2, ELF of 64 bits', elfKernel(64, header2([[1, 0, 6, 3]]))],
  ])('of version %s', async (_name, kernel) => {
    await expectCareful(kernel, 'multiboot');
  });
});

describe.skipIf(guest === undefined)('a damaged kernel of Debian', { timeout: 5 * MINUTES }, () => {
  it.each(['unpacked', '64', '32', '16', 'efi', 'firmware'] as const)(
    'as a bzImage by the entry %s',
    async (entry) => {
      await expectCareful(guest?.kernel as Uint8Array, entry);
    },
  );

  it.each(['64', 'pvh'] as const)('as a vmlinux by the entry %s', async (entry) => {
    await expectCareful(extractVmlinux(guest?.kernel as Uint8Array), entry);
  });
});

/** Programs that are as small as an image can be. */
describe.skipIf(!existsSync('/boot/memtest86+x64.bin'))("damaged images of Debian's memtest86+", () => {
  it.each([
    ['x64.bin', '16'],
    ['x64.bin', '32'],
    ['x64.bin', '64'],
    ['x64.efi', 'efi'],
  ] as const)('%s by the entry %s', { timeout: 2 * MINUTES }, async (name, entry) => {
    await expectCareful(await readFile(`/boot/memtest86+${name}`), entry);
  });
});
