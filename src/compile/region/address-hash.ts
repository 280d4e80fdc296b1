/** A hash of a few addresses to small numbers without a collision, found by trying. */

/** `(address * multiplier) >>> shift`, of the address' low 32 bits. */
export interface AddressHash {
  readonly multiplier: number;
  readonly shift: number;
  /** For each number, index of the address that has it, or -1. */
  readonly table: readonly number[];
}

/** Multipliers tried for each size: more addresses than numbers / 2 hardly ever need so many. */
const TRIES = 200;
/** 2^32 divided by the golden ratio, odd: its multiples are spread evenly. */
const FIRST_MULTIPLIER = 0x9e37_79b1;

/** @param addresses whose low 32 bits differ, at least two. */
export function hashAddresses(addresses: readonly number[]): AddressHash {
  for (let bits = Math.ceil(Math.log2(addresses.length)); ; bits++) {
    const shift = 32 - bits;
    let multiplier = FIRST_MULTIPLIER | 0;
    for (let tries = 0; tries < TRIES; tries++) {
      const table = new Array<number>(1 << bits).fill(-1);
      const fits = addresses.every((address, index) => {
        const at = Math.imul(address, multiplier) >>> shift;
        if (table[at] !== -1) return false;
        table[at] = index;
        return true;
      });
      if (fits) return { multiplier, shift, table };
      multiplier = Math.imul(multiplier, 5) + 2;
    }
  }
}
