import { describe, expect, it } from 'vitest';
import { InputError, Machine } from '../../src/index.ts';
import { COM2_TO_COM1, makeKernel, RESET, SPIN } from '../cli/guests.ts';

async function machineOf(code: readonly number[]) {
  const sent: number[] = [];
  const machine = await Machine.create({
    kernel: makeKernel(code),
    memorySize: 2 ** 26,
    tier: 'interpreter',
    onSerialOutput: (bytes) => sent.push(...bytes),
  });
  return { machine, text: () => String.fromCharCode(...sent) };
}

describe('resizeTerminal', () => {
  it.each([
    [0, 24],
    [80, 65536],
    [Number.NaN, 24],
    [80.5, 24],
  ])('refuses %d columns and %d rows', async (columns, rows) => {
    const { machine } = await machineOf(SPIN);
    expect(() => machine.resizeTerminal(columns, rows)).toThrow(InputError);
  });

  it('sends a line on COM2; the latest always arrives, whole, however many were not read', async () => {
    const { machine, text } = await machineOf(COM2_TO_COM1);
    for (let columns = 1000; columns <= 9999; columns++) machine.resizeTerminal(columns, 50);
    const running = machine.run();
    while (!text().endsWith('50 9999\n')) await new Promise(setImmediate);
    expect(text()).toMatch(/\n50 9999\n$/);
    expect(text().length).toBeLessThan(1000);
    machine.stop();
    await running;
  });

  it('tells a guest that starts again', async () => {
    // One byte, without the jump back.
    const { machine, text } = await machineOf([...COM2_TO_COM1.slice(0, -2), ...RESET, ...SPIN]);
    machine.resizeTerminal(80, 24);
    const running = machine.run();
    while (!text().startsWith('222')) await new Promise(setImmediate);
    machine.stop();
    await running;
  });
});
