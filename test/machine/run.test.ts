/** What a machine does between its start and its end. */
import { describe, expect, it } from 'vitest';
import { ECHO, POWER_OFF, print, RESET, SPIN } from '../cli/guests.ts';
import { GuestMachine } from './guest-machine.ts';

describe('sendSerial', () => {
  it('says when no more is wanted; serialDrained() when it is again', async () => {
    const guest = await GuestMachine.create(ECHO);
    const { machine } = guest;
    await machine.serialDrained();
    expect(guest.type('a'.repeat(60_000))).toBe(true);
    expect(guest.type('b'.repeat(60_000))).toBe(false);
    const drained = machine.serialDrained().then(() => {
      // As soon as there is room, not at the end.
      expect(guest.text).toMatch(/^a{54000}/);
      expect(guest.text.length).toBeLessThan(120_000);
      expect(guest.type('c')).toBe(true);
    });
    await guest.runUntil(/^a{60000}b{60000}c$/);
    await drained;
  });

  it('outlives a restart of the guest', async () => {
    // Echoes one byte, without the jump back, and restarts.
    const guest = await GuestMachine.create([...print('.'), ...ECHO.slice(0, -2), ...RESET, ...SPIN]);
    guest.type('abc');
    await guest.runUntil(/^\.a\.b\.c\.$/);
  });
});

describe('run', () => {
  it('goes on after stop()', async () => {
    const guest = await GuestMachine.create(ECHO);
    for (const word of ['first', 'second']) {
      guest.type(word);
      await guest.runUntil(new RegExp(`${word}$`));
    }
    expect(guest.text).toBe('firstsecond');
  });

  it('is not kept from running by a stop() before it', async () => {
    const guest = await GuestMachine.create([...print('up'), ...POWER_OFF, ...SPIN]);
    guest.machine.stop();
    expect(await guest.machine.run()).toEqual({ kind: 'power off' });
    expect(guest.text).toBe('up');
  });

  it('tells of the end again, without running', async () => {
    const { machine } = await GuestMachine.create([...POWER_OFF, ...SPIN]);
    expect(await machine.run()).toEqual({ kind: 'power off' });
    const { total } = machine.statistics().instructions;
    expect(await machine.run()).toEqual({ kind: 'power off' });
    expect(machine.statistics().instructions.total).toBe(total);
  });

  it('refuses to run twice at once, and after close()', async () => {
    const { machine } = await GuestMachine.create(SPIN);
    const running = machine.run();
    await expect(machine.run()).rejects.toThrow('runs already');
    await machine.close();
    expect(await running).toEqual({ kind: 'stopped' });
    await expect(machine.run()).rejects.toThrow('closed');
  });
});
