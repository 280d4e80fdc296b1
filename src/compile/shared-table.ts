/**
 * Whether instances that import a table are let go of while the table lives. In V8 before version 12 each has a copy of it, which the table
 * leads to, so that no region would ever be freed. A program cannot find that out; engines that have memories of 64 bits (V8 since version
 * 13.3, https://webassembly.org/features/) are newer than that.
 */

/** A module with nothing but a memory of 64 bits: section 5 with one memory, whose limits have flag 4. */
const MEMORY_64 = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 3, 1, 4, 0];

let shares: boolean | undefined;

/** Found out once. */
export function sharesTables(): boolean {
  shares ??= WebAssembly.validate(new Uint8Array(MEMORY_64));
  return shares;
}
