/** The variants of all rows with their table slots, and the index the decoder searches. */
import type { Place } from './operand.ts';
import type { Opcode, Row } from './row.ts';
import { ROWS } from './tables/index.ts';
import { expandRows, type Form, type OperandSize, type Variant, type VectorSize } from './variant.ts';

/**
 * Slots of the shared function table before the first instruction handler.
 * 0 null, 1 enter block, 2 stale head, 3 end of block, 4 end of scratch records, 5 not implemented (#UD),
 * 6 longer than 15 bytes (#GP), 7 enter a block behind an instruction breakpoint.
 */
export const SLOT_ENTER = 1;
export const SLOT_STALE = 2;
export const SLOT_END = 3;
export const SLOT_STEPPED = 4;
export const SLOT_UNDEFINED = 5;
export const SLOT_TOO_LONG = 6;
export const SLOT_GUARDED = 7;
export const FIRST_HANDLER_SLOT = 8;

export const VARIANTS: readonly Variant[] = expandRows(ROWS, FIRST_HANDLER_SLOT);
export const FIRST_REGION_SLOT = FIRST_HANDLER_SLOT + VARIANTS.length;

export function variantOfSlot(slot: number): Variant | undefined {
  return VARIANTS[slot - FIRST_HANDLER_SLOT];
}

/** What the decoder needs to know of a row, worked out once. */
export interface Candidate {
  readonly row: Row;
  /** Of the row's first variant. */
  readonly slot: number;
  readonly code: Opcode;
  readonly hasModRM: boolean;
  /** mod == 3 is required (register), forbidden (memory) or free. */
  readonly mod: 'register' | 'memory' | 'any';
  /** Operand size is 64 bits by default (e) or always (f) in 64-bit mode. */
  readonly stackSized: boolean;
  readonly forced64: boolean;
  readonly sizes: readonly OperandSize[];
  /** LOCK is allowed if the first operand is in memory; elsewhere it is #UD. */
  readonly lockable: boolean;
  /** The row has an operand in VEX.vvvv, which is otherwise reserved. */
  readonly usesVvvv: boolean;
  variant(size: OperandSize, vectorSize: VectorSize, form: Form): Variant | undefined;
}

/** What LOCK may precede, with a memory operand as the destination (Intel SDM Vol. 2 "LOCK"). */
const LOCKABLE = new Set([
  'adc',
  'add',
  'and',
  'btc',
  'btr',
  'bts',
  'cmpxchg',
  'cmpxchg16b',
  'cmpxchg8b',
  'dec',
  'inc',
  'neg',
  'not',
  'or',
  'sbb',
  'sub',
  'xadd',
  'xchg',
  'xor',
]);

const FORMS: readonly Form[] = ['plain', 'register', 'memory', 'general'];

const MODRM_PLACES: ReadonlySet<Place> = new Set(['rm', 'memory', 'vsib', 'register', 'reg']);

function candidate(row: Row, variants: readonly Variant[]): Candidate {
  const places = row.operands.map((operand) => operand.place);
  const widths = row.operands.map((operand) => operand.width);
  if (row.sizeOf !== undefined) widths.push(row.sizeOf);
  const cell = (size: OperandSize, vectorSize: VectorSize, form: Form): number =>
    (vectorSize + size) * 4 + FORMS.indexOf(form);
  const grid: (Variant | undefined)[] = [];
  for (const variant of variants) grid[cell(variant.operandSize, variant.vectorSize, variant.form)] = variant;
  const { code } = { code: row.opcode };
  // MOV to and from control and debug registers takes any ModRM.mod for 3.
  const ignoresMod = row.operands.some(({ file }) => file === 'control' || file === 'debug');
  return {
    row,
    slot: (variants[0] as Variant).slot,
    code,
    hasModRM:
      code.extension !== undefined ||
      code.rm !== undefined ||
      places.some((place) => MODRM_PLACES.has(place)),
    mod:
      places.includes('memory') || places.includes('vsib')
        ? 'memory'
        : places.includes('register') && !ignoresMod
          ? 'register'
          : 'any',
    stackSized: widths.includes('e'),
    forced64: widths.includes('f') || widths.includes('n'),
    lockable: LOCKABLE.has(row.mnemonic) && (places[0] === 'rm' || places[0] === 'memory'),
    sizes: [...new Set(variants.map((variant) => variant.operandSize))],
    usesVvvv: places.includes('vex'),
    variant: (size, vectorSize, form) => grid[cell(size, vectorSize, form)],
  };
}

function specificity({ code }: Candidate): number {
  return (
    (code.prefix === 'any' ? 0 : 4) +
    (code.rm === undefined ? 0 : 2) +
    (code.b === undefined ? 0 : 1) +
    (code.w === undefined ? 0 : 1)
  );
}

/** Added to the number of an opcode map if the encoding is VEX. */
export const VEX_MAPS = 4;

function buildIndex(): Candidate[][] {
  const index: Candidate[][] = Array.from({ length: 2048 }, () => []);
  const byRow = new Map<Row, Variant[]>();
  for (const variant of VARIANTS) {
    const list = byRow.get(variant.row);
    if (list) list.push(variant);
    else byRow.set(variant.row, [variant]);
  }
  for (const [row, variants] of byRow) {
    const map = row.opcode.map + (row.opcode.vex === undefined ? 0 : VEX_MAPS);
    index[map * 256 + row.opcode.byte]?.push(candidate(row, variants));
  }
  // Rows that ask for more come first, so that the order of the tables does not matter.
  for (const list of index) list.sort((x, y) => specificity(y) - specificity(x));
  return index;
}

/** Candidate rows by opcode map * 256 + opcode byte; VEX_MAPS is added to the map of VEX encodings. */
export const OPCODE_INDEX: readonly (readonly Candidate[])[] = buildIndex();
