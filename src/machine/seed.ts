/** Randomness for the guest, from a number: the same for the same number. */

/**
 * splitmix64: only has to differ between seeds, the kernel whitens it. It is not for keys of guests that matter.
 */
class SplitMix64 {
  private state: bigint;

  constructor(state: bigint) {
    this.state = BigInt.asUintN(64, state);
  }

  /** 64 bits. */
  next(): bigint {
    this.state = BigInt.asUintN(64, this.state + 0x9e3779b97f4a7c15n);
    let z = this.state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return z ^ (z >> 31n);
  }
}

/** Start of the sequence of a seed: other seeds and other boots have other ones. */
function startOf(seed: number, boot: number): bigint {
  return BigInt(Math.floor(seed)) * 0x9e3779b97f4a7c15n + BigInt(boot);
}

/** The 32 bytes of randomness a guest gets from its boot loader. */
export function seedBytes(seed: number, boot: number): Uint8Array {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  const numbers = new SplitMix64(startOf(seed, boot));
  for (let at = 0; at < bytes.length; at += 8) view.setBigUint64(at, numbers.next(), true);
  return bytes;
}

/** What RDRAND gives, 32 bits a call: another sequence than that of seedBytes(). */
export function randomNumbers(seed: number, boot: number): () => number {
  const numbers = new SplitMix64(~startOf(seed, boot));
  return () => Number(numbers.next() >> 32n);
}
