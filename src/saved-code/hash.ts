/**
 * FNV-1a over numbers of up to 32 bits, for what is told apart by chance only.
 * Source: Fowler, Noll, Vo, "The FNV Non-Cryptographic Hash Algorithm", with numbers in place of bytes.
 */
export function hash(numbers: ArrayLike<number>): number {
  let sum = 0x811c_9dc5;
  for (let at = 0; at < numbers.length; at++) sum = Math.imul(sum ^ (numbers[at] as number), 0x0100_0193);
  return sum >>> 0;
}

/** The same over the code units of a text. */
export function hashOfText(text: string): number {
  return hash(Uint16Array.from(text, (character) => character.charCodeAt(0)));
}
