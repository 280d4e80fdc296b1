/** Guests of a few instructions that measure time. */
import { expect } from 'vitest';
import type { Tier } from '../../src/code-cache/tiering.ts';
import { NodeHost } from '../../src/host/node/host.ts';
import type { ClockKind } from '../../src/machine/clock.ts';
import { Machine } from '../../src/machine/machine.ts';
import type { Statistics } from '../../src/machine/statistics.ts';
import { makeKernel, POWER_OFF } from '../cli/guests.ts';

export interface TimedRun {
  /** What the guest has sent to COM1. */
  readonly output: Buffer;
  readonly statistics: Statistics;
}

/** Runs machine code until it powers off. @param prepare is given the machine before that. */
export async function runTimed(
  code: readonly number[],
  tier: Tier,
  clock: ClockKind = 'instructions',
  prepare: (machine: Machine) => void = () => {},
): Promise<TimedRun> {
  const output: Uint8Array[] = [];
  const machine = await Machine.create({
    host: new NodeHost(),
    kernel: makeKernel(code, { payload: 0x4000 }),
    memorySize: 64 * 2 ** 20,
    clock,
    tier,
    onSerialOutput: (bytes) => output.push(bytes),
  });
  try {
    prepare(machine);
    expect(await machine.run()).toEqual({ kind: 'power off' });
    return { output: Buffer.concat(output), statistics: machine.statistics() };
  } finally {
    await machine.close();
  }
}

/**
 * Hexadecimal text to bytes. `name:` is a label, and `[name]` its distance from the end of these four bytes, as in
 * RIP-relative operands.
 */
export function link(lines: readonly string[]): number[] {
  const tokens = lines.join(' ').split(' ');
  const labels = new Map<string, number>();
  let size = 0;
  for (const token of tokens) {
    if (token.endsWith(':')) labels.set(token.slice(0, -1), size);
    else size += token.startsWith('[') ? 4 : token.length / 2;
  }
  const bytes: number[] = [];
  for (const token of tokens.filter((text) => !text.endsWith(':'))) {
    if (token.startsWith('[')) {
      const distance = Buffer.alloc(4);
      distance.writeInt32LE((labels.get(token.slice(1, -1)) as number) - bytes.length - 4);
      bytes.push(...distance);
    } else bytes.push(...Buffer.from(token, 'hex'));
  }
  return bytes;
}

/**
 * Counts in EBX while it reads a port, with branches that depend on the count, and is interrupted by the local APIC's
 * timer every 7.24 us. The handler hashes the count and the address that it came at; after 2000 interrupts it prints
 * the hash and the count.
 */
export const INTERRUPTED = link([
  '488d25 [stack]', // lea rsp, [rel stack]
  '488d35 [handler] 488d3d [gate]', // lea rsi, [rel handler]; lea rdi, [rel gate]
  '668937 668cc8 66894702 66c74704008e 48c1ee10 66897706', // an interrupt gate of 64 bits
  '488d05 [idt] 488905 [idtr-base] 0f011d [idtr]', // lidt
  'b91b000000 0f32 0d000c0000 0f30', // x2APIC mode
  'b93e080000 b80b000000 31d2 0f30', // divide by 1
  'b932080000 b840000200 31d2 0f30', // LVT timer: periodic, vector 40h
  'b938080000 b8481c0000 0f30', // initial count 7240
  '31db 31ff 31f6 66ba8000 fb', // xor ebx, ebx; xor edi, edi; xor esi, esi; mov dx, 80h; sti
  'ec ffc3 f6c301 7402 ffc5 ebf4', // L: in al, dx; inc ebx; test bl, 1; jz M; inc ebp; M: jmp L
  'handler: 50 52 51', // push rax; push rdx; push rcx
  '486bff1f 4801df 48037c2418', // imul rdi, rdi, 31; add rdi, rbx; add rdi, [rsp + 24]
  'ffc6 81fed0070000 7410', // inc esi; cmp esi, 2000; je done
  'b90b080000 31c0 31d2 0f30 59 5a 58 48cf', // EOI; pop rcx; pop rdx; pop rax; iretq
  '66baf803 b908000000 4889f8', // done: mov dx, 3f8h; mov ecx, 8; mov rax, rdi
  'ee 48c1e808 ffc9 75f7', // N: out dx, al; shr rax, 8; dec ecx; jnz N
  'b908000000 4889d8', // mov ecx, 8; mov rax, rbx
  'ee 48c1e808 ffc9 75f7', // N: out dx, al; shr rax, 8; dec ecx; jnz N
  Buffer.from(POWER_OFF).toString('hex'),
  'idtr: 0f04 idtr-base: 0000000000000000',
  `idt: ${'00'.repeat(0x400)} gate: ${'00'.repeat(0x100)}`,
  `${'00'.repeat(0x400)} stack: 00`,
]);
