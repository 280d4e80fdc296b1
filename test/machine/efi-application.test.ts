import { describe, expect, it } from 'vitest';
import { NodeHost } from '../../src/host/node/host.ts';
import { type Ending, Machine } from '../../src/machine/machine.ts';
import type { MachineOptions } from '../../src/machine/options.ts';
import { makePe } from '../boot/efi/pe-fixtures.ts';

/** Prints "hi", waits 10 ms by Stall, and returns RAX. */
function application(setRax: string): Uint8Array {
  const lines = [
    '53 4883ec20', // push rbx; sub rsp, 20h
    '4889d3', // mov rbx, rdx: the system table
    '488b4b40', // mov rcx, [rbx + 40h]: the console
    '488d1520000000', // lea rdx, [rip + text]
    'ff5108', // call [rcx + 8]: OutputString
    'b910270000', // mov ecx, 10000
    '488b4360', // mov rax, [rbx + 60h]: the boot services
    'ff90f8000000', // call [rax + f8h]: Stall
    `${setRax} 4883c420 5b c3`, // add rsp, 20h; pop rbx; ret
  ];
  const bytes = [...Buffer.from(lines.join('').replaceAll(' ', ''), 'hex')];
  const afterLea = 19;
  bytes[15] = bytes.length - afterLea;
  return makePe({ code: Uint8Array.from([...bytes, 0x68, 0, 0x69, 0, 0, 0]) });
}

async function run(kernel: Uint8Array, tier: NonNullable<MachineOptions['tier']>) {
  let output = '';
  const machine = await Machine.create({
    host: new NodeHost(),
    kernel,
    memorySize: 64 * 2 ** 20,
    clock: 'instructions',
    tier,
    onSerialOutput: (bytes) => {
      output += Buffer.from(bytes).toString();
    },
  });
  const ending: Ending = await machine.run();
  const { instructions } = machine.statistics();
  await machine.close();
  return { ending, output, instructions: instructions.total };
}

describe.each(['interpreter', 'auto'] as const)('an EFI application, tier %s,', (tier) => {
  it('that returns success ends with power-off; Stall lets time pass', async () => {
    const { ending, output, instructions } = await run(application('31c0'), tier);
    expect(ending).toEqual({ kind: 'power off' });
    expect(output).toBe('hi');
    // With this clock an instruction takes a nanosecond; the loop reads the clock once in eight of them.
    expect(instructions).toBeGreaterThan(10_000_000 - 100);
    expect(instructions).toBeLessThan(10_000_000 + 200);
  });
});

describe('an EFI application', () => {
  it('that returns an error says so and halts', async () => {
    // mov rax, 8000000000000005h
    const { ending, output } = await run(application('48b80500000000000080'), 'interpreter');
    expect(ending).toEqual({ kind: 'died', reason: 'halted with interrupts disabled' });
    expect(output).toBe('hi\r\nThe EFI application ended with status 0x8000000000000005.\r\n');
  });
});
