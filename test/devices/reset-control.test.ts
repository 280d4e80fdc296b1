import { beforeEach, expect, test } from 'vitest';
import { RESET_VALUE, ResetControl } from '../../src/devices/reset-control.ts';

let resets: number;
let control: ResetControl;

beforeEach(() => {
  resets = 0;
  control = new ResetControl(() => {
    resets++;
  });
});

test('a rising RST_CPU resets; Linux writes SYS_RST first', () => {
  control.writePort(0xcf9, 1, 0x02);
  expect(resets).toBe(0);
  control.writePort(0xcf9, 1, RESET_VALUE);
  expect(resets).toBe(1);
  control.writePort(0xcf9, 1, RESET_VALUE);
  expect(resets).toBe(1);
  expect(control.readPort(0xcf9, 1)).toBe(RESET_VALUE);
});

test('port 92H: fast reset on a rising bit 0, and an A20 gate that is open', () => {
  expect(control.readPort(0x92, 1)).toBe(0x02);
  control.writePort(0x92, 1, 0x02);
  expect(resets).toBe(0);
  control.writePort(0x92, 1, 0x03);
  control.writePort(0x92, 1, 0x03);
  expect(resets).toBe(1);
});

test('reset, save and load', () => {
  control.writePort(0xcf9, 1, 0x02);
  control.writePort(0x92, 1, 0x40);
  const state = control.save();
  control.reset();
  expect(control.readPort(0xcf9, 1)).toBe(0);
  expect(control.readPort(0x92, 1)).toBe(0x02);
  control.load(state);
  expect(control.readPort(0xcf9, 1)).toBe(0x02);
  expect(control.readPort(0x92, 1)).toBe(0x40);
});
