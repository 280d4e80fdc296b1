/** Machine.create where the thread or a file fails, and what is told when the guest stalls. */
import { expect, it } from 'vitest';
import { createLocalLink } from '../../src/api/local-link.ts';
import { Machine } from '../../src/api/machine.ts';
import type { MachineThread, Platform } from '../../src/api/platform.ts';
import type { FromThread, ToThread } from '../../src/api/protocol.ts';
import { serveMachine } from '../../src/api/thread/server.ts';
import { NodeHost } from '../../src/host/node/host.ts';
import { makeKernel, SPIN } from '../cli/guests.ts';

const never = new Promise<never>(() => {});

function platformOf(startHere: Platform['startHere'], open: Platform['open']): Platform {
  return {
    startHere,
    startThread: () => {
      throw new Error('no thread');
    },
    open,
  };
}

const fails = async (message: string): Promise<never> => {
  throw new Error(message);
};

it.each([
  ['the thread, while a file is read', () => fails('no thread'), () => never, 'no thread'],
  ['a file, and then the thread', () => later(() => fails('no thread')), () => fails('no file'), 'no file'],
  ['the thread, and then a file', () => fails('no thread'), () => later(() => fails('no file')), 'no thread'],
])('tells what fails first: %s', async (_, startHere, open, message) => {
  const creating = Machine.create(platformOf(startHere, open), { kernel: 'file', thread: 'here' });
  await expect(creating).rejects.toThrow(message);
});

it('rejects when the thread cannot even be asked for', async () => {
  const creating = Machine.create(
    platformOf(
      () => never,
      () => never,
    ),
    { kernel: 'file' },
  );
  await expect(creating).rejects.toThrow('no thread');
});

it('ends a thread that has started in vain', async () => {
  let hasEnded = false;
  const thread: MachineThread = {
    post: () => {},
    listen: () => {},
    onFailure: () => {},
    end: async () => {
      hasEnded = true;
    },
  };
  const creating = Machine.create(
    platformOf(
      () => later(async () => thread),
      () => fails('no file'),
    ),
    { kernel: 'file', thread: 'here' },
  );
  await expect(creating).rejects.toThrow('no file');
  expect(hasEnded).toBe(true);
});

it('has an event for a guest that will never do anything again', async () => {
  /** A hundred times as fast as real time. */
  class FastHost extends NodeHost {
    override now(): number {
      return super.now() * 100;
    }
  }
  const startHere: Platform['startHere'] = async () => {
    const [link, ours] = createLocalLink<FromThread, ToThread>();
    serveMachine(link, new FastHost());
    return {
      post: (message) => ours.post(message),
      listen: (receive) => ours.listen(receive),
      onFailure: () => {},
      end: async () => {},
    };
  };
  await using machine = await Machine.create(
    platformOf(startHere, () => never),
    {
      kernel: makeKernel([0xfa, ...SPIN]),
      thread: 'here',
      memorySize: 2 ** 26,
      tier: 'interpreter',
    },
  );
  const stall = new Promise((resolve) => machine.addEventListener('stall', ({ stall }) => resolve(stall)));
  const running = machine.run();
  expect(await stall).toBe('interrupts disabled');
  await machine.stop();
  expect(await running).toEqual({ kind: 'stopped' });
});

/** In another turn of the event loop. */
async function later<T>(what: () => Promise<T>): Promise<T> {
  await new Promise((resolve) => setImmediate(resolve));
  return await what();
}
