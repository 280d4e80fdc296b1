import { expect, test } from 'vitest';
import { ByteQueue } from '../../src/devices/byte-queue.ts';

test('bytes come out in the order they went in, across chunks', () => {
  const queue = new ByteQueue();
  const source = Uint8Array.of(1, 2, 3);
  queue.push(source);
  queue.push(new Uint8Array());
  queue.push(Uint8Array.of(4));
  source.fill(9);
  expect(queue.length).toBe(4);
  expect(queue.shift()).toBe(1);
  expect(queue.toBytes()).toEqual(Uint8Array.of(2, 3, 4));
  expect([queue.shift(), queue.shift(), queue.shift(), queue.shift()]).toEqual([2, 3, 4, undefined]);
  expect(queue.length).toBe(0);
});

test('bytes put back come out first', () => {
  const queue = new ByteQueue();
  queue.push(Uint8Array.of(1, 2, 3));
  queue.unshift(new Uint8Array());
  expect([queue.shift(), queue.shift()]).toEqual([1, 2]);
  queue.unshift(Uint8Array.of(8, 9));
  expect(queue.length).toBe(3);
  expect(queue.toBytes()).toEqual(Uint8Array.of(8, 9, 3));
});
