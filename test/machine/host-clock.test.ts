import { beforeEach, describe, expect, test } from 'vitest';
import { Hpet } from '../../src/devices/hpet.ts';
import { I8254 } from '../../src/devices/i8254.ts';
import { PortBus } from '../../src/devices/port-bus.ts';
import { TimerQueue } from '../../src/devices/timer-queue.ts';
import { HostClock } from '../../src/machine/clock.ts';

const MILLISECOND = 1_000_000;
const SECOND = 1000 * MILLISECOND;
/** As the class comment says: steps of 4 ms, 1 ms past a deadline, four times as fast as the guest executes. */
const BOUND = 4 * MILLISECOND;
const SLACK = MILLISECOND;

let host: number;
let timers: TimerQueue;
let clock: HostClock;
let dues: number;
let interruptible: boolean;
let executed: number;

/** Host time passes, in nanoseconds. */
function pass(nanoseconds: number): void {
  host += nanoseconds;
}

/** What a run loop does between two slices. */
function betweenSlices(): number {
  const now = clock.now();
  timers.runExpired(now);
  return now;
}

/** A guest that is halted for so long, with a run loop that the host wakes on time. */
function sleep(nanoseconds: number): void {
  const end = host + nanoseconds;
  clock.halt();
  while (host < end) {
    pass(Math.min(end - host, clock.waitFor(timers.nextDeadline())));
    betweenSlices();
  }
  clock.resume();
}

/** A guest that runs slices of 0.5 ms for `milliseconds`, each looking at the time ten times. */
function run(milliseconds: number): void {
  for (let slice = 0; slice < milliseconds * 2; slice++) {
    for (let look = 0; look < 10; look++) {
      pass(0.05 * MILLISECOND);
      executed += 5000;
      clock.now();
    }
    betweenSlices();
  }
}

const lag = (): number => host - clock.now();

beforeEach(() => {
  host = 0;
  dues = 0;
  interruptible = true;
  executed = 0;
  timers = new TimerQueue();
  clock = new HostClock({
    milliseconds: () => host / 1e6,
    nextDeadline: () => timers.nextDeadline(),
    due: () => {
      dues += 1;
    },
    interruptible: () => interruptible,
    instructions: () => executed,
  });
});

describe('a guest that runs', () => {
  test('sees the time of the host', () => {
    run(1000);
    expect(clock.now()).toBe(SECOND);
  });

  test('sees little of a stop, and makes up for a short one within a few ticks', () => {
    run(10);
    pass(60 * MILLISECOND);
    expect(clock.now()).toBe(10 * MILLISECOND + BOUND);
    expect(lag()).toBeCloseTo(56 * MILLISECOND, -4);
    run(10);
    expect(lag()).toBeCloseTo(26 * MILLISECOND, -4);
    run(10);
    expect(lag()).toBeCloseTo(0, -4);
    run(100);
    expect(lag()).toBeCloseTo(0, -4);
  });

  test('makes up for a long one a quarter faster', () => {
    pass(1104 * MILLISECOND);
    clock.now();
    run(400);
    expect(lag()).toBeCloseTo(900 * MILLISECOND, -5);
    run(3500);
    expect(lag()).toBeCloseTo(25 * MILLISECOND, -5);
    run(101);
    expect(lag()).toBeCloseTo(0, -4);
  });

  test('sees next to nothing of a stop while it holds interrupts back, until it lets them in again', () => {
    interruptible = false;
    pass(50 * MILLISECOND);
    executed += 1_000_000;
    expect(clock.now()).toBe(MILLISECOND);
    run(10);
    expect(clock.now()).toBeCloseTo(11 * MILLISECOND, -4);
    interruptible = true;
    run(20);
    expect(lag()).toBeCloseTo(0, -4);
  });

  test('finds that what it executes takes no longer than hardware takes, while it holds interrupts back', () => {
    interruptible = false;
    for (let access = 1; access <= 10; access++) {
      pass(access < 5 ? 500 : 300_000);
      executed += 10;
      clock.now();
    }
    expect(clock.now()).toBe(4 * 500 + 6 * (1000 + 10 * 50));
    interruptible = true;
    pass(4 * MILLISECOND);
    executed += 10;
    run(1);
    expect(lag()).toBe(0);
  });

  test('time stops a little after a deadline that the guest has not been told of, and its slice ends', () => {
    const timer = timers.create('', () => {});
    timer.arm(2 * MILLISECOND);
    pass(1.9 * MILLISECOND);
    clock.now();
    expect(dues).toBe(0);
    pass(0.1 * MILLISECOND);
    expect(clock.now()).toBe(2 * MILLISECOND);
    expect(dues).toBe(1);
    pass(3 * MILLISECOND);
    expect(clock.now()).toBe(2 * MILLISECOND + SLACK);
    betweenSlices();
    pass(MILLISECOND);
    expect(clock.now()).toBe(6 * MILLISECOND);
  });

  test('a host clock that goes back does not take the guest with it', () => {
    run(10);
    pass(-5 * MILLISECOND);
    expect(clock.now()).toBe(10 * MILLISECOND);
    pass(6 * MILLISECOND);
    expect(clock.now()).toBe(11 * MILLISECOND);
  });

  test('ten minutes are the most that is made up for', () => {
    pass(3600 * SECOND);
    clock.now();
    for (let step = 0; step < 810_000; step++) {
      pass(3 * MILLISECOND);
      clock.now();
    }
    const behind = lag();
    expect(behind).toBeCloseTo(3000 * SECOND, -8);
    run(1000);
    expect(lag()).toBeCloseTo(behind, -4);
  });
});

describe('a guest that sleeps', () => {
  test('finds the time of the host', () => {
    run(10);
    sleep(60 * SECOND);
    expect(lag()).toBeCloseTo(0, -4);
  });

  test('goes from deadline to deadline when it was not woken in time', () => {
    const expired: number[] = [];
    const timer = timers.create('', (now) => {
      expired.push(now);
      timer.arm(now + 4 * MILLISECOND);
    });
    timer.arm(4 * MILLISECOND);
    clock.halt();
    pass(17 * MILLISECOND);
    for (let tick = 1; tick <= 4; tick++) {
      pass(0.25 * MILLISECOND);
      expect(clock.waitFor(timers.nextDeadline())).toBe(0);
      expect(betweenSlices()).toBe(tick * 4 * MILLISECOND);
      // The handler takes no time; then the guest halts again.
      clock.resume();
      clock.halt();
    }
    expect(expired).toHaveLength(4);
    expect(clock.now()).toBe(18 * MILLISECOND);
    expect(clock.waitFor(timers.nextDeadline())).toBe(2 * MILLISECOND);
  });

  test('makes up for what it overslept if it goes on without a halt', () => {
    timers.create('', () => {}).arm(4 * MILLISECOND);
    clock.halt();
    pass(24 * MILLISECOND);
    betweenSlices();
    clock.resume();
    expect(lag()).toBeCloseTo(20 * MILLISECOND, -4);
    run(5);
    expect(lag()).toBeCloseTo(5 * MILLISECOND, -4);
    run(5);
    expect(lag()).toBeCloseTo(0, -4);
  });

  test('wakes earlier while it makes up for what it missed', () => {
    pass(504 * MILLISECOND);
    clock.now();
    expect(lag()).toBeCloseTo(500 * MILLISECOND, -4);
    const start = clock.now();
    timers.create('', () => {}).arm(start + 180 * MILLISECOND);
    expect(clock.waitFor(timers.nextDeadline())).toBeCloseTo(64 * MILLISECOND, -4);
    sleep(64 * MILLISECOND);
    expect(clock.now()).toBe(start + 180 * MILLISECOND);
    sleep(1500 * MILLISECOND);
    expect(lag()).toBeGreaterThan(0);
    sleep(40 * MILLISECOND);
    expect(lag()).toBeCloseTo(0, -4);
  });
});

describe('a guest that is stopped most of the time', () => {
  /**
   * Runs `total` milliseconds in slices of 0.7 ms, which look at the time three times and end when a deadline is
   * due, and is stopped for `stopped` after every `running` milliseconds. Returns how far the time went between one slice and the next.
   */
  function starve(total: number, running = 10, stopped = 80): number[] {
    const steps: number[] = [];
    let untilStop = running * MILLISECOND;
    let last = clock.now();
    for (let ran = 0; ran < total * MILLISECOND; ) {
      const duesBefore = dues;
      for (const part of [0.2, 0.2, 0.3]) {
        if (dues > duesBefore) break;
        ran += part * MILLISECOND;
        pass(part * MILLISECOND);
        untilStop -= part * MILLISECOND;
        if (untilStop <= 0) {
          pass(stopped * MILLISECOND);
          untilStop += running * MILLISECOND;
        }
        clock.now();
      }
      const now = betweenSlices();
      steps.push(now - last);
      last = now;
    }
    return steps;
  }

  /** Starts the 8254 with 250 Hz; the result counts its rising edges. */
  function startPit(): () => number {
    let ticks = 0;
    let level = false;
    const line = {
      set: (next: boolean) => {
        if (next && !level) ticks += 1;
        level = next;
      },
    };
    const pit = new I8254({ clock, timers, line });
    const ports = new PortBus();
    ports.add(0x40, 4, pit);
    ports.write(0x43, 1, 0x34);
    ports.write(0x40, 1, 4773 & 0xff);
    ports.write(0x40, 1, 4773 >> 8);
    return () => ticks;
  }
  const PIT_PERIOD = (4773 / 1_193_182) * SECOND;

  test('no step between two slices exceeds the bound', () => {
    const steps = starve(5000);
    expect(Math.max(...steps)).toBeLessThanOrEqual(BOUND + 0.7 * 4 * MILLISECOND);
    expect(Math.min(...steps)).toBeGreaterThan(0);
  });

  test('the 8254 at 250 Hz raises its line once a period', () => {
    const ticks = startPit();
    const start = clock.now();
    starve(5000);
    const periods = (clock.now() - start) / PIT_PERIOD;
    expect(periods).toBeGreaterThan(1200);
    expect(Math.abs(ticks() - periods)).toBeLessThan(1.5);
  });

  test('a periodic HPET timer at 250 Hz likewise', () => {
    let ticks = 0;
    const hpet = new Hpet({
      clock,
      timers,
      lines: () => ({
        set: (level) => {
          ticks += level ? 1 : 0;
        },
      }),
    });
    // Enabled, periodic, the accumulator set with the period, 32 bits.
    hpet.writeMmio(0x100, 4, (1 << 2) | (1 << 3) | (1 << 6) | (1 << 8));
    hpet.writeMmio(0x108, 4, 400_000);
    hpet.writeMmio(0x108, 4, 400_000);
    hpet.writeMmio(0x10, 4, 3);
    const start = clock.now();
    starve(5000);
    const periods = (clock.now() - start) / (4 * MILLISECOND);
    expect(periods).toBeGreaterThan(1200);
    expect(Math.abs(ticks - periods)).toBeLessThan(1.5);
  });

  test('keeps up with the host if it gets a quarter of a processor in short pieces', () => {
    const ticks = startPit();
    starve(5000, 4, 12);
    expect(host).toBeGreaterThan(19 * SECOND);
    expect(lag()).toBeLessThan(50 * MILLISECOND);
    expect(Math.abs(ticks() - clock.now() / PIT_PERIOD)).toBeLessThan(1.5);
  });

  test('once it is left alone, the time converges to that of the host', () => {
    starve(2000);
    expect(lag()).toBeGreaterThan(6 * SECOND);
    run(20_000);
    expect(lag()).toBeLessThan(5 * SECOND);
    sleep(18 * SECOND);
    expect(lag()).toBeCloseTo(0, -4);
  });
});
