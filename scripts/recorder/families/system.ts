/** Instructions that do nothing, that are undefined in 64-bit mode, or that CPL 3 may not execute. */

import { type Case, Input } from '../case.ts';
import { DATA } from '../operands.ts';

/** No operation, in all its lengths; hints are executed by processors that do not know them. */
const NOPS = [
  'nop',
  '.byte 0x66, 0x90',
  '.byte 0xf2, 0x90',
  'pause',
  'nop dword ptr [rax]',
  'nop word ptr [rax+rax+0x200]',
  'nop qword ptr [r12+0x10]',
  'nop eax',
  '.byte 0x0f, 0x19, 0xc0',
  '.byte 0x0f, 0x1c, 0x03',
  'endbr64',
  'endbr32',
  '.byte 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x90',
  '.byte 0x2e, 0x3e, 0x26, 0x36, 0x90',
  'prefetchw [rbx]',
  'lfence',
  'mfence',
  'sfence',
];

/** Opcodes without a meaning in 64-bit mode, and prefixes where they must not be. */
const UNDEFINED = [
  'ud2',
  '.byte 0x0f, 0xb9, 0xc0',
  ...[
    0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f, 0x27, 0x2f, 0x37, 0x3f, 0x60, 0x61, 0x9a, 0xce, 0xd4, 0xd5,
    0xd6, 0xea,
  ].map((opcode) => `.byte 0x${opcode.toString(16).padStart(2, '0')}, 0, 0, 0, 0, 0, 0`),
  '.byte 0xf0, 0x90',
  '.byte 0xf0, 0x01, 0xd8',
  '.byte 0xf0, 0x8b, 0x03',
  '.byte 0xf0, 0x39, 0x03',
  '.byte 0x8d, 0xc0',
  '.byte 0xc6, 0xc8, 0x01',
  '.byte 0xfe, 0xd0',
  '.byte 0xff, 0xf8',
  '.byte 0x0f, 0xc7, 0xc8',
  '.byte 0x0f, 0xff, 0xc0',
  '.byte 0x0f, 0x04',
  '.byte 0x8c, 0xf0',
  '.byte 0x8e, 0xc8',
];

/** General protection: too long, or privileged. */
const PROTECTED = [
  '.byte 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x90',
  'hlt',
  'cli',
  'sti',
  'in al, 0x60',
  'in eax, dx',
  'out 0x80, al',
  'out dx, eax',
  'insb',
  'rep outsb',
  'clts',
  'invd',
  'wbinvd',
  'mov rax, cr0',
  'mov cr3, rax',
  'mov rax, dr7',
  'lgdt [rbx]',
  'lidt [rbx]',
  'lldt ax',
  'ltr ax',
  'lmsw ax',
  'invlpg [rbx]',
  'rdmsr',
  'wrmsr',
  'swapgs',
  'sysretq',
];

export function* system(): Generator<Case> {
  for (const asm of [...NOPS, ...UNDEFINED, ...PROTECTED]) {
    const input = new Input().set('rbx', BigInt(DATA)).set('rsi', BigInt(DATA)).set('rdi', BigInt(DATA));
    yield { asm, input };
  }
}
