/** The compile worker that starts before its machine. */
import type { Worker } from 'node:worker_threads';
import { expect, it, onTestFinished } from 'vitest';
import { prepareCompiler } from '../../../src/host/node/compiler-thread.ts';
import { NodeHost } from '../../../src/host/node/host.ts';
import { Machine } from '../../../src/machine/machine.ts';
import { makeKernel, POWER_OFF } from '../../cli/guests.ts';
import { assemble } from '../../support/assembler.ts';

const LOOP = assemble('mov ecx,30000000; again: dec ecx; jne again');

/** The workers that this thread starts from now on. */
function watchWorkers(): Worker[] {
  const workers: Worker[] = [];
  const add = (worker: Worker) => workers.push(worker);
  process.on('worker', add);
  onTestFinished(() => {
    process.off('worker', add);
  });
  return workers;
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
  const workers = watchWorkers();
  const host = new NodeHost();
  prepareCompiler();
  prepareCompiler();
  expect(await compiledRegions(host)).toBeGreaterThan(0);
  expect(workers).toHaveLength(1);
  expect(await compiledRegions(host)).toBeGreaterThan(0);
  expect(workers).toHaveLength(2);
});

it('is replaced if it has ended before its machine was there', async () => {
  const workers = watchWorkers();
  const host = new NodeHost();
  prepareCompiler();
  await new Promise(setImmediate);
  await workers[0]?.terminate();
  expect(await compiledRegions(host)).toBeGreaterThan(0);
  expect(workers).toHaveLength(2);
});
