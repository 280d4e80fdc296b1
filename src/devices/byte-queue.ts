/** First in, first out, without a limit; adding is one copy and taking a byte is constant time. */
export class ByteQueue {
  private chunks: Uint8Array[] = [];
  private head = 0;
  private count = 0;

  /** Bytes waiting. */
  get length(): number {
    return this.count;
  }

  /** Appends a copy of `bytes`. */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.chunks.push(bytes.slice());
    this.count += bytes.length;
  }

  /** Puts a copy of `bytes` in front of everything that waits. */
  unshift(bytes: Uint8Array): void {
    const rest = this.chunks[0]?.subarray(this.head);
    if (rest !== undefined) this.chunks[0] = rest;
    this.head = 0;
    if (bytes.length === 0) return;
    this.chunks.unshift(bytes.slice());
    this.count += bytes.length;
  }

  /** Takes the oldest byte, or undefined when the queue is empty. */
  shift(): number | undefined {
    const chunk = this.chunks[0];
    if (chunk === undefined) return undefined;
    const byte = chunk[this.head++];
    this.count--;
    if (this.head === chunk.length) {
      this.chunks.shift();
      this.head = 0;
    }
    return byte;
  }

  clear(): void {
    this.chunks = [];
    this.head = 0;
    this.count = 0;
  }

  /** A copy of everything waiting, oldest first. */
  toBytes(): Uint8Array {
    const bytes = new Uint8Array(this.count);
    let position = 0;
    this.chunks.forEach((chunk, index) => {
      const rest = index === 0 ? chunk.subarray(this.head) : chunk;
      bytes.set(rest, position);
      position += rest.length;
    });
    return bytes;
  }
}
