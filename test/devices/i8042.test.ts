import { beforeEach, expect, test } from 'vitest';
import { I8042 } from '../../src/devices/i8042.ts';
import { PortBus } from '../../src/devices/port-bus.ts';

let resets: number;
let controller: I8042;
let ports: PortBus;

const status = () => ports.read(0x64, 1);
const data = () => ports.read(0x60, 1);
const command = (value: number) => ports.write(0x64, 1, value);
const send = (value: number) => ports.write(0x60, 1, value);

beforeEach(() => {
  resets = 0;
  controller = new I8042(() => {
    resets++;
  });
  ports = new PortBus();
  ports.add(0x60, 1, controller.data);
  ports.add(0x64, 1, controller.command);
});

test('it is idle: no output, and its input buffer is empty', () => {
  expect(status() & 0x03).toBe(0);
});

test('FEH pulses the reset line; other pulses do not reset', () => {
  command(0xff);
  expect(resets).toBe(0);
  command(0xfe);
  expect(resets).toBe(1);
});

test('the output port: A20 through D1H, and a reset when bit 0 is low', () => {
  command(0xd1);
  send(0xdf);
  expect(resets).toBe(0);
  expect(status() & 0x01).toBe(0);
  command(0xd0);
  expect(data() & 0x03).toBe(0x03);
  command(0xd1);
  send(0xde);
  expect(resets).toBe(1);
});

test('self test and command byte', () => {
  command(0xaa);
  expect(status() & 0x09).toBe(0x09);
  expect(data()).toBe(0x55);
  expect(status() & 0x01).toBe(0);
  command(0x60);
  send(0x47);
  command(0x20);
  expect(data()).toBe(0x47);
});

test('there is no keyboard: its port test fails and a byte to it times out', () => {
  command(0xab);
  expect(data()).not.toBe(0);
  send(0xf2);
  expect(status() & 0x49).toBe(0x41);
  expect(data()).toBe(0xfe);
  expect(status() & 0x41).toBe(0);
});

test('reset, save and load', () => {
  command(0x60);
  send(0x11);
  command(0xaa);
  const state = controller.save();
  controller.reset();
  expect(status() & 0x01).toBe(0);
  controller.load(state);
  expect(data()).toBe(0x55);
  command(0x20);
  expect(data()).toBe(0x11);
});
