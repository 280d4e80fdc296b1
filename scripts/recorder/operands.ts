/** Operands of instruction templates: their text, and how to give them a value before the instruction. */

import { GENERAL_REGISTERS, type GeneralRegister, SCRATCH } from '../../test/vectors/layout.ts';
import type { Input } from './case.ts';

export type Size = 8 | 16 | 32 | 64;
export const SIZES: readonly Size[] = [8, 16, 32, 64];
export const WIDE_SIZES: readonly Size[] = [16, 32, 64];

export interface Operand {
  text: string;
  size: number;
  /** Makes the operand hold a value, in addition to what it needs itself (its address registers). */
  assign(input: Input, value: bigint): void;
}

/** Replaces `bits` bits of a register from bit `shift` upwards. */
function insert(input: Input, name: GeneralRegister, shift: bigint, bits: number, value: bigint): void {
  const mask = ((1n << BigInt(bits)) - 1n) << shift;
  const merged = (input.get(name) & ~mask) | ((BigInt.asUintN(bits, value) << shift) & mask);
  input.registers.set(name, merged);
}

/** The name of a general register (0 to 15, in encoding order) at a size; 8 bits are the low byte. */
function registerName(number: number, size: Size): string {
  if (number >= 8) return `r${number}${{ 8: 'b', 16: 'w', 32: 'd', 64: '' }[size]}`;
  const name = GENERAL_REGISTERS[number].slice(1);
  if (size === 64) return `r${name}`;
  if (size === 32) return `e${name}`;
  if (size === 16) return name;
  return number < 4 ? `${name[0]}l` : `${name}l`;
}

/** A general register by number; sizes below 64 leave garbage in the upper bits. */
export function register(number: number, size: Size): Operand {
  return {
    text: registerName(number, size),
    size,
    assign: (input, value) => insert(input, GENERAL_REGISTERS[number], 0n, size, value),
  };
}

/** AH, CH, DH or BH (0 to 3). */
export function highByte(number: number): Operand {
  return {
    text: `${'acdb'[number]}h`,
    size: 8,
    assign: (input, value) => insert(input, GENERAL_REGISTERS[number], 8n, 8, value),
  };
}

/** A number in the instruction. It has its value already; `assign` does nothing. */
export function immediate(value: bigint | number, size: number): Operand {
  const text = value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
  return { text, size, assign: () => {} };
}

/** A way to address memory: its text in brackets, where it points, and the registers it needs for that. */
export interface Addressing {
  text: string;
  address: number;
  registers: Partial<Record<GeneralRegister, bigint>>;
}

/** The address that most memory operands have. */
export const DATA = SCRATCH + 0x100;
const data = BigInt(DATA);
/** What 32-bit addressing has to ignore. */
const GARBAGE = 0xdead_beef_0000_0000n;

function wrap(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

function wrap32(value: bigint): bigint {
  return GARBAGE | BigInt.asUintN(32, value);
}

/**
 * Every form of ModRM and SIB, all for DATA or (with rsp) the stack. They use rbx, rsp, rbp, rsi, rdi, r9,
 * r12 and r13, so that rax, rcx, rdx, r8, r10, r11, r14 and r15 are free for other operands.
 */
export const ADDRESSINGS: readonly Addressing[] = [
  { text: '[rbx]', address: DATA, registers: { rbx: data } },
  { text: '[rsi+0x10]', address: DATA, registers: { rsi: data - 0x10n } },
  { text: '[rdi-0x80]', address: DATA, registers: { rdi: data + 0x80n } },
  { text: '[rbx+0x12345678]', address: DATA, registers: { rbx: wrap(data - 0x12345678n) } },
  { text: '[r9-0x12345678]', address: DATA, registers: { r9: data + 0x12345678n } },
  { text: '[rbp]', address: DATA, registers: { rbp: data } },
  { text: '[rbp+0x1000]', address: DATA, registers: { rbp: data - 0x1000n } },
  { text: '[r12]', address: DATA, registers: { r12: data } },
  { text: '[r12+0x7f]', address: DATA, registers: { r12: data - 0x7fn } },
  { text: '[r12-0x1000]', address: DATA, registers: { r12: data + 0x1000n } },
  { text: '[r13]', address: DATA, registers: { r13: data } },
  { text: '[r13-1]', address: DATA, registers: { r13: data + 1n } },
  { text: '[rsp]', address: SCRATCH + 0x1800, registers: {} },
  { text: '[rsp+0x20]', address: SCRATCH + 0x1820, registers: {} },
  { text: '[rsp-0x200]', address: SCRATCH + 0x1600, registers: {} },
  { text: '[rbx+rsi]', address: DATA, registers: { rbx: data - 0x40n, rsi: 0x40n } },
  { text: '[rbx+rsi*2+4]', address: DATA, registers: { rbx: data - 0x24n, rsi: 0x10n } },
  { text: '[rsi+rdi*4-0x40]', address: DATA, registers: { rsi: data, rdi: 0x10n } },
  { text: '[rdi+rbx*8+0x200]', address: DATA, registers: { rdi: data, rbx: wrap(-0x40n) } },
  { text: '[rbp+rbx]', address: DATA, registers: { rbp: wrap(-0x100n), rbx: data + 0x100n } },
  { text: '[rbp+rbp*2]', address: DATA + 0xd0, registers: { rbp: (data + 0xd0n) / 3n } },
  { text: '[r13+r12*4]', address: DATA, registers: { r13: data + 0x20n, r12: wrap(-8n) } },
  { text: '[r12+r13*8-0x10]', address: DATA, registers: { r12: data, r13: 2n } },
  { text: '[rsp+r9*2]', address: SCRATCH + 0x1840, registers: { r9: 0x20n } },
  { text: '[rsi*1+0x1000]', address: DATA, registers: { rsi: data - 0x1000n } },
  { text: '[rsi*8+0x10000000]', address: DATA, registers: { rsi: 0x20n } },
  { text: '[r12*4-0x100]', address: DATA, registers: { r12: (data + 0x100n) / 4n } },
  { text: '[0x10000100]', address: DATA, registers: {} },
  { text: '[rip+scratch+0x100]', address: DATA, registers: {} },
  { text: '[ebx]', address: DATA, registers: { rbx: GARBAGE | data } },
  { text: '[esi+0x40]', address: DATA, registers: { rsi: wrap32(data - 0x40n) } },
  { text: '[r13d+r12d*4-0x10]', address: DATA, registers: { r13: wrap32(data), r12: wrap32(4n) } },
  { text: '[edi+ebx*2]', address: DATA, registers: { rdi: wrap32(data + 0x200n), rbx: wrap32(-0x100n) } },
  { text: '[ebx+0x70000000]', address: DATA, registers: { rbx: wrap32(data - 0x70000000n) } },
  { text: '[esi*2-0x100]', address: DATA, registers: { rsi: wrap32((data + 0x100n) / 2n) } },
  { text: '[eip+scratch+0x100]', address: DATA, registers: {} },
  { text: 'gs:[rbx+8]', address: DATA, registers: { rbx: data - 8n } },
  { text: 'es:[rsi]', address: DATA, registers: { rsi: data } },
];

/** Registers that no addressing form uses, for the other operand. */
export const FREE_REGISTERS = [0, 1, 2, 8, 10, 11, 14, 15] as const;

const POINTERS: Record<number, string> = {
  8: 'byte ptr ',
  16: 'word ptr ',
  32: 'dword ptr ',
  64: 'qword ptr ',
  80: 'tbyte ptr ',
  128: 'xmmword ptr ',
  256: 'ymmword ptr ',
};

/** A memory operand. Sizes without a name in the assembler have no pointer prefix. */
export function memory(form: Addressing, size: number): Operand {
  return {
    text: `${POINTERS[size] ?? ''}${form.text}`,
    size,
    assign: (input, value) => {
      useAddressing(input, form);
      input.store(form.address, size, value);
    },
  };
}

/** Loads the registers of an addressing form. */
export function useAddressing(input: Input, form: Addressing): void {
  for (const [name, value] of Object.entries(form.registers)) input.set(name as GeneralRegister, value);
}

/** The simplest addressing form, at any address. */
export function at(address: number, base: GeneralRegister = 'rbx'): Addressing {
  return { text: `[${base}]`, address, registers: { [base]: BigInt(address) } };
}

/** Hands out the addressing forms in turn, so that a family's templates together use all of them. */
export class AddressingCycle {
  #next = 0;

  next(): Addressing {
    return ADDRESSINGS[this.#next++ % ADDRESSINGS.length];
  }
}
