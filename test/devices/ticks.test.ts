import { expect, test } from 'vitest';
import { ticksAt, timeOfTick } from '../../src/devices/ticks.ts';

test.each([32_768, 1_193_182, 3_579_545])('a tick of %i Hz happens exactly at its time', (hertz) => {
  const lateTick = hertz * 86_400 * 30 + 12_345;
  for (const tick of [1, 2, 3, hertz - 1, hertz, hertz + 1, lateTick, lateTick + 1]) {
    const time = timeOfTick(tick, hertz);
    expect(ticksAt(time, hertz)).toBe(tick);
    expect(ticksAt(time - 1, hertz)).toBe(tick - 1);
  }
});

test('a second has as many ticks as the frequency says', () => {
  expect(ticksAt(1_000_000_000, 1_193_182)).toBe(1_193_182);
  expect(timeOfTick(32_768 * 5, 32_768)).toBe(5_000_000_000);
});
