import { describe, expect, it } from 'vitest';
import { buildE820 } from '../../src/boot/e820.ts';
import { buildGdt } from '../../src/boot/gdt.ts';
import { InputError } from '../../src/boot/input-error.ts';
import { encodeCommandLine, handOver } from '../../src/boot/linux-handover.ts';
import { FlatMemory, NO_HARDWARE } from './guest-fixtures.ts';

const MIB = 2 ** 20;

describe('encodeCommandLine', () => {
  it('ends the line with a zero that does not count', () => {
    expect([...encodeCommandLine('0123456789', 10)]).toEqual([...new TextEncoder().encode('0123456789'), 0]);
  });

  it('counts bytes, not characters', () => {
    expect(() => encodeCommandLine('012345678é', 10)).toThrow(/11 bytes.*at most 10/);
    expect(() => encodeCommandLine('01234567890', 10)).toThrow(InputError);
  });
});

describe('handOver', () => {
  it('joins initramfs archives, each at a multiple of 4 with zeros before it', () => {
    const memory = new FlatMemory(64 * MIB);
    const modules = [[1, 2, 3, 4, 5], [6], [7, 8, 9, 10]].map((bytes) => ({ data: Uint8Array.from(bytes) }));
    const kernel = {
      setupHeader: new Uint8Array(0x80),
      range: { start: 16 * MIB, end: 32 * MIB },
      initrdAddressMax: 0x7fffffff,
      commandLineSize: 100,
    };
    const e820 = buildE820(64 * MIB);
    const { bootParams } = handOver(memory, kernel, buildGdt('64-bit'), {
      kernel: new Uint8Array(0),
      modules,
      commandLine: '',
      e820,
      rsdpAddress: 0,
      hardware: NO_HARDWARE,
    });
    const view = new DataView(memory.bytes.buffer);
    const address = view.getUint32(bootParams + 0x218, true);
    expect(view.getUint32(bootParams + 0x21c, true)).toBe(16);
    expect([...memory.read(address, 16)]).toEqual([1, 2, 3, 4, 5, 0, 0, 0, 6, 0, 0, 0, 7, 8, 9, 10]);
  });
});
