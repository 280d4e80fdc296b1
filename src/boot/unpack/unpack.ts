/** What unpacks a kernel, by the format of its payload. */
import { parseBzImage } from '../bzimage.ts';
import { InputError } from '../input-error.ts';

/** A part of the unpacked kernel; valid until the next one is asked for. */
export interface Piece {
  /** From the start of the unpacked kernel. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

/**
 * Unpacks a payload to `size` bytes, in steps that are short. The pieces are in ascending order; what is between them is zero. Steps
 * without a piece hand on `undefined`.
 * @throws InputError for what cannot be unpacked, or to another size.
 */
export type Unpack = (payload: Uint8Array, size: number) => Generator<Piece | undefined>;

interface Format {
  readonly magic: readonly number[];
  /** Loads it. */
  readonly unpacker: () => Promise<Unpack>;
}

const FORMATS: readonly Format[] = [
  { magic: [0x02, 0x21, 0x4c, 0x18], unpacker: async () => (await import('./lz4.ts')).unpackLz4 },
  { magic: [0x1f, 0x8b, 8], unpacker: async () => (await import('./gzip.ts')).unpackGzip },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], unpacker: async () => (await import('./zstd.ts')).unpackZstd },
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], unpacker: async () => (await import('./xz.ts')).unpackXz },
];

/** The build of a kernel puts the size that it has unpacked behind each payload, but gzip's, which ends in it. */
const SIZE = 4;

const formatOf = (payload: Uint8Array): Format | undefined =>
  FORMATS.find(({ magic }) => magic.every((byte, index) => payload[index] === byte));

/** Whether a payload is of a format that can be unpacked. */
export function isUnpackable(payload: Uint8Array): boolean {
  return payload.length > SIZE && formatOf(payload) !== undefined;
}

/** Bytes of the unpacked kernel. */
export function unpackedSize(payload: Uint8Array): number {
  return new DataView(payload.buffer, payload.byteOffset + payload.length - SIZE, SIZE).getUint32(0, true);
}

/** What unpacks the payload of a kernel; undefined for files without one, and formats that are not known. */
export async function loadUnpacker(file: Uint8Array): Promise<Unpack | undefined> {
  try {
    return await formatOf(parseBzImage(file).payload)?.unpacker();
  } catch (error) {
    // Whoever loads it says what is wrong with it.
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

function unpackPayload(file: Uint8Array, unpack: Unpack): Generator<Piece | undefined> {
  const { payload, initSize } = parseBzImage(file);
  const size = unpackedSize(payload);
  if (size > initSize) throw new InputError('damaged bzImage: its payload is too large');
  return unpack(payload, size);
}

/**
 * Begins to unpack the payload of a kernel, and goes on to the first piece.
 * @param pause called between steps, also of what is returned.
 * @returns the pieces, to be gone through once. They throw InputError for what cannot be unpacked.
 */
export async function beginUnpacking(
  file: Uint8Array,
  unpack: Unpack,
  pause: () => Promise<void> | undefined,
): Promise<AsyncIterable<Piece>> {
  try {
    const steps = unpackPayload(file, unpack);
    let step = steps.next();
    for (; step.done !== true && step.value === undefined; step = steps.next()) await pause();
    return piecesFrom(step.value, steps, pause);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return failing(error);
  }
}

async function* piecesFrom(
  first: Piece | undefined,
  rest: Iterable<Piece | undefined>,
  pause: () => Promise<void> | undefined,
): AsyncGenerator<Piece> {
  if (first !== undefined) yield first;
  for (const piece of rest) {
    await pause();
    if (piece !== undefined) yield piece;
  }
}

// biome-ignore lint/correctness/useYield: it only fails.
async function* failing(error: InputError): AsyncGenerator<Piece> {
  throw error;
}
