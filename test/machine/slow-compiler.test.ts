import { expect, it } from 'vitest';
import type { RemoteCompiler } from '../../src/code-cache/tiering.ts';
import { NodeHost } from '../../src/host/node/host.ts';
import { Machine } from '../../src/machine/machine.ts';
import { makeKernel, POWER_OFF } from '../cli/guests.ts';
import { assemble } from '../support/assembler.ts';

/** A host that is too busy to compile anything. */
class HostWithoutResults extends NodeHost {
  requests = 0;

  override startCompiler(): RemoteCompiler {
    return {
      post: () => {
        this.requests += 1;
      },
      listen: () => {},
      close: async () => {},
    };
  }
}

const LOOP = assemble('mov ecx,3000000; again: dec ecx; jne again');

it('the guest goes on if its hot code does not come back from the compiler', async () => {
  const host = new HostWithoutResults();
  const machine = await Machine.create({
    host,
    kernel: makeKernel([...LOOP, ...POWER_OFF]),
    memorySize: 64 * 2 ** 20,
    clock: 'host',
  });
  expect(await machine.run()).toEqual({ kind: 'power off' });
  expect(host.requests).toBe(1);
});
