/** The compile worker that starts before its machine. */
import { expect, it, onTestFinished } from 'vitest';
import { NodeHost } from '../../../src/host/node/host.ts';
import { Machine } from '../../../src/machine/machine.ts';
import { makeKernel, POWER_OFF } from '../../cli/guests.ts';
import { assemble } from '../../support/assembler.ts';

const LOOP = assemble('mov ecx,30000000; again: dec ecx; jne again');

/** Counts the workers that this thread starts from now on. */
function countWorkers(): () => number {
  let workers = 0;
  const count = () => {
    workers += 1;
  };
  process.on('worker', count);
  onTestFinished(() => {
    process.off('worker', count);
  });
  return () => workers;
}

async function compiledRegions(host: NodeHost): Promise<number> {
  const machine = await Machine.create({
    host,
    kernel: makeKernel([...LOOP, ...POWER_OFF]),
    memorySize: 64 * 2 ** 20,
    clock: 'instructions',
  });
  expect(await machine.run()).toEqual({ kind: 'power off' });
  await machine.close();
  return machine.statistics().regions.regions;
}

it("is the next machine's, and no other's", async () => {
  const workers = countWorkers();
  const host = new NodeHost();
  host.prepareCompiler();
  host.prepareCompiler();
  expect(await compiledRegions(host)).toBeGreaterThan(0);
  expect(workers()).toBe(1);
  expect(await compiledRegions(host)).toBeGreaterThan(0);
  expect(workers()).toBe(2);
});
