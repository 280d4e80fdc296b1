/** stop() reaches a guest that does as much as it can in as few instructions as it can. */
import { expect, it } from 'vitest';
import { NodeHost } from '../../src/host/node/host.ts';
import { Machine } from '../../src/machine/machine.ts';
import { makeKernel } from '../cli/guests.ts';

const PROGRAMS = {
  // or rcx, -1; rep ...; jmp to the beginning
  'rep lodsb': '4883c9ff f3ac ebf8',
  'rep stosb to addresses without RAM': 'bf000000c0 4883c9ff f3aa ebf3',
  'rep movsb that repeats what it has written': 'bf00000002 be01000002 b9ffffff00 f3a4 ebed',
  'rep outsb': '66ba8000 be00000002 4883c9ff f36e ebef',
};

it.each(Object.entries(PROGRAMS))('%s', async (_, code) => {
  const machine = await Machine.create({
    host: new NodeHost(),
    kernel: makeKernel([...Buffer.from(code.replaceAll(' ', ''), 'hex')], { payload: 0x4000 }),
    memorySize: 64 * 2 ** 20,
    tier: 'interpreter',
  });
  const ending = machine.run();
  setTimeout(() => machine.stop(), 50);
  expect(await ending).toEqual({ kind: 'stopped' });
});
