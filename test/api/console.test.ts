import { expect, it } from 'vitest';
import { Console } from '../../src/api/console.ts';

/** More than a reader may be behind. */
const MUCH = 100 * 1024;

function consoleOf(ended: AbortSignal = new AbortController().signal): Console {
  return new Console('ttyS0', { write: async () => {}, ended });
}

it('tells of each piece of output that it has been taken, also of those that came while it was full', async () => {
  const console = consoleOf();
  const reader = console.output.getReader();
  const delivered = [console.deliver(new Uint8Array(MUCH)), console.deliver(new Uint8Array(MUCH))];
  const first = await reader.read();
  const second = await reader.read();
  expect([first.value?.length, second.value?.length]).toEqual([MUCH, MUCH]);
  await Promise.all(delivered);
});

it('lets go of all pieces when nobody wants them any more', async () => {
  const console = consoleOf();
  const stream = console.output;
  const delivered = [console.deliver(new Uint8Array(MUCH)), console.deliver(new Uint8Array(MUCH))];
  await stream.cancel();
  await Promise.all(delivered);
});

it('lets go of all pieces when the machine is closed', async () => {
  const closing = new AbortController();
  const console = consoleOf(closing.signal);
  const reader = console.output.getReader();
  const delivered = [console.deliver(new Uint8Array(MUCH)), console.deliver(new Uint8Array(MUCH))];
  closing.abort();
  await Promise.all(delivered);
  await reader.cancel();
});
