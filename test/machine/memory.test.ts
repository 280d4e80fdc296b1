/** Guests with more memory than most machines. */
import { describe, expect, it } from 'vitest';
import { BACKED_MEMORY, Machine } from '../../src/core.ts';
import { OutOfHostMemory } from '../../src/cpu/processor.ts';
import { NodeHost } from '../../src/host/node/host.ts';
import type { Board } from '../../src/machine/board.ts';
import { makeKernel, POWER_OFF, runHigh, SPIN, TOUCH_ALL } from '../cli/guests.ts';

const GIB = 2 ** 30;

function machineOf(code: readonly number[], memorySize: number): Promise<Machine> {
  return Machine.create({ host: new NodeHost(), kernel: makeKernel(code), memorySize, tier: 'interpreter' });
}

it('reads and writes memory across its chunks, which are not in order', async () => {
  const machine = await machineOf([...POWER_OFF, ...SPIN], 2 ** 26);
  const border = 5 * 2 ** 21;
  machine.readMemory(border, 1);
  const bytes = Uint8Array.from({ length: 5000 }, (_, i) => i);
  machine.writeMemory(border - 2000, bytes);
  expect(machine.readMemory(border - 2000, 2000)).toEqual(bytes.slice(0, 2000));
  expect(machine.readMemory(border, 3000)).toEqual(bytes.slice(2000));
  expect(machine.readMemory(border - 2000, 5000)).toEqual(bytes);
});

describe('a large guest', () => {
  it('runs code in the upper half of the linear memory', async () => {
    const machine = await machineOf(runHigh([...POWER_OFF, ...SPIN]), 3 * GIB);
    expect(await machine.run()).toEqual({ kind: 'power off' });
  });

  it('may have more memory than can be backed, if it touches little', async () => {
    const machine = await machineOf([...POWER_OFF, ...SPIN], 32 * GIB);
    expect(await machine.run()).toEqual({ kind: 'power off' });
  });

  it('ends as out of memory when it touches more, and stays ended', async () => {
    const machine = await machineOf(TOUCH_ALL, 8 * GIB);
    expect(await machine.run()).toEqual({ kind: 'out of memory' });
    expect(await machine.run()).toEqual({ kind: 'out of memory' });
    // Linear memory is full up to less than one more piece.
    const left = 2 ** 32 - machine.processor.memory.buffer.byteLength;
    expect(left).toBeLessThan(4 * 2 ** 20);
    expect(BACKED_MEMORY).toBeLessThan(4 * GIB);
  });

  it('ends so, too, where a device touches it by itself', async () => {
    const machine = await machineOf(SPIN, 2 ** 26);
    const { board } = machine as unknown as { board: Board };
    const touch = (): never => {
      throw new OutOfHostMemory();
    };
    board.timers.create('transfer', touch).arm(0);
    expect(await machine.run()).toEqual({ kind: 'out of memory' });
  });
});
