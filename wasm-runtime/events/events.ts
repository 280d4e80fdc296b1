/**
 * Events from being raised to their handler's first instruction: precise RIP and instruction count, double and
 * triple faults (Intel SDM Vol. 3 "Interrupt and Exception Handling"). The gates themselves are read in
 * long-mode-events.ts and legacy-events.ts.
 *
 * Everything is read, checked and pushed before any register changes, so a fault in the middle leaves the
 * interrupted context as it was: it raises again through JavaScript, and the next deliverEvent() sees from
 * EVENT_DELIVERING that it is nested.
 *
 * RF is in the flags only between two slices: after a step of a repeated string instruction, and after an IRET that
 * sets it while instruction breakpoints are armed, which leaves for that (Processor.run()).
 */

import { blockHead } from '../code/code-pages';
import {
  BREAKPOINT_STEP,
  BUDGET,
  COUNTER_EXCEPTIONS,
  COUNTER_INTERRUPTS,
  CPU_STATE,
  CURRENT_RECORD,
  DEBUGCTL_BTF,
  DEBUGCTL_LBR,
  DR,
  DR7_GD,
  EVENT_BREAKPOINT,
  EVENT_CODE_WRITE,
  EVENT_DELIVERING,
  EVENT_ERROR,
  EVENT_EXTERNAL_INTERRUPT,
  EVENT_FAULT,
  EVENT_KIND,
  EVENT_NMI,
  EVENT_REDIRECTED_INTERRUPT,
  EVENT_SOFTWARE_INTERRUPT,
  EVENT_TRAP,
  EVENT_VECTOR,
  EXCEPTIONS_LEFT,
  EXIT_BUDGET,
  EXIT_EVENT,
  EXIT_REASON,
  EXIT_TRIPLE_FAULT,
  FLAG_VM,
  HEAD_COUNT,
  HOST_INTERCEPTS,
  INTERRUPT_SHADOW,
  MODE,
  MODE_REAL,
  MONITOR_ARMED,
  MSR_DEBUGCTL,
  NMI_BLOCKED,
  RECORD_INDEX,
  RIP,
  SLICE,
  SYSTEM_FLAGS,
  VECTOR_DB,
  VECTOR_DE,
  VECTOR_DF,
  VECTOR_GP,
  VECTOR_NMI,
  VECTOR_PF,
  VECTOR_TS,
} from '../generated/layout';
import { isVirtualAndSensitive } from '../integer/virtual-interrupts';
import { beginSystemInstruction, isLongMode, setExternalEvent } from '../segments/descriptors';
import { count } from '../system/counters';
import { raise } from '../system/host';
import { deliverProtectedMode, deliverRealMode } from './legacy-events';
import { deliverLongMode } from './long-mode-events';
import { instructionRip, NO_ERROR_CODE, nextRip, raiseEvent, raiseGeneralProtection } from './raise';
import { deliverRedirected, isRedirected } from './redirection';

/** EVENT_DELIVERING while something that is no exception is delivered: a fault then is not a double fault. */
const DELIVERING_OTHER: i32 = 256;
const DELIVERING_NOTHING: i32 = -1;

/** Takes back what a block counted in advance: the instructions from `record` on have not run. */
function creditBudget(record: u32): void {
  const index = <i32>load<u8>(record + RECORD_INDEX);
  spendBudget(index - <i32>load<u16>(blockHead(record) + HEAD_COUNT));
}

function spendBudget(instructions: i32): void {
  store<i32>(CPU_STATE + BUDGET, load<i32>(CPU_STATE + BUDGET) - instructions);
}

/** Contributory exceptions (Intel SDM Vol. 3, table "Interrupt and Exception Classes"). */
function isContributory(vector: i32): bool {
  return vector === VECTOR_DE || (vector >= <i32>VECTOR_TS && vector <= <i32>VECTOR_GP);
}

function isDoubleFault(first: i32, second: i32): bool {
  if (first === VECTOR_PF) return second === VECTOR_PF || isContributory(second);
  return isContributory(first) && isContributory(second);
}

/** Enters the handler of an event. RIP is exact; `returnRip` is what is pushed. */
function enterHandler(vector: i32, errorCode: i32, kind: i32, returnRip: u64): void {
  const isException = kind === EVENT_FAULT || kind === EVENT_TRAP;
  store<i32>(CPU_STATE + EVENT_DELIVERING, isException ? vector : DELIVERING_OTHER);
  setExternalEvent(i32(kind !== EVENT_SOFTWARE_INTERRUPT && kind !== EVENT_REDIRECTED_INTERRUPT));
  if (kind === EVENT_REDIRECTED_INTERRUPT) deliverRedirected(vector, returnRip);
  else if (isLongMode()) deliverLongMode(vector, errorCode, kind, returnRip);
  else if ((load<i32>(CPU_STATE + MODE) & MODE_REAL) !== 0 && !isVirtualMode())
    deliverRealMode(vector, returnRip);
  else deliverProtectedMode(vector, errorCode, kind, returnRip);
  setExternalEvent(0);
  store<i32>(CPU_STATE + EVENT_DELIVERING, DELIVERING_NOTHING);
  store<i32>(CPU_STATE + INTERRUPT_SHADOW, 0);
  store<i32>(CPU_STATE + MONITOR_ARMED, 0);
  const isSoftware = kind === EVENT_SOFTWARE_INTERRUPT || kind === EVENT_REDIRECTED_INTERRUPT;
  if (vector === VECTOR_DB && !isSoftware) enterDebugHandler();
}

/** The handler of #DB may use the debug registers, and is not traced (Intel SDM Vol. 3 "Debug Registers", "DEBUGCTL"). */
function enterDebugHandler(): void {
  const dr7 = CPU_STATE + DR + 7 * 8;
  store<u64>(dr7, load<u64>(dr7) & ~(<u64>DR7_GD));
  store<u64>(
    CPU_STATE + MSR_DEBUGCTL,
    load<u64>(CPU_STATE + MSR_DEBUGCTL) & ~(<u64>(DEBUGCTL_LBR | DEBUGCTL_BTF)),
  );
}

function isVirtualMode(): bool {
  return (load<u32>(CPU_STATE + SYSTEM_FLAGS) & FLAG_VM) !== 0;
}

/**
 * Delivers the fault that has been noted (raise.ts), and returns whether guest code goes on, at RIP; else EXIT_REASON
 * says why not. Throws to the host where that has to see it before.
 */
export function deliverNoted(): bool {
  // An instruction that is run alone for a breakpoint is over with its exception.
  if ((load<i32>(CPU_STATE + HOST_INTERCEPTS) | load<i32>(CPU_STATE + BREAKPOINT_STEP)) !== 0) raise();
  return deliver();
}

/** Whether deliverEvent() may be called for what has been noted: the host need not see it, and it cannot be the end of the slice. */
export function deliversAtOnce(): bool {
  return (
    (load<i32>(CPU_STATE + HOST_INTERCEPTS) | load<i32>(CPU_STATE + BREAKPOINT_STEP)) === 0 &&
    load<i32>(CPU_STATE + EVENT_DELIVERING) === DELIVERING_NOTHING &&
    load<i32>(CPU_STATE + EXCEPTIONS_LEFT) > 1 &&
    load<i32>(CPU_STATE + BUDGET) > 1
  );
}

/** As deliverNoted(), of what was raised or noted, after the host has seen it. */
export function deliver(): bool {
  store<i32>(CPU_STATE + EXIT_REASON, EXIT_EVENT);
  deliverEvent();
  if (load<i32>(CPU_STATE + EXIT_REASON) === EXIT_TRIPLE_FAULT) return false;
  if (load<i32>(CPU_STATE + EXCEPTIONS_LEFT) <= 0) endSlice();
  if (load<i32>(CPU_STATE + BUDGET) > 0) return true;
  store<i32>(CPU_STATE + EXIT_REASON, EXIT_BUDGET);
  return false;
}

/** What is left of the budget is not executed. */
function endSlice(): void {
  const left = load<i32>(CPU_STATE + BUDGET);
  if (left <= 0) return;
  store<i32>(CPU_STATE + SLICE, load<i32>(CPU_STATE + SLICE) - left);
  store<i32>(CPU_STATE + BUDGET, 0);
}

/**
 * Delivers what a raise left in EVENT_*. Called after each raise(); may itself raise, and then
 * is called again. Takes one instruction from the budget, which may become negative. After a triple fault it returns with EXIT_REASON = EXIT_TRIPLE_FAULT. For EVENT_CODE_WRITE
 * and EVENT_BREAKPOINT it only makes RIP and the budget exact.
 */
export function deliverEvent(): void {
  const kind = load<i32>(CPU_STATE + EVENT_KIND);
  const record = load<u32>(CPU_STATE + CURRENT_RECORD);
  let returnRip = load<u64>(CPU_STATE + RIP);
  if (record !== 0) {
    const completes =
      kind === EVENT_TRAP || kind === EVENT_SOFTWARE_INTERRUPT || kind === EVENT_REDIRECTED_INTERRUPT;
    const rip = instructionRip(record);
    returnRip = completes ? nextRip(record) : rip;
    creditBudget(record);
    store<u64>(CPU_STATE + RIP, rip);
    store<u32>(CPU_STATE + CURRENT_RECORD, 0);
  }
  setExternalEvent(0);
  if (kind === EVENT_CODE_WRITE || kind === EVENT_BREAKPOINT) return;

  // An exception costs what an instruction does: handlers that raise exceptions themselves come to the budget's end.
  spendBudget(1);
  countException();
  let vector = load<i32>(CPU_STATE + EVENT_VECTOR);
  let errorCode = load<i32>(CPU_STATE + EVENT_ERROR);
  const delivering = load<i32>(CPU_STATE + EVENT_DELIVERING);
  if (delivering === VECTOR_DF) {
    store<i32>(CPU_STATE + EVENT_DELIVERING, DELIVERING_NOTHING);
    store<i32>(CPU_STATE + EXIT_REASON, EXIT_TRIPLE_FAULT);
    return;
  }
  if (delivering !== DELIVERING_NOTHING && isDoubleFault(delivering, vector)) {
    vector = VECTOR_DF;
    errorCode = 0;
  }
  enterHandler(vector, errorCode, kind, returnRip);
}

function countException(): void {
  count(COUNTER_EXCEPTIONS, 1);
  store<i32>(CPU_STATE + EXCEPTIONS_LEFT, load<i32>(CPU_STATE + EXCEPTIONS_LEFT) - 1);
}

/** Delivers an external interrupt between two instructions: RIP is exact, EFLAGS.IF was checked by the caller. */
export function deliverInterrupt(vector: i32): void {
  count(COUNTER_INTERRUPTS, 1);
  store<u32>(CPU_STATE + CURRENT_RECORD, 0);
  enterHandler(vector, NO_ERROR_CODE, EVENT_EXTERNAL_INTERRUPT, load<u64>(CPU_STATE + RIP));
}

/** Delivers an NMI between two instructions, and blocks further ones until the next IRET. */
export function deliverNmi(): void {
  count(COUNTER_INTERRUPTS, 1);
  store<u32>(CPU_STATE + CURRENT_RECORD, 0);
  store<i32>(CPU_STATE + NMI_BLOCKED, 1);
  enterHandler(VECTOR_NMI, NO_ERROR_CODE, EVENT_NMI, load<u64>(CPU_STATE + RIP));
}

/** #DB trap between two instructions (single step): `cause` is the DR6 bits to set. RIP is exact. */
export function deliverDebugTrap(cause: u32): void {
  const dr6 = CPU_STATE + DR + 6 * 8;
  store<u64>(dr6, load<u64>(dr6) | cause);
  store<u32>(CPU_STATE + CURRENT_RECORD, 0);
  countException();
  enterHandler(VECTOR_DB, NO_ERROR_CODE, EVENT_TRAP, load<u64>(CPU_STATE + RIP));
}

/**
 * INT n: the gate's DPL is checked, the next instruction's address is pushed. In virtual-8086 mode it needs IOPL 3, unless
 * it stays in the task. Never returns.
 */
export function softwareInterrupt(record: u32, vector: i32): void {
  beginSystemInstruction(record);
  if (isRedirected(vector)) raiseEvent(record, vector, NO_ERROR_CODE, EVENT_REDIRECTED_INTERRUPT);
  if (isVirtualAndSensitive()) raiseGeneralProtection(record, 0);
  raiseEvent(record, vector, NO_ERROR_CODE, EVENT_SOFTWARE_INTERRUPT);
}

/** INT3 (vector 3) and INTO (4, once OF was found set): as INT n, but not sensitive to IOPL. Never returns. */
export function softwareException(record: u32, vector: i32): void {
  raiseEvent(record, vector, NO_ERROR_CODE, EVENT_SOFTWARE_INTERRUPT);
}

/** INT1: #DB without a check of the gate's DPL. Never returns. */
export function softwareDebugTrap(record: u32): void {
  raiseEvent(record, VECTOR_DB, NO_ERROR_CODE, EVENT_TRAP);
}
