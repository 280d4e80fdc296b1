/** What the runtime asks of JavaScript. Addresses are split in two halves: a BigInt for each access would be slow. */

/**
 * Abandons the running guest code: unwinds to the host loop, which then calls deliverEvent(). Never returns.
 * @external host raise
 */
declare function hostRaise(): void;

/** @external host readPort */
export declare function hostReadPort(port: i32, size: i32): u32;

/** @external host writePort */
export declare function hostWritePort(port: i32, size: i32, value: u32): void;

/**
 * Reads `size` (1, 2 or 4) bytes of a guest-physical address that is not RAM.
 * @external host readMmio
 */
export declare function hostReadMmio(addressLow: u32, addressHigh: u32, size: i32): u32;

/** @external host writeMmio */
export declare function hostWriteMmio(addressLow: u32, addressHigh: u32, size: i32, value: u32): void;

/**
 * The same of 8 bytes at an address that is a multiple of 8.
 * @external host readMmio64
 */
export declare function hostReadMmio64(addressLow: u32, addressHigh: u32): u64;

/** @external host writeMmio64 */
export declare function hostWriteMmio64(addressLow: u32, addressHigh: u32, value: u64): void;

/**
 * Machine time in nanoseconds: a whole number.
 * @external host now
 */
export declare function hostNow(): f64;

/**
 * 32 random bits.
 * @external host random
 */
export declare function hostRandom(): u32;

/**
 * MSRs of the local APIC: 1 = done (value in the two HOST_VALUE words of the caller's choice), 0 = #GP.
 * @external host writeApicMsr
 */
export declare function hostWriteApicMsr(msr: u32, low: u32, high: u32): i32;

/**
 * Reads an APIC MSR into the 8 bytes at `target`; 0 = #GP.
 * @external host readApicMsr
 */
export declare function hostReadApicMsr(msr: u32, target: u32): i32;

/**
 * TSC_OFFSET has another value.
 * @external host tscOffsetChanged
 */
export declare function hostTscOffsetChanged(): void;

/**
 * The task priority (CR8, 0-15) changed.
 * @external host writeTaskPriority
 */
export declare function hostWriteTaskPriority(value: i32): void;

/** @external host readTaskPriority */
export declare function hostReadTaskPriority(): i32;

/**
 * Decodes the block at RIP of the CPU state (already translated to `physicalLow/High`) into new records and
 * registers it; returns its head record.
 * @external host translate
 */
export declare function hostTranslate(physicalLow: u32, physicalHigh: u32): u32;

/**
 * A block that compiled regions contain went stale: they must not be entered again.
 * @external host blockDropped
 */
export declare function hostBlockDropped(head: u32): void;

/**
 * Instruction breakpoints have been armed: blocks that have one inside must not be run any more.
 * @external host instructionBreakpoints
 */
export declare function hostInstructionBreakpoints(): void;

/** @inline */
export function raise(): void {
  hostRaise();
  unreachable();
}
