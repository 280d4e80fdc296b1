/**
 * Register numbers and bits of the local APIC (Intel SDM Vol. 3 "Local APIC Register Address Map" and
 * "x2APIC Register Address Space"). A register number is the xAPIC page offset divided by 16, which is
 * also the x2APIC MSR number minus X2APIC_FIRST.
 */

import { APIC_BASE_ENABLE } from '../layout/architecture.ts';

export const Register = {
  id: 0x02,
  version: 0x03,
  taskPriority: 0x08,
  arbitrationPriority: 0x09,
  processorPriority: 0x0a,
  endOfInterrupt: 0x0b,
  remoteRead: 0x0c,
  logicalDestination: 0x0d,
  destinationFormat: 0x0e,
  spuriousInterrupt: 0x0f,
  inService: 0x10,
  triggerMode: 0x18,
  interruptRequest: 0x20,
  errorStatus: 0x28,
  interruptCommandLow: 0x30,
  interruptCommandHigh: 0x31,
  lvtTimer: 0x32,
  lvtThermal: 0x33,
  lvtPerformance: 0x34,
  lvtLint0: 0x35,
  lvtLint1: 0x36,
  lvtError: 0x37,
  initialCount: 0x38,
  currentCount: 0x39,
  divideConfiguration: 0x3e,
  selfIpi: 0x3f,
} as const;

/** Version 14H (integrated APIC), highest LVT entry 5, no suppression of EOI broadcasts. */
export const APIC_VERSION = 0x0005_0014;

/** IA32_APIC_BASE (Intel SDM Vol. 3 "Local APIC Status and Location"). */
export const ApicBase = {
  bootstrapProcessor: 1n << 8n,
  x2apic: 1n << 10n,
  enable: BigInt(APIC_BASE_ENABLE),
} as const;

/** Local vector table entries (Intel SDM Vol. 3 "Local Vector Table"). */
export const Lvt = {
  count: 6,
  vector: 0xff,
  deliveryModeShift: 8,
  deliveryMode: 7 << 8,
  mask: 1 << 16,
  timerModeShift: 17,
} as const;

/** Spurious-interrupt vector register. */
export const SVR_SOFTWARE_ENABLE = 1 << 8;

/** Error status register (Intel SDM Vol. 3 "Error Handling"). */
export const ApicError = {
  sendIllegalVector: 1 << 5,
  receiveIllegalVector: 1 << 6,
  illegalRegisterAddress: 1 << 7,
} as const;

/** Delivery status (12) and remote IRR (14) of an LVT entry are read-only; interrupts never linger here, so both read 0. */
const LVT_READ_ONLY = (1 << 12) | (1 << 14);

/** Defined bits of the LVT entries, in register order. */
const LVT_DEFINED = [0x0007_10ff, 0x0001_17ff, 0x0001_17ff, 0x0001_f7ff, 0x0001_f7ff, 0x0001_10ff];

/** @param entry 0 (timer) .. 5 (error). Returns the bits that a write can change. */
export function lvtWritableBits(entry: number): number {
  return LVT_DEFINED[entry] & ~LVT_READ_ONLY;
}

/** Bits of the ICR's low half that a write stores. Delivery status always reads 0 (idle). */
export const ICR_WRITABLE = 0x000c_cfff;

/**
 * Bits of a WRMSR to the x2APIC ICR that must be zero. Delivery status (12) does not exist in x2APIC mode
 * either, but processors ignore it.
 */
export const X2APIC_ICR_RESERVED = 0xfff3_2000n;

const X2APIC_DEFINED = new Map<number, number>([
  [Register.taskPriority, 0xff],
  [Register.endOfInterrupt, 0],
  [Register.spuriousInterrupt, 0x3ff],
  [Register.errorStatus, 0],
  ...LVT_DEFINED.map((defined, entry): [number, number] => [Register.lvtTimer + entry, defined]),
  [Register.initialCount, 0xffff_ffff],
  [Register.divideConfiguration, 0xb],
  [Register.selfIpi, 0xff],
]);

/** Bits that WRMSR may set in a 32-bit x2APIC register; undefined if the register does not exist or cannot be written. */
export function x2apicDefinedBits(register: number): number | undefined {
  return X2APIC_DEFINED.get(register);
}

/** xAPIC registers that RDMSR cannot reach in x2APIC mode: absent or write-only there. */
const X2APIC_UNREADABLE: ReadonlySet<number> = new Set([
  Register.arbitrationPriority,
  Register.endOfInterrupt,
  Register.remoteRead,
  Register.destinationFormat,
  Register.interruptCommandHigh,
]);

export function isUnreadableInX2apic(register: number): boolean {
  return X2APIC_UNREADABLE.has(register);
}
