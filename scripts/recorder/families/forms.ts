/** The operand forms that most integer instructions share. */

import { SCRATCH, SCRATCH_SIZE } from '../../../test/vectors/layout.ts';
import { type Case, Input } from '../case.ts';
import {
  type AddressingCycle,
  at,
  FREE_REGISTERS,
  highByte,
  immediate,
  memory,
  type Operand,
  register,
  type Size,
} from '../operands.ts';
import { anyFlags, anyValue, type Random, rflags } from '../values.ts';

/** Status flags of all edges are too many for every form; other forms get this many cases. */
export const FEW = 4;

/** Two operands, for `op first, second`. */
export type Pair = [Operand, Operand];

/** The first address after the scratch area: accesses fault. */
export const UNMAPPED = SCRATCH + SCRATCH_SIZE;
/** The boundary between the two scratch pages. */
export const BOUNDARY = SCRATCH + 0x1000;
/** An address that is not canonical with 48-bit linear addresses. */
export const NOT_CANONICAL = 0x0000_9000_0000_0000n;

/** Registers of a size that between them need every REX bit, and its absence. */
export function registers(size: Size): Operand[] {
  const low = [0, 1, 4, 5, 7, 8, 12, 13, 15].map((number) => register(number, size));
  return size === 8 ? [...low, ...[0, 1, 2, 3].map(highByte)] : low;
}

export function registerPairs(size: Size): Pair[] {
  const pairs = [
    [0, 3],
    [1, 8],
    [9, 2],
    [15, 12],
    [6, 7],
    [5, 4],
    [13, 13],
  ].map(([first, second]): Pair => [register(first, size), register(second, size)]);
  if (size !== 8) return pairs;
  const high: Pair[] = [
    [highByte(0), highByte(3)],
    [highByte(0), register(0, 8)],
    [register(1, 8), highByte(2)],
    [highByte(1), register(2, 8)],
  ];
  return [...pairs, ...high];
}

/** A register that no addressing form uses. */
export function freeRegister(random: Random, size: Size): Operand {
  return register(random.pick(FREE_REGISTERS), size);
}

/** Immediates of a size as the instruction may hold them: sign-extended bytes, and (16, 32 bits) whole ones. */
export function immediates(size: Size): Operand[] {
  const bytes = [0, 1, -1, 0x7f, -0x80, 0x55];
  const whole = { 8: [], 16: [0x1234, 0x7fff, -0x8000], 32: [0x12345678, 0x7fffffff, -0x80000000] };
  return [...bytes, 0x80, ...whole[size === 64 ? 32 : size]]
    .filter((value) => size > 8 || value < 0x80)
    .map((value) => immediate(value, size));
}

/** An instruction with values for its operands and random flags. */
export function makeCase(
  asm: string,
  values: readonly [Operand, bigint][],
  random: Random,
  extra: Partial<Case> = {},
): Case {
  const input = new Input();
  for (const [operand, value] of values) operand.assign(input, value);
  input.set('rflags', anyFlags(random));
  return { asm, input, ...extra };
}

/** A case whose operands have the values that `values` gives them, with no status flag set. */
export function plainCase(
  asm: string,
  values: readonly [Operand, bigint][],
  extra: Partial<Case> = {},
): Case {
  const input = new Input();
  for (const [operand, value] of values) operand.assign(input, value);
  input.set('rflags', rflags(0));
  return { asm, input, ...extra };
}

/** Memory operands of a size whose accesses cross the page boundary, or fault: past the end, not canonical. */
export function awkwardMemory(size: number): Operand[] {
  const half = size >> 4;
  const plain = [memory(at(BOUNDARY - half), size)];
  const faulting = [at(UNMAPPED), at(UNMAPPED - half), at(SCRATCH - size / 8, 'r13')]
    .slice(size > 8 ? 0 : 1)
    .map((form): Operand => ({ ...memory(form, size), assign: (input) => pointAt(input, form.registers) }));
  const notCanonical = (['rbx', 'rbp', 'r12'] as const).map(
    (base): Operand => ({
      ...memory(at(0, base), size),
      assign: (input) => pointAt(input, { [base]: NOT_CANONICAL }),
    }),
  );
  return [...plain, ...faulting, ...notCanonical];
}

function pointAt(input: Input, registers: object): void {
  for (const [name, value] of Object.entries(registers)) input.set(name as 'rax', value);
}

/** Every operand that `op r/m` can have, with a few memory forms. */
export function unaryOperands(size: Size, cycle: AddressingCycle): Operand[] {
  return [...registers(size), ...[0, 1, 2, 3].map(() => memory(cycle.next(), size))];
}

/** Random values for operands. */
export function randomValues(random: Random, operands: readonly Operand[]): [Operand, bigint][] {
  return operands.map((operand) => [operand, anyValue(random, operand.size)]);
}
