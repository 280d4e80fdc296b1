/** Reads the fields of records out of a copy of their bytes (layout/record.ts). */

import { FIELD_OFFSET } from '../emitter/emitter-base.ts';
import type { RegisterField } from '../isa/variant.ts';
import { MODE_VIEW_MASK, MODE_VIEW_SHIFT } from '../layout/mode.ts';
import {
  HEAD_COUNT,
  HEAD_MODE,
  HEAD_PAGE_COUNT,
  HEAD_PHYSICAL_PAGE,
  HEAD_SECOND_PAGE,
  RECORD_BASE,
  RECORD_DISP,
  RECORD_FN,
  RECORD_IMM,
  RECORD_INDEX_REG,
  RECORD_LENGTH,
  RECORD_PAGE_OFFSET,
  RECORD_SCALE,
  RECORD_SCATTERED,
  RECORD_SEGMENT,
  RECORD_SIZE,
} from '../layout/record.ts';

/** Views of the buffer that records are in. */
class Views {
  readonly buffer: ArrayBufferLike;
  readonly bytes: Uint8Array;
  readonly halves: Uint16Array;
  readonly words: Int32Array;

  constructor(buffer: ArrayBufferLike) {
    this.buffer = buffer;
    this.bytes = new Uint8Array(buffer);
    this.halves = new Uint16Array(buffer, 0, buffer.byteLength >> 1);
    this.words = new Int32Array(buffer, 0, buffer.byteLength >> 2);
  }
}

/** Of the records that were looked at last: all blocks of a request have the same buffer, and a view takes as long to make as a block to read. */
let last = new Views(new ArrayBuffer(0));

/** One decoded block: its head record, instruction records and, if it has no branch, the end record. */
export class BlockRecords {
  /** Address of the head record in the machine's linear memory. */
  readonly head: number;
  /** Records after the head: the instructions and, where present, the end record. */
  readonly length: number;
  readonly count: number;
  /** Offset of the first instruction in its page. */
  readonly startOffset: number;
  readonly mode: number;
  private readonly bytes: Uint8Array;
  private readonly halves: Uint16Array;
  private readonly words: Int32Array;
  /** Of the head. */
  private readonly start: number;

  /** @param records head first. */
  constructor(head: number, records: Uint8Array) {
    const aligned = (records.byteOffset & 3) === 0 ? records : records.slice();
    if (last.buffer !== aligned.buffer) last = new Views(aligned.buffer);
    const start = aligned.byteOffset;
    const { bytes, halves, words } = last;
    this.head = head;
    this.length = aligned.length / RECORD_SIZE - 1;
    this.count = halves[(start + HEAD_COUNT) >> 1] as number;
    this.startOffset = halves[(start + RECORD_PAGE_OFFSET) >> 1] as number;
    this.mode = halves[(start + HEAD_MODE) >> 1] as number;
    this.bytes = bytes;
    this.halves = halves;
    this.words = words;
    this.start = start;
  }

  get physicalPage(): number {
    return (this.words[(this.start + HEAD_PHYSICAL_PAGE) >> 2] as number) >>> 0;
  }
  /** Physical page that the block's last instruction reaches into, or undefined. */
  get secondPage(): number | undefined {
    if (this.bytes[this.start + HEAD_PAGE_COUNT] === 1) return undefined;
    return (this.words[(this.start + HEAD_SECOND_PAGE) >> 2] as number) >>> 0;
  }
  /** Index of the TLB table that its accesses use. */
  get tlbView(): number {
    return (this.mode >> MODE_VIEW_SHIFT) & MODE_VIEW_MASK;
  }
  /** Address of the record of instruction `index`. */
  address(index: number): number {
    return this.head + (index + 1) * RECORD_SIZE;
  }
  private byte(index: number, field: number): number {
    return this.bytes[this.start + (index + 1) * RECORD_SIZE + field] as number;
  }
  private half(index: number, field: number): number {
    return this.halves[(this.start + (index + 1) * RECORD_SIZE + field) >> 1] as number;
  }
  private word(index: number, field: number): number {
    return this.words[(this.start + (index + 1) * RECORD_SIZE + field) >> 2] as number;
  }
  slot(index: number): number {
    return this.word(index, RECORD_FN);
  }
  pageOffset(index: number): number {
    return this.half(index, RECORD_PAGE_OFFSET);
  }
  instructionLength(index: number): number {
    return this.byte(index, RECORD_LENGTH);
  }
  register(index: number, field: RegisterField): number {
    return this.half(index, FIELD_OFFSET[field]);
  }
  base(index: number): number {
    return this.half(index, RECORD_BASE);
  }
  indexRegister(index: number): number {
    return this.half(index, RECORD_INDEX_REG);
  }
  displacement(index: number): number {
    return this.word(index, RECORD_DISP);
  }
  scale(index: number): number {
    return this.byte(index, RECORD_SCALE) & 3;
  }
  addressSize(index: number): number {
    return this.byte(index, RECORD_SCALE) >> 4;
  }
  /** RECORD_SCATTERED of an instruction that may have it. */
  isScattered(index: number): boolean {
    return this.half(index, RECORD_SCATTERED) !== 0;
  }
  segment(index: number): number {
    return this.byte(index, RECORD_SEGMENT);
  }
  /** The low 32 bits of the immediate, signed. */
  immediateLow(index: number): number {
    return this.word(index, RECORD_IMM);
  }
  /** The high ones. */
  immediateHigh(index: number): number {
    return this.word(index, RECORD_IMM + 4);
  }
  /** Whether the immediate is its low 32 bits, sign-extended. */
  isImmediateShort(index: number): boolean {
    return this.immediateHigh(index) === this.immediateLow(index) >> 31;
  }
  /** As near as a number comes to it, which is exact for addresses that a sign-extended 32-bit number may be near. */
  immediateNumber(index: number): number {
    return this.immediateHigh(index) * 2 ** 32 + (this.immediateLow(index) >>> 0);
  }
}
