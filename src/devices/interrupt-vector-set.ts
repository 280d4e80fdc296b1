/** Words of a set of 256 bits. */
export const VECTOR_WORDS = 8;

/**
 * A set of interrupt vectors, 256 bits as eight 32-bit words: the shape of the local APIC's IRR, ISR and
 * TMR (Intel SDM Vol. 3 "Interrupt Acceptance for Fixed Interrupts"). Finding the highest member is two
 * count-leading-zeros, because it happens on every interrupt and every EOI.
 */
export class InterruptVectorSet {
  private readonly words = new Int32Array(VECTOR_WORDS);
  /** Bit n is set when words[n] is not zero. */
  private occupied = 0;

  /** @param vector 0..255. */
  add(vector: number): void {
    this.words[vector >> 5] |= 1 << (vector & 31);
    this.occupied |= 1 << (vector >> 5);
  }

  /** @param vector 0..255. */
  delete(vector: number): void {
    const index = vector >> 5;
    this.words[index] &= ~(1 << (vector & 31));
    if (this.words[index] === 0) this.occupied &= ~(1 << index);
  }

  /** @param vector 0..255. */
  has(vector: number): boolean {
    return ((this.words[vector >> 5] >>> (vector & 31)) & 1) !== 0;
  }

  /** The highest vector of the set, or -1 when it is empty. */
  highest(): number {
    if (this.occupied === 0) return -1;
    const index = 31 - Math.clz32(this.occupied);
    return (index << 5) + 31 - Math.clz32(this.words[index]);
  }

  /** @param index 0..7. Returns vectors 32*index .. 32*index+31 as an unsigned 32-bit number. */
  word(index: number): number {
    return this.words[index] >>> 0;
  }

  clear(): void {
    this.words.fill(0);
    this.occupied = 0;
  }

  save(): readonly number[] {
    return Array.from(this.words, (word) => word >>> 0);
  }

  /** @param words eight unsigned 32-bit numbers, as `save` returns. */
  load(words: readonly number[]): void {
    this.clear();
    words.forEach((word, index) => {
      this.words[index] = word;
      if (word !== 0) this.occupied |= 1 << index;
    });
  }
}
