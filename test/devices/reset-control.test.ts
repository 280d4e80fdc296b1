import { beforeEach, expect, test } from 'vitest';
import { PortBus } from '../../src/devices/port-bus.ts';
import { ResetControl } from '../../src/devices/reset-control.ts';

let resets: number;
let control: ResetControl;
let ports: PortBus;

beforeEach(() => {
  resets = 0;
  control = new ResetControl(() => {
    resets++;
  });
  ports = new PortBus();
  ports.add(0xcf9, 1, control.control);
  ports.add(0x92, 1, control.portA);
});

test('a rising RST_CPU resets; Linux writes SYS_RST first', () => {
  ports.write(0xcf9, 1, 0x02);
  expect(resets).toBe(0);
  ports.write(0xcf9, 1, 0x06);
  expect(resets).toBe(1);
  ports.write(0xcf9, 1, 0x06);
  expect(resets).toBe(1);
  expect(ports.read(0xcf9, 1)).toBe(0x06);
});

test('port 92H: fast reset on a rising bit 0, and an A20 gate that is open', () => {
  expect(ports.read(0x92, 1)).toBe(0x02);
  ports.write(0x92, 1, 0x02);
  expect(resets).toBe(0);
  ports.write(0x92, 1, 0x03);
  ports.write(0x92, 1, 0x03);
  expect(resets).toBe(1);
});

test('reset, save and load', () => {
  ports.write(0xcf9, 1, 0x02);
  ports.write(0x92, 1, 0x40);
  const state = control.save();
  control.reset();
  expect(ports.read(0xcf9, 1)).toBe(0);
  expect(ports.read(0x92, 1)).toBe(0x02);
  control.load(state);
  expect(ports.read(0xcf9, 1)).toBe(0x02);
  expect(ports.read(0x92, 1)).toBe(0x40);
});
