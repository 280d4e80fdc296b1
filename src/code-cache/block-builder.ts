/**
 * Decodes the guest code at RIP into a new block: a head record and its instruction records (layout/record.ts).
 *
 * A block ends at a branch, at an instruction that leaves through the host, at the end of its page, or after
 * MAX_BLOCK_INSTRUCTIONS; in the last two cases a pseudo record links it to what follows. An instruction that
 * crosses into the next page is a block of its own with two pages.
 */

import type { MemoryViews } from '../cpu/memory-views.ts';
import type { RuntimeExports } from '../cpu/runtime.ts';
import { type DecodeResult, type Decoder, MAX_INSTRUCTION_LENGTH } from '../isa/decoder.ts';
import {
  SLOT_END,
  SLOT_ENTER,
  SLOT_GUARDED,
  SLOT_TOO_LONG,
  SLOT_UNDEFINED,
  variantOfSlot,
} from '../isa/instruction-set.ts';
import { hasModRM } from '../isa/opcode-index.ts';
import type { Ending } from '../isa/row.ts';
import { CPU_STATE, RECORD_ARENA } from '../layout/linear-memory.ts';
import { MODE_CODE_16, MODE_CODE_LIMITED, MODE_CODE_MASK } from '../layout/mode.ts';
import {
  HEAD_COUNT,
  HEAD_COUNTDOWN,
  HEAD_END_RECORD,
  HEAD_FALL,
  HEAD_FLAGS,
  HEAD_MODE,
  HEAD_PAGE_COUNT,
  HEAD_PHYSICAL_PAGE,
  HEAD_SECOND_PAGE,
  HEAD_TAKEN,
  HEAD_WATCHED,
  MAX_BLOCK_INSTRUCTIONS,
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
  RECORD_SIZE,
  SHAPE_AFTER_SHIFT,
} from '../layout/record.ts';
import { MODE, RECORD_HALF, RECORD_HALF_SIZE, RECORD_TOP } from '../layout/runtime-state.ts';
import type { SavedRegions } from './saved-regions.ts';

const PAGE_SIZE = 4096;
/** What is fetched where there is no RAM: FFH, as from a bus where nobody answers; FF FF is #UD. */
const NO_RAM = new Uint8Array(PAGE_SIZE).fill(0xff);

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

/** How a block continues after an instruction: it leaves by itself, an end record is due, or the block goes on. */
type After = 'ends' | 'stops' | 'goes on';
/** By SHAPE_ENDS and SHAPE_STOPS. */
const AFTER: readonly After[] = ['goes on', 'ends', 'stops'];

export class BlockBuilder {
  private readonly views: MemoryViews;
  private readonly runtime: RuntimeExports;
  private readonly decoder: Decoder;
  /** Where the bytes of an instruction that crosses a page are put together. */
  private readonly crossing = new Uint8Array(2 * MAX_INSTRUCTION_LENGTH);
  /** Executions after which a block asks to be compiled; 0 = never. */
  hotness = 0;
  /** Offsets in pages at which there may be instruction breakpoints: blocks that begin there are guarded, none goes past. */
  readonly guardedOffsets = new Set<number>();
  /** Blocks and instructions built so far. */
  blocks = 0;
  instructions = 0;
  /** Blocks of earlier runs. */
  saved: SavedRegions | undefined;
  /** Told before the records from one address to another, which blocks had, are used for others. */
  beforeReuse: (from: number, to: number) => void = () => {};
  /** How often the older half of the record arena had to be emptied. */
  recycled = 0;

  /** @param decoder of the processor's instructions. */
  constructor(views: MemoryViews, runtime: RuntimeExports, decoder: Decoder) {
    this.views = views;
    this.runtime = runtime;
    this.decoder = decoder;
  }

  /** Who keeps the address of a block's head is told before its records go. */
  watch(head: number): void {
    const { u8 } = this.views;
    u8[head + HEAD_FLAGS] = (u8[head + HEAD_FLAGS] as number) | HEAD_WATCHED;
  }

  /**
   * Builds and registers the block at a guest-physical address in the current mode.
   *
   * @returns its head record. Throws the runtime's signal if the instruction continues in a page that cannot be
   * fetched from.
   */
  build(physicalLow: number, physicalHigh: number): number {
    const physicalPage = physicalHigh * 0x10_0000 + (physicalLow >>> 12);
    const start = physicalLow & (PAGE_SIZE - 1);
    const mode = this.views.i32[(CPU_STATE + MODE) >> 2] as number;
    if (this.saved !== undefined && this.guardedOffsets.size === 0) {
      const head = this.saved.take(physicalPage, start, mode);
      if (head !== 0) return head;
    }
    const page = this.runtime.hostPageAddress(physicalPage) >>> 0;
    // Room for the longest block. What it uses is taken when it is done: fetching may raise before.
    const head = this.room(MAX_BLOCK_INSTRUCTIONS + 2);
    // Of the whole memory, which finding the page may have made larger: a view of the page takes as long as two instructions.
    const bytes = page === 0 ? NO_RAM : this.views.u8;

    let offset = start;
    let count = 0;
    let after: After = 'goes on';
    let secondPage = 0;
    let pages = 1;
    // Each instruction of a limited code segment is checked, by the guard of its block.
    const most = (mode & MODE_CODE_LIMITED) !== 0 ? 1 : MAX_BLOCK_INSTRUCTIONS;
    const hasShapes =
      page !== 0 && most > 1 && this.guardedOffsets.size === 0 && (mode & MODE_CODE_MASK) !== MODE_CODE_16;
    while (after === 'goes on' && count < most && offset < PAGE_SIZE) {
      if (hasShapes) {
        const record = head + (count + 1) * RECORD_SIZE;
        const recalled = this.runtime.recallShapes(record, page, offset, count, most - count, mode);
        offset = recalled & 0xffff;
        count += (recalled >> 16) & 0xff;
        after = AFTER[recalled >> 24] as After;
        if (after !== 'goes on' || count === most) break;
      }
      if (count > 0 && this.isGuarded(offset)) break;
      let result = this.decoder.decode(bytes, page + offset, page + PAGE_SIZE, offset, mode);
      if (result === 'truncated') {
        if (count > 0) break;
        // Copied first: the fetch may grow the memory, which detaches `bytes`.
        this.crossing.set(bytes.subarray(page + offset, page + PAGE_SIZE));
        secondPage = this.runtime.fetchNextCodePage();
        pages = 2;
        result = this.decodeCrossing(offset, secondPage, mode);
      }
      const record = head + (count + 1) * RECORD_SIZE;
      after = this.writeInstruction(record, offset, count, result);
      if (hasShapes && offset + MAX_INSTRUCTION_LENGTH <= PAGE_SIZE)
        this.remember(record, page + offset, mode, after);
      offset += this.decoder.instruction.length;
      count += 1;
    }
    const ended = after === 'ends';
    if (!ended) this.writeEnd(head + (count + 1) * RECORD_SIZE, offset, count);
    this.writeHead(head, start, count, mode, physicalPage, pages, secondPage);
    this.views.u8[head + HEAD_FLAGS] = ended
      ? this.targets(head + count * RECORD_SIZE)
      : HEAD_END_RECORD | HEAD_FALL;
    this.views.u32[(CPU_STATE + RECORD_TOP) >> 2] = head + (count + (ended ? 1 : 2)) * RECORD_SIZE;
    this.runtime.registerBlock(head);
    this.blocks += 1;
    this.instructions += count;
    return head;
  }

  private isGuarded(offset: number): boolean {
    return this.guardedOffsets.size !== 0 && this.guardedOffsets.has(offset);
  }

  /** Address of the next free records, of which there are at least `count`. */
  private room(count: number): number {
    let head = this.runtime.allocateRecords(count);
    if (head === 0) {
      this.recycled += 1;
      // The first time the other half is empty.
      if (this.recycled === 2) this.saved = undefined;
      const younger = this.views.u32[(CPU_STATE + RECORD_HALF) >> 2] as number;
      const size = this.views.u32[(CPU_STATE + RECORD_HALF_SIZE) >> 2] as number;
      const older = younger === RECORD_ARENA ? younger + size : RECORD_ARENA;
      this.beforeReuse(older, older + size);
      this.runtime.emptyOlderHalf();
      head = this.runtime.allocateRecords(count);
    }
    this.views.u32[(CPU_STATE + RECORD_TOP) >> 2] = head;
    return head;
  }

  private pageBytes(physicalPage: number): Uint8Array {
    const host = this.runtime.hostPageAddress(physicalPage) >>> 0;
    return host === 0 ? NO_RAM : this.views.u8.subarray(host, host + PAGE_SIZE);
  }

  /** `crossing` has the bytes of the first page. */
  private decodeCrossing(offset: number, secondPage: number, mode: number): DecodeResult {
    const first = PAGE_SIZE - offset;
    this.crossing.set(this.pageBytes(secondPage).subarray(0, MAX_INSTRUCTION_LENGTH), first);
    return this.decoder.decode(this.crossing, 0, first + MAX_INSTRUCTION_LENGTH, offset, mode);
  }

  /** Writes the decoder's instruction as a record. */
  private writeInstruction(record: number, offset: number, index: number, result: DecodeResult): After {
    const { instruction } = this.decoder;
    const { u8, u16, i32, u32 } = this.views;
    const variant = result === 'ok' ? instruction.variant : undefined;
    u32[(record + RECORD_FN) >> 2] = variant?.slot ?? (result === 'long' ? SLOT_TOO_LONG : SLOT_UNDEFINED);
    u16[(record + RECORD_PAGE_OFFSET) >> 1] = offset;
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
    // What follows an instruction that only its handler can run is a block that can be compiled.
    if (variant === undefined) return 'ends';
    const { ending } = variant.row;
    const targets = TARGETS[ending];
    if (targets & HEAD_TAKEN) u32[(record + RECORD_HINT_TAKEN) >> 2] = 0;
    if (targets & HEAD_FALL) u32[(record + RECORD_HINT_FALL) >> 2] = 0;
    if (ending !== 'next') return 'ends';
    return variant.row.tier === 'handler' ? 'stops' : 'goes on';
  }

  /** Makes the shape of the decoder's instruction known, which has been written to `record`. */
  private remember(record: number, bytes: number, mode: number, after: After): void {
    const { variant, opcode, rest } = this.decoder.instruction;
    if (variant === undefined || rest < 0) return;
    const then = AFTER.indexOf(after) << SHAPE_AFTER_SHIFT;
    this.runtime.rememberShape(record, bytes, mode, opcode, hasModRM(opcode) ? 1 : 0, rest | then);
  }

  /** HEAD_TAKEN and HEAD_FALL for a block whose last record is the instruction `record`. */
  private targets(record: number): number {
    const variant = variantOfSlot(this.views.u32[(record + RECORD_FN) >> 2] as number);
    return variant === undefined ? 0 : TARGETS[variant.row.ending];
  }

  private writeEnd(record: number, offset: number, index: number): void {
    const { u8, u16, u32 } = this.views;
    clearRecord(u32, record);
    u32[(record + RECORD_FN) >> 2] = SLOT_END;
    u16[(record + RECORD_PAGE_OFFSET) >> 1] = offset;
    u8[record + RECORD_INDEX] = index;
  }

  private writeHead(
    head: number,
    start: number,
    count: number,
    mode: number,
    physicalPage: number,
    pages: number,
    secondPage: number,
  ): void {
    const { u8, u16, u32 } = this.views;
    clearRecord(u32, head);
    const isGuarded = this.isGuarded(start) || (mode & MODE_CODE_LIMITED) !== 0;
    u32[(head + RECORD_FN) >> 2] = isGuarded ? SLOT_GUARDED : SLOT_ENTER;
    u16[(head + RECORD_PAGE_OFFSET) >> 1] = start;
    u8[head + HEAD_PAGE_COUNT] = pages;
    u16[(head + HEAD_COUNT) >> 1] = count;
    u16[(head + HEAD_MODE) >> 1] = mode;
    u32[(head + HEAD_COUNTDOWN) >> 2] = isGuarded ? 0 : this.hotness;
    u32[(head + HEAD_PHYSICAL_PAGE) >> 2] = physicalPage;
    u32[(head + HEAD_SECOND_PAGE) >> 2] = secondPage;
  }
}

/** In place of TypedArray.fill(), which takes ten times as long for so little. */
function clearRecord(u32: Uint32Array, record: number): void {
  for (let word = record >> 2; word < (record + RECORD_SIZE) >> 2; word++) u32[word] = 0;
}
