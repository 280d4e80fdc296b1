import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/boot/input-error.ts';
import { COM2_TO_COM1, RESET, SPIN } from '../cli/guests.ts';
import { GuestMachine } from './guest-machine.ts';

describe('resizeTerminal', () => {
  it.each([
    [0, 24],
    [80, 65536],
    [Number.NaN, 24],
    [80.5, 24],
  ])('refuses %d columns and %d rows', async (columns, rows) => {
    const { machine } = await GuestMachine.create(SPIN);
    expect(() => machine.resizeTerminal(columns, rows)).toThrow(InputError);
  });

  it('sends a line on COM2; the latest always arrives, whole, however many were not read', async () => {
    const guest = await GuestMachine.create(COM2_TO_COM1);
    for (let columns = 1000; columns <= 9999; columns++) guest.machine.resizeTerminal(columns, 50);
    await guest.runUntil(/\n50 9999\n$/);
    expect(guest.text.length).toBeLessThan(1000);
  });

  it('tells a guest that starts again', async () => {
    // One byte, without the jump back.
    const guest = await GuestMachine.create([...COM2_TO_COM1.slice(0, -2), ...RESET, ...SPIN]);
    guest.machine.resizeTerminal(80, 24);
    await guest.runUntil(/^222/);
  });
});
