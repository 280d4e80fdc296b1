import { describe, expect, it } from 'vitest';
import { NodeHost } from '../../src/host/node/host.ts';
import { type Ending, Machine } from '../../src/machine/machine.ts';
import type { MachineOptions } from '../../src/machine/options.ts';
import { makePe } from '../boot/efi/pe-fixtures.ts';
import { assemble } from '../support/assembler.ts';

/** Prints "hi", waits 10 ms by Stall, and returns RAX. */
function application(setRax: string): Uint8Array {
  const code = assemble(`
    push rbx
    sub rsp,0x20
    mov rbx,rdx # the system table
    mov rcx,QWORD PTR [rbx+0x40] # the console
    lea rdx,[rip+text]
    call QWORD PTR [rcx+8] # OutputString
    mov ecx,10000
    mov rax,QWORD PTR [rbx+0x60] # the boot services
    call QWORD PTR [rax+0xf8] # Stall
    ${setRax}
    add rsp,0x20
    pop rbx
    ret
    text: .byte 0x68,0,0x69,0,0,0
  `);
  return makePe({ code });
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
    const { ending, output, instructions } = await run(application('xor eax,eax'), tier);
    expect(ending).toEqual({ kind: 'power off' });
    expect(output).toBe('hi');
    // With this clock an instruction takes a nanosecond; the loop reads the clock once in eight of them.
    expect(instructions).toBeGreaterThan(10_000_000 - 100);
    expect(instructions).toBeLessThan(10_000_000 + 200);
  });
});

describe('an EFI application', () => {
  it('that returns an error says so and halts', async () => {
    const { ending, output } = await run(application('mov rax,0x8000000000000005'), 'interpreter');
    expect(ending).toEqual({ kind: 'died', reason: 'halted with interrupts disabled' });
    expect(output).toBe('hi\r\nThe EFI application ended with status 0x8000000000000005.\r\n');
  });
});
