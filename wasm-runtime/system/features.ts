/** Which of the features of src/layout/features.ts this processor has: the host says which it is without. */

import {
  CPU_STATE,
  FEATURE_ARCH_CAPABILITIES,
  FEATURE_LA57,
  FEATURE_XGETBV1,
  FEATURE_XSAVEC,
  FEATURE_XSAVES,
  FEATURES_1_ECX,
  FEATURES_7_EBX,
  FEATURES_7_ECX,
  FEATURES_7_EDX,
  FEATURES_D_1_EAX,
  VENDOR_AMD,
  WITHHELD_1_ECX,
  WITHHELD_7_EBX,
  WITHHELD_7_ECX,
  WITHHELD_7_EDX,
  WITHHELD_D_1_EAX,
} from '../generated/layout';

/**
 * Whether this processor is AMD's; in what they differ is in src/layout/vendor.ts.
 * @inline
 */
export function isAmd(): bool {
  return load<i32>(CPU_STATE + VENDOR_AMD) !== 0;
}

/** Those bits of a word of features that this processor has. */
export function offered(all: u32, withheld: i32): u32 {
  return all & ~load<u32>(CPU_STATE + withheld);
}

export function features1Ecx(): u32 {
  return offered(FEATURES_1_ECX, WITHHELD_1_ECX);
}

export function features7Ebx(): u32 {
  return offered(FEATURES_7_EBX, WITHHELD_7_EBX);
}

export function features7Ecx(): u32 {
  return offered(FEATURES_7_ECX, WITHHELD_7_ECX);
}

/** Whether this processor is one with 5-level paging, and 57-bit linear addresses. */
export function hasLa57(): bool {
  return (features7Ecx() & FEATURE_LA57) !== 0;
}

export function featuresD1Eax(): u32 {
  return offered(FEATURES_D_1_EAX, WITHHELD_D_1_EAX);
}

/** IA32_ARCH_CAPABILITIES. */
export function hasArchCapabilities(): bool {
  return (offered(FEATURES_7_EDX, WITHHELD_7_EDX) & FEATURE_ARCH_CAPABILITIES) !== 0;
}

/** XSAVES, XRSTORS and IA32_XSS. */
export function hasXsaves(): bool {
  return (featuresD1Eax() & FEATURE_XSAVES) !== 0;
}

/** XSAVEC, and images in the compacted format. */
export function hasCompaction(): bool {
  return (featuresD1Eax() & FEATURE_XSAVEC) !== 0;
}

/** XGETBV with ECX = 1. */
export function hasXgetbv1(): bool {
  return (featuresD1Eax() & FEATURE_XGETBV1) !== 0;
}
