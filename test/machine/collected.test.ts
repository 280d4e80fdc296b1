/** A closed machine leaves nothing behind: neither itself nor the memory of its guest. */
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { NodeHost } from '../../src/host/node/host.ts';
import { Machine } from '../../src/machine/machine.ts';
import type { MachineOptions } from '../../src/machine/options.ts';
import { makeKernel, POWER_OFF, print } from '../cli/guests.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** mov ecx, 100000; L: dec ecx; jnz L: enough to be compiled. */
const HOT = [0xb9, 0xa0, 0x86, 0x01, 0x00, 0xff, 0xc9, 0x75, 0xfc];

async function runAndClose(tier: NonNullable<MachineOptions['tier']>): Promise<WeakRef<object>> {
  const machine = await Machine.create({
    host: new NodeHost(),
    kernel: makeKernel([...HOT, ...print('up'), ...POWER_OFF]),
    memorySize: 64 * 2 ** 20,
    tier,
  });
  expect(await machine.run()).toEqual({ kind: 'power off' });
  await machine.close();
  return new WeakRef(machine);
}

describe('a machine that is closed', () => {
  it.each(['interpreter', 'auto'] as const)('is collected, tier %s', async (tier) => {
    const machine = await runAndClose(tier);
    // What has been awaited may still be on its way.
    for (let attempt = 0; attempt < 20 && machine.deref() !== undefined; attempt++) {
      await sleep(10);
      collect();
    }
    // Not the machine itself: printing one takes minutes.
    expect(machine.deref() === undefined).toBe(true);
  });
});
