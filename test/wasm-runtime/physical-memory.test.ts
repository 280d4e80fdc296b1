import { beforeEach, expect, test } from 'vitest';
import { HEAP_BASE, PAGE_META_SIZE } from '../../src/layout/linear-memory.ts';
import { MemoryRuntime } from './memory-runtime.ts';

let runtime: MemoryRuntime;
beforeEach(() => {
  runtime = MemoryRuntime.create();
});

test('only mapped chunks are RAM', () => {
  const { exports } = runtime;
  expect(exports.hostAddress(0n)).not.toBe(0);
  expect(exports.hostAddress(0x7f_ffffn)).not.toBe(0);
  expect(exports.hostAddress(0x80_0000n)).toBe(0);
  expect(exports.hostAddress(0xff_ffff_f000n)).toBe(0);
  expect(exports.hostAddress(1n << 50n)).toBe(0);
  exports.mapRam(4, 1);
  expect(exports.hostAddress(0x80_0000n)).not.toBe(0);
});

test('a chunk is given zeroed, page-aligned memory on first touch and keeps it', () => {
  const { exports, memory } = runtime;
  const before = memory.buffer.byteLength;
  const host = exports.hostAddress(0x20_1234n);
  expect(host).toBeGreaterThanOrEqual(HEAP_BASE + 0x1234);
  expect(memory.buffer.byteLength).toBeGreaterThan(before);
  expect((host - 0x1234) % 4096).toBe(0);
  expect(exports.hostAddress(0x20_0000n)).toBe(host - 0x1234);
  expect(exports.hostAddress(0x3f_ffffn)).toBe(host - 0x1234 + 0x1f_ffff);
  exports.writePhysical64(0x20_1230n, 0x1122334455667788n);
  exports.mapRam(0, 4);
  expect(runtime.read64(0x20_1230n)).toBe(0x1122334455667788n);
  expect(runtime.read64(0x20_1238n)).toBe(0n);
});

test('RAM above 4 GiB', () => {
  const { exports } = runtime;
  exports.mapRam(0x1_4000_0000 / 0x20_0000, 1);
  exports.writePhysical64(0x1_4000_0008n, 5n);
  expect(runtime.read64(0x1_4000_0008n)).toBe(5n);
  expect(runtime.read64(0x4000_0008n)).toBe(0xffff_ffff_ffff_ffffn);
});

test('physical reads outside RAM are all ones and writes are lost', () => {
  runtime.exports.writePhysical64(0x100_0000n, 1n);
  expect(runtime.read64(0x100_0000n)).toBe(0xffff_ffff_ffff_ffffn);
});

test('page metadata', () => {
  const { exports } = runtime;
  const first = exports.pageMeta(0x20_0000n);
  expect(exports.pageMeta(0x20_0fffn)).toBe(first);
  expect(exports.pageMeta(0x20_1000n)).toBe(first + PAGE_META_SIZE);
  expect(exports.pageMeta(0x3f_f000n)).toBe(first + 511 * PAGE_META_SIZE);
  expect(Math.abs(exports.pageMeta(0x40_0000n) - first)).toBeGreaterThanOrEqual(512 * PAGE_META_SIZE);
  expect(exports.pageMeta(0x80_0000n)).toBe(0);
});
