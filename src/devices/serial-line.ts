/** A break condition among bytes: the line was held low for longer than a character takes. */
export const BREAK = 0x100;

/** A byte, or BREAK. */
export type SerialItem = number;

/** What the other end of a serial line sends, in order; adding is one copy and taking an item is constant time. */
export class SerialLine {
  private chunks: Uint16Array[] = [];
  private head = 0;
  private count = 0;

  /** Items waiting. */
  get length(): number {
    return this.count;
  }

  /** Appends a copy of `items`. */
  push(items: ArrayLike<SerialItem>): void {
    if (items.length === 0) return;
    this.chunks.push(new Uint16Array(items));
    this.count += items.length;
  }

  /** Puts a copy of `items` in front of everything that waits. */
  unshift(items: ArrayLike<SerialItem>): void {
    const rest = this.chunks[0]?.subarray(this.head);
    if (rest !== undefined) this.chunks[0] = rest;
    this.head = 0;
    if (items.length === 0) return;
    this.chunks.unshift(new Uint16Array(items));
    this.count += items.length;
  }

  /** Takes the oldest item, or undefined when there is none. */
  shift(): SerialItem | undefined {
    const chunk = this.chunks[0];
    if (chunk === undefined) return undefined;
    const item = chunk[this.head++];
    this.count--;
    if (this.head === chunk.length) {
      this.chunks.shift();
      this.head = 0;
    }
    return item;
  }

  clear(): void {
    this.chunks = [];
    this.head = 0;
    this.count = 0;
  }

  /** A copy of everything waiting, oldest first. */
  toItems(): SerialItem[] {
    return this.chunks.flatMap((chunk, index) => Array.from(index === 0 ? chunk.subarray(this.head) : chunk));
  }
}
