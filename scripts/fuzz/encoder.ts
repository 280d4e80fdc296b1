/**
 * Instructions from the table that decodes them: the bytes of a variant with given operands, in 64-bit mode or in 32- or 16-bit code.
 *
 * Those of another vendor's processors alone are not among them.
 *
 * Source: Intel SDM Vol. 2, "Instruction Format".
 */
import { type Candidate, candidatesOf, OPCODES } from '../../src/isa/opcode-index.ts';
import { type Variant, widthInBytes } from '../../src/isa/variant.ts';
import { DEFAULT_VENDOR } from '../../src/layout/vendor.ts';
import type { CodeMode } from '../../test/vectors/layout.ts';

/** Added to 0 to 3 to name AH, CH, DH and BH. */
export const HIGH_BYTE = 16;

/** Segment overrides that mean something: 64-bit mode ignores ES, and a program in compatibility mode has neither FS nor GS. */
export type SegmentOverride = 'es' | 'fs' | 'gs';

export interface MemoryOperand {
  /** General register, or `rip`: the displacement counts from the end of the instruction. */
  readonly base?: number | 'rip';
  /** General register but RSP. */
  readonly index?: number;
  /** log2 of what the index is multiplied by. */
  readonly scale?: 0 | 1 | 2 | 3;
  /** Signed, 32 bits (16 with addresses of 16 bits). */
  readonly displacement?: number;
  /** All bytes of the displacement even where one would do. */
  readonly wide?: boolean;
  /** Addresses have 32 bits where they would have 64 or 16. */
  readonly address32?: boolean;
  readonly segment?: SegmentOverride;
}

export interface OperandValues {
  /**
   * For each operand of the row that names a register, its number (0-15, or HIGH_BYTE and up), in the place of that
   * operand; of an operand in the opcode only bit 3 counts, as the row says the others.
   */
  readonly registers?: readonly (number | undefined)[];
  readonly memory?: MemoryOperand;
  /** Immediate, branch displacement or absolute address, cut to its size. */
  readonly immediate?: bigint;
  readonly lock?: boolean;
}

const ESCAPES: readonly (readonly number[])[] = [[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]];
const SEGMENT_PREFIX: Readonly<Record<SegmentOverride, number>> = { es: 0x26, fs: 0x64, gs: 0x65 };
const MANDATORY = { f2: 0xf2, f3: 0xf3 } as const;
const RBX = 3;
const RSP = 4;
const RBP = 5;
const RSI = 6;
const RDI = 7;

const candidates = new Map<Variant['row'], Candidate>();
for (let opcode = 0; opcode < OPCODES; opcode++) {
  for (const candidate of candidatesOf(opcode)) candidates.set(candidate.row, candidate);
}

/** What the decoder knows of the variant's row. */
export function candidateOf({ row }: Variant): Candidate {
  const candidate = candidates.get(row);
  if (candidate === undefined) throw new Error(`${row.mnemonic} is not in the opcode map`);
  return candidate;
}

/** What the operand size of a variant takes: prefix 66 and REX.W. Undefined: the mode does not have it. */
function sizePrefixes(variant: Variant, mode: CodeMode): { operand16: boolean; w: 0 | 1 } | undefined {
  const { row, operandSize } = variant;
  const { code, stackSized, forced64, sizes } = candidateOf(variant);
  if (row.modes === (mode === 64 ? 'not64' : 'only64')) return undefined;
  const mandatory16 = code.prefix === '66';
  const w = code.w ?? 0;
  // There is no REX outside 64-bit mode; VEX has its W everywhere.
  const hasW = mode === 64 || code.vex !== undefined;
  if (sizes.length === 1) return w === 1 && !hasW ? undefined : { operand16: mandatory16, w };
  if (mode !== 64) {
    if (operandSize === 8) return undefined;
    const ofMode = mode === 16 && sizes.includes(2) ? 2 : 4;
    // In 16-bit code a mandatory 66 is a size prefix, too.
    if (mandatory16) return operandSize === 4 ? { operand16: true, w: 0 } : undefined;
    if (operandSize === ofMode) return { operand16: false, w: 0 };
    return code.prefix === 'none' ? undefined : { operand16: true, w: 0 };
  }
  switch (operandSize) {
    case 2:
      return code.prefix === 'none' || mandatory16 || forced64 ? undefined : { operand16: true, w };
    case 4:
      return stackSized || forced64 ? undefined : { operand16: mandatory16, w };
    case 8:
      return { operand16: mandatory16, w: stackSized || forced64 ? w : 1 };
  }
}

/** `size` bytes, little-endian. */
export function littleEndian(value: bigint, size: number): number[] {
  const bytes: number[] = [];
  const word = size <= 4 ? Number(BigInt.asUintN(32, value)) : 0;
  for (let i = 0; i < size; i++)
    bytes.push(size <= 4 ? (word >>> (8 * i)) & 0xff : Number((value >> BigInt(8 * i)) & 0xffn));
  return bytes;
}

/** The parts of an instruction that operands decide. */
class Fields {
  reg = 0;
  rm = 0;
  /** Bits R, X, B of REX. */
  rex = 0;
  /** A register needs REX to be there (SPL to DIL), or not to be there (AH to BH). */
  needsRex = false;
  forbidsRex = false;

  /** The low three bits of a register; bit 3 goes to `rexBit`. */
  register(number: number, isByte: boolean, rexBit: number): number {
    if (number >= HIGH_BYTE) {
      this.forbidsRex = true;
      return number - HIGH_BYTE + 4;
    }
    if (isByte && number >= 4 && number < 8) this.needsRex = true;
    if (number & 8) this.rex |= rexBit;
    return number & 7;
  }
}

/** The base and index registers of 16-bit addresses by ModRM.rm. */
export const ADDRESSES_16: readonly (readonly [base: number, index?: number])[] = [
  [RBX, RSI],
  [RBX, RDI],
  [RBP, RSI],
  [RBP, RDI],
  [RSI],
  [RDI],
  [RBP],
  [RBX],
];
const RM_BP = 6;

/** ModRM and displacement of a memory operand with addresses of 16 bits; undefined if there are none with these registers. */
function encodeMemory16(
  { base, index, displacement = 0, wide = false }: MemoryOperand,
  fields: Fields,
): number[] | undefined {
  const modrm = (mod: number, rm: number): number => (mod << 6) | (fields.reg << 3) | rm;
  const word = littleEndian(BigInt(displacement), 2);
  if (base === undefined) return index === undefined ? [modrm(0, RM_BP), ...word] : undefined;
  const rm = ADDRESSES_16.findIndex(([first, second]) => first === base && second === index);
  if (rm < 0) return undefined;
  if (!wide && displacement === 0 && rm !== RM_BP) return [modrm(0, rm)];
  const short = !wide && displacement >= -128 && displacement < 128;
  return short ? [modrm(1, rm), displacement & 0xff] : [modrm(2, rm), ...word];
}

/** ModRM, SIB and displacement of a memory operand. */
function encodeMemory(memory: MemoryOperand, fields: Fields): number[] {
  const { base, index, scale = 0, displacement = 0, wide = false } = memory;
  const modrm = (mod: number, rm: number): number => (mod << 6) | (fields.reg << 3) | rm;
  const dword = littleEndian(BigInt(displacement), 4);
  if (base === 'rip') return [modrm(0, RBP), ...dword];
  const sib = (low: number): number =>
    (scale << 6) | ((index === undefined ? RSP : fields.register(index, false, 2)) << 3) | low;
  if (base === undefined) return [modrm(0, RSP), sib(RBP), ...dword];
  const low = fields.register(base, false, 1);
  const short = !wide && displacement >= -128 && displacement < 128;
  const mod = short ? (displacement === 0 && low !== RBP ? 0 : 1) : 2;
  const tail = mod === 0 ? [] : short ? [displacement & 0xff] : dword;
  if (index === undefined && low !== RSP) return [modrm(mod, low), ...tail];
  return [modrm(mod, RSP), sib(low), ...tail];
}

/** A VEX prefix: of two bytes if that is enough. `rex` has the bits W, R, X and B. */
function vexPrefix({ row, vectorSize }: Variant, rex: number, vvvv: number): number[] {
  const { map, prefix } = row.opcode;
  const last = ((~vvvv & 15) << 3) | (vectorSize === 32 ? 4 : 0) | ['none', '66', 'f3', 'f2'].indexOf(prefix);
  if (map === 1 && (rex & ~4) === 0) return [0xc5, ((~rex & 4) << 5) | last];
  return [0xc4, ((~rex & 7) << 5) | map, ((rex & 8) << 4) | last];
}

/**
 * The bytes of a variant; undefined if there are none: an operand size that the mode does not have, AH together
 * with REX, what takes REX in 32-bit code.
 */
export function encode(
  variant: Variant,
  values: OperandValues = {},
  mode: CodeMode = 64,
): Uint8Array | undefined {
  const { row, operandSize, form } = variant;
  const { opcode } = row;
  if ((row.vendor ?? DEFAULT_VENDOR) !== DEFAULT_VENDOR) return undefined;
  const sizes = sizePrefixes(variant, mode);
  if (sizes === undefined) return undefined;
  const { memory } = values;

  const fields = new Fields();
  let vvvv = 0;
  fields.reg = opcode.extension ?? 0;
  fields.rm = opcode.rm ?? 0;
  if (opcode.b === 1) fields.rex |= 1;
  const immediates: number[] = [];
  row.operands.forEach(({ place, width, file, name }, at) => {
    const number = values.registers?.[at] ?? 0;
    const isByte = width === 'b' && file === 'general';
    switch (place) {
      case 'rm':
      case 'register':
        if (place === 'register' || form === 'register') fields.rm = fields.register(number, isByte, 1);
        return;
      case 'reg':
        // The row's extension is a segment register's number.
        if (opcode.extension === undefined) fields.reg = fields.register(number, isByte, 4);
        return;
      case 'vex':
        vvvv = number;
        return;
      case 'opcode':
        fields.register(number >= HIGH_BYTE ? number : (number & 8) | (opcode.byte & 7), isByte, 1);
        return;
      case 'is4':
        immediates.push(number << 4);
        return;
      case 'immediate':
      case 'signedImmediate':
        immediates.push(
          ...littleEndian(values.immediate ?? 0n, name === 'Iwb' ? 3 : widthInBytes(width, operandSize)),
        );
        return;
      case 'relative':
        immediates.push(
          ...littleEndian(
            values.immediate ?? 0n,
            width === 'b' ? 1 : mode === 64 || operandSize === 4 ? 4 : 2,
          ),
        );
        return;
      case 'offset':
        immediates.push(...littleEndian(values.immediate ?? 0n, memory?.address32 ? 4 : mode / 8));
        return;
      default:
        return;
    }
  });

  const inModRM = row.operands.some(
    ({ place }) => place === 'memory' || place === 'vsib' || (place === 'rm' && form !== 'register'),
  );
  const addressing: number[] = [];
  if (candidateOf(variant).hasModRM) {
    // XMM4 stands for itself as an index.
    const index = row.operands.some(({ place }) => place === 'vsib') ? { index: RSP } : {};
    if (inModRM) {
      const operand = { ...index, ...memory };
      const is16 = mode === 16 && memory?.address32 !== true;
      const bytes = is16 ? encodeMemory16(operand, fields) : encodeMemory(operand, fields);
      if (bytes === undefined) return undefined;
      addressing.push(...bytes);
    } else addressing.push(0xc0 | (fields.reg << 3) | fields.rm);
  }

  if (mode !== 64 && (fields.rex !== 0 || fields.needsRex || vvvv > 7)) return undefined;
  const prefixes: number[] = [];
  if (memory?.segment !== undefined) prefixes.push(SEGMENT_PREFIX[memory.segment]);
  if (memory?.address32) prefixes.push(0x67);
  if (values.lock) prefixes.push(0xf0);
  if (opcode.vex !== undefined) {
    const vex = vexPrefix(variant, fields.rex | (sizes.w << 3), vvvv);
    return Uint8Array.from([...prefixes, ...vex, opcode.byte, ...addressing, ...immediates]);
  }
  if (sizes.operand16) prefixes.push(0x66);
  if (opcode.prefix === 'f2' || opcode.prefix === 'f3') prefixes.push(MANDATORY[opcode.prefix]);
  const rex = fields.rex | (sizes.w << 3);
  if (rex !== 0 || fields.needsRex) {
    if (fields.forbidsRex) return undefined;
    prefixes.push(0x40 | rex);
  }
  const escapes = ESCAPES[opcode.map] as readonly number[];
  return Uint8Array.from([...prefixes, ...escapes, opcode.byte, ...addressing, ...immediates]);
}
