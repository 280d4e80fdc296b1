import { describe, expect, it } from 'vitest';
import { NodeHost } from '../../src/host/node/host.ts';
import { Machine } from '../../src/machine/machine.ts';
import { makeKernel } from '../cli/guests.ts';
import { assemble } from '../support/assembler.ts';

const NOP = 'nop';
const MOV_SS_EAX = 'mov ss,ax';

/** Sends itself an interrupt, then executes STI, the instruction and INC EBX; the handler prints EBX. */
function program(instruction: string): number[] {
  const code = assemble(`
    lea rsp,[rip+stack]
    lea rsi,[rip+handler]
    lea rdi,[rip+idt]
    add rdi,${0x40 * 16}
    mov WORD PTR [rdi],si # the gate: offset 0 to 15, CS, a 64-bit interrupt gate, offset 16 to 31
    mov eax,cs
    mov WORD PTR [rdi+2],ax
    mov WORD PTR [rdi+4],0x8e00
    shr rsi,16
    mov WORD PTR [rdi+6],si
    lea rax,[rip+idt]
    mov QWORD PTR [rip+idtr_base],rax
    lidt [rip+idtr]
    mov ecx,0x1b # x2APIC mode: IA32_APIC_BASE |= 0c00h
    rdmsr
    or eax,0xc00
    wrmsr
    mov ecx,0x83f # SELF IPI = 40h
    mov eax,0x40
    wrmsr
    xor ebx,ebx
    mov eax,ss
    sti
    ${instruction}
    inc ebx
    inc ebx
    inc ebx
    cli
    hlt
    handler: lea eax,[rbx+${'0'.charCodeAt(0)}]
    mov dx,0x3f8
    out dx,al
    mov dx,0x604 # power off
    mov ax,0x2000
    out dx,ax
    idtr: .byte 0x0f,0x04
    idtr_base: .byte 0,0,0,0,0,0,0,0
    idt: .byte ${'0,'.repeat(0x1080)}0
    stack:
  `);
  return [...code];
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
