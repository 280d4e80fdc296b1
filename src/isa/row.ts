/**
 * A row of the instruction table: one line of the Intel SDM's opcode map.
 */
import type { Vendor } from '../layout/vendor.ts';
import type { Emitter } from './emitter.ts';
import type { Operand } from './operand.ts';

/** Opcode maps: one byte; 0F; 0F 38; 0F 3A. */
export type OpcodeMap = 0 | 1 | 2 | 3;
/** Mandatory prefix; `any` lets 66 be the operand size prefix and ignores F2 and F3, `o16` asks for 66 and ignores the others. */
export type MandatoryPrefix = 'any' | 'o16' | 'none' | '66' | 'f3' | 'f2';

/** VEX.L: `L0` and `L1` are required, `LIG` means it is ignored, `any` that it is the length of the vectors. */
export type VectorLength = 'L0' | 'L1' | 'LIG' | 'any';

export interface Opcode {
  readonly map: OpcodeMap;
  readonly byte: number;
  readonly prefix: MandatoryPrefix;
  /** Required ModRM.reg, or undefined. */
  readonly extension: number | undefined;
  /** Required ModRM.rm of a register form, or undefined. */
  readonly rm: number | undefined;
  /** Required REX.W or VEX.W, or undefined. */
  readonly w: 0 | 1 | undefined;
  /** Required REX.B, or undefined. */
  readonly b: 0 | 1 | undefined;
  /** VEX-encoded, with this VEX.L; undefined: legacy encoding. */
  readonly vex: VectorLength | undefined;
}

export function opcode(map: OpcodeMap, byte: number): Opcode {
  return {
    map,
    byte,
    prefix: 'any',
    extension: undefined,
    rm: undefined,
    w: undefined,
    b: undefined,
    vex: undefined,
  };
}
/** One-byte opcode. */
export const one = (byte: number, extension?: number): Opcode => ({ ...opcode(0, byte), extension });
/** 0F-escaped opcode. */
export const two = (byte: number, extension?: number): Opcode => ({ ...opcode(1, byte), extension });
/** 0F-escaped opcode with a mandatory prefix (or mandatory absence of one). */
export const twoPrefix = (prefix: MandatoryPrefix, byte: number, extension?: number): Opcode => ({
  ...opcode(1, byte),
  prefix,
  extension,
});
export const onePrefix = (prefix: MandatoryPrefix, byte: number, extension?: number): Opcode => ({
  ...opcode(0, byte),
  prefix,
  extension,
});

/** VEX-encoded opcode of map 1 (0F), 2 (0F 38) or 3 (0F 3A). */
export const vex = (
  length: VectorLength,
  map: 1 | 2 | 3,
  prefix: MandatoryPrefix,
  byte: number,
  { extension, w }: Partial<Pick<Opcode, 'extension' | 'w'>> = {},
): Opcode => ({ ...opcode(map, byte), prefix, extension, w, vex: length });

/** Builds the wasm of one instruction form: see emitter.ts. */
export type Semantics = (e: Emitter) => void;

/**
 * What follows an instruction. `next`: the following record. `jump`, `call`: a linked target. `branch`: a linked
 * target or the next instruction. `return`: the address that the matching call pushed. `indirectJump`, `indirectCall`:
 * a target that is computed. `dispatch`: the block is looked up at RIP (mode changes).
 */
export type Ending =
  | 'next'
  | 'jump'
  | 'branch'
  | 'call'
  | 'return'
  | 'indirectJump'
  | 'indirectCall'
  | 'dispatch';

export interface Row {
  readonly mnemonic: string;
  readonly opcode: Opcode;
  readonly operands: readonly Operand[];
  readonly semantics: Semantics;
  readonly ending: Ending;
  /**
   * `compiled`: may be part of a compiled region. `handler`: compiled code leaves to the handler (it calls
   * runtime functions that need the whole processor state in memory). `both`: compiled code leaves to the handler where there is
   * much to do, so that what follows is a block of its own, as behind a handler's.
   */
  readonly tier: 'compiled' | 'both' | 'handler';
  /** Modes in which the row exists. */
  readonly modes: 'all' | 'only64' | 'not64';
  /** Operand size where the row has no operand that tells it: e.g. PUSHF, RET. */
  readonly sizeOf: Operand['width'] | undefined;
  /** Feature that the row is of, where its mnemonic does not tell (row-features.ts). */
  readonly feature: string | undefined;
  /** Only this vendor's processors have the row, before others that ask for the same (layout/vendor.ts). */
  readonly vendor: Vendor | undefined;
}

export interface RowOptions {
  readonly ending?: Ending;
  readonly tier?: Row['tier'];
  readonly modes?: Row['modes'];
  readonly sizeOf?: Operand['width'];
  readonly feature?: string;
  readonly vendor?: Vendor;
}

export function row(
  code: Opcode,
  mnemonic: string,
  operands: readonly Operand[],
  semantics: Semantics,
  options: RowOptions = {},
): Row {
  return {
    mnemonic,
    opcode: code,
    operands,
    semantics,
    ending: options.ending ?? 'next',
    tier: options.tier ?? 'compiled',
    modes: options.modes ?? 'all',
    sizeOf: options.sizeOf,
    feature: options.feature,
    vendor: options.vendor,
  };
}

/** The eight rows of an opcode whose low three bits name a register. */
export function rowPerRegister(
  code: Opcode,
  mnemonic: string,
  operands: readonly Operand[],
  semantics: Semantics,
  options: RowOptions = {},
): Row[] {
  return Array.from({ length: 8 }, (_, register) =>
    row({ ...code, byte: code.byte + register }, mnemonic, operands, semantics, options),
  );
}

/** A row that calls runtime functions on the processor state: always run by its handler. */
export function systemRow(
  code: Opcode,
  mnemonic: string,
  operands: readonly Operand[],
  semantics: Semantics,
  options: RowOptions = {},
): Row {
  return row(code, mnemonic, operands, semantics, { ...options, tier: 'handler' });
}
