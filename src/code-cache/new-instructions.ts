/** Decodes what the runtime knows no shape of (wasm-runtime/code/shapes.ts), and writes it as a record (layout/record.ts). */
import type { MemoryViews } from '../cpu/memory-views.ts';
import type { Decoder } from '../isa/decoder.ts';
import { keyOf } from '../isa/opcode-index.ts';
import type { Ending } from '../isa/row.ts';
import { OPCODE_KEYS } from '../layout/linear-memory.ts';
import {
  HEAD_FALL,
  HEAD_TAKEN,
  RECORD_A,
  RECORD_B,
  RECORD_BASE,
  RECORD_C,
  RECORD_DISP,
  RECORD_FN,
  RECORD_HINT_FALL,
  RECORD_HINT_TAKEN,
  RECORD_IMM,
  RECORD_INDEX,
  RECORD_INDEX_REG,
  RECORD_LENGTH,
  RECORD_PAGE_OFFSET,
  RECORD_SCALE,
  RECORD_SEGMENT,
  SHAPE_AFTER_SHIFT,
  SHAPE_COMPLETE,
  SHAPE_DECODED,
  SHAPE_ENDS,
  SHAPE_STOPS,
  SHAPE_TARGETS_SHIFT,
  SLOT_TOO_LONG,
  SLOT_UNDEFINED,
} from '../layout/record.ts';

/** Which links and hints a record has that ends its block in each way. */
const TARGETS: Readonly<Record<Ending, number>> = {
  next: 0,
  jump: HEAD_TAKEN,
  branch: HEAD_TAKEN | HEAD_FALL,
  call: HEAD_TAKEN,
  return: 0,
  indirectJump: 0,
  indirectCall: 0,
  dispatch: 0,
};

export class NewInstructions {
  private readonly views: MemoryViews;
  private readonly decoder: Decoder;

  /** @param decoder of the processor's instructions. */
  constructor(views: MemoryViews, decoder: Decoder) {
    this.views = views;
    this.decoder = decoder;
  }

  /**
   * @param bytes address of the instruction in linear memory. @param available how many bytes may be looked at.
   * @param index of the record in its block.
   * @returns SHAPE_* of the instruction, or 0 if the bytes end within it.
   */
  decode(
    record: number,
    bytes: number,
    available: number,
    pageOffset: number,
    index: number,
    mode: number,
  ): number {
    const { decoder } = this;
    const result = decoder.decode(this.views.u8, bytes, bytes + available, pageOffset, mode);
    if (result === 'truncated') return 0;
    const { instruction } = decoder;
    const { variant } = instruction;
    this.write(
      record,
      pageOffset,
      index,
      variant?.slot ?? (result === 'long' ? SLOT_TOO_LONG : SLOT_UNDEFINED),
    );
    if (variant === undefined) return SHAPE_DECODED | (SHAPE_ENDS << SHAPE_AFTER_SHIFT);
    const { ending, tier } = variant.row;
    const targets = TARGETS[ending];
    const { u32 } = this.views;
    if (targets & HEAD_TAKEN) u32[(record + RECORD_HINT_TAKEN) >> 2] = 0;
    if (targets & HEAD_FALL) u32[(record + RECORD_HINT_FALL) >> 2] = 0;
    // What follows an instruction that only its handler can run, or runs at times, is a block that can be compiled.
    const after = ending !== 'next' ? SHAPE_ENDS : tier === 'compiled' ? 0 : SHAPE_STOPS;
    const decoded = SHAPE_DECODED | (after << SHAPE_AFTER_SHIFT) | (targets << SHAPE_TARGETS_SHIFT);
    const { rest, opcode } = instruction;
    if (rest < 0) return decoded;
    this.views.u8[OPCODE_KEYS + opcode] = keyOf(opcode);
    return decoded | rest | SHAPE_COMPLETE;
  }

  /** Writes the decoder's instruction as a record. */
  private write(record: number, pageOffset: number, index: number, slot: number): void {
    const { instruction } = this.decoder;
    const { u8, u16, i32, u32 } = this.views;
    u32[(record + RECORD_FN) >> 2] = slot;
    u16[(record + RECORD_PAGE_OFFSET) >> 1] = pageOffset;
    u8[record + RECORD_LENGTH] = instruction.length;
    u8[record + RECORD_INDEX] = index;
    u16[(record + RECORD_A) >> 1] = instruction.a;
    u16[(record + RECORD_B) >> 1] = instruction.b;
    u16[(record + RECORD_C) >> 1] = instruction.c;
    u16[(record + RECORD_BASE) >> 1] = instruction.base;
    u16[(record + RECORD_INDEX_REG) >> 1] = instruction.index;
    i32[(record + RECORD_DISP) >> 2] = instruction.displacement;
    u8[record + RECORD_SCALE] = instruction.scale;
    u8[record + RECORD_SEGMENT] = instruction.segment;
    i32[(record + RECORD_IMM) >> 2] = instruction.immediateLow;
    i32[(record + RECORD_IMM + 4) >> 2] = instruction.immediateHigh;
  }
}
