/** What a machine does between its start and its end. */
import { describe, expect, it } from 'vitest';
import { Machine } from '../../src/core.ts';
import { NodeHost } from '../../src/host/node/host.ts';
import { ECHO, makeKernel, POWER_OFF, print, RESET, SPIN } from '../cli/guests.ts';

const MIB = 2 ** 20;

/** A machine with the text it sent. */
async function machineOf(code: readonly number[]) {
  const sent: number[] = [];
  const machine = await Machine.create({
    host: new NodeHost(),
    kernel: makeKernel(code),
    memorySize: 64 * MIB,
    tier: 'interpreter',
    onSerialOutput: (bytes) => sent.push(...bytes),
  });
  return { machine, text: () => String.fromCharCode(...sent) };
}

describe('sendSerial', () => {
  it('says when no more is wanted; serialDrained() when it is again', async () => {
    const { machine, text } = await machineOf(ECHO);
    await machine.serialDrained();
    expect(machine.sendSerial(new Uint8Array(60_000).fill(0x61))).toBe(true);
    expect(machine.sendSerial(new Uint8Array(60_000).fill(0x62))).toBe(false);
    const running = machine.run();
    await machine.serialDrained();
    expect(machine.sendSerial(Uint8Array.of(0x63))).toBe(true);
    expect(text()).toMatch(/^a{54000}/);
    while (!text().endsWith('c')) await new Promise(setImmediate);
    expect(text()).toBe(`${'a'.repeat(60_000)}${'b'.repeat(60_000)}c`);
    machine.stop();
    await running;
  });

  it('outlives a restart of the guest', async () => {
    // Echoes one byte, without the jump back, and restarts.
    const { machine, text } = await machineOf([...print('.'), ...ECHO.slice(0, -2), ...RESET, ...SPIN]);
    machine.sendSerial(new TextEncoder().encode('abc'));
    const running = machine.run();
    while (!text().endsWith('.c.')) await new Promise(setImmediate);
    expect(text()).toBe('.a.b.c.');
    machine.stop();
    await running;
  });
});

describe('run', () => {
  it('goes on after stop()', async () => {
    const { machine, text } = await machineOf(ECHO);
    for (const word of ['first', 'second']) {
      const stopped = machine.run();
      machine.sendSerial(new TextEncoder().encode(word));
      while (!text().endsWith(word)) await new Promise(setImmediate);
      machine.stop();
      expect(await stopped).toEqual({ kind: 'stopped' });
    }
    expect(text()).toBe('firstsecond');
  });

  it('is not kept from running by a stop() before it', async () => {
    const { machine, text } = await machineOf([...print('up'), ...POWER_OFF, ...SPIN]);
    machine.stop();
    expect(await machine.run()).toEqual({ kind: 'power off' });
    expect(text()).toBe('up');
  });

  it('tells of the end again, without running', async () => {
    const { machine } = await machineOf([...POWER_OFF, ...SPIN]);
    expect(await machine.run()).toEqual({ kind: 'power off' });
    const { total } = machine.statistics().instructions;
    expect(await machine.run()).toEqual({ kind: 'power off' });
    expect(machine.statistics().instructions.total).toBe(total);
  });

  it('refuses to run twice at once, and after close()', async () => {
    const { machine } = await machineOf(SPIN);
    const running = machine.run();
    await expect(machine.run()).rejects.toThrow('runs already');
    await machine.close();
    expect(await running).toEqual({ kind: 'stopped' });
    await expect(machine.run()).rejects.toThrow('closed');
  });
});
