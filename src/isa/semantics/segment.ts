/**
 * Segment registers and the system segments: loads and stores of selectors, far pointers, questions about
 * selectors, FS and GS bases.
 */
import { FLAG_TF } from '../../layout/architecture.ts';
import {
  INTERRUPT_SHADOW,
  MSR_KERNEL_GS_BASE,
  SEGMENT_BASE,
  SEGMENT_FS,
  SEGMENT_GS,
  SEGMENT_SELECTOR,
  SEGMENT_SS,
  SHADOW_STACK,
  SYSTEM_FLAGS,
} from '../../layout/cpu-state.ts';
import { ACCESS_BASE } from '../../layout/runtime-state.ts';
import type { Expression } from '../../wasm/builder.ts';
import { i32, i64 } from '../../wasm/value-types.ts';
import type { Emitter, Value } from '../emitter.ts';
import type { Semantics } from '../row.ts';
import { resize } from './integer.ts';
import { popFor, push } from './stack.ts';
import { endBlock, isSomethingPending, requirePrivilege } from './system.ts';

/** Whether the mode key depends on a data segment: flat or not, and how wide the stack is. */
export function changesMode(segment: number): boolean {
  return segment !== SEGMENT_FS && segment !== SEGMENT_GS;
}

/** Loads a segment register with all checks; raises before anything has changed. */
function load(e: Emitter, segment: number, selector: Expression): void {
  e.run('loadSegment', [e.record(), e.m.i32.const(segment), selector]);
}

/** After a load: SS, DS and ES may change the mode, outside 64-bit code. */
function endLoad(e: Emitter, segment: number): void {
  if (changesMode(segment)) endBlock(e);
}

/**
 * MOV and POP of SS hold interrupts and debug traps off for one instruction, so that the stack pointer can be loaded.
 * That matters only if an interrupt waits or single-stepping is on.
 */
function holdEvents(e: Emitter, segment: number): void {
  if (segment !== SEGMENT_SS) return;
  const { m } = e;
  const trap = m.i32.and(e.state(SYSTEM_FLAGS, 4), m.i32.const(FLAG_TF));
  const matters = m.i32.or(isSomethingPending(e), trap);
  e.setState(INTERRUPT_SHADOW, 4, m.select(matters, m.i32.const(SHADOW_STACK), m.i32.const(0)));
}

export function movToSegment(segment: number): Semantics {
  return (e) => {
    load(e, segment, e.read(1));
    holdEvents(e, segment);
    endLoad(e, segment);
  };
}

export function movFromSegment(segment: number): Semantics {
  return (e) => e.write(0, resize(e.m, 4, e.sizeOf(0), e.state(SEGMENT_SELECTOR + segment * 4, 4)));
}

export function pushSegment(segment: number): Semantics {
  return (e) => {
    const size = e.operandSize;
    const selector = resize(e.m, 4, size, e.state(SEGMENT_SELECTOR + segment * 4, 4));
    push(e, size, e.let(selector, size === 8 ? i64 : i32));
  };
}

export function popSegment(segment: number): Semantics {
  return (e) => {
    const size = e.operandSize;
    popFor(e, size, (value) => load(e, segment, resize(e.m, size, 4, value())));
    holdEvents(e, segment);
    endLoad(e, segment);
  };
}

/** The far pointer at a memory operand: offset of the operand size, then selector. */
export function farPointer(e: Emitter, operand: number): { offset: Value; selector: Value } {
  const size = e.operandSize;
  const address = e.let(e.address(operand), i64);
  const offset = e.let(e.load(size, address), size === 8 ? i64 : i32);
  const above = e.let(e.m.i64.add(address(), e.m.i64.const(BigInt(size))), i64);
  return { offset, selector: e.let(e.load(2, above)) };
}

/** LFS, LGS, LSS. */
export function loadFarPointer(segment: number): Semantics {
  return (e) => {
    const { offset, selector } = farPointer(e, 1);
    load(e, segment, selector());
    e.write(0, offset());
    endLoad(e, segment);
  };
}

// ---- system segments ----

/** LLDT and LTR. */
export function loadSystemSegment(name: 'loadLdtr' | 'loadTr'): Semantics {
  return (e) => e.run(name, [e.record(), e.read(0)]);
}

/** SLDT and STR. */
export function storeSystemSegment(segment: number): Semantics {
  return (e) => {
    const selector = e.call('storeSystemSelector', [e.record(), e.m.i32.const(segment)], i32);
    e.write(0, resize(e.m, 4, e.sizeOf(0), selector));
  };
}

/** VERR and VERW. */
export function verify(access: 'read' | 'write'): Semantics {
  return (e) => e.run('verifySegment', [e.record(), e.read(0), e.m.i32.const(access === 'write' ? 1 : 0)]);
}

/** LAR and LSL; without an answer the destination keeps its value, the upper half as well. */
export function query(name: 'loadAccessRights' | 'loadSegmentLimit'): Semantics {
  return (e) => {
    const { m } = e;
    const size = e.sizeOf(0);
    const answer = e.let(e.call(name, [e.record(), e.read(1)], i64), i64);
    const known = m.i64.ge_s(answer(), m.i64.const(0n));
    e.writeRegisterIf(0, known, resize(m, 8, size, answer()));
  };
}

// ---- FS and GS bases ----

export function readBase(segment: number): Semantics {
  return (e) => {
    const base = e.call('readSegmentBase', [e.record(), e.m.i32.const(segment)], i64);
    e.write(0, resize(e.m, 8, e.sizeOf(0), base));
  };
}

export function writeBase(segment: number): Semantics {
  return (e) => {
    const base = resize(e.m, e.sizeOf(0), 8, e.read(0));
    e.run('writeSegmentBase', [e.record(), e.m.i32.const(segment), base]);
  };
}

export function swapgs(e: Emitter): void {
  const field = SEGMENT_BASE + SEGMENT_GS * 8;
  requirePrivilege(e);
  const base = e.let(e.state(field, 8), i64);
  const kernelBase = e.let(e.state(MSR_KERNEL_GS_BASE, 8), i64);
  e.setState(field, 8, kernelBase());
  e.setState(ACCESS_BASE + SEGMENT_GS * 8, 8, kernelBase());
  e.setState(MSR_KERNEL_GS_BASE, 8, base());
}
