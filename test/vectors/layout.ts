/**
 * Where a vector's memory lies, what it contains at first, and the register values a vector starts from
 * unless it says otherwise. scripts/recorder/recorder.c repeats the memory constants.
 */

/** First address of the data area. The pages before and after the area are not mapped. */
export const SCRATCH = 0x1000_0000;
/** Size of the data area in bytes: two pages, so that accesses can cross a page boundary. */
export const SCRATCH_SIZE = 0x2000;
/** First address of the code area, which is filled with INT3 around the vector's code. */
export const CODE = 0x2000_0000;
/** Size of the code area in bytes. The pages before and after the area are not mapped. */
export const CODE_SIZE = 0x2000;
/** Opcode of INT3, which ends a case on the machine that recorded it. */
export const CODE_FILLER = 0xcc;

/** 64-bit mode, or 32-bit code in compatibility mode. */
export type CodeMode = 64 | 32;

/** General registers in encoding order. */
export const GENERAL_REGISTERS = [
  'rax',
  'rcx',
  'rdx',
  'rbx',
  'rsp',
  'rbp',
  'rsi',
  'rdi',
  'r8',
  'r9',
  'r10',
  'r11',
  'r12',
  'r13',
  'r14',
  'r15',
] as const;

type Digit = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;
export type GeneralRegister = (typeof GENERAL_REGISTERS)[number];
export type XmmRegister = `xmm${Digit | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15}`;
/** Bits 128 to 255 of a YMM register. */
export type YmmHighRegister = `ymmh${Digit | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15}`;
export type StackRegister = `st${Digit}`;
export type ControlRegister = 'rip' | 'rflags' | 'mxcsr' | 'fcw' | 'fsw' | 'ftw';
/** Every name that the `in` and `out` of a vector may give a value to. */
export type Register = GeneralRegister | XmmRegister | YmmHighRegister | StackRegister | ControlRegister;

export const XMM_REGISTERS = Array.from({ length: 16 }, (_, i) => `xmm${i}` as XmmRegister);
export const YMM_HIGH_REGISTERS = Array.from({ length: 16 }, (_, i) => `ymmh${i}` as YmmHighRegister);
/** x87 registers by stack position: st0 is the top, as in the FXSAVE image. */
export const STACK_REGISTERS = Array.from({ length: 8 }, (_, i) => `st${i}` as StackRegister);

/** Every register with its number of significant bits. `ftw` is the abridged tag byte of FXSAVE. */
export const REGISTER_BITS: ReadonlyMap<Register, number> = new Map<Register, number>([
  ...GENERAL_REGISTERS.map((name): [Register, number] => [name, 64]),
  ['rip', 64],
  ['rflags', 64],
  ...XMM_REGISTERS.map((name): [Register, number] => [name, 128]),
  ...YMM_HIGH_REGISTERS.map((name): [Register, number] => [name, 128]),
  ['mxcsr', 32],
  ['fcw', 16],
  ['fsw', 16],
  ['ftw', 8],
  ...STACK_REGISTERS.map((name): [Register, number] => [name, 80]),
]);

/** A value of `bytes` bytes, each of them `byte`. */
function repeated(byte: number, bytes: number): bigint {
  return BigInt(`0x${byte.toString(16).padStart(2, '0').repeat(bytes)}`);
}

/**
 * What each register holds unless the vector's `in` says otherwise: rax..r15 are A0A0..A0 to AFAF..AF (not
 * canonical addresses), rsp is the middle of the second scratch page, xmm0..15 are B0B0..B0 to BFBF..BF, what is
 * above them in ymm0..15 is C0C0..C0 to CFCF..CF,
 * the x87 is as FNINIT leaves it with zeros in its registers.
 */
export const DEFAULT_REGISTERS: ReadonlyMap<Register, bigint> = new Map<Register, bigint>([
  ...GENERAL_REGISTERS.map((name, i): [Register, bigint] => [name, repeated(0xa0 + i, 8)]),
  ['rsp', BigInt(SCRATCH + 0x1800)],
  ['rip', BigInt(CODE + 0x800)],
  ['rflags', 0x202n],
  ...XMM_REGISTERS.map((name, i): [Register, bigint] => [name, repeated(0xb0 + i, 16)]),
  ...YMM_HIGH_REGISTERS.map((name, i): [Register, bigint] => [name, repeated(0xc0 + i, 16)]),
  ['mxcsr', 0x1f80n],
  ['fcw', 0x37fn],
  ['fsw', 0n],
  ['ftw', 0n],
  ...STACK_REGISTERS.map((name): [Register, bigint] => [name, 0n]),
]);

/** The initial content of scratch memory: the top byte of the 32-bit product of address and 9E3779B1H. */
export function scratchByte(address: number): number {
  return Math.imul(address, 0x9e37_79b1) >>> 24;
}
