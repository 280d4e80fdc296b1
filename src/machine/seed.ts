/** The 32 bytes of randomness a guest gets from its boot loader, from a number: the same for the same number. */

/** splitmix64, twice for each boot: only has to differ between seeds, the kernel whitens it. */
export function seedBytes(seed: number, boot: number): Uint8Array {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  let state = BigInt.asUintN(64, BigInt(Math.floor(seed)) * 0x9e3779b97f4a7c15n + BigInt(boot));
  for (let at = 0; at < bytes.length; at += 8) {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    let z = state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    view.setBigUint64(at, z ^ (z >> 31n), true);
  }
  return bytes;
}
