import { expect, test } from 'vitest';
import { BREAK, SerialLine } from '../../src/devices/serial-line.ts';

test('items come out in the order they went in, across chunks', () => {
  const line = new SerialLine();
  const source = Uint8Array.of(1, 2, 3);
  line.push(source);
  line.push(new Uint8Array());
  line.push([BREAK]);
  source.fill(9);
  expect(line.length).toBe(4);
  expect(line.shift()).toBe(1);
  expect(line.toItems()).toEqual([2, 3, BREAK]);
  expect([line.shift(), line.shift(), line.shift(), line.shift()]).toEqual([2, 3, BREAK, undefined]);
  expect(line.length).toBe(0);
});

test('what is put back comes out first', () => {
  const line = new SerialLine();
  line.push([1, 2, 3]);
  line.unshift([]);
  expect([line.shift(), line.shift()]).toEqual([1, 2]);
  line.unshift([8, BREAK]);
  expect(line.length).toBe(3);
  expect(line.toItems()).toEqual([8, BREAK, 3]);
});
