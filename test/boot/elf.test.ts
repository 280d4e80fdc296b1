import { describe, expect, it } from 'vitest';
import { hasElfMagic, parseElf } from '../../src/boot/elf.ts';
import { InputError } from '../../src/boot/input-error.ts';
import { makeElf } from './elf-fixtures.ts';

const SEGMENTS = [
  { address: 0x1000000, data: Uint8Array.of(1, 2, 3), memorySize: 0x1000 },
  { address: 0x1002000, data: Uint8Array.of(4) },
];

function messageOf(file: Uint8Array): string {
  try {
    parseElf(file);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as Error).message;
  }
  throw new Error('the file was taken');
}

describe('parseElf', () => {
  it.each([32, 64] as const)('reads headers, segments and notes of %i bits', (bits) => {
    const notes = [
      { name: 'GNU', type: 3, descriptor: [1, 2, 3, 4, 5] },
      { name: 'Xen', type: 18, descriptor: [0, 0, 0, 1] },
    ];
    const elf = parseElf(makeElf({ bits, machine: bits === 64 ? 62 : 3, segments: SEGMENTS, notes }));
    expect(elf).toMatchObject({ bits, machine: bits === 64 ? 'x86-64' : 'i386', entry: 0x1000000 });
    expect(elf.segments.map(({ physicalAddress, size, data }) => [physicalAddress, size, [...data]])).toEqual(
      [
        [0x1000000, 0x1000, [1, 2, 3]],
        [0x1002000, 1, [4]],
      ],
    );
    expect(
      elf.notes.map(({ name, type, descriptor }) => ({ name, type, descriptor: [...descriptor] })),
    ).toEqual(notes);
  });

  it('copies nothing of the file', () => {
    const file = makeElf();
    expect(parseElf(file).segments[0]?.data.buffer).toBe(file.buffer);
  });

  it('says what is wrong with a bad file', () => {
    expect(messageOf(new Uint8Array(100))).toMatch(/not an ELF file/);
    expect(messageOf(makeElf({ machine: 183 }))).toMatch(/not for x86: its machine number is 183/);
    expect(messageOf(makeElf({ type: 1 }))).toMatch(/no executable/);
    expect(messageOf(makeElf({ segments: [] }))).toMatch(/no program headers/);
    expect(messageOf(makeElf().subarray(0, 100))).toMatch(/truncated.*program headers/);
    expect(messageOf(makeElf().subarray(0, -1))).toMatch(
      /truncated.*a segment ends at 121, the file has 120/,
    );
    expect(
      messageOf(makeElf({ segments: [{ address: 0, data: new Uint8Array(2), memorySize: 1 }] })),
    ).toMatch(/larger in the file/);
    const bigEndian = makeElf();
    bigEndian[5] = 2;
    expect(messageOf(bigEndian)).toMatch(/big-endian/);
    const noClass = makeElf();
    noClass[4] = 3;
    expect(messageOf(noClass)).toMatch(/neither of 32 nor of 64 bits/);
    const longNote = makeElf({ notes: [{ name: 'Xen', type: 18, descriptor: [0] }] });
    longNote[longNote.length - 16] = 200;
    expect(messageOf(longNote)).toMatch(/a note ends/);
  });

  it('tells by the first bytes', () => {
    expect(hasElfMagic(makeElf())).toBe(true);
    expect(hasElfMagic(makeElf().subarray(0, 10))).toBe(false);
  });
});
