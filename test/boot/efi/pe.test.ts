import { describe, expect, it } from 'vitest';
import { withoutPauses } from '../../../src/boot/efi/pausing.ts';
import { hasPeHeader, type PeImage, parsePe, writeImage } from '../../../src/boot/efi/pe.ts';
import { InputError } from '../../../src/boot/input-error.ts';
import { FlatMemory } from '../guest-fixtures.ts';
import { CODE_OFFSET, makePe } from './pe-fixtures.ts';

function messageOf(file: Uint8Array): string {
  try {
    parsePe(file);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as Error).message;
  }
  throw new Error('the file was taken');
}

/** The image in memory that was not zero before. */
function layOut(image: PeImage, address: number): Uint8Array {
  const memory = new FlatMemory(4 * 2 ** 20);
  memory.bytes.fill(0xcc);
  withoutPauses(writeImage(memory, image, address));
  expect(memory.bytes[address - 1]).toBe(0xcc);
  expect(memory.bytes[address + image.size]).toBe(0xcc);
  return memory.read(address, image.size);
}

describe('PE images', () => {
  it('are laid out as their sections say', () => {
    const image = parsePe(makePe({ code: Uint8Array.of(1, 2, 3), entry: 0x1001 }));
    expect(image).toMatchObject({ size: 0x2000, entry: 0x1001, base: 0n });
    const memory = layOut(image, 0x100000);
    expect(memory.length).toBe(0x2000);
    expect([...memory.subarray(0, 2)]).toEqual([0x4d, 0x5a]);
    expect([...memory.subarray(CODE_OFFSET, CODE_OFFSET + 4)]).toEqual([1, 2, 3, 0]);
  });

  it('are relocated by the distance to their base', () => {
    const code = new Uint8Array(24);
    new DataView(code.buffer).setBigUint64(8, 0x140001010n, true);
    const image = parsePe(makePe({ base: 0x140000000, code, relocations: [8] }));
    const memory = layOut(image, 0x200000);
    expect(new DataView(memory.buffer).getBigUint64(CODE_OFFSET + 8, true)).toBe(0x201010n);
  });

  it('say what is wrong with them', () => {
    expect(messageOf(new Uint8Array(200))).toMatch(/no PE header/);
    expect(messageOf(makePe({ machine: 0x14c }))).toMatch(/for 32-bit firmware/);
    expect(messageOf(makePe({ machine: 0xaa64 }))).toMatch(/another machine \(0xaa64\)/);
    expect(messageOf(makePe({ subsystem: 3 }))).toMatch(/no EFI application/);
    expect(messageOf(makePe({ magic: 0x10b }))).toMatch(/PE32\+/);
    expect(messageOf(makePe({ entry: 0x9000 }))).toMatch(/entry point is outside/);
    expect(messageOf(makePe().subarray(0, -1))).toMatch(/truncated/);
    expect(messageOf(makePe().subarray(0, 0x100))).toMatch(/ends early/);
    const relocated = makePe({ base: 0x1000, code: new Uint8Array(16), relocations: [0] });
    new DataView(relocated.buffer).setUint32(relocated.length - 6, 4, true);
    expect(() => layOut(parsePe(relocated), 0x100000)).toThrow(/relocations/);
  });

  it('are told by their first bytes', () => {
    expect(hasPeHeader(makePe())).toBe(true);
    expect(hasPeHeader(makePe().subarray(0, 0x81))).toBe(false);
    expect(hasPeHeader(new Uint8Array(0))).toBe(false);
  });
});
