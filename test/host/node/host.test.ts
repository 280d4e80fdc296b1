/** The host's clock. */
import { afterEach, expect, it, vi } from 'vitest';
import { NodeHost } from '../../../src/host/node/host.ts';

afterEach(() => vi.unstubAllGlobals());

it('tells milliseconds, without `performance`, which a guest would wait for to load', async () => {
  const host = new NodeHost();
  const before = performance.now();
  const start = host.now();
  await new Promise((resolve) => setTimeout(resolve, 20));
  const passed = host.now() - start;
  expect(passed).toBeGreaterThan(15);
  expect(passed).toBeLessThanOrEqual(performance.now() - before);
  vi.stubGlobal('performance', undefined);
  expect(host.now()).toBeGreaterThan(start);
});
