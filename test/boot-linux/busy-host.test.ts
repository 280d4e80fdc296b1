import { describe, expect, it } from 'vitest';
import { NodeHost } from '../../src/host/node/host.ts';
import { complaints, kernelLines } from './kernel-log.ts';
import { boot, findGuest, type Guest, NO_CIPHER_TESTS, scriptWord } from './linux-guest.ts';

const guest = await findGuest();

/** Milliseconds. */
const RUNNING = 10;
const STOPPED = 80;

/**
 * A host whose clock goes as if the process were stopped again and again, for 80 ms after every 10 ms. What really
 * passes is the 10 ms: for a test that sends signals, scripts/boot-loop.ts has --stop-duty.
 */
class StoppingHost extends NodeHost {
  override now(): number {
    const now = super.now();
    return now + Math.floor(now / RUNNING) * STOPPED;
  }
}

/** Kernel words that choose the tick: by deadlines, or a periodic one for ever. */
const TIMERS = ['', 'nohz=off highres=off'];

describe.skipIf(guest === undefined)('a guest whose process is stopped for 80 ms of every 90', () => {
  it.each(TIMERS)('has timers that work: %j', async (words) => {
    const { ending, output } = await boot(guest as Guest, {
      host: new StoppingHost(),
      clock: 'host',
      append: `${NO_CIPHER_TESTS} ${words} ${scriptWord('sleep 1; echo slept')}`,
    });
    expect(complaints(output)).toEqual([]);
    expect(kernelLines(output)).toContain('slept');
    expect(ending).toEqual({ kind: 'power off' });
  });
});
