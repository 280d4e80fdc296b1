import { expect, it } from 'vitest';
import type { RemoteCompiler } from '../../src/code-cache/tiering.ts';
import { NodeHost } from '../../src/host/node/host.ts';
import { Machine } from '../../src/machine/machine.ts';
import { makeKernel, POWER_OFF } from '../cli/guests.ts';

/** Counts the compile workers that are open. */
class CountingHost extends NodeHost {
  started = 0;
  closed = 0;

  override startCompiler(): RemoteCompiler {
    this.started += 1;
    return {
      post: () => {},
      listen: () => {},
      close: async () => {
        this.closed += 1;
      },
    };
  }
}

it('a machine that cannot be made leaves no compile worker behind', async () => {
  const host = new CountingHost();
  const kernel = makeKernel(POWER_OFF);
  const creating = Machine.create({
    host,
    kernel,
    memorySize: 64 * 2 ** 20,
    initrd: new Uint8Array(63 * 2 ** 20),
  });
  await expect(creating).rejects.toThrow('does not fit');
  expect([host.started, host.closed]).toEqual([1, 1]);
});
