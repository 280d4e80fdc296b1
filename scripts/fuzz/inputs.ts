/**
 * Random states to start single instructions from, as the recorder reads them (INPUT). A fuzzer wants more of them than it
 * could make of bigints: values are made of 32-bit words.
 */
import { type CodeMode, SCRATCH, SCRATCH_SIZE, segmentBases } from '../../test/vectors/layout.ts';
import { Input } from '../recorder/case.ts';
import { anyFcw, C1, C023, extended, FCW_UNMASKED, SPECIAL_80 } from '../recorder/extended.ts';
import {
  anyMxcsr,
  boundaries,
  type Lane,
  MXCSR_DEFAULT,
  MXCSR_UNMASKED,
  SPECIAL_F32,
  SPECIAL_F64,
} from '../recorder/lanes.ts';
import { encodeCase, INPUT } from '../recorder/native.ts';
import { anyFlags, DF, edges, type Random } from '../recorder/values.ts';
import { type MemoryPlace, POINTER, POINTER_BASE, POINTER_MASK, RSP } from './operands.ts';

/** Which parts of the state an instruction is about: the others are random now and then. */
export interface Parts {
  readonly vectors: boolean;
  readonly x87: boolean;
}

const LANES: readonly Lane[] = ['i8', 'i16', 'i32', 'i64', 'f32', 'f64'];
const VECTORS = INPUT.image + 160;
const UPPER_HALVES = INPUT.image + 512;
const STACK = INPUT.image + 32;
/** Bytes of memory that get a value, most of the time. */
const PATCH_SIZE = 32;

/** Pairs of words: low, high. */
function words64(values: readonly bigint[]): Uint32Array {
  return Uint32Array.from(
    values.flatMap((value) => [Number(value & 0xffff_ffffn), Number((value >> 32n) & 0xffff_ffffn)]),
  );
}

/** Edges of every width, as they are and sign-extended. */
const EDGES = words64(
  [8, 16, 32, 64].flatMap((bits) =>
    edges(bits).flatMap((edge) => [edge, BigInt.asUintN(64, BigInt.asIntN(bits, edge))]),
  ),
);
const NUMBERS_32 = Uint32Array.from([...SPECIAL_F32, ...SPECIAL_F32, ...boundaries('f32')].map(Number));
const NUMBERS_64 = words64([...SPECIAL_F64, ...SPECIAL_F64, ...boundaries('f64')]);
/** Low word, high word, sign and exponent. */
const NUMBERS_80 = [...SPECIAL_80, ...Array.from({ length: 2000 }, (_, i) => extended((i - 1000) / 4))].map(
  (value) =>
    [Number(value & 0xffff_ffffn), Number((value >> 32n) & 0xffff_ffffn), Number(value >> 64n)] as const,
);
/** The first of them. */
const SPECIALS_80 = SPECIAL_80.length;

const floats = new Float64Array(1);
const single = new Float32Array(floats.buffer);
const floatWords = new Uint32Array(floats.buffer);

/** An edge or any number. */
function word32(random: Random): number {
  return random.below(2) ? (EDGES[2 * random.below(EDGES.length >> 1)] as number) : random.next();
}

/** A number of moderate size. */
function ordinary(random: Random): number {
  return (random.next() / 2 ** 32 - 0.5) * 2 ** (random.below(40) - 16);
}

const TEMPLATES: Readonly<Record<CodeMode, Uint8Array>> = {
  64: encodeCase(new Input(64), new Uint8Array(0)),
  32: encodeCase(new Input(32), new Uint8Array(0)),
  16: encodeCase(new Input(16), new Uint8Array(0)),
};

/** What the inputs of an instruction are made for. */
export interface Purpose {
  readonly mode: CodeMode;
  readonly parts: Parts;
  /** Where its operand in memory is. */
  readonly place: MemoryPlace | undefined;
  /** Linear address of its code, and the code: a multiple of 8 bytes. */
  readonly entry: number;
  readonly code: Uint8Array;
}

/** Bytes that an input takes. */
export function inputSize({ code, place }: Purpose): number {
  return INPUT.size + code.length + (place === undefined ? 0 : 8 + PATCH_SIZE);
}

/** Writes random inputs into a buffer. */
export class InputWriter {
  private readonly bytes: Uint8Array;
  private readonly words: Uint32Array;

  /** @param bytes aligned to 4 bytes. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  }

  /** @param at a multiple of 8. */
  write(at: number, purpose: Purpose, random: Random): void {
    const { bytes, words } = this;
    const { mode, parts, code, entry, place } = purpose;
    bytes.set(TEMPLATES[mode], at);
    words[(at + INPUT.codeLength) >> 2] = code.length;
    words[(at + INPUT.codeAddress) >> 2] = entry;
    words[(at + INPUT.rip) >> 2] = entry - segmentBases(mode).code;
    this.generalRegisters(at + INPUT.gpr, mode, random);
    const direction = random.below(4) === 0 ? DF : 0;
    words[(at + INPUT.rflags) >> 2] = Number(anyFlags(random)) | direction;
    if (parts.vectors || random.below(8) === 0) this.vectors(at, mode, random);
    if (parts.x87 || random.below(8) === 0) this.x87(at, random);
    bytes.set(code, at + INPUT.size);
    if (place === undefined) return;
    words[(at + INPUT.patchCount) >> 2] = 1;
    this.patch(at + INPUT.size + code.length, this.address(at, place), random);
  }

  /** Of the operand in memory. */
  private address(at: number, { base, displacement }: MemoryPlace): number {
    if (base === undefined) return displacement;
    return displacement + (this.words[(at + INPUT.gpr + 8 * base) >> 2] as number);
  }

  private generalRegisters(at: number, mode: CodeMode, random: Random): void {
    const { words } = this;
    const count = mode === 64 ? 16 : 8;
    for (let register = 0; register < count; register++) {
      if (register === RSP) continue;
      const word = (at >> 2) + 2 * register;
      const kind = random.below(16);
      if (kind < 7) {
        const edge = 2 * random.below(EDGES.length >> 1);
        words[word] = EDGES[edge] as number;
        words[word + 1] = EDGES[edge + 1] as number;
      } else if (kind === 7 && register > 0) {
        const same = (at >> 2) + 2 * random.below(register);
        words[word] = words[same] as number;
        words[word + 1] = words[same + 1] as number;
      } else {
        words[word] = random.next();
        words[word + 1] = kind < 10 ? 0 : random.next();
      }
      // What code outside 64-bit mode does to the upper halves is undefined.
      if (mode !== 64) words[word + 1] = 0;
    }
    if (mode !== 64) return;
    words[(at >> 2) + 2 * POINTER] = POINTER_BASE + random.below(POINTER_MASK);
    words[(at >> 2) + 2 * POINTER + 1] = 0;
  }

  private vectors(at: number, mode: CodeMode, random: Random): void {
    const count = mode === 64 ? 16 : 8;
    // Most instructions want all their operands to be of one kind.
    const usual = random.pick(LANES);
    for (let register = 0; register < count; register++) {
      const lane = random.below(4) === 0 ? random.pick(LANES) : usual;
      this.vector(at + VECTORS + 16 * register, lane, random);
      this.vector(at + UPPER_HALVES + 16 * register, lane, random);
    }
    // With PE set and all else at its default, inline code computes.
    const ordinary = random.below(2) ? MXCSR_DEFAULT | 0x20n : anyMxcsr(random);
    const isMasked = random.below(8) > 0;
    this.words[(at + INPUT.image + 24) >> 2] = Number(isMasked ? ordinary : random.pick(MXCSR_UNMASKED));
  }

  /** 16 bytes. */
  private vector(at: number, lane: Lane, random: Random): void {
    const { words, bytes } = this;
    const word = at >> 2;
    const copies = random.below(8) === 0;
    switch (lane) {
      case 'i8':
        for (let i = 0; i < 16; i++) bytes[at + i] = word32(random);
        break;
      case 'i16':
        for (let i = 0; i < 8; i++) {
          const value = word32(random);
          bytes[at + 2 * i] = value;
          bytes[at + 2 * i + 1] = value >>> 8;
        }
        break;
      case 'i32':
        for (let i = 0; i < 4; i++) words[word + i] = word32(random);
        break;
      case 'f32':
        for (let i = 0; i < 4; i++) words[word + i] = number32(random);
        break;
      default:
        for (let i = 0; i < 4; i += 2) {
          if (lane === 'f64') writeNumber64(words, word + i, random);
          else if (random.below(2)) {
            const edge = 2 * random.below(EDGES.length >> 1);
            words[word + i] = EDGES[edge] as number;
            words[word + i + 1] = EDGES[edge + 1] as number;
          } else {
            words[word + i] = random.next();
            words[word + i + 1] = random.next();
          }
        }
    }
    if (!copies) return;
    words[word + 2] = words[word] as number;
    words[word + 3] = words[word + 1] as number;
  }

  private x87(at: number, random: Random): void {
    const { words, bytes } = this;
    const count = random.below(9);
    const top = (8 - count) & 7;
    let tags = 0;
    for (let i = 0; i < count; i++) {
      const word = (at + STACK + 16 * i) >> 2;
      writeNumber80(words, word, random);
      tags |= 1 << ((top + i) & 7);
    }
    const conditions = random.below(3) === 0 ? random.next() & (C023 | C1) : 0;
    const control = random.below(16) === 0 ? random.pick(FCW_UNMASKED) : anyFcw(random);
    words[(at + INPUT.image) >> 2] = Number(control) | ((conditions | (top << 11)) << 16);
    bytes[at + INPUT.image + 4] = tags;
  }

  /** A value for the operand in memory. */
  private patch(at: number, address: number, random: Random): void {
    const { words } = this;
    const word = at >> 2;
    words[word] = Math.max(SCRATCH, Math.min(address, SCRATCH + SCRATCH_SIZE - PATCH_SIZE));
    words[word + 1] = PATCH_SIZE;
    const lane = random.pick(LANES);
    if (random.below(4) === 0) {
      for (let i = 0; i < PATCH_SIZE; i += 16) writeNumber80(words, (at + 8 + i) >> 2, random);
      return;
    }
    for (let i = 0; i < PATCH_SIZE; i += 16) this.vector(at + 8 + i, lane, random);
  }
}

function number32(random: Random): number {
  const kind = random.below(8);
  if (kind === 7) return random.next();
  if (kind >= 4) return NUMBERS_32[random.below(NUMBERS_32.length)] as number;
  single[0] = ordinary(random);
  return floatWords[0] as number;
}

function writeNumber64(words: Uint32Array, word: number, random: Random): void {
  const kind = random.below(8);
  if (kind >= 4 && kind < 7) {
    const at = 2 * random.below(NUMBERS_64.length >> 1);
    words[word] = NUMBERS_64[at] as number;
    words[word + 1] = NUMBERS_64[at + 1] as number;
    return;
  }
  floats[0] = ordinary(random);
  words[word] = random.below(4) === 0 ? 0 : random.next();
  words[word + 1] = kind === 7 ? random.next() : (floatWords[1] as number);
}

/** In a slot of 16 bytes. */
function writeNumber80(words: Uint32Array, word: number, random: Random): void {
  const kind = random.below(8);
  if (kind === 5 || kind === 6) {
    const at = kind === 6 ? random.below(SPECIALS_80) : random.below(NUMBERS_80.length);
    const [low, high, top] = NUMBERS_80[at] as (typeof NUMBERS_80)[number];
    words[word] = low;
    words[word + 1] = high;
    words[word + 2] = top;
    return;
  }
  const range = kind < 4 ? 8 : kind < 5 ? 70 : 0x3ff0;
  words[word] = random.next();
  words[word + 1] = random.next() | 0x8000_0000;
  words[word + 2] = (random.below(2) << 15) | (0x3fff - range + random.below(2 * range + 1));
}
