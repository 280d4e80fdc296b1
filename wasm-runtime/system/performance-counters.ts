/**
 * The four performance counters that AMD's processors have had since the K7 (AMD64 APM Vol. 2 "Performance Monitoring Counters"). No bit
 * of CPUID tells of them, so kernels take them for granted, but for those that know of a hypervisor: its guests have none. They keep
 * what is written, and nothing is ever counted.
 */
import {
  AMD_PERF_CTR0,
  AMD_PERF_CTR3,
  AMD_PERF_EVT_SEL0,
  AMD_PERFORMANCE,
  FEATURE_HYPERVISOR,
} from '../generated/layout';
import { features1Ecx, isAmd } from './features';

/** What is not reserved; the rest reads as zero, whatever is written. */
const SELECT_MASK: u64 = 0x30f_ffd7_ffff;
/** 48 bits. */
const COUNTER_MASK: u64 = 0xffff_ffff_ffff;

/** Offset in the CPU state of the field that holds `msr`, or 0 if it is none of these. */
export function performanceField(msr: u32): u32 {
  if (msr < AMD_PERF_EVT_SEL0 || msr > AMD_PERF_CTR3) return 0;
  if (!isAmd() || (features1Ecx() & FEATURE_HYPERVISOR) !== 0) return 0;
  return AMD_PERFORMANCE + (msr - AMD_PERF_EVT_SEL0) * 8;
}

/** The bits of `msr`, one of these, that can be written. */
export function performanceMask(msr: u32): u64 {
  return msr < AMD_PERF_CTR0 ? SELECT_MASK : COUNTER_MASK;
}

/** Offset in the CPU state of a counter by its number, or 0 if there is none. */
export function performanceCounter(index: u32): u32 {
  return index > AMD_PERF_CTR3 - AMD_PERF_CTR0 ? 0 : performanceField(AMD_PERF_CTR0 + index);
}
