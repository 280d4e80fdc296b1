import { expect, test } from 'vitest';
import { InterruptVectorSet } from '../../src/devices/interrupt-vector-set.ts';

test('finds the highest of its members across words', () => {
  const set = new InterruptVectorSet();
  expect(set.highest()).toBe(-1);
  const added = [0, 255, 31, 32, 63, 224, 100];
  for (const vector of added) set.add(vector);
  const found: number[] = [];
  for (let vector = set.highest(); vector >= 0; vector = set.highest()) {
    found.push(vector);
    expect(set.has(vector)).toBe(true);
    set.delete(vector);
    expect(set.has(vector)).toBe(false);
  }
  expect(found).toEqual([255, 224, 100, 63, 32, 31, 0]);
});

test('words are unsigned and survive save and load', () => {
  const set = new InterruptVectorSet();
  set.add(0x3f);
  set.add(0x20);
  expect(set.word(1)).toBe(0x8000_0001);
  const other = new InterruptVectorSet();
  other.add(0xff);
  other.load(set.save());
  expect(other.highest()).toBe(0x3f);
  other.delete(0x3f);
  other.delete(0x20);
  expect(other.highest()).toBe(-1);
});
