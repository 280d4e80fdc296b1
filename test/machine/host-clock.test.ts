import { beforeEach, describe, expect, test } from 'vitest';
import { Hpet } from '../../src/devices/hpet.ts';
import { I8254 } from '../../src/devices/i8254.ts';
import { TimerQueue } from '../../src/devices/timer-queue.ts';
import { HostClock } from '../../src/machine/clock.ts';

const MILLISECOND = 1_000_000;
const SECOND = 1000 * MILLISECOND;
/** As the class comment says: a step of 4 ms, a quarter faster while catching up; 1 ms past a deadline. */
const BOUND = 5 * MILLISECOND;
const SLACK = MILLISECOND;

let host: number;
let timers: TimerQueue;
let clock: HostClock;
let dues: number;

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
      clock.now();
    }
    betweenSlices();
  }
}

const lag = (): number => host - clock.now();

beforeEach(() => {
  host = 0;
  dues = 0;
  timers = new TimerQueue();
  clock = new HostClock({
    milliseconds: () => host / 1e6,
    nextDeadline: () => timers.nextDeadline(),
    due: () => {
      dues += 1;
    },
  });
});

describe('a guest that runs', () => {
  test('sees the time of the host', () => {
    run(1000);
    expect(clock.now()).toBe(SECOND);
  });

  test('sees little of a stop, and makes up for it a quarter faster', () => {
    run(10);
    pass(100 * MILLISECOND);
    expect(clock.now()).toBe(10 * MILLISECOND + BOUND);
    expect(lag()).toBeCloseTo(95 * MILLISECOND, -4);
    run(100);
    expect(lag()).toBeCloseTo(70 * MILLISECOND, -4);
    run(279);
    expect(lag()).toBeGreaterThan(0);
    run(1);
    expect(lag()).toBeCloseTo(0, -4);
    run(100);
    expect(lag()).toBeCloseTo(0, -4);
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
    expect(clock.now()).toBe(4.25 * MILLISECOND);
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
    for (let step = 0; step < 600_000; step++) {
      pass(4 * MILLISECOND);
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

  test('makes up for what it overslept a quarter faster if it goes on without a halt', () => {
    timers.create('', () => {}).arm(4 * MILLISECOND);
    clock.halt();
    pass(24 * MILLISECOND);
    betweenSlices();
    clock.resume();
    expect(lag()).toBeCloseTo(20 * MILLISECOND, -4);
    run(40);
    expect(lag()).toBeCloseTo(10 * MILLISECOND, -4);
  });

  test('wakes earlier while it makes up for what it missed', () => {
    pass(104 * MILLISECOND);
    clock.now();
    expect(lag()).toBeCloseTo(99 * MILLISECOND, -4);
    const start = clock.now();
    timers.create('', () => {}).arm(start + 100 * MILLISECOND);
    sleep(80 * MILLISECOND);
    expect(clock.now()).toBe(start + 100 * MILLISECOND);
    sleep(400 * MILLISECOND);
    expect(lag()).toBeCloseTo(0, -4);
  });
});

/** Stopped for 80 ms of every 90, as by a shell loop of SIGSTOP and SIGCONT, at any point of a slice. */
describe('a guest that is stopped most of the time', () => {
  /** Runs so many milliseconds in slices of 0.7 ms, three looks at the time each; `seen` gets each slice's step. */
  function starve(milliseconds: number, slice: () => void): number[] {
    const steps: number[] = [];
    let untilStop = 10 * MILLISECOND;
    let last = clock.now();
    for (let ran = 0; ran < milliseconds * MILLISECOND; ran += 0.7 * MILLISECOND) {
      for (let look = 0; look < 3; look++) {
        pass(0.2 * MILLISECOND);
        untilStop -= 0.2 * MILLISECOND;
        if (untilStop <= 0) {
          pass(80 * MILLISECOND);
          untilStop += 10 * MILLISECOND;
        }
        clock.now();
      }
      pass(0.1 * MILLISECOND);
      const now = betweenSlices();
      steps.push(now - last);
      last = now;
      slice();
    }
    return steps;
  }

  test('no step between two slices exceeds the bound', () => {
    const steps = starve(5000, () => {});
    expect(Math.max(...steps)).toBeLessThanOrEqual(BOUND + 0.7 * 1.25 * MILLISECOND);
    expect(Math.min(...steps)).toBeGreaterThan(0);
  });

  test('the 8254 at 250 Hz raises its line once a period', () => {
    let ticks = 0;
    let level = false;
    const pit = new I8254({
      clock,
      timers,
      line: {
        set: (next) => {
          if (next && !level) ticks += 1;
          level = next;
        },
      },
    });
    pit.writePort(0x43, 1, 0x34);
    pit.writePort(0x40, 1, 4773 & 0xff);
    pit.writePort(0x40, 1, 4773 >> 8);
    const start = clock.now();
    starve(5000, () => {});
    const periods = (clock.now() - start) / ((4773 / 1_193_182) * SECOND);
    expect(periods).toBeGreaterThan(1200);
    expect(Math.abs(ticks - periods)).toBeLessThan(1.5);
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
    starve(5000, () => {});
    const periods = (clock.now() - start) / (4 * MILLISECOND);
    expect(periods).toBeGreaterThan(1200);
    expect(Math.abs(ticks - periods)).toBeLessThan(1.5);
  });

  test('once it is left alone, the time converges to that of the host', () => {
    starve(1000, () => {});
    expect(lag()).toBeGreaterThan(6 * SECOND);
    run(20_000);
    expect(lag()).toBeLessThan(2 * SECOND);
    sleep(12 * SECOND);
    expect(lag()).toBeCloseTo(0, -4);
  });
});
