/** Bytes of a WebAssembly binary while it is written: a buffer that grows, and LEB128 numbers. */

const INITIAL_SIZE = 1 << 14;

export class ByteBuffer {
  bytes = new Uint8Array(INITIAL_SIZE);
  /** How many have been written. */
  length = 0;

  /** Makes room for more bytes, which the other methods then need not check. */
  reserve(count: number): void {
    if (this.length + count > this.bytes.length) this.grow(count);
  }

  private grow(count: number): void {
    const grown = new Uint8Array(2 * (this.length + count));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  byte(value: number): void {
    this.bytes[this.length++] = value;
  }

  /** @param value as a signed or unsigned number of 32 bits. */
  u32(value: number): void {
    let rest = value >>> 0;
    if (rest < 0x80) {
      this.bytes[this.length++] = rest;
      return;
    }
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  s32(value: number): void {
    let rest = value;
    if (rest >= -0x40 && rest < 0x40) {
      this.bytes[this.length++] = rest & 0x7f;
      return;
    }
    while (rest < -0x40 || rest >= 0x40) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    this.byte(rest & 0x7f);
  }

  s64(low: number, high: number): void {
    let lower = low;
    let upper = high;
    while (upper !== lower >> 31 || lower < -0x40 || lower >= 0x40) {
      this.byte((lower & 0x7f) | 0x80);
      lower = (lower >>> 7) | (upper << 25);
      upper >>= 7;
    }
    this.byte(lower & 0x7f);
  }

  /** Four bytes, lowest first. */
  word(value: number): void {
    this.byte(value & 0xff);
    this.byte((value >> 8) & 0xff);
    this.byte((value >> 16) & 0xff);
    this.byte((value >> 24) & 0xff);
  }

  /** A vector of bytes: their number, then the characters of an ASCII string. */
  name(text: string): void {
    this.reserve(text.length + 5);
    this.u32(text.length);
    for (let i = 0; i < text.length; i++) this.byte(text.charCodeAt(i));
  }

  /** Starts something that has its size in bytes before it. @returns what `endSized` is to be given. */
  beginSized(): number {
    this.reserve(1);
    return this.length++;
  }

  endSized(start: number): void {
    const size = this.length - start - 1;
    const width = size < 0x80 ? 1 : size < 0x4000 ? 2 : size < 0x20_0000 ? 3 : size < 0x1000_0000 ? 4 : 5;
    this.reserve(width);
    this.bytes.copyWithin(start + width, start + 1, this.length);
    this.length = start;
    this.u32(size);
    this.length = start + width + size;
  }
}
