/** Puts the processor into the state that a door asks for. */
import { Register, type RegisterName, type Segment, type StartState } from '../boot/start-state.ts';
import type { Processor } from '../cpu/processor.ts';
import {
  CR0,
  CR3,
  CR4,
  GDTR_BASE,
  GDTR_LIMIT,
  MSR_EFER,
  SEGMENT_CS,
  SEGMENT_DS,
  SEGMENT_ES,
  SEGMENT_FS,
  SEGMENT_GS,
  SEGMENT_LIMIT,
  SEGMENT_RIGHTS,
  SEGMENT_SELECTOR,
  SEGMENT_SS,
  TR_BASE,
} from '../layout/cpu-state.ts';

/** The task register's place among the segment registers' fields. */
const SEGMENT_TR = 7;

function setTask(processor: Processor, { selector, base, limit, rights }: Segment): void {
  processor.setU32(SEGMENT_SELECTOR + SEGMENT_TR * 4, selector);
  processor.setU32(SEGMENT_LIMIT + SEGMENT_TR * 4, limit);
  processor.setU32(SEGMENT_RIGHTS + SEGMENT_TR * 4, rights);
  processor.setU64(TR_BASE, BigInt(base));
}

export function enter(processor: Processor, state: StartState): void {
  const { runtime } = processor;
  runtime.resetProcessor();
  for (const [name, number] of Object.entries(Register)) {
    processor.setGpr(number, BigInt(state.registers[name as RegisterName] ?? 0));
  }
  processor.setU64(CR0, state.cr0);
  processor.setU64(CR3, state.cr3);
  processor.setU64(CR4, state.cr4);
  processor.setU64(MSR_EFER, state.efer);
  const setSegment = (index: number, { selector, base, limit, rights }: Segment): void =>
    runtime.setSegment(index, selector, BigInt(base), limit, rights);
  setSegment(SEGMENT_CS, state.code);
  for (const index of [SEGMENT_DS, SEGMENT_ES, SEGMENT_SS, SEGMENT_FS, SEGMENT_GS]) {
    setSegment(index, state.data);
  }
  if (state.task !== undefined) setTask(processor, state.task);
  processor.setU64(GDTR_BASE, BigInt(state.gdt.base));
  processor.setU32(GDTR_LIMIT, state.gdt.limit);
  processor.rip = BigInt(state.rip);
  processor.flags = 2;
  runtime.flushTlb(1);
  runtime.updateMode();
  runtime.updateSseDisabled();
}
