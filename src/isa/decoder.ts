/**
 * Decodes one instruction into the fields of a record (layout/record.ts). Nothing else looks at guest bytes, except to find
 * that they are those of an instruction decoded before (wasm-runtime/code/shapes.ts).
 *
 * Sources: Intel SDM Vol. 2, "Instruction Format" and "Opcode Map".
 */
import {
  FPU_REGISTERS,
  GPR,
  SEGMENT_DS,
  SEGMENT_FS,
  SEGMENT_NONE,
  SEGMENT_SS,
  YMM,
} from '../layout/cpu-state.ts';
import { MODE_CODE_16, MODE_CODE_64, MODE_CODE_MASK, MODE_REAL } from '../layout/mode.ts';
import {
  ADDRESS_16,
  ADDRESS_32,
  ADDRESS_64,
  BRANCH_POPPED_SHIFT,
  BRANCH_PUSHED_SHIFT,
  BRANCH_SHORT_TARGET,
  SHAPE_A_SHIFT,
  SHAPE_BYTE,
  SHAPE_FIELD_FILE_SHIFT,
  SHAPE_FIELD_RM,
  SHAPE_IMMEDIATE,
  SHAPE_IMMEDIATE_SHIFT,
  SHAPE_MEMORY,
  SHAPE_RELATIVE,
  SHAPE_RIP,
  SHAPE_SIGNED,
} from '../layout/record.ts';
import { PAGE_BASE, ZERO_REGISTER } from '../layout/runtime-state.ts';
import { DEFAULT_VENDOR, type Vendor } from '../layout/vendor.ts';
import { type Candidate, candidatesOf, shapeFile, VEX_MAPS } from './opcode-index.ts';
import type { Operand } from './operand.ts';
import type { Ending, MandatoryPrefix } from './row.ts';
import { AVAILABLE, Availability, OLDER } from './row-features.ts';
import { type Form, type OperandSize, type Variant, type VectorSize, widthInBytes } from './variant.ts';

/** Longest legal instruction. */
const MAX_INSTRUCTION_LENGTH = 15;

/** A decoded instruction; reused from call to call. */
export interface Instruction {
  /** Undefined: no such instruction (#UD). */
  variant: Variant | undefined;
  length: number;
  /** The LOCK prefix is there. */
  lock: boolean;
  a: number;
  b: number;
  c: number;
  base: number;
  index: number;
  scale: number;
  addressSize: number;
  segment: number;
  displacement: number;
  immediateLow: number;
  immediateHigh: number;
  /** Opcode map * 256 + opcode byte. */
  opcode: number;
  /** What follows opcode, ModRM and SIB, and what those name (SHAPE_* of layout/record.ts), or -1 if that cannot say it all. */
  rest: number;
}

/** `truncated`: the bytes ended within the instruction. `long`: more than 15 bytes (#GP). */
export type DecodeResult = 'ok' | 'truncated' | 'long';

const SCALE_ADDRESS_SHIFT = 4;

/** Base and index registers of the eight 16-bit addressing forms: BX+SI, BX+DI, BP+SI, BP+DI, SI, DI, BP, BX. */
const BASE_16 = [3, 3, 5, 5, 6, 7, 5, 3];
const INDEX_16 = [6, 7, 6, 7, -1, -1, -1, -1];

/** First bytes of the VEX prefixes of three and of two bytes. */
const VEX_3 = 0xc4;
const VEX_2 = 0xc5;
const VEX_PREFIXES: readonly MandatoryPrefix[] = ['none', '66', 'f3', 'f2'];

export class Decoder {
  readonly instruction: Instruction = {
    variant: undefined,
    length: 0,
    lock: false,
    a: 0,
    b: 0,
    c: 0,
    base: ZERO_REGISTER,
    index: ZERO_REGISTER,
    scale: 0,
    addressSize: ADDRESS_64,
    segment: SEGMENT_NONE,
    displacement: 0,
    immediateLow: 0,
    immediateHigh: 0,
    opcode: 0,
    rest: -1,
  };

  /** By slot (row-features.ts). */
  private readonly availability: Availability;

  private bytes: Uint8Array = new Uint8Array(0);
  private start = 0;
  private position = 0;
  private limit = 0;
  private overrun = false;

  private code64 = true;
  private hasVex = true;
  private operand16 = false;
  private has66 = false;
  private rex = 0;
  private hasRex = false;
  private segmentOverride = -1;
  private repeat = 0;
  private vexPrefix: MandatoryPrefix = 'none';
  private vvvv = 0;
  private vectorSize: VectorSize = 16;
  private modrm = 0;
  private operandSize: OperandSize = 4;
  private pageOffset = 0;
  private ripRelative = false;
  private fieldCount = 0;
  /** Of Instruction.rest, as far as it has been read; and whether that can say it all. */
  private rest = 0;
  private isRegular = true;

  /** @param withheld names of features that the processor is without (layout/features.ts). */
  constructor(withheld: ReadonlySet<string> = new Set(), vendor: Vendor = DEFAULT_VENDOR) {
    this.availability = new Availability(withheld, vendor);
  }

  private byte(): number {
    if (this.position >= this.limit) {
      this.overrun = true;
      return 0;
    }
    const value = this.bytes[this.position] as number;
    this.position += 1;
    return value;
  }

  private word(): number {
    const low = this.byte();
    return low | (this.byte() << 8);
  }

  /** Signed 32 bits. */
  private dword(): number {
    const low = this.word();
    return low | (this.word() << 16);
  }

  /**
   * Decodes at `bytes[position]`.
   *
   * @param limit end of the bytes that may be looked at.
   * @param pageOffset offset of the instruction in its page: RIP-relative operands become page-relative.
   * @param mode mode key (layout/mode.ts).
   */
  decode(bytes: Uint8Array, position: number, limit: number, pageOffset: number, mode: number): DecodeResult {
    this.bytes = bytes;
    this.start = position;
    this.position = position;
    this.limit = Math.min(limit, position + MAX_INSTRUCTION_LENGTH);
    this.overrun = false;
    this.pageOffset = pageOffset;
    const codeSize = mode & MODE_CODE_MASK;
    this.code64 = codeSize === MODE_CODE_64;
    this.hasVex = (mode & MODE_REAL) === 0;
    this.operand16 = codeSize === MODE_CODE_16;
    this.vectorSize = 16;
    this.rex = 0;
    this.hasRex = false;
    this.segmentOverride = -1;
    this.repeat = 0;
    this.has66 = false;
    this.ripRelative = false;
    this.fieldCount = 0;
    this.rest = 0;
    this.isRegular = true;

    const { instruction } = this;
    instruction.variant = undefined;
    instruction.lock = false;
    instruction.a = 0;
    instruction.b = 0;
    instruction.c = 0;
    instruction.base = ZERO_REGISTER;
    instruction.index = ZERO_REGISTER;
    instruction.scale = 0;
    instruction.segment = SEGMENT_NONE;
    instruction.displacement = 0;
    instruction.immediateLow = 0;
    instruction.immediateHigh = 0;
    instruction.addressSize = this.code64 ? ADDRESS_64 : codeSize === MODE_CODE_16 ? ADDRESS_16 : ADDRESS_32;

    const opcodeByte = this.prefixes(codeSize);
    if ((opcodeByte === VEX_3 || opcodeByte === VEX_2) && this.startsVex()) this.vex(opcodeByte);
    else this.opcode(opcodeByte);

    instruction.length = this.position - this.start;
    instruction.rest = this.isRegular ? this.rest : -1;
    if (!this.overrun) {
      if (this.ripRelative) instruction.displacement += pageOffset + instruction.length;
      return 'ok';
    }
    return limit - position >= MAX_INSTRUCTION_LENGTH ? 'long' : 'truncated';
  }

  /** Reads legacy prefixes and REX; returns the first opcode byte. */
  private prefixes(codeSize: number): number {
    const { instruction } = this;
    for (;;) {
      const byte = this.byte();
      if (this.overrun) return 0;
      switch (byte) {
        case 0x66:
          this.operand16 = codeSize !== MODE_CODE_16;
          this.has66 = true;
          break;
        case 0x67:
          instruction.addressSize = this.code64 || codeSize === MODE_CODE_16 ? ADDRESS_32 : ADDRESS_16;
          break;
        case 0xf2:
        case 0xf3:
          this.repeat = byte;
          break;
        case 0xf0:
          instruction.lock = true;
          break;
        case 0x26:
        case 0x2e:
        case 0x36:
        case 0x3e:
          if (!this.code64) this.segmentOverride = (byte >> 3) & 3;
          break;
        case 0x64:
          this.segmentOverride = SEGMENT_FS;
          break;
        case 0x65:
          this.segmentOverride = SEGMENT_FS + 1;
          break;
        default:
          if (this.code64 && (byte & 0xf0) === 0x40) {
            // REX counts only directly before the opcode.
            this.rex = byte & 15;
            this.hasRex = true;
            const next = this.byte();
            if (isLegacyPrefix(next) || (next & 0xf0) === 0x40) {
              this.rex = 0;
              this.hasRex = false;
              this.position -= 1;
              continue;
            }
            return next;
          }
          return byte;
      }
    }
  }

  private opcode(first: number): void {
    let map = 0;
    let byte = first;
    if (byte === 0x0f) {
      map = 1;
      byte = this.byte();
      if (byte === 0x38 || byte === 0x3a) {
        this.isRegular = false;
        map = byte === 0x38 ? 2 : 3;
        byte = this.byte();
      }
    }
    this.instruction.opcode = map * 256 + byte;
    this.candidates(map, byte);
  }

  /** Outside of 64-bit mode LES and LDS, which have a memory operand, begin with the same bytes. */
  private startsVex(): boolean {
    if (!this.hasVex) return false;
    return this.code64 || (this.position < this.limit && (this.bytes[this.position] as number) >= 0xc0);
  }

  /** The rest of a VEX prefix and what follows (Intel SDM Vol. 2 "Vector Extension (VEX)"). */
  private vex(first: number): void {
    this.isRegular = false;
    // R, X, B and vvvv are inverted.
    const second = this.byte();
    const third = first === VEX_3 ? this.byte() : second;
    const r = (~second >> 5) & 4;
    this.rex = first === VEX_3 ? r | ((~second >> 5) & 3) | ((third >> 4) & 8) : r;
    this.vvvv = (~third >> 3) & 15;
    if (!this.code64) {
      this.rex &= 8;
      this.vvvv &= 7;
    }
    this.vectorSize = third & 4 ? 32 : 16;
    this.vexPrefix = VEX_PREFIXES[third & 3] as MandatoryPrefix;
    const map = first === VEX_3 ? second & 31 : 1;
    const byte = this.byte();
    const prefixed = this.instruction.lock || this.has66 || this.repeat !== 0 || this.hasRex;
    if (map >= 1 && map <= 3 && !prefixed) this.candidates(VEX_MAPS + map, byte);
  }

  /** Finds the row of an opcode and reads its operands. */
  private candidates(map: number, byte: number): void {
    const candidates = candidatesOf(map * 256 + byte);
    if (this.overrun || candidates.length === 0) return;
    let modrmRead = false;
    for (const candidate of candidates) {
      if (candidate.hasModRM && !modrmRead) {
        this.modrm = this.byte();
        modrmRead = true;
        if (this.overrun) return;
      }
      if (!this.matches(candidate)) continue;
      if (this.availability.of(candidate.slot) === OLDER) continue;
      this.operands(candidate, byte);
      return;
    }
  }

  private matchesPrefix(prefix: MandatoryPrefix): boolean {
    const { has66, repeat } = this;
    switch (prefix) {
      case 'any':
        return true;
      case 'o16':
        return has66;
      case 'none':
        return !has66 && repeat === 0;
      case '66':
        return has66 && repeat === 0;
      case 'f3':
        return repeat === 0xf3;
      case 'f2':
        return repeat === 0xf2;
    }
  }

  private matchesVex({ code, usesVvvv }: Candidate): boolean {
    const { vectorSize } = this;
    if (code.prefix !== this.vexPrefix || (!usesVvvv && this.vvvv !== 0)) return false;
    return !((code.vex === 'L0' && vectorSize === 32) || (code.vex === 'L1' && vectorSize === 16));
  }

  private matches(candidate: Candidate): boolean {
    const { code, row, mod } = candidate;
    const encoded = code.vex === undefined ? this.matchesPrefix(code.prefix) : this.matchesVex(candidate);
    if (!encoded) return false;
    if (row.modes !== 'all' && (row.modes === 'only64') !== this.code64) return false;
    if (code.extension !== undefined && ((this.modrm >> 3) & 7) !== code.extension) return false;
    if (code.rm !== undefined && (this.modrm & 0xc7) !== (0xc0 | code.rm)) return false;
    if (code.w !== undefined && this.rex >> 3 !== code.w) return false;
    if (code.b !== undefined && (this.rex & 1) !== code.b) return false;
    if (mod === 'memory') return this.modrm < 0xc0;
    if (mod === 'register') return this.modrm >= 0xc0;
    return true;
  }

  private sizeOf(candidate: Candidate): OperandSize {
    let size: OperandSize;
    if (this.code64) {
      if (candidate.forced64) size = 8;
      else if (this.rex & 8) size = 8;
      else if (this.operand16) size = 2;
      else size = candidate.stackSized ? 8 : 4;
    } else {
      size = this.operand16 ? 2 : 4;
    }
    return candidate.sizeFor(size);
  }

  private operands(candidate: Candidate, opcodeByte: number): void {
    const { row } = candidate;
    const { instruction } = this;
    this.operandSize = this.sizeOf(candidate);
    let form: Form = 'plain';
    let touchesMemory = false;
    for (const { place, register } of row.operands) {
      if (place === 'register') form = 'register';
      else if (place === 'rm' || place === 'memory') {
        if (this.modrm >= 0xc0) form = 'register';
        else {
          this.memoryOperand(false);
          touchesMemory = true;
        }
      } else if (place === 'vsib') {
        // There is no other way to name the index register.
        if ((this.modrm & 7) !== 4 || instruction.addressSize === ADDRESS_16) return;
        this.memoryOperand(true);
        touchesMemory = true;
      } else if (place === 'offset' || place === 'source' || place === 'destination') {
        touchesMemory = true;
        if (this.segmentOverride >= 0 || !this.code64) {
          instruction.segment = this.segmentOverride >= 0 ? this.segmentOverride : SEGMENT_DS;
        }
      } else if (place === 'implicit') {
        touchesMemory = true;
        instruction.base = GPR + register * 8;
        this.segmentOf(false);
      }
    }
    if (touchesMemory) {
      form =
        instruction.segment === SEGMENT_NONE && instruction.addressSize === ADDRESS_64 ? 'memory' : 'general';
    }
    // Tells the runtime that what the instruction accesses is the stack (PUSH, CALL): faults differ.
    if (!touchesMemory) instruction.base = GPR + 4 * 8;
    for (const operand of row.operands) this.operand(operand, opcodeByte);
    if (row.ending !== 'next') this.stackMove(row.ending);
    instruction.scale |= instruction.addressSize << SCALE_ADDRESS_SHIFT;
    if (instruction.lock && (!candidate.lockable || form === 'register')) return;
    const vectorSize = candidate.code.vex === 'LIG' ? 16 : this.vectorSize;
    const variant = candidate.variant(this.operandSize, vectorSize, form);
    if (variant !== undefined && this.availability.of(variant.slot) === AVAILABLE)
      instruction.variant = variant;
  }

  /** What a near call or return does to the stack pointer (RECORD_BRANCH). */
  private stackMove(ending: Ending): void {
    const { instruction, operandSize } = this;
    if (ending === 'call' || ending === 'indirectCall') instruction.c |= operandSize << BRANCH_PUSHED_SHIFT;
    else if (ending === 'return') instruction.c |= operandSize << BRANCH_POPPED_SHIFT;
  }

  private setField(value: number): void {
    const { instruction } = this;
    if (this.fieldCount === 0) instruction.a = value;
    else if (this.fieldCount === 1) instruction.b = value;
    else if (this.fieldCount === 2) instruction.c = value;
    else instruction.immediateLow = value;
    this.fieldCount += 1;
  }

  /** A register that ModRM names. @param side SHAPE_FIELD_RM if it is ModRM.rm that does, else 0. */
  private modRMRegister(operand: Operand, number: number, side: number): void {
    const isByte = operand.file === 'general' && operand.width === 'b' && !this.hasRex;
    const file = isByte ? SHAPE_BYTE : shapeFile(operand.file);
    if (this.fieldCount > 2) this.isRegular = false;
    else if (file !== 0)
      this.rest |= ((file << SHAPE_FIELD_FILE_SHIFT) | side) << (SHAPE_A_SHIFT + 4 * this.fieldCount);
    this.register(operand, number);
  }

  private register(operand: Operand, number: number): void {
    if (operand.file === 'xmm') this.setField(YMM + number * 32);
    else if (operand.file === 'mmx') this.setField(FPU_REGISTERS + (number & 7) * 16);
    else if (operand.file === 'x87') this.setField(number & 7);
    else if (operand.file !== 'general') this.setField(number);
    else if (operand.width === 'b' && !this.hasRex && number >= 4 && number < 8) {
      this.setField(GPR + (number - 4) * 8 + 1); // AH, CH, DH, BH
    } else this.setField(GPR + number * 8);
  }

  private operand(operand: Operand, opcodeByte: number): void {
    const { instruction } = this;
    switch (operand.place) {
      case 'rm':
        if (this.modrm < 0xc0) return;
        this.modRMRegister(operand, (this.modrm & 7) | ((this.rex & 1) << 3), SHAPE_FIELD_RM);
        return;
      case 'register':
        this.modRMRegister(operand, (this.modrm & 7) | ((this.rex & 1) << 3), SHAPE_FIELD_RM);
        return;
      case 'reg':
        // There are six segment registers: REX.R does not extend them.
        if (operand.file === 'segment') this.setField((this.modrm >> 3) & 7);
        else this.modRMRegister(operand, ((this.modrm >> 3) & 7) | ((this.rex & 4) << 1), 0);
        return;
      case 'vex':
        this.register(operand, this.vvvv);
        return;
      case 'is4':
        this.isRegular = false;
        this.register(operand, (this.byte() >> 4) & (this.code64 ? 15 : 7));
        return;
      case 'opcode':
        this.register(operand, (opcodeByte & 7) | ((this.rex & 1) << 3));
        return;
      case 'fixed':
        if (operand.file === 'general') this.setField(GPR + operand.register * 8);
        else this.register(operand, operand.register);
        return;
      case 'immediate':
      case 'signedImmediate':
        this.immediate(operand);
        return;
      case 'relative': {
        const size = operand.width === 'b' ? 1 : this.code64 || !this.operand16 ? 4 : 2;
        const displacement =
          size === 1 ? (this.byte() << 24) >> 24 : size === 2 ? (this.word() << 16) >> 16 : this.dword();
        this.rest |= SHAPE_RELATIVE | (size << SHAPE_IMMEDIATE_SHIFT);
        if (!this.code64 && this.operand16) instruction.c |= BRANCH_SHORT_TARGET;
        // Relative to the start of the page: the branch is its instruction's last operand.
        instruction.displacement = (displacement + this.pageOffset + (this.position - this.start)) | 0;
        return;
      }
      case 'offset':
        this.isRegular = false;
        if (instruction.addressSize === ADDRESS_64) {
          instruction.immediateLow = this.dword();
          instruction.immediateHigh = this.dword();
        } else {
          instruction.immediateLow = instruction.addressSize === ADDRESS_16 ? this.word() : this.dword();
          instruction.immediateHigh = 0;
        }
        return;
      default:
        return;
    }
  }

  private immediate(operand: Operand): void {
    const { instruction } = this;
    if (operand.name === 'Iwb' || operand.name === 'Ap') this.isRegular = false;
    if (operand.name === 'Iwb') {
      const frame = this.word();
      instruction.immediateLow = frame | (this.byte() << 16);
      return;
    }
    if (operand.name === 'Ap') {
      instruction.immediateLow = this.operandSize === 2 ? this.word() : this.dword();
      instruction.immediateHigh = this.word();
      return;
    }
    const size = widthInBytes(operand.width, this.operandSize);
    const signed = operand.place === 'signedImmediate';
    // Not a second one.
    if (((this.rest >> SHAPE_IMMEDIATE_SHIFT) & SHAPE_IMMEDIATE) !== 0) this.isRegular = false;
    this.rest |= (size << SHAPE_IMMEDIATE_SHIFT) | (signed ? SHAPE_SIGNED : 0);
    if (size === 8) {
      instruction.immediateLow = this.dword();
      instruction.immediateHigh = this.dword();
      return;
    }
    const value = size === 1 ? this.byte() : size === 2 ? this.word() : this.dword();
    const shift = 32 - size * 8;
    instruction.immediateLow = signed ? (value << shift) >> shift : value;
    instruction.immediateHigh = signed ? instruction.immediateLow >> 31 : 0;
  }

  /** @param vectorIndex the index register is a vector. */
  private memoryOperand(vectorIndex: boolean): void {
    const { instruction } = this;
    if (instruction.addressSize === ADDRESS_16) {
      this.memoryOperand16();
      return;
    }
    this.rest |= SHAPE_MEMORY;
    const mod = this.modrm >> 6;
    const rm = this.modrm & 7;
    let base = rm | ((this.rex & 1) << 3);
    let hasBase = true;
    if (rm === 4) {
      const sib = this.byte();
      const index = ((sib >> 3) & 7) | ((this.rex & 2) << 2);
      if (index !== 4 || vectorIndex) {
        instruction.index = vectorIndex ? YMM + index * 32 : GPR + index * 8;
        instruction.scale = sib >> 6;
      }
      base = (sib & 7) | ((this.rex & 1) << 3);
      if ((sib & 7) === 5 && mod === 0) {
        hasBase = false;
        this.displacement32();
      }
    } else if (rm === 5 && mod === 0) {
      hasBase = false;
      this.displacement32();
      if (this.code64) {
        instruction.base = PAGE_BASE;
        this.ripRelative = true;
        this.rest |= SHAPE_RIP;
      }
    }
    if (mod === 1) {
      instruction.displacement = (this.byte() << 24) >> 24;
      this.rest |= 1;
    } else if (mod === 2) this.displacement32();
    if (hasBase) instruction.base = GPR + base * 8;
    this.segmentOf(hasBase && (base === 4 || base === 5));
  }

  private displacement32(): void {
    this.instruction.displacement = this.dword();
    this.rest |= 4;
  }

  private memoryOperand16(): void {
    const { instruction } = this;
    this.isRegular = false;
    const mod = this.modrm >> 6;
    const rm = this.modrm & 7;
    if (rm === 6 && mod === 0) {
      instruction.displacement = this.word();
      this.segmentOf(false);
      return;
    }
    const base = BASE_16[rm] as number;
    const index = INDEX_16[rm] as number;
    instruction.base = GPR + base * 8;
    if (index >= 0) instruction.index = GPR + index * 8;
    if (mod === 1) instruction.displacement = (this.byte() << 24) >> 24;
    else if (mod === 2) instruction.displacement = (this.word() << 16) >> 16;
    this.segmentOf(base === 5);
  }

  private segmentOf(stack: boolean): void {
    const { instruction } = this;
    if (this.segmentOverride >= 0) instruction.segment = this.segmentOverride;
    else if (!this.code64) instruction.segment = stack ? SEGMENT_SS : SEGMENT_DS;
  }
}

function isLegacyPrefix(byte: number): boolean {
  return (
    byte === 0x66 ||
    byte === 0x67 ||
    byte === 0xf0 ||
    byte === 0xf2 ||
    byte === 0xf3 ||
    byte === 0x26 ||
    byte === 0x2e ||
    byte === 0x36 ||
    byte === 0x3e ||
    byte === 0x64 ||
    byte === 0x65
  );
}
