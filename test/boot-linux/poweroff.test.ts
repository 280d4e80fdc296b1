/** What people type to end a guest: the first process has to understand it. */
import { describe, expect, it } from 'vitest';
import { findGuest, type Guest, NO_CIPHER_TESTS, Session } from './linux-guest.ts';

const MINUTES = 60_000;
const guest = await findGuest();

describe.skipIf(guest === undefined)('typed at the prompt', () => {
  it.each([
    ['poweroff', 'power off'],
    ['exit', 'power off'],
    ['reboot', 'restart'],
  ])(
    '%s',
    async (command, kind) => {
      const session = await Session.start(guest as Guest, {
        tier: 'auto',
        clock: 'host',
        reboot: false,
        append: NO_CIPHER_TESTS,
      });
      await session.waitFor(/\/root # /, 120);
      session.type(`${command}\r`);
      expect(await session.ended).toEqual({ kind });
    },
    3 * MINUTES,
  );
});
