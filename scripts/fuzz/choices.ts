/** Which instructions programs are made of, and how often. */
import { allVariants } from '../../src/isa/instruction-set.ts';
import type { Row } from '../../src/isa/row.ts';
import { arithmetic } from '../../src/isa/tables/arithmetic.ts';
import { avxRows } from '../../src/isa/tables/avx.ts';
import { avx2Rows } from '../../src/isa/tables/avx2.ts';
import { bit } from '../../src/isa/tables/bit.ts';
import { bmiRows } from '../../src/isa/tables/bmi.ts';
import { branch } from '../../src/isa/tables/branch.ts';
import { exchange } from '../../src/isa/tables/exchange.ts';
import { flag } from '../../src/isa/tables/flag.ts';
import { f16cRows, fmaRows } from '../../src/isa/tables/fma.ts';
import { legacy } from '../../src/isa/tables/legacy.ts';
import { logic } from '../../src/isa/tables/logic.ts';
import { mmxRows } from '../../src/isa/tables/mmx.ts';
import { move } from '../../src/isa/tables/move.ts';
import { shift } from '../../src/isa/tables/shift.ts';
import { sseAes } from '../../src/isa/tables/sse-aes.ts';
import { sseConvert } from '../../src/isa/tables/sse-convert.ts';
import { sseFloat } from '../../src/isa/tables/sse-float.ts';
import { sseInteger } from '../../src/isa/tables/sse-integer.ts';
import { sseMove } from '../../src/isa/tables/sse-move.ts';
import { sseSha } from '../../src/isa/tables/sse-sha.ts';
import { sseShuffle } from '../../src/isa/tables/sse-shuffle.ts';
import { sseString } from '../../src/isa/tables/sse-string.ts';
import { sse4a } from '../../src/isa/tables/sse4a.ts';
import { string } from '../../src/isa/tables/string.ts';
import { x87 } from '../../src/isa/tables/x87.ts';
import type { Variant } from '../../src/isa/variant.ts';
import type { CodeMode } from '../../test/vectors/layout.ts';
import type { Random } from '../recorder/values.ts';
import { encode } from './encoder.ts';

const VARIANTS = allVariants();

/** Tables with their share of the instructions. */
const TABLES: readonly (readonly [weight: number, name: string, rows: readonly Row[]])[] = [
  [24, 'arithmetic', arithmetic],
  [20, 'move', move],
  [12, 'logic', logic],
  [10, 'shift', shift],
  [6, 'bit', bit],
  [3, 'bmi', bmiRows],
  [3, 'flag', flag],
  [2, 'exchange', exchange],
  [4, 'string', string],
  [4, 'sse-move', sseMove],
  [4, 'sse-integer', sseInteger],
  [3, 'sse-shuffle', sseShuffle],
  [4, 'sse-float', sseFloat],
  [2, 'sse-convert', sseConvert],
  [1, 'sse-string', sseString],
  [1, 'sse-aes', sseAes],
  [1, 'sse-sha', sseSha],
  [1, 'sse4a', sse4a],
  [2, 'avx', avxRows],
  [2, 'avx2', avx2Rows],
  [2, 'fma', fmaRows],
  [1, 'f16c', f16cRows],
  [2, 'x87', x87],
  [2, 'mmx', mmxRows],
  [3, 'legacy', legacy],
];

/** Rows that leave the program, and rows whose operands have to be what something else has left there. */
const EXCLUDED: ReadonlySet<string> = new Set([
  // Ports; the machine has none.
  ...['ins', 'outs', 'rep ins', 'rep outs', 'repne ins', 'repne outs'],
  // They move RSP or take it from elsewhere: the generator has patterns for them.
  ...['push', 'pop', 'pushf', 'popf', 'leave', 'enter'],
  // Control words and whole states: reserved bits fault, unmasked exceptions end the program.
  ...['ldmxcsr', 'fldcw', 'fldenv', 'frstor', 'fxrstor', 'xrstor', 'xsave', 'xsaveopt'],
]);

/** The stack of single instructions is the data area. POPF may set TF, which recording does not show. */
const ON_STACK: ReadonlySet<string> = new Set(['push', 'pop', 'pushf', 'leave', 'enter']);

function isChosen(variant: Variant, mode: CodeMode): boolean {
  const { row } = variant;
  if (EXCLUDED.has(row.mnemonic) && !(mode !== 64 && ON_STACK.has(row.mnemonic))) return false;
  if (row.operands.some(({ file }) => file === 'segment' || file === 'control' || file === 'debug'))
    return false;
  return encode(variant, { memory: {} }, mode) !== undefined;
}

export interface Family {
  readonly weight: number;
  readonly name: string;
  /** Variants by mnemonic, so that an instruction with many forms is not chosen more often. */
  readonly mnemonics: readonly (readonly Variant[])[];
}

function groupBy<K, V>(values: readonly V[], keyOf: (value: V) => K): Map<K, V[]> {
  const groups = new Map<K, V[]>();
  for (const value of values) {
    const group = groups.get(keyOf(value));
    if (group === undefined) groups.set(keyOf(value), [value]);
    else group.push(value);
  }
  return groups;
}

const byRow = groupBy(VARIANTS, ({ row }) => row);

/** The families that a mode has. */
function familiesOf(mode: CodeMode): Family[] {
  return TABLES.flatMap(([weight, name, rows]) => {
    const variants = rows.flatMap((row) => byRow.get(row) ?? []).filter((variant) => isChosen(variant, mode));
    const groups = groupBy(variants, ({ row }) => row.mnemonic.replace(/^rep(ne)? /, ''));
    return groups.size === 0 ? [] : [{ weight, name, mnemonics: [...groups.values()] }];
  });
}

export const FAMILIES: Readonly<Record<CodeMode, readonly Family[]>> = {
  64: familiesOf(64),
  32: familiesOf(32),
  16: familiesOf(16),
};

/** As many of each family as its weight says. */
const weighted = (mode: CodeMode): readonly Family[] =>
  FAMILIES[mode].flatMap((family) => Array<Family>(family.weight).fill(family));
const WEIGHTED = { 64: weighted(64), 32: weighted(32), 16: weighted(16) };

/** A variant and the family that it is of. */
export interface Choice {
  readonly family: Family;
  readonly variant: Variant;
}

/** From the tables by their weights. */
export function anyVariant(random: Random, mode: CodeMode = 64): Choice {
  const family = random.pick(WEIGHTED[mode]);
  return { family, variant: variantAmong(random.pick(family.mnemonics), random) };
}

const FLAG_READER = /^(?:set|cmov|adc|sbb|rcl|rcr)/;
const FLAG_READERS: readonly Choice[] = FAMILIES[64].flatMap((family) =>
  family.mnemonics
    .flat()
    .filter(({ row }) => FLAG_READER.test(row.mnemonic))
    .map((variant) => ({ family, variant })),
);

/** One that shows what the flags are. */
export function anyFlagReader(random: Random): Choice {
  return random.pick(FLAG_READERS);
}

const everyMnemonic = (
  mode: CodeMode,
): { readonly family: Family; readonly variants: readonly Variant[] }[] =>
  FAMILIES[mode].flatMap((family) => family.mnemonics.map((variants) => ({ family, variants })));
const MNEMONICS = { 64: everyMnemonic(64), 32: everyMnemonic(32), 16: everyMnemonic(16) };

/** From the tables by their weights or, as often, of any mnemonic. */
export function anyForm(random: Random, mode: CodeMode): Choice {
  if (random.below(2) === 0) return anyVariant(random, mode);
  const { family, variants } = random.pick(MNEMONICS[mode]);
  return { family, variant: variantAmong(variants, random) };
}

function variantAmong(variants: readonly Variant[], random: Random): Variant {
  const variant = random.pick(variants);
  // Most memory operands have no prefix.
  if (variant.form !== 'general' || random.below(3) === 0) return variant;
  const { row, operandSize } = variant;
  const isPlain = (other: Variant): boolean =>
    other.row === row && other.operandSize === operandSize && other.form === 'memory';
  return variants.find(isPlain) ?? variant;
}

/** The variant of a mnemonic at an operand size, with operands of given names. */
export function variantOf(mnemonic: string, operandSize: number, operands: string, form?: string): Variant {
  const found = VARIANTS.find(
    (variant) =>
      variant.row.mnemonic === mnemonic &&
      variant.operandSize === operandSize &&
      (form === undefined || variant.form === form) &&
      variant.row.operands.map(({ name }) => name).join() === operands,
  );
  if (found === undefined) throw new Error(`there is no ${mnemonic} ${operands} of ${operandSize} bytes`);
  return found;
}

const MOV_IMMEDIATE = Array.from({ length: 8 }, (_, register) =>
  VARIANTS.find(
    ({ row, operandSize }) =>
      operandSize === 4 && row.opcode.map === 0 && row.opcode.byte === 0xb8 + register,
  ),
);

/** MOV r32, imm32 into a register, whose low three bits the row has in its opcode. */
export function movImmediate(register: number): Variant {
  const found = MOV_IMMEDIATE[register & 7];
  if (found === undefined) throw new Error('there is no MOV r32, imm32');
  return found;
}

/** The two forms of direct branches: with a displacement of one byte, and of four. */
export interface BranchForms {
  readonly near: Variant | undefined;
  readonly far: Variant | undefined;
}

const BRANCHES = VARIANTS.filter(({ row, operandSize }) => operandSize === 8 && branch.includes(row));

export function branchForms(mnemonic: string): BranchForms {
  const form = (name: string): Variant | undefined =>
    BRANCHES.find(({ row }) => row.mnemonic === mnemonic && row.operands[0]?.name === name);
  return { near: form('Jb'), far: form('Jz') };
}
