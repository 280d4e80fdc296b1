/** Random operands for an instruction, and what has to run before it so that they make sense. */
import type { Variant } from '../../src/isa/variant.ts';
import { type CodeMode, SCRATCH, SCRATCH_SIZE, segmentBases } from '../../test/vectors/layout.ts';
import { anyValue, type Random } from '../recorder/values.ts';
import { movImmediate, variantOf } from './choices.ts';
import {
  ADDRESSES_16,
  candidateOf,
  encode,
  HIGH_BYTE,
  type MemoryOperand,
  type OperandValues,
  type SegmentOverride,
} from './encoder.ts';
import type { Item } from './program.ts';

export const RAX = 0;
export const RCX = 1;
export const RDX = 2;
const RBX = 3;
export const RSP = 4;
const RSI = 6;
const RDI = 7;

/** Registers that random instructions leave alone: the stack, a pointer that walks through memory, loop counters. */
export const POINTER = 13;
export const OUTER_COUNTER = 15;
export const INNER_COUNTER = 14;
const RESERVED: ReadonlySet<number> = new Set([RSP, POINTER, INNER_COUNTER, OUTER_COUNTER]);
const FREE = Array.from({ length: 16 }, (_, number) => number).filter((number) => !RESERVED.has(number));

const FREE_32 = FREE.filter((number) => number < 8);

/** The POINTER stays in half of the data area, across its page boundary. */
export const POINTER_BASE = SCRATCH + 0x800;
export const POINTER_MASK = 0xfff;
/** Bytes at either end of the data area that most accesses stay away from, because operands are added to addresses. */
const MARGIN = 0x280;
const BOUNDARY = SCRATCH + 0x1000;
/** A few places that many instructions use, so that loads see what was stored. */
const SHARED = SCRATCH + 0x400;
/** Greatest value of an index register, before it is scaled. */
const INDEX_MASK = 0x3f;

/** Bytes of memory operands that the table does not give a size. */
const UNSIZED: Readonly<Record<string, number>> = { fxsave: 512, fnsave: 108, fnstenv: 28 };
const ANY_UNSIZED = 16;

/** What the generator knows of the place where an instruction is to be. */
export interface Context {
  readonly random: Random;
  /** RCX counts a loop. */
  readonly keepsCounter: boolean;
  /** What sets addresses up leaves the flags as they were. */
  readonly keepsFlags: boolean;
  /** 64 by default. The others have no POINTER. */
  readonly mode?: CodeMode;
}

/** The first registers: 8 outside 64-bit mode. */
function someRegister({ random, mode = 64 }: Context, count: number): number {
  return random.below(mode === 64 ? count : 8);
}

/** An instruction whose operands the caller knows to be possible. */
export function instruction(variant: Variant, values: OperandValues = {}, mode?: CodeMode): Item {
  const bytes = encode(variant, values, mode);
  if (bytes === undefined) throw new Error(`${variant.row.mnemonic} cannot be encoded with these operands`);
  return { kind: 'bytes', bytes };
}

/** MOV of an unsigned 32-bit number into a whole register. */
export function setRegister(number: number, value: number, mode?: CodeMode): Item {
  const values = { registers: [number], immediate: BigInt(value >>> 0) };
  return instruction(movImmediate(number), values, mode);
}

const AND_IMMEDIATE = variantOf('and', 4, 'Ev,sIb', 'register');

function freeRegister({ random, keepsCounter, mode = 64 }: Context): number {
  const number = random.pick(mode === 64 ? FREE : FREE_32);
  return keepsCounter && number === RCX ? RAX : number;
}

/** A register operand of one byte: as often as not AH to BH. */
function byteRegister(context: Context): number {
  const number = freeRegister(context);
  const { random, keepsCounter } = context;
  if (random.below(4) > 0) return number;
  const high = random.below(4);
  return HIGH_BYTE + (keepsCounter && high === RCX ? RAX : high);
}

/** An address in the data area for an operand of `size` bytes: an offset, where the data segment has a base. */
function anyAddress({ random, mode = 64 }: Context, size: number, aligned: boolean): number {
  const kind = random.below(300);
  let address: number;
  if (kind === 0) address = SCRATCH + SCRATCH_SIZE - random.below(size + 1);
  else if (kind < 100) address = BOUNDARY - size - 4 + random.below(size + 8);
  else if (kind < 160) address = SHARED + 8 * random.below(8);
  else address = SCRATCH + MARGIN + random.below(SCRATCH_SIZE - 2 * MARGIN - size);
  const mask = Math.min(size, 16) - 1;
  const chosen = aligned && random.below(100) > 0 ? address & ~mask : address;
  return chosen - segmentBases(mode).data;
}

/** Where an operand in memory is: at a linear address, or at a distance from what a register has before. */
export interface MemoryPlace {
  readonly base: typeof POINTER | typeof RSP | undefined;
  /** Address or distance. */
  readonly displacement: number;
}

interface Addressed {
  readonly setup: readonly Item[];
  readonly memory: MemoryOperand;
  readonly place: MemoryPlace | undefined;
  /** RIP-relative: this is the address, and the displacement is not known yet. */
  readonly relativeTo?: number;
  /** Registers that `setup` has given a meaning. */
  readonly used: readonly number[];
}

function anyDisplacement(random: Random): number {
  switch (random.below(4)) {
    case 0:
      return 0;
    case 1:
      return random.below(256) - 128;
    case 2:
      return random.below(0x2000) - 0x1000;
    default:
      return random.below(0x1000_0000) - 0x800_0000;
  }
}

/** What an instruction with a 16-bit address needs to reach an offset in the data segment. */
function addressOperand16(context: Context, address: number, segment: MemoryOperand): Addressed {
  const { random } = context;
  const form = random.below(ADDRESSES_16.length + 1);
  const wide = random.below(8) === 0;
  // With [BP] as well: SS is the same segment.
  const [base, index] = ADDRESSES_16[form] ?? [];
  const place: MemoryPlace = { base: undefined, displacement: address + segmentBases(16).data };
  if (base === undefined)
    return { setup: [], memory: { displacement: address, ...segment }, place, used: [] };
  const displacement = (anyDisplacement(random) << 16) >> 16;
  const added = index === undefined ? 0 : random.below(0x1_0000);
  // Sums wrap at 64 KiB, and only the low halves count.
  const garbage = random.below(0x1_0000) << 16;
  const setup = [setRegister(base, ((address - displacement - added) & 0xffff) | garbage, 16)];
  if (index !== undefined) setup.push(setRegister(index, added | garbage, 16));
  const used = index === undefined ? [base] : [base, index];
  return {
    setup,
    memory: { base, ...(index === undefined ? {} : { index }), displacement, wide, ...segment },
    place,
    used,
  };
}

function addressOperand(context: Context, size: number, aligned: boolean, general: boolean): Addressed {
  const { random, mode = 64 } = context;
  const overrides = random.below(2) === 1;
  const address = anyAddress(context, size, aligned);
  if (mode === 16) {
    const segment = random.below(3) === 0 ? { segment: 'es' as const } : {};
    if (random.below(3) > 0) return addressOperand16(context, address, segment);
  }
  const override = { segment: mode === 64 ? ('gs' as const) : ('es' as const) };
  const any = mode === 32 || (mode === 64 && overrides) ? override : { address32: true };
  const prefixes = general || mode === 16 ? any : {};
  const wide = random.below(8) === 0;
  // Sums of addresses with 32 bits wrap.
  const wraps = (mode === 32 || 'address32' in prefixes) && random.below(4) === 0;
  const displacement = wraps ? random.next() | 0 : anyDisplacement(random);
  const base = freeRegister(context);
  const place: MemoryPlace = { base: undefined, displacement: address + segmentBases(mode).data };
  /** From a register that is not set up here. */
  const from = (register: typeof POINTER | typeof RSP, distance: number): Addressed => ({
    setup: [],
    memory: { base: register, displacement: distance, wide, ...prefixes },
    place: { base: register, displacement: distance + segmentBases(mode).data },
    used: [],
  });
  switch (random.below(8)) {
    case 0:
      if (mode !== 64) break;
      return { setup: [], memory: { base: 'rip', ...prefixes }, place, relativeTo: address, used: [] };
    case 1:
      return { setup: [], memory: { displacement: address, ...prefixes }, place, used: [] };
    case 2:
    case 3:
      if (!aligned && mode === 64) return from(POINTER, random.below(0x800) - 0x400);
      break;
    case 4:
      // Below the stack pointer, where nothing is kept; its alignment is that of the stack.
      return from(RSP, -16 * (4 + random.below(12)));
    case 5:
    case 6: {
      const index = freeRegister(context);
      if (index === base) break;
      const scale = random.below(4) as 0 | 1 | 2 | 3;
      const mask = aligned ? INDEX_MASK & ~15 : INDEX_MASK;
      return {
        setup: [
          setRegister(base, address - displacement, mode),
          context.keepsFlags
            ? setRegister(index, random.below(mask + 1) & mask, mode)
            : instruction(AND_IMMEDIATE, { registers: [index], immediate: BigInt(mask) }),
        ],
        memory: { base, index, scale, displacement, wide, ...prefixes },
        place,
        used: [base, index],
      };
    }
    default:
      break;
  }
  return {
    setup: [setRegister(base, address - displacement, mode)],
    memory: { base, displacement, wide, ...prefixes },
    place,
    used: [base],
  };
}

/** Registers that an instruction has without naming them, given values that keep it within the data area. */
function implicitOperands(context: Context, variant: Variant, size: number): Item[] | undefined {
  const { random, keepsCounter, mode } = context;
  const { row, operandSize } = variant;
  const places = row.operands.map(({ place }) => place);
  const setup: Item[] = [];
  const pointers: [string, number][] = [
    ['source', RSI],
    ['destination', RDI],
    ['implicit', RBX],
  ];
  for (const [place, number] of pointers) {
    if (places.some((other) => other === place))
      setup.push(setRegister(number, anyAddress(context, size, false), mode));
  }
  const { mnemonic } = row;
  if (mnemonic.startsWith('rep') || mnemonic.startsWith('pcmp')) {
    if (keepsCounter) return undefined;
    if (mnemonic.startsWith('rep')) setup.push(setRegister(RCX, random.below(24), mode));
  }
  if (mnemonic === 'div' || mnemonic === 'idiv') {
    const isByte = row.operands[0]?.width === 'b';
    setup.push(isByte ? setRegister(RAX, random.below(0x100), mode) : setRegister(RDX, 0, mode));
    if (operandSize !== 8 && mnemonic === 'idiv') setup.push(setRegister(RAX, random.below(0x7fff), mode));
  }
  return setup;
}

function registerOperand(context: Context, file: string, isByte: boolean): number {
  if (file === 'general') return isByte ? byteRegister(context) : freeRegister(context);
  if (file === 'segment') return 0;
  return someRegister(context, file === 'xmm' ? 16 : 8);
}

/** Makes the first two register operands of a kind the same: SUB, SBB and XOR of a register with itself. */
function useOneRegister({ row, form }: Variant, registers: (number | undefined)[]): void {
  const named = row.operands.flatMap(({ place, file, width }, at) =>
    ['reg', 'vex', 'register'].includes(place) || (place === 'rm' && form === 'register')
      ? [{ at, kind: `${file} ${width === 'b'}` }]
      : [],
  );
  const [first, second] = named;
  if (first !== undefined && second !== undefined && first.kind === second.kind)
    registers[second.at] = registers[first.at];
}

export interface WithOperands {
  readonly items: readonly Item[];
  /** Where its operand in memory is, about: an index is not counted in. */
  readonly place: MemoryPlace | undefined;
}

/**
 * A variant with random operands, after what sets its addresses up. Undefined if these operands cannot be encoded or
 * would be in each other's way.
 */
export function withOperands(context: Context, variant: Variant): WithOperands | undefined {
  const { random, mode = 64 } = context;
  const { row, form, locations, operandSize } = variant;
  const { mnemonic } = row;
  // Nothing sets vectors of indices up.
  if (row.operands.some(({ place }) => place === 'vsib')) return undefined;
  const memoryAt = locations.findIndex(({ kind }) => kind === 'memory' || kind === 'offset');
  const inMemory = locations.find((location) => 'aligned' in location);
  const aligned = inMemory?.aligned === true || mnemonic === 'fxsave';
  const named = row.operands[memoryAt];
  const size = named?.name === 'M' ? (UNSIZED[mnemonic] ?? ANY_UNSIZED) : (locations[memoryAt]?.size ?? 16);

  const implicit = implicitOperands(context, variant, size);
  if (implicit === undefined) return undefined;
  const hasModRMMemory = row.operands.some(
    ({ place }) => place === 'memory' || (place === 'rm' && form !== 'register'),
  );
  const override: SegmentOverride = mode === 64 ? 'gs' : 'es';
  const addressed: Addressed = hasModRMMemory
    ? addressOperand(context, size, aligned, form === 'general')
    : { setup: [], memory: form === 'general' ? { segment: override } : {}, place: undefined, used: [] };

  const registers = row.operands.map(({ file, width, place }) => {
    const named = ['rm', 'register', 'reg', 'opcode', 'vex', 'is4'].includes(place);
    if (!named) return undefined;
    if (place !== 'opcode') return registerOperand(context, file, width === 'b');
    // Its low bits are the row's.
    const low = row.opcode.byte & 7;
    const number = low | (mode === 64 ? random.below(2) << 3 : 0);
    if (!RESERVED.has(number)) return number;
    return mode !== 64 || RESERVED.has(number ^ 8) ? undefined : number ^ 8;
  });
  if (row.operands.some(({ place }, at) => place === 'opcode' && registers[at] === undefined))
    return undefined;
  if (random.below(8) === 0) useOneRegister(variant, registers);
  if (
    context.keepsCounter &&
    registers.some((number, at) => number === RCX && row.operands[at]?.file === 'general')
  )
    return undefined;
  const setup: Item[] = [...implicit, ...addressed.setup];
  if (/^bt[src]?$/.test(mnemonic) && hasModRMMemory && row.operands[1]?.place === 'reg') {
    // The bit may be anywhere in memory.
    const number = registers[1] as number;
    if (addressed.used.includes(number)) return undefined;
    setup.push(setRegister(number, random.below(MARGIN * 8), mode));
  }
  if (mnemonic === 'div' || mnemonic === 'idiv') {
    const number = registers[0];
    if (form === 'register' && (number === undefined || (number & 15) === RAX || (number & 15) === RDX))
      return undefined;
    if (addressed.used.some((used) => used === RAX || used === RDX)) return undefined;
    if (form === 'register' && number !== undefined && number < HIGH_BYTE && random.below(4) > 0)
      setup.push(setRegister(number, 1 + random.below(0xffff), mode));
  }

  const immediate = anyImmediate(context, variant, operandSize, size);
  const lock = candidateOf(variant).lockable && hasModRMMemory && random.below(5) === 0;
  const values: OperandValues = { registers, memory: addressed.memory, immediate, lock };
  const bytes = encode(variant, values, mode);
  if (bytes === undefined) return undefined;
  const { relativeTo, place } = addressed;
  if (relativeTo === undefined) return { items: [...setup, { kind: 'bytes', bytes }], place };
  const at = (next: number): Uint8Array => {
    const memory = { ...addressed.memory, displacement: relativeTo - next };
    return encode(variant, { ...values, memory }) as Uint8Array;
  };
  return { items: [...setup, { kind: 'relative', at }], place };
}

function anyImmediate(context: Context, variant: Variant, operandSize: number, size: number): bigint {
  const { random } = context;
  const { row } = variant;
  if (row.operands.some(({ place }) => place === 'offset')) return BigInt(anyAddress(context, size, false));
  const isCount = row.operands.length > 1 && row.operands.some(({ name }) => name === 'Ib');
  if (isCount && random.below(2)) return BigInt(random.below(2 * operandSize * 8));
  return anyValue(random, 8 * operandSize);
}
