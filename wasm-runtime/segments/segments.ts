/**
 * Segment registers: loading them with all checks, and the mode key that follows from them (Intel SDM Vol. 3
 * "Protected-Mode Memory Management", "Protection").
 *
 * The hidden part of a segment register is base, limit in bytes and descriptor bits 40-55. Null selectors have
 * all rights clear. CPL has its own field: 0 in real mode, 3 in virtual-8086 mode.
 */

import { raiseGeneralProtection } from '../events/raise';
import {
  ACCESS_BASE,
  CHECKED_LINEAR_MASK,
  CPL,
  CPU_STATE,
  CR0,
  CR0_AM,
  CR0_PE,
  CR4,
  CR4_SMAP,
  FLAG_AC,
  FLAG_VM,
  GPR,
  LINEAR_MASK,
  MODE,
  MODE_CODE_16,
  MODE_CODE_32,
  MODE_CODE_64,
  MODE_CODE_LIMITED,
  MODE_FLAT,
  MODE_REAL,
  MODE_STACK_32,
  MODE_VIEW_SHIFT,
  RIGHTS_ACCESSED,
  RIGHTS_CODE,
  RIGHTS_CODE_DATA,
  RIGHTS_CONFORMING,
  RIGHTS_DEFAULT_32,
  RIGHTS_LONG,
  RIGHTS_PRESENT,
  RIGHTS_READ_WRITE,
  SEGMENT_BASE,
  SEGMENT_CS,
  SEGMENT_DS,
  SEGMENT_ES,
  SEGMENT_LIMIT,
  SEGMENT_RIGHTS,
  SEGMENT_SELECTOR,
  SEGMENT_SS,
  STACK_BASE,
  STACK_MASK,
  SYSTEM_FLAGS,
  TLB_BASE,
  TLB_TABLE,
  TLB_TABLE_SIZE,
  VECTOR_GP,
  VECTOR_NP,
  VECTOR_SS,
  VIEW_SUPERVISOR,
  VIEW_SUPERVISOR_AC,
  VIEW_USER,
  VIEW_USER_ALIGNED,
} from '../generated/layout';
import { isFlat, updateAccessBase } from './access';
import {
  beginSystemInstruction,
  descriptorBase,
  descriptorLimit,
  descriptorRights,
  fetchDescriptor,
  is64BitMode,
  isLongMode,
  isParagraphMode,
  raiseSelectorFault,
  rightsDpl,
  setDescriptorType,
} from './descriptors';

/** Data segments of paragraph modes that are loaded anew: writable, present. */
const REAL_MODE_RIGHTS: u32 = 0x93;
const VIRTUAL_MODE_RIGHTS: u32 = 0xf3;

/** MODE_FLAT: bases of zero, and nothing to check. */
function isFlatMode(): bool {
  let bases: u64 = 0;
  for (let index: u32 = SEGMENT_ES; index <= <u32>SEGMENT_DS; index++) {
    bases |= load<u64>(CPU_STATE + SEGMENT_BASE + index * 8);
  }
  return bases === 0 && isFlat(SEGMENT_ES) && isFlat(SEGMENT_SS) && isFlat(SEGMENT_DS);
}

/** Of the general registers that code outside 64-bit mode has. */
function clearUpperHalves(): void {
  for (let register: u32 = 0; register < 8; register++) store<u32>(CPU_STATE + GPR + register * 8 + 4, 0);
}

/**
 * The view of memory that CPL and EFLAGS.AC select.
 * @inline
 */
function currentView(): u32 {
  const aligned = (load<u32>(CPU_STATE + SYSTEM_FLAGS) & FLAG_AC) !== 0;
  if (load<u32>(CPU_STATE + CPL) === 3) {
    return aligned && (load<u32>(CPU_STATE + CR0) & CR0_AM) !== 0 ? VIEW_USER_ALIGNED : VIEW_USER;
  }
  return aligned && (load<u32>(CPU_STATE + CR4) & CR4_SMAP) !== 0 ? VIEW_SUPERVISOR_AC : VIEW_SUPERVISOR;
}

/** What updateMode() does where 64-bit mode goes on: only the view may be another, and bases and masks stay. */
export function updateView(): void {
  const view = currentView();
  store<u32>(CPU_STATE + MODE, MODE_CODE_64 | (view << MODE_VIEW_SHIFT));
  store<u32>(CPU_STATE + TLB_TABLE, TLB_BASE + view * TLB_TABLE_SIZE);
}

/**
 * Recomputes MODE and TLB_TABLE. Call it after any change of CS, CPL, outside 64-bit mode of SS, DS and ES, and of CR0.PE, CR4.SMAP, EFER.LMA,
 * EFLAGS.AC or EFLAGS.VM.
 */
export function updateMode(): void {
  const flags = load<u32>(CPU_STATE + SYSTEM_FLAGS);
  const view = currentView();
  const codeRights = load<u32>(CPU_STATE + SEGMENT_RIGHTS + SEGMENT_CS * 4);
  let mode: u32 = MODE_CODE_64;
  let linearMask: u64 = u64.MAX_VALUE;
  let stackMask: u64 = u64.MAX_VALUE;
  let stackBase: u64 = 0;
  if (!isLongMode() || (codeRights & RIGHTS_LONG) === 0) {
    mode = (codeRights & RIGHTS_DEFAULT_32) !== 0 ? MODE_CODE_32 : MODE_CODE_16;
    if ((load<u32>(CPU_STATE + SEGMENT_RIGHTS + SEGMENT_SS * 4) & RIGHTS_DEFAULT_32) !== 0) {
      mode |= MODE_STACK_32;
    }
    linearMask = CHECKED_LINEAR_MASK;
    stackMask = (mode & MODE_STACK_32) !== 0 ? 0xffff_ffff : 0xffff;
    if ((load<u32>(CPU_STATE + CR0) & CR0_PE) === 0 || (flags & FLAG_VM) !== 0) mode |= MODE_REAL;
    if (isFlatMode()) mode |= MODE_FLAT;
    const lastOffset: u32 = (mode & MODE_CODE_32) !== 0 ? 0xffff_ffff : 0xffff;
    if (load<u32>(CPU_STATE + SEGMENT_LIMIT + SEGMENT_CS * 4) < lastOffset) mode |= MODE_CODE_LIMITED;
  }
  const oldMode = load<u32>(CPU_STATE + MODE);
  store<u32>(CPU_STATE + MODE, mode | (view << MODE_VIEW_SHIFT));
  // Between two levels of 64-bit mode nothing moves.
  if ((oldMode & mode & MODE_CODE_64) === 0) {
    for (let index: u32 = 0; index < 6; index++) updateAccessBase(index);
  }
  // Nothing outside 64-bit mode sets them (Intel SDM Vol. 1 "General-Purpose Registers in 64-Bit Mode"): regions of such
  // code have registers of 32 bits.
  if ((oldMode & ~mode & MODE_CODE_64) !== 0) clearUpperHalves();
  if ((mode & MODE_CODE_64) === 0) stackBase = load<u64>(CPU_STATE + ACCESS_BASE + SEGMENT_SS * 8);
  store<u64>(CPU_STATE + LINEAR_MASK, linearMask);
  store<u64>(CPU_STATE + STACK_MASK, stackMask);
  store<u64>(CPU_STATE + STACK_BASE, stackBase);
  store<u32>(CPU_STATE + TLB_TABLE, TLB_BASE + view * TLB_TABLE_SIZE);
}

export function setSegment(index: u32, selector: u32, base: u64, limit: u32, rights: u32): void {
  store<u32>(CPU_STATE + SEGMENT_SELECTOR + index * 4, selector);
  store<u64>(CPU_STATE + SEGMENT_BASE + index * 8, base);
  store<u32>(CPU_STATE + SEGMENT_LIMIT + index * 4, limit);
  store<u32>(CPU_STATE + SEGMENT_RIGHTS + index * 4, rights);
  updateAccessBase(index);
}

/** Loads a code or data segment register from a descriptor that passed every check. */
export function setSegmentFromDescriptor(index: u32, selector: u32, descriptor: u64): void {
  setSegment(
    index,
    selector,
    descriptorBase(descriptor),
    descriptorLimit(descriptor),
    descriptorRights(descriptor) | RIGHTS_ACCESSED,
  );
}

export function setNullSegment(index: u32, selector: u32): void {
  setSegment(index, selector, 0, 0, 0);
}

/** Real mode keeps limit and rights, unless there are none; virtual-8086 mode has fixed ones. */
export function setParagraphSegment(index: u32, selector: u32): void {
  store<u32>(CPU_STATE + SEGMENT_SELECTOR + index * 4, selector);
  store<u64>(CPU_STATE + SEGMENT_BASE + index * 8, <u64>(selector << 4));
  const isVirtual = (load<u32>(CPU_STATE + SYSTEM_FLAGS) & FLAG_VM) !== 0;
  if (isVirtual || load<u32>(CPU_STATE + SEGMENT_RIGHTS + index * 4) === 0) {
    store<u32>(CPU_STATE + SEGMENT_LIMIT + index * 4, 0xffff);
    store<u32>(CPU_STATE + SEGMENT_RIGHTS + index * 4, isVirtual ? VIRTUAL_MODE_RIGHTS : REAL_MODE_RIGHTS);
  }
  updateAccessBase(index);
}

/**
 * Checks a stack segment for privilege level `cpl` and returns its descriptor. Faults: `vector`(selector) for a
 * bad descriptor, #SS(selector) if it is not present.
 */
export function checkStackSegment(record: u32, selector: u32, cpl: u32, vector: i32): u64 {
  const descriptor = fetchDescriptor(record, selector, vector);
  const rights = descriptorRights(descriptor);
  const writableData = RIGHTS_CODE_DATA | RIGHTS_READ_WRITE;
  if (
    (selector & 3) !== cpl ||
    rightsDpl(rights) !== cpl ||
    (rights & (writableData | RIGHTS_CODE)) !== writableData
  ) {
    raiseSelectorFault(record, vector, selector);
  }
  if ((rights & RIGHTS_PRESENT) === 0) raiseSelectorFault(record, VECTOR_SS, selector);
  return descriptor;
}

/** MOV SS and POP SS outside paragraph modes. */
function loadStackSegment(record: u32, selector: u32): void {
  const cpl = load<u32>(CPU_STATE + CPL);
  if ((selector & 0xfffc) === 0) {
    if (!is64BitMode() || cpl === 3 || (selector & 3) !== cpl) raiseGeneralProtection(record, 0);
    setNullSegment(SEGMENT_SS, selector);
    return;
  }
  const descriptor = checkStackSegment(record, selector, cpl, VECTOR_GP);
  setDescriptorType(selector, descriptor, RIGHTS_ACCESSED);
  setSegmentFromDescriptor(SEGMENT_SS, selector, descriptor);
}

/** MOV or POP to ES, DS, FS or GS outside paragraph modes. A null selector clears the base. */
function loadDataSegment(record: u32, index: u32, selector: u32): void {
  if ((selector & 0xfffc) === 0) {
    setNullSegment(index, selector);
    return;
  }
  const descriptor = fetchDescriptor(record, selector, VECTOR_GP);
  const rights = descriptorRights(descriptor);
  const isCode = (rights & RIGHTS_CODE) !== 0;
  if ((rights & RIGHTS_CODE_DATA) === 0 || (isCode && (rights & RIGHTS_READ_WRITE) === 0)) {
    raiseSelectorFault(record, VECTOR_GP, selector);
  }
  if (!isCode || (rights & RIGHTS_CONFORMING) === 0) {
    const dpl = rightsDpl(rights);
    if ((selector & 3) > dpl || load<u32>(CPU_STATE + CPL) > dpl) {
      raiseSelectorFault(record, VECTOR_GP, selector);
    }
  }
  if ((rights & RIGHTS_PRESENT) === 0) raiseSelectorFault(record, VECTOR_NP, selector);
  setDescriptorType(selector, descriptor, RIGHTS_ACCESSED);
  setSegmentFromDescriptor(index, selector, descriptor);
}

/**
 * MOV Sreg and POP Sreg (Intel SDM Vol. 2 "MOV"), LDS and kin; not CS. Loading SS, DS and ES may change the mode key,
 * so their block ends after it.
 */
export function loadSegment(record: u32, index: i32, selector: i32): void {
  const value = <u32>selector & 0xffff;
  if (isParagraphMode()) {
    setParagraphSegment(index, value);
  } else {
    beginSystemInstruction(record);
    if (index === SEGMENT_SS) loadStackSegment(record, value);
    else loadDataSegment(record, index, value);
  }
  if (index <= <i32>SEGMENT_DS && !is64BitMode()) updateMode();
}

/** The selector of segment register `index`, zero-extended. */
export function moveFromSegment(index: i32): u32 {
  return load<u32>(CPU_STATE + SEGMENT_SELECTOR + index * 4);
}

/**
 * On a return to the outer level CPL: data segment registers that the new level may not use become null, and null
 * selectors lose their RPL (Intel SDM Vol. 2 "RET", "IRET").
 */
export function dropInnerSegments(): void {
  const cpl = load<u32>(CPU_STATE + CPL);
  let dropped: bool = false;
  for (let index: u32 = 0; index < 6; index++) {
    if (index === <u32>SEGMENT_CS || index === <u32>SEGMENT_SS) continue;
    const rights = load<u32>(CPU_STATE + SEGMENT_RIGHTS + index * 4);
    if (rights === 0) store<u32>(CPU_STATE + SEGMENT_SELECTOR + index * 4, 0);
    if (rights === 0 || rightsDpl(rights) >= cpl) continue;
    if ((rights & (RIGHTS_CODE | RIGHTS_CONFORMING)) === (RIGHTS_CODE | RIGHTS_CONFORMING)) continue;
    store<u32>(CPU_STATE + SEGMENT_SELECTOR + index * 4, 0);
    store<u32>(CPU_STATE + SEGMENT_RIGHTS + index * 4, 0);
    dropped = true;
  }
  if (dropped) updateMode();
}
