import { describe, expect, it } from 'vitest';
import { NodeHost } from '../../src/host/node/host.ts';
import { Machine } from '../../src/machine/machine.ts';
import { makeKernel } from '../cli/guests.ts';

/** Two bytes each. */
const NOP = '6690';
const MOV_SS_EAX = '8ed0';

/** Sends itself an interrupt, then executes STI, the instruction and INC EBX; the handler prints EBX. */
function program(instruction: string): number[] {
  const lines = [
    '488d2580100000', // lea rsp, [rel stack]
    '488d355d000000', // lea rsi, [rel handler]
    '488d3d72040000', // lea rdi, [rel idt + 40h * 16]
    '668937 668cc8 66894702', // offset 0 to 15 of the gate, CS
    '66c74704008e', // 64-bit interrupt gate
    '48c1ee10 66897706', // offset 16 to 31; the rest is 0
    '488d0553000000 488905 44000000', // mov [rel idtr + 2], the address of idt
    '0f011d3b000000', // lidt [rel idtr]
    'b91b000000 0f32 0d000c0000 0f30', // x2APIC mode: IA32_APIC_BASE |= 0c00h
    'b93f080000 b840000000 0f30', // SELF IPI = 40h
    '31db 8cd0', // xor ebx, ebx; mov eax, ss
    `fb ${instruction}`, // sti
    'ffc3 ffc3 ffc3', // inc ebx
    'fa f4', // cli; hlt
    '8d4330 66baf803 ee', // handler: lea eax, [rbx + '0']; mov dx, 3f8h; out dx, al
    '66ba0406 66b80034 66ef', // power off
    '0f04 0000000000000000', // idtr: limit, base
    '00'.repeat(0x1080), // idt, stack
  ];
  return [...Buffer.from(lines.join('').replaceAll(' ', ''), 'hex')];
}

async function countedBeforeInterrupt(instruction: string): Promise<string> {
  let output = '';
  const machine = await Machine.create({
    host: new NodeHost(),
    kernel: makeKernel(program(instruction), { payload: 0x4000 }),
    memorySize: 64 * 2 ** 20,
    clock: 'instructions',
    tier: 'interpreter',
    onSerialOutput: (bytes) => {
      output += Buffer.from(bytes).toString();
    },
  });
  expect(await machine.run()).toEqual({ kind: 'power off' });
  return output;
}

describe('the interrupt shadow', () => {
  it('of STI lasts one instruction', async () => {
    expect(await countedBeforeInterrupt(NOP)).toBe('0');
  });

  it('of MOV SS follows that of STI', async () => {
    expect(await countedBeforeInterrupt(MOV_SS_EAX)).toBe('1');
  });
});
