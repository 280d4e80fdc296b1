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
  RECORD_SEGMENT,
  RECORD_SIZE,
} from '../layout/record.ts';

/** One decoded block: its head record, instruction records and, if it has no branch, the end record. */
export class BlockRecords {
  /** Address of the head record in the machine's linear memory. */
  readonly head: number;
  private readonly view: DataView;

  /** @param bytes the records, head first. */
  constructor(head: number, bytes: Uint8Array) {
    this.head = head;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get count(): number {
    return this.view.getUint16(HEAD_COUNT, true);
  }
  /** Offset of the first instruction in its page. */
  get startOffset(): number {
    return this.view.getUint16(RECORD_PAGE_OFFSET, true);
  }
  get physicalPage(): number {
    return this.view.getUint32(HEAD_PHYSICAL_PAGE, true);
  }
  /** Physical page that the block's last instruction reaches into, or undefined. */
  get secondPage(): number | undefined {
    if (this.view.getUint8(HEAD_PAGE_COUNT) === 1) return undefined;
    return this.view.getUint32(HEAD_SECOND_PAGE, true);
  }
  get mode(): number {
    return this.view.getUint16(HEAD_MODE, true);
  }
  /** Index of the TLB table that its accesses use. */
  get tlbView(): number {
    return (this.mode >> MODE_VIEW_SHIFT) & MODE_VIEW_MASK;
  }
  /** Records after the head: the instructions and, where present, the end record. */
  get length(): number {
    return this.view.byteLength / RECORD_SIZE - 1;
  }
  /** Address of the record of instruction `index`. */
  address(index: number): number {
    return this.head + (index + 1) * RECORD_SIZE;
  }
  private at(index: number, field: number): number {
    return (index + 1) * RECORD_SIZE + field;
  }
  slot(index: number): number {
    return this.view.getUint32(this.at(index, RECORD_FN), true);
  }
  pageOffset(index: number): number {
    return this.view.getUint16(this.at(index, RECORD_PAGE_OFFSET), true);
  }
  instructionLength(index: number): number {
    return this.view.getUint8(this.at(index, RECORD_LENGTH));
  }
  register(index: number, field: RegisterField): number {
    return this.view.getUint16(this.at(index, FIELD_OFFSET[field]), true);
  }
  base(index: number): number {
    return this.view.getUint16(this.at(index, RECORD_BASE), true);
  }
  indexRegister(index: number): number {
    return this.view.getUint16(this.at(index, RECORD_INDEX_REG), true);
  }
  displacement(index: number): number {
    return this.view.getInt32(this.at(index, RECORD_DISP), true);
  }
  scale(index: number): number {
    return this.view.getUint8(this.at(index, RECORD_SCALE)) & 3;
  }
  addressSize(index: number): number {
    return this.view.getUint8(this.at(index, RECORD_SCALE)) >> 4;
  }
  segment(index: number): number {
    return this.view.getUint8(this.at(index, RECORD_SEGMENT));
  }
  immediate(index: number): bigint {
    return this.view.getBigInt64(this.at(index, RECORD_IMM), true);
  }
}
