import { beforeEach, expect, test } from 'vitest';
import { Flash } from '../../src/devices/flash.ts';

const SIZE = 0x3000;

let content: Uint8Array;
let seen: Uint8Array;
let shows: number;
let changes: number;
let flash: Flash;

const write = (offset: number, ...bytes: number[]): void => {
  for (const byte of bytes) flash.writeMmio(offset, 1, byte);
};

beforeEach(() => {
  content = Uint8Array.from({ length: SIZE }, (_, at) => at >> 4);
  seen = content.slice();
  [shows, changes] = [0, 0];
  flash = new Flash({
    content,
    show: (bytes) => {
      shows += 1;
      seen = bytes.slice();
    },
    changed: () => {
      changes += 1;
    },
  });
});

test('OVMF knows it by its status, which is 0 once it has been cleared', () => {
  write(0x100, 0x50);
  expect(seen[0x100]).toBe(0x10);
  write(0x100, 0x70);
  expect([seen[0], seen[0x100], seen[SIZE - 1]]).toEqual([0, 0, 0]);
  expect(flash.readMmio(0x100, 4)).toBe(0);
  write(0x100, 0xff);
  expect(seen).toEqual(content);
  expect(flash.readMmio(0x100, 2)).toBe(0x1010);
  expect(changes).toBe(0);
});

test('bytes are written, bits only cleared', () => {
  write(0x555, 0x10, 0xf1, 0x40, 0x5f);
  expect(seen[0]).toBe(0x80);
  flash.writeMmio(0x20, 1, 0x10);
  flash.writeMmio(0x20, 4, 0xfffe_fd03);
  write(0, 0xff);
  expect(content[0x555]).toBe(0x55 & 0x51);
  expect([...content.subarray(0x20, 0x25)]).toEqual([2 & 3, 2 & 0xfd, 2 & 0xfe, 2, 2]);
  expect(seen).toEqual(content);
  // The guest's memory is written when what it reads changes, not for each byte.
  expect([changes, shows]).toEqual([3, 2]);
});

test('blocks are erased, if that is confirmed', () => {
  write(0x1234, 0x20, 0xd0, 0xff);
  expect([content[0xfff], content[0x1000], content[0x1fff], content[0x2000]]).toEqual([0xff, 0xff, 0xff, 0]);
  expect(content[0xffe]).toBe(0xff);
  write(0x2000, 0x20, 0x10);
  expect(seen[0]).toBe(0xb0);
  expect(content[0x2010]).toBe(0x01);
  write(0, 0xff);
  expect(changes).toBe(1);
});

test('reset, save and load', () => {
  write(0, 0x10);
  const state = flash.save();
  flash.reset();
  expect(seen).toEqual(content);
  flash.load(state);
  expect(seen[7]).toBe(0x80);
  write(0x100, 0);
  expect(content[0x100]).toBe(0);
});
