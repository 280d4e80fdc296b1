/**
 * Translates the guest code at RIP into a new block: a head record and its instruction records (src/layout/record.ts).
 *
 * A block ends at a branch, at an instruction that leaves through the host, at the end of its page, before an instruction
 * that may have a breakpoint, or after MAX_BLOCK_INSTRUCTIONS; in the last three cases a pseudo record links it to what
 * follows. An instruction that crosses into the next page is a block of its own with two pages.
 *
 * What is like no instruction before (shapes.ts) is decoded in JavaScript.
 */
import {
  CODE_BYTES,
  COUNTER_BLOCK_INSTRUCTIONS,
  COUNTER_BLOCKS,
  CPU_STATE,
  GUARDED_COUNT,
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
  HOTNESS,
  MAX_BLOCK_INSTRUCTIONS,
  MODE,
  MODE_CODE_16,
  MODE_CODE_LIMITED,
  MODE_CODE_MASK,
  RECORD_FN,
  RECORD_INDEX,
  RECORD_LENGTH,
  RECORD_PAGE_OFFSET,
  RECORD_SIZE,
  RECORD_TOP,
  SHAPE_AFTER,
  SHAPE_AFTER_SHIFT,
  SHAPE_COMPLETE,
  SHAPE_ENDS,
  SHAPE_TARGETS_SHIFT,
  SLOT_END,
  SLOT_ENTER,
  SLOT_GUARDED,
} from '../generated/layout';
import { hostPageAddress } from '../memory/physical-memory';
import { count } from '../system/counters';
import { hostDecode, hostTakeSaved } from '../system/host';
import { fetchNextCodePage } from './code-fetch';
import { registerBlock } from './code-pages';
import { isGuarded } from './guarded-offsets';
import { allocateRecords, emptyOlderHalf } from './record-arena';
import { mayBeSaved } from './saved-code';
import { LONGEST_INSTRUCTION, recallShape, rememberShape } from './shapes';

const PAGE_SIZE: u32 = 0x1000;
const CODE_BYTES_ADDRESS: u32 = CPU_STATE + CODE_BYTES;
/** What is fetched where there is no RAM, as from a bus where nobody answers. FF FF is #UD. */
const NO_RAM: u8 = 0xff;

/**
 * Builds and registers the block at offset `start` of a guest-physical page in the current mode.
 *
 * @returns its head record. Raises an exception if the instruction continues in a page that cannot be fetched from.
 */
export function buildBlock(physicalPage: u32, start: u32): u32 {
  const mode = load<i32>(CPU_STATE + MODE);
  const page = hostPageAddress(physicalPage);
  const hasGuards = load<u32>(CPU_STATE + GUARDED_COUNT) !== 0;
  if (page !== 0 && !hasGuards && mayBeSaved(page, start, mode)) {
    const saved = hostTakeSaved(physicalPage, start, mode);
    if (saved !== 0) return saved;
  }
  const head = roomForBlock();
  // Each instruction of a limited code segment is checked, by the guard of its block.
  const isLimited = (mode & MODE_CODE_LIMITED) !== 0;
  const most: u32 = isLimited ? 1 : MAX_BLOCK_INSTRUCTIONS;
  const hasGuard = isLimited || (hasGuards && isGuarded(start));
  clearRecord(head);
  store<u32>(head + RECORD_FN, hasGuard ? SLOT_GUARDED : SLOT_ENTER);
  store<u16>(head + RECORD_PAGE_OFFSET, <u16>start);
  store<u16>(head + HEAD_MODE, <u16>mode);
  store<u32>(head + HEAD_COUNTDOWN, hasGuard ? 0 : load<u32>(CPU_STATE + HOTNESS));
  store<u32>(head + HEAD_PHYSICAL_PAGE, physicalPage);

  const hasShapes = page !== 0 && (mode & MODE_CODE_MASK) !== MODE_CODE_16;
  let offset = start;
  let instructions: u32 = 0;
  let last = head;
  let after: u32 = 0;
  let flags: u32 = 0;
  let secondPage: u32 = 0;
  let pages: u8 = 1;
  while (after === 0 && instructions < most && offset < PAGE_SIZE) {
    if (hasGuards && instructions !== 0 && isGuarded(offset)) break;
    const record = last + RECORD_SIZE;
    const bytes = page + offset;
    const rest = PAGE_SIZE - offset;
    // Of an instruction that lies in the page, however long it is.
    const mayHaveShape = hasShapes && rest >= LONGEST_INSTRUCTION;
    let decoded = mayHaveShape ? recallShape(record, bytes, offset, instructions, mode) : 0;
    if (decoded === 0) {
      decoded = hostDecode(record, page === 0 ? noBytes() : bytes, rest, offset, instructions, mode);
      if (decoded === 0) {
        if (instructions !== 0) break;
        secondPage = fetchNextCodePage();
        pages = 2;
        const most = rest + LONGEST_INSTRUCTION;
        decoded = hostDecode(record, crossingBytes(page, bytes, rest, secondPage), most, offset, 0, mode);
      }
      if (mayHaveShape && (decoded & SHAPE_COMPLETE) !== 0) rememberShape(record, bytes, mode, decoded);
    }
    after = (decoded >> SHAPE_AFTER_SHIFT) & SHAPE_AFTER;
    flags = (decoded >> SHAPE_TARGETS_SHIFT) & (HEAD_TAKEN | HEAD_FALL);
    offset += <u32>load<u8>(record + RECORD_LENGTH);
    instructions += 1;
    last = record;
  }
  if (after !== SHAPE_ENDS) {
    flags = HEAD_END_RECORD | HEAD_FALL;
    last += RECORD_SIZE;
    writeEnd(last, offset, instructions);
  }
  store<u8>(head + HEAD_FLAGS, <u8>flags);
  store<u8>(head + HEAD_PAGE_COUNT, pages);
  store<u16>(head + HEAD_COUNT, <u16>instructions);
  store<u32>(head + HEAD_SECOND_PAGE, secondPage);
  store<u32>(CPU_STATE + RECORD_TOP, last + RECORD_SIZE);
  registerBlock(head);
  count(COUNTER_BLOCKS, 1);
  count(COUNTER_BLOCK_INSTRUCTIONS, instructions);
  return head;
}

/** Address of room for the longest block. What it uses is taken when it is done: fetching may raise before. */
function roomForBlock(): u32 {
  let head = allocateRecords(MAX_BLOCK_INSTRUCTIONS + 2);
  if (head === 0) {
    emptyOlderHalf();
    head = allocateRecords(MAX_BLOCK_INSTRUCTIONS + 2);
  }
  store<u32>(CPU_STATE + RECORD_TOP, head);
  return head;
}

/** Address of the longest instruction's bytes where there is no RAM. */
function noBytes(): u32 {
  memory.fill(CODE_BYTES_ADDRESS, NO_RAM, LONGEST_INSTRUCTION);
  return CODE_BYTES_ADDRESS;
}

/** Address of `rest` bytes of one page, at `bytes` if that is RAM, and those of the longest instruction from the next one. */
function crossingBytes(page: u32, bytes: u32, rest: u32, secondPage: u32): u32 {
  if (page === 0) noBytes();
  else memory.copy(CODE_BYTES_ADDRESS, bytes, rest);
  const second = hostPageAddress(secondPage);
  if (second === 0) memory.fill(CODE_BYTES_ADDRESS + rest, NO_RAM, LONGEST_INSTRUCTION);
  else memory.copy(CODE_BYTES_ADDRESS + rest, second, LONGEST_INSTRUCTION);
  return CODE_BYTES_ADDRESS;
}

function writeEnd(record: u32, offset: u32, index: u32): void {
  clearRecord(record);
  store<u32>(record + RECORD_FN, SLOT_END);
  store<u16>(record + RECORD_PAGE_OFFSET, <u16>offset);
  store<u8>(record + RECORD_INDEX, <u8>index);
}

/**
 * Faster than memory.fill() for so little.
 * @inline
 */
function clearRecord(record: u32): void {
  v128.store(record, v128.splat<i64>(0));
  v128.store(record + 16, v128.splat<i64>(0));
}
