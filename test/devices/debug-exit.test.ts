import { expect, test } from 'vitest';
import { DebugExit } from '../../src/devices/debug-exit.ts';

test('a write ends the machine with an odd code', () => {
  const codes: number[] = [];
  const device = new DebugExit((code) => codes.push(code));
  device.writePort(0, 1, 0);
  device.writePort(0, 4, 0x10);
  device.writePort(0, 4, 0xffffffff);
  expect(codes).toEqual([1, 0x21, 0xffffffff]);
  expect(device.readPort()).toBe(0);
});
