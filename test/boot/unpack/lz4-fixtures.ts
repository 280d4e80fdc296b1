/** Compresses as the kernel's build does with LZ4, for tests. */

const BLOCK = 8 * 2 ** 20;
const le = (value: number, size: number): number[] => [
  ...new Uint8Array(Uint32Array.of(value).buffer, 0, size),
];

/** 15 in a token goes on in bytes. */
function more(length: number): number[] {
  if (length < 15) return [];
  return [...new Array<number>(Math.floor((length - 15) / 255)).fill(255), (length - 15) % 255];
}

/** A match of 0 bytes ends a block. */
function encodeSequence(literals: Uint8Array, match: number, distance: number): number[] {
  const token = (Math.min(15, literals.length) << 4) | (match === 0 ? 0 : Math.min(15, match - 4));
  const end = match === 0 ? [] : [...le(distance, 2), ...more(match - 4)];
  return [token, ...more(literals.length), ...literals, ...end];
}

/** A block; matches are the last place where the next four bytes were, 32 to 64 KiB away at most. */
function compressBlock(data: Uint8Array): Uint8Array {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const last = new Map<number, number>();
  const parts: number[][] = [];
  let literals = 0;
  const sequence = (at: number, match: number, distance: number): void => {
    parts.push(encodeSequence(data.subarray(literals, at), match, distance));
  };
  // The last five bytes are literals.
  for (let at = 0; at + 12 < data.length; ) {
    const key = view.getUint32(at, true);
    const from = last.get(key);
    last.set(key, at);
    if (from === undefined || at - from > 0xffff) {
      at++;
      continue;
    }
    let match = 4;
    while (at + match < data.length - 5 && data[from + match] === data[at + match]) match++;
    sequence(at, match, at - from);
    at += match;
    literals = at;
  }
  sequence(data.length, 0, 0);
  return Uint8Array.from(parts.flat());
}

interface Sequence {
  readonly literals: Uint8Array;
  readonly match: number;
  readonly distance: number;
}

/** A frame of one block, and the size behind it. */
export function frameOf(sequences: readonly Sequence[], size: number): Uint8Array {
  const block = sequences.flatMap(({ literals, match, distance }) =>
    encodeSequence(literals, match, distance),
  );
  return Uint8Array.of(0x02, 0x21, 0x4c, 0x18, ...le(block.length, 4), ...block, ...le(size, 4));
}

/** A legacy frame, and the size behind it. */
export function compressLz4(data: Uint8Array): Uint8Array {
  const parts = [0x02, 0x21, 0x4c, 0x18];
  for (let at = 0; at < data.length; at += BLOCK) {
    const block = compressBlock(data.subarray(at, at + BLOCK));
    parts.push(...le(block.length, 4));
    for (const byte of block) parts.push(byte);
  }
  return Uint8Array.from([...parts, ...le(data.length, 4)]);
}
