/**
 * A variant is one row at one operand size with its operands in one kind of place: the unit that has a handler.
 * Variants are numbered in table order, so the build and every later run agree on the slot of each.
 */
import type { Operand, Place, Width } from './operand.ts';
import type { Row } from './row.ts';

/** Where the ModRM operand is. `general` memory may have a segment base or a short address size. */
export type Form = 'plain' | 'register' | 'memory' | 'general';

export type OperandSize = 2 | 4 | 8;

/** Bytes of the instruction's vectors. Legacy encodings have 16. */
export type VectorSize = 16 | 32;

/** Record field that holds a register operand; `d` is in the place of the immediate. */
export type RegisterField = 'a' | 'b' | 'c' | 'd';

export type Location =
  | { readonly kind: 'general' | 'mmx'; readonly field: RegisterField; readonly size: number }
  /** `lanes`: 2 if each 128-bit lane of the instruction has a part of its own of the operand, else 1. */
  | {
      readonly kind: 'xmm';
      readonly field: RegisterField;
      readonly size: number;
      readonly lanes: 1 | 2;
    }
  /** The field holds the register's number. */
  | {
      readonly kind: 'x87' | 'segment' | 'control' | 'debug';
      readonly field: RegisterField;
      readonly size: number;
    }
  | { readonly kind: 'memory'; readonly size: number; readonly lanes: 1 | 2; readonly aligned: boolean }
  | { readonly kind: 'offset'; readonly size: number }
  | { readonly kind: 'source' | 'destination'; readonly size: number }
  | { readonly kind: 'immediate'; readonly size: number }
  | { readonly kind: 'relative'; readonly size: number };

export interface Variant {
  /** Index in the shared function table. */
  readonly slot: number;
  readonly row: Row;
  readonly operandSize: OperandSize;
  readonly vectorSize: VectorSize;
  readonly form: Form;
  readonly locations: readonly Location[];
}

const FIELDS: readonly RegisterField[] = ['a', 'b', 'c', 'd'];

/** Bytes of a width at an operand size and length of vectors. */
export function widthInBytes(width: Width, operandSize: OperandSize, vectorSize: VectorSize = 16): number {
  switch (width) {
    case 'b':
      return 1;
    case 'w':
      return 2;
    case 'd':
      return 4;
    case 'q':
      return 8;
    case 'dq':
      return 16;
    case 'qq':
      return 32;
    case 'x':
      return vectorSize;
    case 'xh':
      return vectorSize / 2;
    case 'xq':
      return vectorSize / 4;
    case 'xe':
      return vectorSize / 8;
    case 'v':
    case 'e':
    case 'n':
      return operandSize;
    case 'z':
      return operandSize === 2 ? 2 : 4;
    case 'y':
    case 'f':
      return operandSize === 8 ? 8 : 4;
  }
}

const ONE_SIZE: readonly OperandSize[] = [4];
const SIZES_FROM_4: readonly OperandSize[] = [4, 8];
const ALL_SIZES: readonly OperandSize[] = [2, 4, 8];

function sizesAt(width: Width): readonly OperandSize[] {
  switch (width) {
    case 'v':
    case 'z':
    case 'e':
    case 'n':
      return ALL_SIZES;
    case 'y':
    case 'f':
      return SIZES_FROM_4;
    default:
      return ONE_SIZE;
  }
}

/** Operand sizes at which the row differs. A row without sized operands has the single size 4. */
function operandSizes({ operands, sizeOf }: Row): readonly OperandSize[] {
  let sizes = sizeOf === undefined ? ONE_SIZE : sizesAt(sizeOf);
  for (const { width } of operands) {
    const others = sizesAt(width);
    if (others.length > sizes.length) sizes = others;
  }
  return sizes;
}

const LEGACY_VECTORS: readonly VectorSize[] = [16];
const LONG_VECTORS: readonly VectorSize[] = [32];
const ALL_VECTORS: readonly VectorSize[] = [16, 32];

function vectorSizes({ opcode: { vex } }: Row): readonly VectorSize[] {
  if (vex === 'any') return ALL_VECTORS;
  return vex === 'L1' ? LONG_VECTORS : LEGACY_VECTORS;
}

/** Places that are in memory whatever ModRM says. */
const MEMORY_PLACES: ReadonlySet<Place> = new Set([
  'memory',
  'vsib',
  'offset',
  'source',
  'destination',
  'implicit',
]);
/** Widths of which each lane has a part. */
const LANE_WIDTHS: ReadonlySet<Width> = new Set(['x', 'xh', 'xq', 'xe', 'qq']);

const PLAIN_FORM: readonly Form[] = ['plain'];
const REGISTER_FORM: readonly Form[] = ['register'];
const MEMORY_FORMS: readonly Form[] = ['memory', 'general'];
const MODRM_FORMS: readonly Form[] = ['register', 'memory', 'general'];

function forms({ operands }: Row): readonly Form[] {
  for (const { place } of operands) {
    if (place === 'rm') return MODRM_FORMS;
    if (MEMORY_PLACES.has(place)) return MEMORY_FORMS;
    if (place === 'register') return REGISTER_FORM;
  }
  return PLAIN_FORM;
}

function locate(
  operand: Operand,
  form: Form,
  operandSize: OperandSize,
  vectorSize: VectorSize,
  nextField: () => RegisterField,
): Location {
  const width =
    operand.place === 'signedImmediate' ? (operand.width === 'b' ? 'v' : operand.width) : operand.width;
  const size = widthInBytes(width, operandSize, vectorSize);
  const lanes = vectorSize === 32 && LANE_WIDTHS.has(width) ? 2 : 1;
  const register = (): Location => {
    const { file } = operand;
    return file === 'xmm'
      ? { kind: file, field: nextField(), size, lanes }
      : { kind: file, field: nextField(), size };
  };
  switch (operand.place) {
    case 'immediate':
      return { kind: 'immediate', size };
    case 'signedImmediate':
      return { kind: 'immediate', size: operandSize };
    case 'relative':
      return { kind: 'relative', size };
    case 'offset':
      return { kind: 'offset', size };
    case 'source':
    case 'destination':
      return { kind: operand.place, size };
    case 'memory':
    case 'vsib':
    case 'implicit':
      return { kind: 'memory', size, lanes, aligned: operand.aligned };
    case 'rm':
      if (form !== 'register') return { kind: 'memory', size, lanes, aligned: operand.aligned };
      return register();
    default:
      return register();
  }
}

/** Works out where its operands are when it is asked: the decoder needs not know, and few variants are compiled. */
class RowVariant implements Variant {
  readonly slot: number;
  readonly row: Row;
  readonly operandSize: OperandSize;
  readonly vectorSize: VectorSize;
  readonly form: Form;
  private located: readonly Location[] | undefined = undefined;

  constructor(slot: number, row: Row, operandSize: OperandSize, vectorSize: VectorSize, form: Form) {
    this.slot = slot;
    this.row = row;
    this.operandSize = operandSize;
    this.vectorSize = vectorSize;
    this.form = form;
  }

  get locations(): readonly Location[] {
    if (this.located !== undefined) return this.located;
    const { row, form, operandSize, vectorSize } = this;
    let fields = 0;
    const nextField = () => FIELDS[fields++] as RegisterField;
    this.located = row.operands.map((operand) => locate(operand, form, operandSize, vectorSize, nextField));
    return this.located;
  }
}

export function countVariants(row: Row): number {
  return operandSizes(row).length * vectorSizes(row).length * forms(row).length;
}

/** All variants of a row, with consecutive slots from `firstSlot`. */
export function expandRow(row: Row, firstSlot: number): Variant[] {
  const variants: Variant[] = [];
  for (const operandSize of operandSizes(row)) {
    for (const vectorSize of vectorSizes(row)) {
      for (const form of forms(row)) {
        variants.push(new RowVariant(firstSlot + variants.length, row, operandSize, vectorSize, form));
      }
    }
  }
  return variants;
}
