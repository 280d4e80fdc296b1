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

/** 64-bit mode, or code of 32 or 16 bits in compatibility mode. */
export type CodeMode = 64 | 32 | 16;

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
/** Segment registers, which hold selectors, in encoding order. */
export const SEGMENT_REGISTERS = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'] as const;
export type SegmentRegister = (typeof SEGMENT_REGISTERS)[number];
export type ControlRegister = 'rip' | 'rflags' | 'mxcsr' | 'fcw' | 'fsw' | 'ftw';
/** Every name that the `in` and `out` of a vector may give a value to. */
export type Register =
  | GeneralRegister
  | XmmRegister
  | YmmHighRegister
  | StackRegister
  | SegmentRegister
  | ControlRegister;

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
  ...SEGMENT_REGISTERS.map((name): [Register, number] => [name, 16]),
]);

/** A descriptor of the LDT, as Linux' modify_ldt() takes it. */
export interface LdtSegment {
  readonly name: string;
  readonly base: number;
  /** Last offset, in bytes or, with `pages`, in pages of 4 KiB. */
  readonly limit: number;
  readonly pages?: true;
  /** Bit D or B: 32-bit code, or a stack with ESP. */
  readonly is32Bit?: true;
  readonly kind: 'data' | 'expand-down' | 'code';
  /** Data that cannot be written, code that cannot be read. */
  readonly restricted?: true;
  readonly absent?: true;
}

const LAST_DATA = SCRATCH_SIZE - 1;
const LAST_CODE = CODE_SIZE - 1;
/** A segment of 64 KiB has all offsets that 16-bit code has. */
const LAST_16 = 0xffff;
/** The segments that vectors have besides those of the kernel, from selector 7 on: of ring 3, and accessed. */
export const LDT: readonly LdtSegment[] = [
  { name: 'code16', base: CODE, limit: LAST_16, kind: 'code' },
  { name: 'data16', base: SCRATCH, limit: LAST_DATA, kind: 'data' },
  { name: 'constant', base: SCRATCH, limit: LAST_DATA, kind: 'data', restricted: true },
  { name: 'expandDown', base: SCRATCH, limit: 0xfff, kind: 'expand-down' },
  { name: 'executeOnly', base: CODE, limit: LAST_16, kind: 'code', restricted: true },
  { name: 'code32', base: CODE, limit: LAST_CODE, kind: 'code', is32Bit: true },
  { name: 'limited', base: CODE, limit: LAST_CODE, kind: 'code' },
  { name: 'absent', base: SCRATCH, limit: LAST_DATA, kind: 'data', absent: true },
  { name: 'absentCode', base: CODE, limit: LAST_16, kind: 'code', absent: true },
  { name: 'flat', base: 0, limit: 0xfffff, pages: true, kind: 'data', is32Bit: true },
  { name: 'expandDown32', base: 0, limit: 0x1000, pages: true, kind: 'expand-down', is32Bit: true },
];

/** The selector of a segment of the LDT, with requested privilege level 3. */
export function ldtSelector(name: string): number {
  const index = LDT.findIndex((segment) => segment.name === name);
  if (index < 0) throw new Error(`there is no segment ${name}`);
  return (index << 3) | 7;
}

/** A value of `bytes` bytes, each of them `byte`. */
function repeated(byte: number, bytes: number): bigint {
  return BigInt(`0x${byte.toString(16).padStart(2, '0').repeat(bytes)}`);
}

/**
 * What each register holds unless the vector's `in` says otherwise: rax..r15 are A0A0..A0 to AFAF..AF (not
 * canonical addresses), rsp is the middle of the second scratch page, xmm0..15 are B0B0..B0 to BFBF..BF, what is
 * above them in ymm0..15 is C0C0..C0 to CFCF..CF,
 * the x87 is as FNINIT leaves it with zeros in its registers. Selectors are those of 64-bit code under Linux.
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
  ...SEGMENT_REGISTERS.map((name): [Register, bigint] => [name, 0n]),
  ['cs', 0x33n],
  ['ss', 0x2bn],
]);

const CODE_16 = BigInt(ldtSelector('code16'));
const DATA_16 = BigInt(ldtSelector('data16'));
/** What holds something else in the other modes: RIP and RSP are offsets in segments. */
const MODE_REGISTERS: Readonly<Record<CodeMode, ReadonlyMap<Register, bigint>>> = {
  64: new Map(),
  32: new Map<Register, bigint>([
    ['cs', 0x23n],
    ['ds', 0x2bn],
    ['es', 0x2bn],
  ]),
  16: new Map<Register, bigint>([
    ['cs', CODE_16],
    ['ss', DATA_16],
    ['ds', DATA_16],
    ['es', DATA_16],
    ['rip', 0x800n],
    ['rsp', 0x1800n],
  ]),
};

/** What a register holds in a mode unless the vector's `in` says otherwise. */
export function defaultRegister(name: Register, mode: CodeMode = 64): bigint {
  return MODE_REGISTERS[mode].get(name) ?? (DEFAULT_REGISTERS.get(name) as bigint);
}

/** Where the code and the data segment of a mode begin. */
export function segmentBases(mode: CodeMode): { code: number; data: number } {
  return mode === 16 ? { code: CODE, data: SCRATCH } : { code: 0, data: 0 };
}

/** The initial content of scratch memory: the top byte of the 32-bit product of address and 9E3779B1H. */
export function scratchByte(address: number): number {
  return Math.imul(address, 0x9e37_79b1) >>> 24;
}
