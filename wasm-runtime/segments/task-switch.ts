/**
 * Task switches (Intel SDM Vol. 3 "Task Management"), which only exist outside IA-32e mode.
 *
 * What may fault before anything has changed comes first: reading the new TSS, saving into the old one. Then the registers
 * are those of the new task, and so are faults: they find RIP at its first instruction. Segment registers that have not been
 * checked by then cannot be used.
 */
import { NO_ERROR_CODE, raiseEvent, raiseGeneralProtection } from '../events/raise';
import {
  CPL,
  CPU_STATE,
  CR0,
  CR0_PG,
  CR0_TS,
  CR3,
  CURRENT_RECORD,
  DR,
  EVENT_TRAP,
  FLAG_NT,
  FLAG_VM,
  FLAGS_FIXED_ONE,
  GPR,
  LDTR_BASE,
  RIGHTS_ACCESSED,
  RIGHTS_CODE,
  RIGHTS_CODE_DATA,
  RIGHTS_CONFORMING,
  RIGHTS_PRESENT,
  RIGHTS_READ_WRITE,
  RIP,
  SEGMENT_CS,
  SEGMENT_ES,
  SEGMENT_FS,
  SEGMENT_GS,
  SEGMENT_LDTR,
  SEGMENT_LIMIT,
  SEGMENT_RIGHTS,
  SEGMENT_SELECTOR,
  SEGMENT_SS,
  SEGMENT_TR,
  TR_BASE,
  TYPE_LDT,
  TYPE_TASK_GATE,
  TYPE_TSS_16_AVAILABLE,
  TYPE_TSS_AVAILABLE,
  TYPE_TSS_BUSY,
  VECTOR_DB,
  VECTOR_GP,
  VECTOR_NP,
  VECTOR_TS,
} from '../generated/layout';
import { getFlags, setFlags } from '../integer/flags';
import { flushTlb, readSystem16, readSystem32, writeSystem16, writeSystem32 } from '../memory/mmu';
import { setDebugRegister } from '../system/breakpoints';
import {
  descriptorAddress,
  descriptorBase,
  descriptorLimit,
  descriptorRights,
  fetchDescriptor,
  raiseSelectorFault,
  rightsDpl,
  setDescriptorType,
} from './descriptors';
import {
  checkStackSegment,
  setNullSegment,
  setParagraphSegment,
  setSegmentFromDescriptor,
  updateMode,
} from './segments';

/** How a task is entered: by a jump, nested in the old one (CALL, interrupts), or by IRET to the task it is nested in. */
export const TASK_JUMP: i32 = 0;
export const TASK_NESTED: i32 = 1;
const TASK_RETURN: i32 = 2;

/** Bits of a descriptor's type. */
const TYPE_BUSY: u32 = 2;
const TYPE_WIDE: u32 = 8;

/** Offsets in a TSS: 32-bit ones, then those of 16-bit TSSs. */
const LINK: u32 = 0;
const TSS32_CR3: u32 = 28;
const TSS32_EIP: u32 = 32;
const TSS32_REGISTERS: u32 = 40;
const TSS32_SEGMENTS: u32 = 72;
const TSS32_LDT: u32 = 96;
const TSS32_TRAP: u32 = 100;
const TSS32_LIMIT: u32 = 103;
const TSS16_IP: u32 = 14;
const TSS16_REGISTERS: u32 = 18;
const TSS16_SEGMENTS: u32 = 34;
const TSS16_LDT: u32 = 42;
const TSS16_LIMIT: u32 = 43;

/** DR6: the T bit of a TSS. */
const DR6_BT: u64 = 1 << 15;
/** DR7: what is local to a task, L0 to L3 and LE. */
const DR7_LOCAL: u64 = 0x155;

/** Whether the type of a system descriptor is that of a TSS, available or busy, or of a task gate. */
export function isTask(type: u32): bool {
  return (type & ~(TYPE_BUSY | TYPE_WIDE)) === <u32>TYPE_TSS_16_AVAILABLE || type === TYPE_TASK_GATE;
}

function selectorOf(index: u32): u32 {
  return load<u32>(CPU_STATE + SEGMENT_SELECTOR + index * 4);
}

/** JMP or CALL to the TSS or task gate `selector`. `rip` is where the old task goes on. */
export function transferToTask(record: u32, selector: u32, descriptor: u64, how: i32, rip: u64): void {
  const rights = descriptorRights(descriptor);
  const dpl = rightsDpl(rights);
  if (dpl < load<u32>(CPU_STATE + CPL) || dpl < (selector & 3)) {
    raiseSelectorFault(record, VECTOR_GP, selector);
  }
  if ((rights & 0x1f) === TYPE_TASK_GATE) {
    if ((rights & RIGHTS_PRESENT) === 0) raiseSelectorFault(record, VECTOR_NP, selector);
    switchThroughGate(record, descriptor, how, rip, getFlags());
  } else {
    switchToAvailable(record, selector, descriptor, how, rip, getFlags());
  }
  raiseTrapOfTask();
}

/**
 * To the TSS that a present task gate names. `rip` and `flags` are what the old task goes on with. Returns the size of a
 * slot on the new task's stack.
 */
export function switchThroughGate(record: u32, gate: u64, how: i32, rip: u64, flags: u32): u32 {
  const selector = <u32>(gate >> 16) & 0xffff;
  if ((selector & 0xfffc) === 0 || (selector & 4) !== 0) raiseSelectorFault(record, VECTOR_GP, selector);
  return switchToAvailable(record, selector, fetchDescriptor(record, selector, VECTOR_GP), how, rip, flags);
}

function switchToAvailable(record: u32, selector: u32, descriptor: u64, how: i32, rip: u64, flags: u32): u32 {
  const rights = descriptorRights(descriptor);
  const type = rights & 0x1f;
  if ((selector & 4) !== 0 || (type !== TYPE_TSS_AVAILABLE && type !== TYPE_TSS_16_AVAILABLE)) {
    raiseSelectorFault(record, VECTOR_GP, selector);
  }
  if ((rights & RIGHTS_PRESENT) === 0) raiseSelectorFault(record, VECTOR_NP, selector);
  return switchTask(record, selector, descriptor, how, rip, flags);
}

/** IRET with EFLAGS.NT: to the task that the TSS has a link to. `rip` is where this task goes on when it is entered again. */
export function returnToTask(record: u32, rip: u64): void {
  const selector = readSystem16(load<u64>(CPU_STATE + TR_BASE) + LINK);
  if ((selector & 4) !== 0) raiseSelectorFault(record, VECTOR_TS, selector);
  const descriptor = fetchDescriptor(record, selector, VECTOR_TS);
  const rights = descriptorRights(descriptor);
  if ((rights & 0x1f & ~TYPE_WIDE) !== (TYPE_TSS_BUSY & ~TYPE_WIDE)) {
    raiseSelectorFault(record, VECTOR_TS, selector);
  }
  if ((rights & RIGHTS_PRESENT) === 0) raiseSelectorFault(record, VECTOR_NP, selector);
  switchTask(record, selector, descriptor, TASK_RETURN, rip, getFlags() & ~FLAG_NT);
  raiseTrapOfTask();
}

function setBusy(selector: u32, busy: bool): void {
  const high = descriptorAddress(selector, 8) + 4;
  const value = readSystem32(high);
  writeSystem32(high, busy ? value | (TYPE_BUSY << 8) : value & ~(TYPE_BUSY << 8));
}

function saveTask(wide: bool, rip: u64, flags: u32): void {
  const base = load<u64>(CPU_STATE + TR_BASE);
  if (wide) {
    writeSystem32(base + TSS32_EIP, <u32>rip);
    writeSystem32(base + TSS32_EIP + 4, flags);
    for (let i: u32 = 0; i < 8; i++) {
      writeSystem32(base + TSS32_REGISTERS + i * 4, load<u32>(CPU_STATE + GPR + i * 8));
    }
    for (let i: u32 = SEGMENT_ES; i <= <u32>SEGMENT_GS; i++) {
      writeSystem16(base + TSS32_SEGMENTS + i * 4, selectorOf(i));
    }
    return;
  }
  writeSystem16(base + TSS16_IP, <u32>rip);
  writeSystem16(base + TSS16_IP + 2, flags);
  for (let i: u32 = 0; i < 8; i++) {
    writeSystem16(base + TSS16_REGISTERS + i * 2, load<u16>(CPU_STATE + GPR + i * 8));
  }
  for (let i: u32 = SEGMENT_ES; i < <u32>SEGMENT_FS; i++) {
    writeSystem16(base + TSS16_SEGMENTS + i * 2, selectorOf(i));
  }
}

/** The switch itself, to a TSS that is known to be the right one. Returns the size of a slot of its stack: 4 or 2. */
function switchTask(record: u32, selector: u32, descriptor: u64, how: i32, rip: u64, flags: u32): u32 {
  const rights = descriptorRights(descriptor);
  const wide = (rights & TYPE_WIDE) !== 0;
  const base = descriptorBase(descriptor);
  const limit = wide ? TSS32_LIMIT : TSS16_LIMIT;
  if (descriptorLimit(descriptor) < limit) raiseSelectorFault(record, VECTOR_TS, selector);
  const oldSelector = selectorOf(SEGMENT_TR);
  const oldWide = (load<u32>(CPU_STATE + SEGMENT_RIGHTS + SEGMENT_TR * 4) & TYPE_WIDE) !== 0;

  // All of the new TSS that is read below is in these pages.
  readSystem16(base);
  readSystem16(base + limit - 1);
  saveTask(oldWide, rip, flags);
  if (how === TASK_NESTED) writeSystem16(base + LINK, oldSelector);
  else setBusy(oldSelector, false);
  if (how !== TASK_RETURN) setBusy(selector, true);

  // From here on this is the new task.
  store<u32>(CPU_STATE + SEGMENT_SELECTOR + SEGMENT_TR * 4, selector);
  store<u32>(CPU_STATE + SEGMENT_LIMIT + SEGMENT_TR * 4, descriptorLimit(descriptor));
  store<u32>(CPU_STATE + SEGMENT_RIGHTS + SEGMENT_TR * 4, rights | TYPE_BUSY);
  store<u64>(CPU_STATE + TR_BASE, base);
  store<u64>(CPU_STATE + CR0, load<u64>(CPU_STATE + CR0) | CR0_TS);
  const dr7 = load<u64>(CPU_STATE + DR + 7 * 8);
  if ((dr7 & DR7_LOCAL) !== 0) setDebugRegister(7, dr7 & ~DR7_LOCAL);
  store<u32>(CPU_STATE + CURRENT_RECORD, 0);
  loadTask(wide, base, how === TASK_NESTED ? FLAG_NT : 0);
  return wide ? 4 : 2;
}

function loadTask(wide: bool, base: u64, nested: u32): void {
  const image = wide ? readSystem32(base + TSS32_EIP + 4) : readSystem16(base + TSS16_IP + 2);
  const rip: u64 = wide ? readSystem32(base + TSS32_EIP) : readSystem16(base + TSS16_IP);
  const ldt = readSystem16(base + (wide ? TSS32_LDT : TSS16_LDT));
  for (let i: u32 = 0; i < 8; i++) {
    const value: u64 = wide
      ? readSystem32(base + TSS32_REGISTERS + i * 4)
      : readSystem16(base + TSS16_REGISTERS + i * 2);
    store<u64>(CPU_STATE + GPR + i * 8, value);
  }
  for (let i: u32 = SEGMENT_ES; i <= <u32>SEGMENT_GS; i++) {
    const narrow: u32 = i < <u32>SEGMENT_FS ? readSystem16(base + TSS16_SEGMENTS + i * 2) : 0;
    setNullSegment(i, wide ? readSystem16(base + TSS32_SEGMENTS + i * 4) : narrow);
  }
  if (wide && (load<u32>(CPU_STATE + CR0) & CR0_PG) !== 0) {
    store<u64>(CPU_STATE + CR3, readSystem32(base + TSS32_CR3));
    flushTlb(false);
  }
  setFlags(image | nested | FLAGS_FIXED_ONE);
  store<u64>(CPU_STATE + RIP, rip);
  const isVirtual = (image & FLAG_VM) !== 0;
  store<u32>(CPU_STATE + CPL, isVirtual ? 3 : selectorOf(SEGMENT_CS) & 3);
  updateMode();
  loadLdt(ldt);
  if (isVirtual) {
    for (let i: u32 = SEGMENT_ES; i <= <u32>SEGMENT_GS; i++) setParagraphSegment(i, selectorOf(i));
  } else {
    loadCode();
    loadStack();
    for (let i: u32 = SEGMENT_ES; i <= <u32>SEGMENT_GS; i++) {
      if (i !== <u32>SEGMENT_CS && i !== <u32>SEGMENT_SS) loadData(i);
    }
  }
  updateMode();
  if (rip > <u64>load<u32>(CPU_STATE + SEGMENT_LIMIT + SEGMENT_CS * 4)) raiseGeneralProtection(0, 0);
}

function loadLdt(selector: u32): void {
  store<u32>(CPU_STATE + SEGMENT_SELECTOR + SEGMENT_LDTR * 4, selector);
  store<u32>(CPU_STATE + SEGMENT_RIGHTS + SEGMENT_LDTR * 4, 0);
  if ((selector & 0xfffc) === 0) return;
  if ((selector & 4) !== 0) raiseSelectorFault(0, VECTOR_TS, selector);
  const descriptor = fetchDescriptor(0, selector, VECTOR_TS);
  const rights = descriptorRights(descriptor);
  if ((rights & (0x1f | RIGHTS_PRESENT)) !== (TYPE_LDT | RIGHTS_PRESENT)) {
    raiseSelectorFault(0, VECTOR_TS, selector);
  }
  store<u32>(CPU_STATE + SEGMENT_LIMIT + SEGMENT_LDTR * 4, descriptorLimit(descriptor));
  store<u32>(CPU_STATE + SEGMENT_RIGHTS + SEGMENT_LDTR * 4, rights);
  store<u64>(CPU_STATE + LDTR_BASE, descriptorBase(descriptor));
}

function loadCode(): void {
  const selector = selectorOf(SEGMENT_CS);
  if ((selector & 0xfffc) === 0) raiseSelectorFault(0, VECTOR_TS, selector);
  const descriptor = fetchDescriptor(0, selector, VECTOR_TS);
  const rights = descriptorRights(descriptor);
  const code = RIGHTS_CODE_DATA | RIGHTS_CODE;
  const dpl = rightsDpl(rights);
  const rpl = selector & 3;
  const isConforming = (rights & RIGHTS_CONFORMING) !== 0;
  if ((rights & code) !== code || (isConforming ? dpl > rpl : dpl !== rpl)) {
    raiseSelectorFault(0, VECTOR_TS, selector);
  }
  if ((rights & RIGHTS_PRESENT) === 0) raiseSelectorFault(0, VECTOR_NP, selector);
  setDescriptorType(selector, descriptor, RIGHTS_ACCESSED);
  setSegmentFromDescriptor(SEGMENT_CS, selector, descriptor);
  updateMode();
}

function loadStack(): void {
  const selector = selectorOf(SEGMENT_SS);
  if ((selector & 0xfffc) === 0) raiseSelectorFault(0, VECTOR_TS, selector);
  const descriptor = checkStackSegment(0, selector, load<u32>(CPU_STATE + CPL), VECTOR_TS);
  setDescriptorType(selector, descriptor, RIGHTS_ACCESSED);
  setSegmentFromDescriptor(SEGMENT_SS, selector, descriptor);
  updateMode();
}

function loadData(index: u32): void {
  const selector = selectorOf(index);
  if ((selector & 0xfffc) === 0) return;
  const descriptor = fetchDescriptor(0, selector, VECTOR_TS);
  const rights = descriptorRights(descriptor);
  const isCode = (rights & RIGHTS_CODE) !== 0;
  if ((rights & RIGHTS_CODE_DATA) === 0 || (isCode && (rights & RIGHTS_READ_WRITE) === 0)) {
    raiseSelectorFault(0, VECTOR_TS, selector);
  }
  const dpl = rightsDpl(rights);
  if (!isCode || (rights & RIGHTS_CONFORMING) === 0) {
    if ((selector & 3) > dpl || load<u32>(CPU_STATE + CPL) > dpl) raiseSelectorFault(0, VECTOR_TS, selector);
  }
  if ((rights & RIGHTS_PRESENT) === 0) raiseSelectorFault(0, VECTOR_NP, selector);
  setDescriptorType(selector, descriptor, RIGHTS_ACCESSED);
  setSegmentFromDescriptor(index, selector, descriptor);
}

/** #DB before the first instruction of a task whose TSS has the T bit. */
export function raiseTrapOfTask(): void {
  if ((load<u32>(CPU_STATE + SEGMENT_RIGHTS + SEGMENT_TR * 4) & TYPE_WIDE) === 0) return;
  if ((readSystem16(load<u64>(CPU_STATE + TR_BASE) + TSS32_TRAP) & 1) === 0) return;
  const dr6 = CPU_STATE + DR + 6 * 8;
  store<u64>(dr6, load<u64>(dr6) | DR6_BT);
  raiseEvent(0, VECTOR_DB, NO_ERROR_CODE, EVENT_TRAP);
}
