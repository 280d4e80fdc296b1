/** Instructions that do nothing, that are undefined in 64-bit mode, or that CPL 3 may not execute. */

import { type CodeMode, segmentBases } from '../../../test/vectors/layout.ts';
import { type Case, Input } from '../case.ts';
import { DATA } from '../operands.ts';
import { NOT_CANONICAL, UNMAPPED } from './forms.ts';

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
  'in al, dx',
  'in eax, 0x60',
  'out dx, al',
  'out 0x60, eax',
  'insd',
  'rep insb',
  'rep insd',
  'repne insb',
  'repne insd',
  'outsb',
  'outsd',
  'rep outsd',
  'repne outsb',
  'repne outsd',
  'mov dr7, rax',
  'xsetbv',
  'invpcid rax, [rbx]',
  '.byte 0xf3, 0x0f, 0x09',
  'rdpmc',
  '.byte 0x0f, 0x35',
  'clac',
  'stac',
  'monitor',
  'mwait',
];

/** The same from code of 32 and 16 bits. */
const PROTECTED_LEGACY = [
  ...['hlt', 'cli', 'sti', 'clts', 'invd', 'wbinvd', '.byte 0xf3, 0x0f, 0x09', 'rdmsr', 'wrmsr', 'rdpmc'],
  ...['in al, dx', 'in al, 0x60', 'in eax, dx', 'in eax, 0x60', 'in ax, dx'],
  ...['out dx, al', 'out 0x60, al', 'out dx, eax', 'out 0x60, eax', 'out dx, ax'],
  ...['', 'rep ', 'repne '].flatMap((prefix) =>
    ['insb', 'insw', 'insd', 'outsb', 'outsw', 'outsd'].map((op) => prefix + op),
  ),
  ...['mov eax, cr0', 'mov cr3, eax', 'mov eax, dr7', 'mov dr7, eax', 'lmsw ax', 'lldt ax', 'ltr ax'],
  ...[
    'lgdt [ebx]',
    'lidt [ebx]',
    'invlpg [ebx]',
    'invpcid eax, [ebx]',
    'xsetbv',
    '.byte 0x0f, 0x35',
    '.byte 0x0f, 0x07',
    'clac',
    'stac',
    'monitor',
    'mwait',
  ],
  // Of 64-bit mode only: on the processors of some vendors this is a system call in compatibility mode, too.
  ...['syscall', '.byte 0x0f, 0x01, 0xf8'],
];

/** Time, chance and what the processor is: of the answers only what they have in common stays. */
const ANSWERS: readonly [asm: string, steps: number][] = [
  ['rdtsc; shr rax, 33; shr rdx, 33', 3],
  ['rdtscp; shr rax, 33; shr rdx, 33; shr rcx, 33', 4],
  ['rdpid rax; shr rax, 33', 2],
  ['rdrand eax; shr rax, 33', 2],
  ['rdrand ax; mov ax, 0', 2],
  ['rdrand rcx; mov ecx, 0', 2],
  ['rdseed eax; shr rax, 33', 2],
  ['rdseed r9w; mov r9w, 0', 2],
  ['xor eax, eax; cpuid; shr rax, 33; shr rbx, 33; shr rcx, 33; shr rdx, 33', 6],
  ['xor ecx, ecx; xgetbv; and rax, 7', 3],
  ['mov ecx, 2; xgetbv', 2],
];

/** CLFLUSH and kin: a load as far as faults go. */
const FLUSHES = ['clflush', 'clflushopt', 'clwb'];

/** Each of the eight encodings of the fences. */
const FENCES = [0xe8, 0xf0, 0xf8].flatMap((first) =>
  Array.from({ length: 8 }, (_, rm) => `.byte 0x0f, 0xae, ${first + rm}`),
);

/** With pointers at the data area. */
function inputOf(mode: CodeMode = 64): Input {
  const data = BigInt(DATA - segmentBases(mode).data);
  return new Input(mode).set('rbx', data).set('rsi', data).set('rdi', data);
}

export function* system(): Generator<Case> {
  for (const asm of [...NOPS, ...UNDEFINED, ...PROTECTED, ...FENCES]) yield { asm, input: inputOf() };
  for (const [asm, steps] of ANSWERS) yield { asm, input: inputOf(), steps };
  for (const asm of FLUSHES) {
    for (const address of [BigInt(DATA), BigInt(UNMAPPED), NOT_CANONICAL])
      yield { asm: `${asm} [rbx]`, input: new Input().set('rbx', address) };
  }
  for (const mode of [32, 16] as const) {
    for (const asm of [...PROTECTED_LEGACY, ...FENCES, ...FLUSHES.map((op) => `${op} [ebx]`)])
      yield { asm, input: inputOf(mode) };
  }
}
