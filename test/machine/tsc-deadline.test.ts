import { expect, it } from 'vitest';
import { NodeHost } from '../../src/host/node/host.ts';
import { Machine } from '../../src/machine/machine.ts';
import { makeKernel, POWER_OFF } from '../cli/guests.ts';

/** Arms a TSC deadline 1 ms ahead and prints 1 if the interrupt was requested within 2 ms, else 0. */
const PROGRAM = [
  'b91b000000 0f32 0d000c0000 0f30', // x2APIC mode: IA32_APIC_BASE |= 0c00h
  'b93b000000 31c0 ba01000000 0f30', // IA32_TSC_ADJUST = 2^32
  'b932080000 b840000400 31d2 0f30', // LVT timer: TSC-deadline mode, vector 40h
  '0f31 48c1e220 4809d0 4889c3', // rdtsc; shl rdx, 32; or rax, rdx; mov rbx, rax
  '480540420f00 4889c2 48c1ea20', // add rax, 1000000; mov rdx, rax; shr rdx, 32
  'b9e0060000 0f30', // IA32_TSC_DEADLINE
  'b922080000 0f32 a801 74f5', // L: mov ecx, IRR 2; rdmsr; test al, 1; jz L
  '0f31 48c1e220 4809d0 4829d8', // rdtsc; shl rdx, 32; or rax, rdx; sub rax, rbx
  '483d80841e00 0f92c0 0430', // cmp rax, 2000000; setb al; add al, '0'
  '66baf803 ee', // mov dx, 3f8h; out dx, al
];

it('a TSC deadline is one of the counter that the guest has set', async () => {
  let output = '';
  const code = [...Buffer.from(PROGRAM.join('').replaceAll(' ', ''), 'hex'), ...POWER_OFF];
  const machine = await Machine.create({
    host: new NodeHost(),
    kernel: makeKernel(code),
    memorySize: 64 * 2 ** 20,
    clock: 'instructions',
    tier: 'interpreter',
    onSerialOutput: (bytes) => {
      output += Buffer.from(bytes).toString();
    },
  });
  expect(await machine.run()).toEqual({ kind: 'power off' });
  expect(output).toBe('1');
});
