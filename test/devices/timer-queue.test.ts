import { expect, test } from 'vitest';
import { TimerQueue } from '../../src/devices/timer-queue.ts';

test('timers expire by deadline and, at the same deadline, in order of creation', () => {
  const queue = new TimerQueue();
  const log: string[] = [];
  const create = (name: string) => queue.create(name, () => log.push(name));
  const [a, b, c] = [create('a'), create('b'), create('c')];
  c.arm(10);
  b.arm(20);
  a.arm(20);
  queue.runExpired(9);
  expect(log).toEqual([]);
  queue.runExpired(20);
  expect(log).toEqual(['c', 'a', 'b']);
  expect(queue.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
});

test('an armed timer moves, an expired one is idle, and cancel takes it out', () => {
  const queue = new TimerQueue();
  let expiries = 0;
  const timer = queue.create('t', () => {
    expiries++;
    expect(timer.deadline).toBeUndefined();
  });
  expect(timer.deadline).toBeUndefined();
  timer.arm(10);
  timer.arm(30);
  expect(timer.deadline).toBe(30);
  queue.runExpired(10);
  expect(expiries).toBe(0);
  queue.runExpired(31);
  expect(expiries).toBe(1);
  timer.arm(40);
  timer.cancel();
  queue.runExpired(100);
  expect(expiries).toBe(1);
});

test('the callback gets the current time', () => {
  const queue = new TimerQueue();
  const times: number[] = [];
  queue.create('t', (now) => times.push(now)).arm(5);
  queue.runExpired(9);
  expect(times).toEqual([9]);
});

test('a callback can cancel a timer that has expired with it', () => {
  const queue = new TimerQueue();
  const log: string[] = [];
  queue
    .create('first', () => {
      log.push('first');
      second.cancel();
    })
    .arm(1);
  const second = queue.create('second', () => log.push('second'));
  second.arm(2);
  queue.runExpired(3);
  expect(log).toEqual(['first']);
});

test('a timer armed in the past by its own callback waits for the next call', () => {
  const queue = new TimerQueue();
  let expiries = 0;
  const timer = queue.create('t', () => {
    expiries++;
    timer.arm(1);
  });
  timer.arm(1);
  queue.runExpired(5);
  expect(expiries).toBe(1);
  expect(queue.nextDeadline()).toBe(1);
  queue.runExpired(5);
  expect(expiries).toBe(2);
});

test('onChange reports each new earliest deadline once', () => {
  const queue = new TimerQueue();
  const changes: number[] = [];
  queue.onChange = (deadline) => changes.push(deadline);
  const a = queue.create('a', () => a.arm(50));
  const b = queue.create('b', () => {});
  a.arm(10);
  b.arm(20);
  b.arm(30);
  expect(changes).toEqual([10]);
  queue.runExpired(10);
  expect(changes).toEqual([10, 30]);
  b.cancel();
  a.cancel();
  expect(changes).toEqual([10, 30, 50, Number.POSITIVE_INFINITY]);
});

test('a deadline that is not a time is refused', () => {
  const timer = new TimerQueue().create('t', () => {});
  expect(() => timer.arm(Number.NaN)).toThrow(RangeError);
  expect(() => timer.arm(Number.POSITIVE_INFINITY)).toThrow(RangeError);
});
