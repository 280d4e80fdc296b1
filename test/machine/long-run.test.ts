/** Guests that have executed nearly 2^32 instructions, which takes a minute, and go on: nothing that counts them has only 32 bits. */
import { describe, expect, it } from 'vitest';
import { COUNTER_INTERPRETED_INSTRUCTIONS, COUNTERS, INSTRUCTIONS } from '../../src/layout/runtime-state.ts';
import type { Machine } from '../../src/machine/machine.ts';
import { POWER_OFF } from '../cli/guests.ts';
import { assemble } from '../support/assembler.ts';
import { INTERRUPTED, runTimed } from './timed-guest.ts';

const EDGE = 2 ** 32;

/** As if all but so many of 2^32 instructions had been executed. */
const startedEarlier =
  (instructions: number) =>
  ({ processor }: Machine): void => {
    processor.setU64(INSTRUCTIONS, BigInt(EDGE - instructions));
    processor.setU64(COUNTERS + COUNTER_INTERPRETED_INSTRUCTIONS * 8, BigInt(EDGE - instructions));
  };

/** Sends the eight bytes of a register to COM1. */
const send = (register: string): string =>
  `mov rax,${register}; mov ecx,8; of_${register}: out dx,al; shr rax,8; dec ecx; jne of_${register}`;

/** Reads the time-stamp counter a million times, and sends the least and the greatest distance and the last reading. */
const READINGS = [
  ...assemble(`
    mov ebp,1000000
    mov rsi,-1
    xor edi,edi
    rdtsc
    shl rdx,32
    or rax,rdx
    mov rbx,rax
    ${'nop; '.repeat(8)}
    again: rdtsc
    shl rdx,32
    or rax,rdx
    mov r8,rax
    sub r8,rbx
    mov rbx,rax
    cmp r8,rsi
    cmovb rsi,r8
    cmp r8,rdi
    cmova rdi,r8
    dec ebp
    jne again
    mov dx,0x3f8
    ${send('rsi')}
    ${send('rdi')}
    ${send('rbx')}
  `),
  ...POWER_OFF,
];
/** Instructions from one reading to the next. */
const STEP = 12;

describe('behind 2^32 instructions', () => {
  it.each(['interpreter', 'auto'] as const)('the time-stamp counter goes on as before: %s', async (tier) => {
    const { output } = await runTimed(READINGS, tier, 'instructions', startedEarlier(5_000_000));
    const [least, greatest, last] = [0, 8, 16].map((at) => Number(output.readBigUInt64LE(at)));
    expect([least, greatest]).toEqual([STEP, STEP]);
    expect(last).toBeGreaterThan(EDGE + 5_000_000);
  });

  it('time goes on by the host’s clock, too', async () => {
    const { output, statistics } = await runTimed(READINGS, 'auto', 'host', startedEarlier(5_000_000));
    // A step back is one of 2^64.
    expect(Number(output.readBigUInt64LE(8))).toBeLessThan(1e9);
    expect(statistics.guestMilliseconds).toBeGreaterThan(0);
  });

  it.each(['interpreter', 'compiled', 'auto'] as const)(
    'timers are due at the same instructions: %s',
    async (tier) => {
      const early = await runTimed(INTERRUPTED, tier);
      const late = await runTimed(INTERRUPTED, tier, 'instructions', startedEarlier(50_000));
      expect(late.output).toEqual(early.output);
      const { total } = late.statistics.instructions;
      expect(total - early.statistics.instructions.total).toBe(EDGE - 50_000);
      expect(total).toBeGreaterThan(EDGE);
    },
  );

  it('the statistics say so', async () => {
    const early = (await runTimed(READINGS, 'interpreter')).statistics;
    const late = (await runTimed(READINGS, 'interpreter', 'instructions', startedEarlier(5_000_000)))
      .statistics;
    const earlier = EDGE - 5_000_000;
    expect(late.instructions.total).toBe(early.instructions.total + earlier);
    expect(late.instructions.interpreted).toBe(early.instructions.interpreted + earlier);
    expect(late.instructions.compiled).toBe(early.instructions.compiled);
    expect(late.guestMilliseconds).toBe(Math.round(early.guestMilliseconds + earlier / 1e6));
  });
});
