/**
 * Intel-syntax text of an instruction, from the same table that it runs from. Spelling follows the Intel SDM;
 * what the SDM leaves open (operand size keywords, numbers) follows `objdump -M intel`.
 *
 * The text is made of what the decoder keeps, so a redundant prefix, a redundant index or a zero displacement
 * that was encoded does not show.
 */
import { FPU_REGISTERS, GPR, SEGMENT_DS, SEGMENT_NONE, SEGMENT_SS, YMM } from '../layout/cpu-state.ts';
import { MODE_CODE_16, MODE_CODE_64, MODE_CODE_MASK } from '../layout/mode.ts';
import { ADDRESS_16, ADDRESS_32, ADDRESS_64 } from '../layout/record.ts';
import { PAGE_BASE, ZERO_REGISTER } from '../layout/runtime-state.ts';
import { Decoder, type Instruction } from './decoder.ts';
import type { Operand } from './operand.ts';
import type { Location, RegisterField, Variant } from './variant.ts';

export interface Disassembly {
  readonly text: string;
  /** Bytes of the instruction; of bytes that are none, as many as were looked at. At least 1. */
  readonly length: number;
}

const LOW_NAMES = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'];
const BYTE_NAMES = ['al', 'cl', 'dl', 'bl', 'spl', 'bpl', 'sil', 'dil'];
const HIGH_BYTE_NAMES = ['ah', 'ch', 'dh', 'bh'];
const SEGMENT_NAMES = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'];
const SIZE_KEYWORDS: Readonly<Record<number, string>> = {
  1: 'BYTE PTR ',
  2: 'WORD PTR ',
  4: 'DWORD PTR ',
  8: 'QWORD PTR ',
  16: 'XMMWORD PTR ',
  32: 'YMMWORD PTR ',
};
const SCALE_MASK = 3;
const SP = 4;
const BP = 5;
const PAGE_MASK = ~0xfffn;

/** Mnemonics that depend on the operand size: for 2, 4 and 8 bytes. */
const SIZED_MNEMONICS: Readonly<Record<string, readonly [string, string, string]>> = {
  cbw: ['cbw', 'cwde', 'cdqe'],
  cwd: ['cwd', 'cdq', 'cqo'],
  pushf: ['pushfw', 'pushfd', 'pushfq'],
  popf: ['popfw', 'popfd', 'popfq'],
  iret: ['iretw', 'iretd', 'iretq'],
  retf: ['retfw', 'retf', 'retfq'],
  sysret: ['sysret', 'sysretd', 'sysretq'],
  sysexit: ['sysexit', 'sysexitd', 'sysexitq'],
  movd: ['movd', 'movd', 'movq'],
  vmovd: ['vmovd', 'vmovd', 'vmovq'],
  vpinsrd: ['vpinsrd', 'vpinsrd', 'vpinsrq'],
  vpextrd: ['vpextrd', 'vpextrd', 'vpextrq'],
  pinsrd: ['pinsrd', 'pinsrd', 'pinsrq'],
  pextrd: ['pextrd', 'pextrd', 'pextrq'],
};

/** Name of general register `number` (0-15) at `size` bytes; never AH to BH. */
function generalName(number: number, size: number): string {
  const low = LOW_NAMES[number];
  if (low === undefined) return `r${number}${size === 8 ? '' : size === 4 ? 'd' : size === 2 ? 'w' : 'b'}`;
  if (size === 1) return BYTE_NAMES[number] as string;
  return size === 8 ? `r${low}` : size === 4 ? `e${low}` : low;
}

/** Number of the general register whose offset in the processor state is `offset`. */
function generalNumber(offset: number): number {
  return (offset - GPR) >> 3;
}

/** Name of the vector register at an offset in the processor state, of which `size` bytes count. */
function vectorName(offset: number, size: number): string {
  return `${size === 32 ? 'ymm' : 'xmm'}${(offset - YMM) / 32}`;
}

function registerName(
  operand: Operand,
  location: Location & { field: RegisterField },
  value: number,
): string {
  switch (operand.file) {
    case 'general': {
      const number = generalNumber(value);
      return (value - GPR) & 7 ? (HIGH_BYTE_NAMES[number] as string) : generalName(number, location.size);
    }
    case 'xmm':
      return vectorName(value, location.size);
    case 'mmx':
      return `mm${(value - FPU_REGISTERS) / 16}`;
    case 'x87':
      return operand.place === 'fixed' ? 'st' : `st(${value})`;
    case 'segment':
      return SEGMENT_NAMES[value] ?? '?';
    case 'control':
      return `cr${value}`;
    case 'debug':
      return `dr${value}`;
  }
}

function hex(value: bigint, size: number): string {
  return `0x${BigInt.asUintN(size * 8, value).toString(16)}`;
}

/** A displacement after a register: with its sign. */
function signedHex(value: number): string {
  return value < 0 ? `-0x${(-value).toString(16)}` : `+0x${value.toString(16)}`;
}

function addressBytes(addressSize: number): number {
  return addressSize === ADDRESS_64 ? 8 : addressSize === ADDRESS_32 ? 4 : 2;
}

/** `segment:` where it is not the default of the mode, or where nothing else shows that this is memory. */
function segmentPrefix(instruction: Instruction, usesStack: boolean, bare: boolean): string {
  const { segment } = instruction;
  const shown = segment === SEGMENT_NONE ? SEGMENT_DS : segment;
  const usual = segment === SEGMENT_NONE || segment === (usesStack ? SEGMENT_SS : SEGMENT_DS);
  return usual && !bare ? '' : `${SEGMENT_NAMES[shown]}:`;
}

/** The vector of indices of a gather. Those with doublewords for quadwords take half a vector. */
function indexName({ index, variant }: Instruction): string {
  const half = /gatherd(?:q|pd)$/.test(variant?.row.mnemonic ?? '');
  return vectorName(index, half ? 16 : (variant?.vectorSize ?? 16));
}

function memoryText(instruction: Instruction, pageOffset: number): string {
  const { base, index, scale, addressSize, displacement, length } = instruction;
  const bytes = addressBytes(addressSize);
  if (base === PAGE_BASE) {
    // The decoder made the displacement relative to the page.
    const relative = displacement - pageOffset - length;
    return `${segmentPrefix(instruction, false, false)}[${bytes === 8 ? 'rip' : 'eip'}${signedHex(relative)}]`;
  }
  const hasBase = base !== ZERO_REGISTER;
  const hasIndex = index !== ZERO_REGISTER;
  if (!hasBase && !hasIndex) {
    return segmentPrefix(instruction, false, true) + hex(BigInt(displacement), bytes);
  }
  const baseNumber = hasBase ? generalNumber(base) : -1;
  const stack = baseNumber === SP || baseNumber === BP;
  const parts: string[] = [];
  if (hasBase) parts.push(generalName(baseNumber, bytes));
  if (hasIndex) {
    const name = index >= YMM ? indexName(instruction) : generalName(generalNumber(index), bytes);
    parts.push(addressSize === ADDRESS_16 ? name : `${name}*${1 << (scale & SCALE_MASK)}`);
  }
  // The encoding has no rBP or R13 without a displacement.
  const always = !hasBase || (addressSize !== ADDRESS_16 && (baseNumber & 7) === BP);
  const tail = displacement !== 0 || always ? signedHex(displacement) : '';
  return `${segmentPrefix(instruction, stack, false)}[${parts.join('+')}${tail}]`;
}

function immediateValue({ immediateLow, immediateHigh }: Instruction): bigint {
  return (BigInt(immediateHigh) << 32n) | BigInt(immediateLow >>> 0);
}

function codeBytes(mode: number, operandSize: number): number {
  const codeSize = mode & MODE_CODE_MASK;
  if (codeSize === MODE_CODE_64) return 8;
  return codeSize === MODE_CODE_16 || operandSize === 2 ? 2 : 4;
}

function fieldOf(instruction: Instruction, field: RegisterField): number {
  return field === 'd' ? instruction.immediateLow : instruction[field];
}

function operandText(
  operand: Operand,
  location: Location,
  instruction: Instruction,
  linearAddress: bigint,
  mode: number,
): string {
  const keyword = operand.name === 'M' ? '' : (SIZE_KEYWORDS[location.size] ?? '');
  const bytes = addressBytes(instruction.addressSize);
  switch (location.kind) {
    case 'memory':
      if (operand.place === 'implicit')
        return `${keyword}${segmentPrefix(instruction, false, true)}[${generalName(operand.register, bytes)}]`;
      return keyword + memoryText(instruction, Number(linearAddress & ~PAGE_MASK));
    case 'offset':
      return segmentPrefix(instruction, false, true) + hex(immediateValue(instruction), bytes);
    case 'source':
      return `${keyword}${segmentPrefix(instruction, false, true)}[${generalName(6, bytes)}]`;
    case 'destination':
      return `${keyword}es:[${generalName(7, bytes)}]`;
    case 'immediate': {
      if (operand.name === 'Ap') {
        return `0x${instruction.immediateHigh.toString(16)}:0x${(instruction.immediateLow >>> 0).toString(16)}`;
      }
      const bits = operand.name === 'Iwb' ? 16 : operand.name === 'Ibb' ? 8 : undefined;
      if (bits === undefined) return hex(immediateValue(instruction), location.size);
      const { immediateLow } = instruction;
      return `0x${(immediateLow & ((1 << bits) - 1)).toString(16)},0x${(immediateLow >>> bits).toString(16)}`;
    }
    case 'relative': {
      const operandSize = instruction.variant?.operandSize ?? 4;
      const target = (linearAddress & PAGE_MASK) + BigInt(instruction.displacement);
      return hex(target, codeBytes(mode, operandSize));
    }
    default:
      return registerName(operand, location, fieldOf(instruction, location.field));
  }
}

/** The mnemonic with what is not among the row's operands. */
export function mnemonicOf({ row, operandSize }: Variant): string {
  const sized = SIZED_MNEMONICS[row.mnemonic];
  return sized ? sized[operandSize === 2 ? 0 : operandSize === 4 ? 1 : 2] : row.mnemonic;
}

/**
 * Text of a decoded instruction: mnemonic, a space, operands separated by commas. `(bad)` if there is none.
 *
 * @param linearAddress where the instruction is, for branch targets.
 * @param mode mode key it was decoded in (layout/mode.ts).
 */
function formatInstruction(instruction: Instruction, linearAddress: bigint, mode: number): string {
  const { variant } = instruction;
  if (variant === undefined) return '(bad)';
  const operands = variant.row.operands.map((operand, i) =>
    operandText(operand, variant.locations[i] as Location, instruction, linearAddress, mode),
  );
  const { map, byte } = variant.row.opcode;
  // The shifts by one have no operand for it.
  if (map === 0 && (byte === 0xd0 || byte === 0xd1)) operands.push('1');
  const mnemonic = (instruction.lock ? 'lock ' : '') + mnemonicOf(variant);
  return operands.length > 0 ? `${mnemonic} ${operands.join(',')}` : mnemonic;
}

/** Of a processor that has everything. Made once: what such a one has takes a millisecond to find out. */
let decoder: Decoder | undefined;

/**
 * Disassembles the first instruction of `bytes`. The text is `(bad)` if there is no such instruction, or if
 * `bytes` end within it.
 *
 * @param linearAddress address of `bytes[0]`, for branch targets.
 * @param mode mode key (layout/mode.ts).
 */
export function disassemble(bytes: Uint8Array, linearAddress: bigint, mode: number): Disassembly {
  decoder ??= new Decoder();
  const pageOffset = Number(linearAddress & ~PAGE_MASK);
  const result = decoder.decode(bytes, 0, bytes.length, pageOffset, mode);
  const { instruction } = decoder;
  const length = Math.max(1, instruction.length);
  if (result !== 'ok') return { text: '(bad)', length };
  return { text: formatInstruction(instruction, linearAddress, mode), length };
}
