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
 * Decodes the instruction at `bytes`, of which so many are available, and writes its record. Returns SHAPE_* of it, or 0 if the
 * bytes end within it.
 * @external host decode
 */
export declare function hostDecode(
  record: u32,
  bytes: u32,
  available: u32,
  pageOffset: u32,
  index: u32,
  mode: i32,
): u32;

/**
 * The block of an earlier run at an offset of a physical page, put where it was saved: its head record, or 0 if there is none.
 * @external host takeSaved
 */
export declare function hostTakeSaved(physicalPage: u32, pageOffset: u32, mode: i32): u32;

/**
 * The records from one address to another, which blocks had, are about to be used for others.
 * @external host beforeReuse
 */
export declare function hostBeforeReuse(from: u32, to: u32): void;

/**
 * A block that compiled regions contain went stale: they must not be entered again.
 * @external host blockDropped
 */
export declare function hostBlockDropped(head: u32): void;

/** @inline */
export function raise(): void {
  hostRaise();
  unreachable();
}
