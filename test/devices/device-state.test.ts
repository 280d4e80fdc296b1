import { expect, test } from 'vitest';
import { bytesIn, restoreRegisters, stateIn, statesIn } from '../../src/devices/device-state.ts';

test('registers come back from a copy of themselves', () => {
  const registers = { a: 1, b: 2n, c: true };
  restoreRegisters(registers, { a: 5, b: 6n, c: false, unknown: 1 });
  expect(registers).toEqual({ a: 5, b: 6n, c: false });
});

test('a state of another shape is refused and changes nothing', () => {
  const registers = { a: 1, b: 2n };
  expect(() => restoreRegisters(registers, { a: 5 })).toThrow(TypeError);
  expect(() => restoreRegisters(registers, { a: 5, b: 6 })).toThrow(TypeError);
  expect(registers).toEqual({ a: 1, b: 2n });
});

test('nested values are checked', () => {
  const state = { bytes: Uint8Array.of(1, 2), inner: { x: 1 }, list: [{ y: 1 }, { y: 2 }] };
  expect(bytesIn(state, 'bytes', 2)).toEqual(Uint8Array.of(1, 2));
  expect(() => bytesIn(state, 'bytes', 3)).toThrow(TypeError);
  expect(() => bytesIn(state, 'inner')).toThrow(TypeError);
  expect(stateIn(state, 'inner')).toEqual({ x: 1 });
  expect(() => stateIn(state, 'list')).toThrow(TypeError);
  expect(() => stateIn(state, 'absent')).toThrow(TypeError);
  expect(statesIn(state, 'list', 2)).toEqual([{ y: 1 }, { y: 2 }]);
  expect(() => statesIn(state, 'list', 3)).toThrow(TypeError);
});
