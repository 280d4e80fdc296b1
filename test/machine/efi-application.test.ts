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
    debugExitPort: 0xf4,
    onSerialOutput: (bytes) => {
      output += Buffer.from(bytes).toString();
    },
  });
  const ending: Ending = await machine.run();
  const { instructions } = machine.statistics();
  await machine.close();
  return { ending, output, instructions: instructions.total };
}

/** Copies with overlaps, fills and computes CRC-32 by the boot services; exits with the number of wrong results. */
const COPY_SET_CRC = makePe({
  code: assemble(`
    push rbx
    push rsi
    push rdi
    sub rsp,0x20
    mov rbx,QWORD PTR [rdx+0x60] # the boot services
    lea rsi,[rip+text]
    xor edi,edi # wrong results
    # "0123456789" to the right by three
    lea rcx,[rsi+3]
    mov rdx,rsi
    mov r8d,7
    call QWORD PTR [rbx+0x160] # CopyMem
    mov rax,0x3433323130323130
    cmp QWORD PTR [rsi],rax
    setne al
    movzx eax,al
    add edi,eax
    # and back
    mov rcx,rsi
    lea rdx,[rsi+3]
    mov r8d,7
    call QWORD PTR [rbx+0x160]
    mov rax,0x3436353433323130
    cmp QWORD PTR [rsi],rax
    setne al
    movzx eax,al
    add edi,eax
    # "9" in all places but the last
    mov rcx,rsi
    mov edx,9
    mov r8d,0x1239
    call QWORD PTR [rbx+0x168] # SetMem
    mov rdx,0x3939393939393939
    cmp QWORD PTR [rsi],rdx
    setne al
    movzx eax,al
    add edi,eax
    cmp WORD PTR [rsi+8],0x3639
    setne al
    movzx eax,al
    add edi,eax
    # the check value of CRC-32 is that of "123456789"
    lea rcx,[rip+check]
    mov edx,9
    mov r8,rsi
    call QWORD PTR [rbx+0x158] # CalculateCrc32
    cmp DWORD PTR [rsi],0xcbf43926
    setne cl
    test rax,rax
    setne al
    movzx eax,al
    movzx ecx,cl
    add edi,eax
    add edi,ecx
    lea rcx,[rip+check]
    xor edx,edx
    mov r8,rsi
    call QWORD PTR [rbx+0x158]
    add rax,rax # EFI_INVALID_PARAMETER without its top bit
    sub eax,4
    add eax,edi
    add rsp,0x20
    pop rdi
    pop rsi
    pop rbx
    out 0xf4,al
    hlt
    text: .byte 0x30,0x31,0x32,0x33,0x34,0x35,0x36,0x37,0x38,0x39
    check: .byte 0x31,0x32,0x33,0x34,0x35,0x36,0x37,0x38,0x39
  `),
});

describe.each(['interpreter', 'auto'] as const)('an EFI application, tier %s,', (tier) => {
  it('that returns success ends with power-off; Stall lets time pass', async () => {
    const { ending, output, instructions } = await run(application('xor eax,eax'), tier);
    expect(ending).toEqual({ kind: 'power off' });
    expect(output).toBe('hi');
    // With this clock an instruction takes a nanosecond; the loop reads the clock once in eight of them.
    expect(instructions).toBeGreaterThan(10_000_000 - 100);
    expect(instructions).toBeLessThan(10_000_000 + 200);
  });

  it('copies, fills and computes sums by services that are guest code', async () => {
    expect((await run(COPY_SET_CRC, tier)).ending).toEqual({ kind: 'debug exit', code: 1 });
  });
});

describe('an EFI application', () => {
  it('that returns an error says so and halts', async () => {
    const { ending, output } = await run(application('mov rax,0x8000000000000005'), 'interpreter');
    expect(ending).toEqual({ kind: 'died', reason: 'halted with interrupts disabled' });
    expect(output).toBe('hi\r\nThe EFI application ended with status 0x8000000000000005.\r\n');
  });
});
