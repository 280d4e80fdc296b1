/** What people type to end a guest, and when: the first process has to understand it. */
import { describe, expect, it } from 'vitest';
import { findGuest, type Guest, NO_CIPHER_TESTS, Session } from './linux-guest.ts';

const guest = await findGuest();

describe.skipIf(guest === undefined)('typed at the prompt', () => {
  // `exit` is below, `poweroff` in interactive.test.ts.
  it('reboot', async () => {
    const session = await Session.start(guest as Guest, {
      tier: 'auto',
      clock: 'host',
      reboot: false,
      append: NO_CIPHER_TESTS,
    });
    await session.waitFor(/\/root # /);
    session.type('reboot\r');
    expect(await session.ended).toEqual({ kind: 'restart' });
  });

  it('before the kernel runs: nothing of it is lost', async () => {
    const session = await Session.start(guest as Guest, {
      tier: 'auto',
      clock: 'host',
      append: NO_CIPHER_TESTS,
    });
    session.machine.sendSerial(Buffer.from('uname -m\nexit\n'));
    expect(await session.ended).toEqual({ kind: 'power off' });
    expect(session.output).toMatch(/\/root # uname -m\r\nx86_64\r\n/);
  });
});
