import { beforeEach, describe, expect, test } from 'vitest';
import { AcpiPm, PM_TIMER_HERTZ } from '../../src/devices/acpi-pm.ts';
import { timeOfTick } from '../../src/devices/ticks.ts';
import { Bench, ProbeLine } from './device-bench.ts';

/** Offsets of the blocks. */
const STATUS = 0;
const ENABLE = 2;
const CONTROL = 4;
const TIMER = 8;
const GPE0 = 0xc;

const SOFT_OFF = 5;
const TMR = 1 << 0;
const PWRBTN = 1 << 8;
const SLP_EN = 1 << 13;

let bench: Bench;
let sci: ProbeLine;
let powerOffs: number;
let pm: AcpiPm;

function create(): AcpiPm {
  const powerOff = () => {
    powerOffs++;
  };
  return new AcpiPm({ clock: bench, timers: bench.timers, sci, softOff: SOFT_OFF, powerOff });
}

beforeEach(() => {
  bench = new Bench();
  sci = new ProbeLine();
  powerOffs = 0;
  pm = create();
});

test('the machine is in ACPI mode from the start and stays there', () => {
  expect(pm.readPort(CONTROL, 2)).toBe(1);
  pm.writePort(CONTROL, 2, 0);
  expect(pm.readPort(CONTROL, 2)).toBe(1);
});

describe('power', () => {
  test('SLP_EN with the type of S5 turns the machine off; Linux writes the type first', () => {
    pm.writePort(CONTROL, 2, (SOFT_OFF << 10) | 1);
    expect(powerOffs).toBe(0);
    pm.writePort(CONTROL, 2, (SOFT_OFF << 10) | SLP_EN | 1);
    expect(powerOffs).toBe(1);
    expect(pm.readPort(CONTROL, 2)).toBe((SOFT_OFF << 10) | 1);
  });

  test('a write of the high byte alone is enough; other types do nothing', () => {
    pm.writePort(CONTROL, 2, (1 << 10) | SLP_EN);
    expect(powerOffs).toBe(0);
    pm.writePort(CONTROL + 1, 1, ((SOFT_OFF << 10) | SLP_EN) >> 8);
    expect(powerOffs).toBe(1);
  });

  test('the power button raises the SCI if enabled, until its status is cleared by writing 1', () => {
    pm.pressPowerButton();
    expect(pm.readPort(STATUS, 2)).toBe(PWRBTN);
    expect(sci.level).toBe(false);
    pm.writePort(ENABLE, 2, PWRBTN);
    expect(sci.level).toBe(true);
    pm.writePort(STATUS, 2, TMR);
    expect(sci.level).toBe(true);
    pm.writePort(STATUS, 2, PWRBTN);
    expect(sci.level).toBe(false);
    expect(pm.readPort(STATUS, 2)).toBe(0);
  });

  test('enable bits that do not exist stay 0; bytes and doublewords work', () => {
    pm.writePort(STATUS, 4, 0xffff_0000);
    expect(pm.readPort(ENABLE, 2)).toBe(0x0721);
    expect(pm.readPort(STATUS, 4)).toBe(0x0721_0000);
    pm.writePort(ENABLE, 1, 0);
    expect(pm.readPort(ENABLE + 1, 1)).toBe(0x07);
  });
});

describe('timer', () => {
  test('counts 3.579545 MHz in 32 bits', () => {
    bench.advance(1_000_000_000);
    expect(pm.readPort(TIMER, 4)).toBe(PM_TIMER_HERTZ);
    bench.advance(timeOfTick(2 ** 32 + 5, PM_TIMER_HERTZ) - bench.now());
    expect(pm.readPort(TIMER, 4)).toBe(5);
    expect(pm.readPort(TIMER, 1)).toBe(5);
  });

  test('TMR_STS is set when the top bit changes, in either direction', () => {
    pm.writePort(ENABLE, 2, TMR);
    bench.advance(timeOfTick(2 ** 31, PM_TIMER_HERTZ) - 1);
    expect(sci.level).toBe(false);
    bench.advance(1);
    expect(sci.level).toBe(true);
    expect(pm.readPort(STATUS, 2)).toBe(TMR);
    pm.writePort(STATUS, 2, TMR);
    expect(sci.level).toBe(false);
    bench.advance(timeOfTick(2 ** 31, PM_TIMER_HERTZ));
    expect(sci.level).toBe(true);
  });

  test('without TMR_EN the status can be polled and no timer runs', () => {
    expect(bench.timers.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
    bench.skip(timeOfTick(2 ** 31, PM_TIMER_HERTZ));
    expect(pm.readPort(STATUS, 2)).toBe(TMR);
    expect(sci.level).toBe(false);
  });
});

test('general-purpose events raise the SCI and are cleared by writing 1', () => {
  pm.writePort(GPE0 + 3, 1, 0x02);
  pm.raiseGpe(9);
  expect(sci.level).toBe(true);
  expect(pm.readPort(GPE0, 1)).toBe(0);
  expect(pm.readPort(GPE0 + 1, 1)).toBe(0x02);
  pm.writePort(GPE0 + 1, 1, 0x02);
  expect(sci.level).toBe(false);
});

test('reset clears events and the SCI; the timer is not affected', () => {
  pm.writePort(ENABLE, 2, PWRBTN);
  pm.pressPowerButton();
  bench.advance(1_000_000_000);
  pm.reset();
  expect(sci.level).toBe(false);
  expect(pm.readPort(STATUS, 4)).toBe(0);
  expect(pm.readPort(TIMER, 4)).toBe(PM_TIMER_HERTZ);
});

test('a loaded state goes on where it was saved', () => {
  pm.writePort(ENABLE, 2, PWRBTN);
  pm.pressPowerButton();
  const state = pm.save();
  expect(structuredClone(state)).toEqual(state);
  sci = new ProbeLine();
  const copy = create();
  copy.load(state);
  expect(sci.level).toBe(true);
  expect(copy.readPort(STATUS, 4)).toBe((PWRBTN << 16) | PWRBTN);
});
