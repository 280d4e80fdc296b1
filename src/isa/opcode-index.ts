/**
 * The index the decoder searches: the rows of an opcode, with what is asked of each. It is worked out when an opcode is
 * first met: a boot of Linux meets a quarter of them.
 */
import { OPCODE_ANY_REG, OPCODE_ANY_RM, OPCODE_KNOWN, OPCODE_MODRM } from '../layout/linear-memory.ts';
import { SHAPE_GENERAL, SHAPE_MMX, SHAPE_VECTOR } from '../layout/record.ts';
import { variantsOfRow } from './instruction-set.ts';
import type { Place, RegisterFile } from './operand.ts';
import type { Opcode, Row } from './row.ts';
import { ROWS } from './tables/index.ts';
import type { Form, OperandSize, Variant, VectorSize } from './variant.ts';

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

const MODRM_PLACES: ReadonlySet<Place> = new Set(['rm', 'memory', 'vsib', 'register', 'reg']);

/** What the decoder needs to know of a row. */
export class Candidate {
  readonly row: Row;
  readonly code: Opcode;
  /** Of the row's first variant. */
  readonly slot: number;
  readonly hasModRM: boolean;
  /** mod == 3 is required (register), forbidden (memory) or free. */
  readonly mod: 'register' | 'memory' | 'any';
  /** Operand size is 64 bits by default (e) or always (f) in 64-bit mode. */
  readonly stackSized: boolean;
  readonly forced64: boolean;
  readonly sizes: readonly OperandSize[];
  /** The same, summed up, and the one where none of them is asked for. */
  private readonly sizeBits: number;
  private readonly usualSize: OperandSize;
  /** LOCK is allowed if the first operand is in memory; elsewhere it is #UD. */
  readonly lockable: boolean;
  /** The row has an operand in VEX.vvvv, which is otherwise reserved. */
  readonly usesVvvv: boolean;
  /** By cell(). */
  private readonly variants: (Variant | undefined)[] = new Array<undefined>(CELLS).fill(undefined);

  /** @param variants those of one row. */
  constructor(variants: readonly Variant[]) {
    const { row, slot } = variants[0] as Variant;
    const places = row.operands.map((operand) => operand.place);
    const widths = row.operands.map((operand) => operand.width);
    if (row.sizeOf !== undefined) widths.push(row.sizeOf);
    // MOV to and from control and debug registers takes any ModRM.mod for 3.
    const ignoresMod = row.operands.some(({ file }) => file === 'control' || file === 'debug');
    this.row = row;
    this.code = row.opcode;
    this.slot = slot;
    this.hasModRM =
      row.opcode.extension !== undefined ||
      row.opcode.rm !== undefined ||
      places.some((place) => MODRM_PLACES.has(place));
    this.mod =
      places.includes('memory') || places.includes('vsib')
        ? 'memory'
        : places.includes('register') && !ignoresMod
          ? 'register'
          : 'any';
    this.stackSized = widths.includes('e');
    this.forced64 = widths.includes('f') || widths.includes('n');
    this.sizes = [...new Set(variants.map((variant) => variant.operandSize))];
    this.sizeBits = this.sizes.reduce((sum, size) => sum | size, 0);
    this.usualSize = this.sizes.includes(4) ? 4 : (this.sizes[0] as OperandSize);
    this.lockable = LOCKABLE.has(row.mnemonic) && (places[0] === 'rm' || places[0] === 'memory');
    this.usesVvvv = places.includes('vex');
    for (const variant of variants)
      this.variants[cell(variant.operandSize, variant.vectorSize, variant.form)] = variant;
  }

  /** The operand size, or what the row has in its place. */
  sizeFor(size: OperandSize): OperandSize {
    return (this.sizeBits & size) !== 0 ? size : this.usualSize;
  }

  variant(size: OperandSize, vectorSize: VectorSize, form: Form): Variant | undefined {
    return this.variants[cell(size, vectorSize, form)];
  }
}

/** Three operand sizes of four forms for each length of vectors. */
const CELLS = 24;

function cell(size: OperandSize, vectorSize: VectorSize, form: Form): number {
  const column = form === 'plain' ? 0 : form === 'register' ? 1 : form === 'memory' ? 2 : 3;
  return (vectorSize >> 5) * 12 + (size >> 2) * 4 + column;
}

function specificity({ code, row }: Candidate): number {
  return (
    (code.prefix === 'any' ? 0 : 8) +
    (code.rm === undefined ? 0 : 4) +
    (code.b === undefined ? 0 : 2) +
    (code.w === undefined ? 0 : 2) +
    (row.vendor === undefined ? 0 : 1)
  );
}

/** Added to the number of an opcode map if the encoding is VEX. */
export const VEX_MAPS = 4;
/** Four opcode maps of legacy encodings, and as many of VEX. */
export const OPCODES = 2 * VEX_MAPS * 256;

/** Numbers of rows by opcode. */
function rowsByOpcode(): (number[] | undefined)[] {
  const index = new Array<number[] | undefined>(OPCODES).fill(undefined);
  for (let row = 0; row < ROWS.length; row++) {
    const { map, byte, vex } = (ROWS[row] as Row).opcode;
    const opcode = (map + (vex === undefined ? 0 : VEX_MAPS)) * 256 + byte;
    const rows = index[opcode];
    if (rows === undefined) index[opcode] = [row];
    else rows.push(row);
  }
  return index;
}

const BY_OPCODE = rowsByOpcode();
const CANDIDATES = new Array<readonly Candidate[] | undefined>(OPCODES).fill(undefined);

function makeCandidates(opcode: number): Candidate[] {
  const candidates = (BY_OPCODE[opcode] ?? []).map((row) => new Candidate(variantsOfRow(row)));
  // Rows that ask for more come first, so that the order of the tables does not matter.
  return candidates.sort((x, y) => specificity(y) - specificity(x));
}

/** The rows of an opcode: opcode map * 256 + opcode byte; VEX_MAPS is added to the map of VEX encodings. */
export function candidatesOf(opcode: number): readonly Candidate[] {
  let candidates = CANDIDATES[opcode];
  if (candidates === undefined) {
    candidates = makeCandidates(opcode);
    CANDIDATES[opcode] = candidates;
  }
  return candidates;
}

const SHAPE_FILES: Readonly<Partial<Record<RegisterFile, number>>> = {
  general: SHAPE_GENERAL,
  xmm: SHAPE_VECTOR,
  mmx: SHAPE_MMX,
};

/** SHAPE_GENERAL, SHAPE_VECTOR or SHAPE_MMX of a register that is nothing but a place in the processor state, else 0. */
export function shapeFile(file: RegisterFile): number {
  return SHAPE_FILES[file] ?? 0;
}

const KEYS = new Uint8Array(2 * 256);

function makeKey(candidates: readonly Candidate[]): number {
  let key = OPCODE_KNOWN | OPCODE_ANY_REG | OPCODE_ANY_RM;
  for (const { row, code, hasModRM } of candidates) {
    if (hasModRM) key |= OPCODE_MODRM;
    if (code.extension !== undefined) key &= ~OPCODE_ANY_REG;
    if (code.rm !== undefined || code.b !== undefined) key &= ~OPCODE_ANY_RM;
    for (const { place, file } of row.operands) {
      const isPlace = shapeFile(file) !== 0;
      if (place === 'reg' && !isPlace) key &= ~OPCODE_ANY_REG;
      if ((place === 'rm' || place === 'register') && !isPlace) key &= ~OPCODE_ANY_RM;
      if (place === 'opcode') key &= ~OPCODE_ANY_RM;
    }
  }
  return key;
}

/** OPCODE_* of an opcode of the first two maps: 0 to 511. */
export function keyOf(opcode: number): number {
  if (KEYS[opcode] === 0) KEYS[opcode] = makeKey(candidatesOf(opcode));
  return KEYS[opcode] as number;
}
