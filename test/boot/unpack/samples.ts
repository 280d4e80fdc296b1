/** Data for tests of unpacking, the same in each run, and what is done with them. */
import { expect } from 'vitest';
import { InputError } from '../../../src/boot/input-error.ts';
import type { Piece, Unpack } from '../../../src/boot/unpack/unpack.ts';

/** What is handed on, without the pauses. */
export const piecesOf = (steps: Iterable<Piece | undefined>): Piece[] => {
  const pieces: Piece[] = [];
  for (const step of steps) if (step !== undefined) pieces.push({ ...step, bytes: step.bytes.slice() });
  return pieces;
};

/** All of what is unpacked. The pieces are in ascending order. */
export function unpackAll(unpack: Unpack, payload: Uint8Array, size: number): Uint8Array {
  const result = new Uint8Array(size);
  let end = 0;
  for (const { at, bytes } of piecesOf(unpack(payload, size))) {
    expect(at).toBeGreaterThanOrEqual(end);
    end = at + bytes.length;
    expect(end).toBeLessThanOrEqual(size);
    result.set(bytes, at);
  }
  return result;
}

/**
 * Changes one bit in each round, from `first` up to and without `end`: the file is refused, or it makes no difference.
 * @returns how often it made none.
 */
export function changeBits(
  unpack: Unpack,
  original: Uint8Array,
  data: Uint8Array,
  { rounds, first, end }: { readonly rounds: number; readonly first: number; readonly end: number },
): number {
  const random = randomNumbers(rounds);
  let same = 0;
  for (let round = 0; round < rounds; round++) {
    const payload = original.slice();
    const at = first + Math.floor(random() * (end - first));
    payload[at] = (payload[at] as number) ^ (1 << Math.floor(random() * 8));
    try {
      expect(Buffer.compare(unpackAll(unpack, payload, data.length), data)).toBe(0);
      same += 1;
    } catch (error) {
      expect(error).toBeInstanceOf(InputError);
    }
  }
  return same;
}

/**
 * Sets up to three bytes behind the first four to anything in each round: the file is unpacked to something, or refused.
 * @returns how often it was refused.
 */
export function changeBytes(unpack: Unpack, original: Uint8Array, size: number, rounds: number): number {
  const random = randomNumbers(rounds);
  let refused = 0;
  for (let round = 0; round < rounds; round++) {
    const payload = original.slice();
    for (let changes = 0; changes <= round % 3; changes++)
      payload[4 + Math.floor(random() * (payload.length - 4))] = random() * 256;
    try {
      unpackAll(unpack, payload, size);
    } catch (error) {
      expect(error).toBeInstanceOf(InputError);
      refused += 1;
    }
  }
  return refused;
}

/** Numbers from 0 up to and without 1, always the same (Park and Miller's generator). */
export function randomNumbers(state = 1): () => number {
  return () => {
    state = (state * 48271) % 0x7fffffff;
    return state / 0x7fffffff;
  };
}

/** Bytes of which some are more frequent than others, the more so the larger `power`, without repetitions. */
export function letters(size: number, power: number): Uint8Array {
  const random = randomNumbers(size);
  return Uint8Array.from({ length: size }, () => 256 * random() ** power);
}

/** Bytes that repeat themselves over distances up to `farthest`, in runs of all lengths. */
export function repetitive(size: number, farthest = 60_000): Uint8Array {
  const random = randomNumbers();
  const data = new Uint8Array(size);
  for (let at = 0; at < size; ) {
    const length = Math.min(size - at, 1 + Math.floor(random() ** 3 * 400));
    const distance = 1 + Math.floor(random() ** 4 * Math.min(at, farthest));
    for (let i = 0; i < length; i++) {
      data[at + i] = at === 0 || random() < 0.01 ? random() * 256 : (data[at + i - distance] as number);
    }
    at += length;
  }
  return data;
}

/**
 * 3 MiB: zeros, repetitions, and what is like calls and jumps of x86 code, also such of which the operands have opcodes in them.
 * `test/data/unpack/sample.*` are made of it.
 */
export function sample(): Uint8Array {
  const random = randomNumbers(7);
  const data = new Uint8Array(3 * 2 ** 20 + 123);
  data.set(repetitive(20_000, 20_000), 5000);
  data.set(repetitive(4000, 4000), 2 * 2 ** 20 + 100);
  const view = new DataView(data.buffer);
  for (let at = 100_000; at < 106_000; at += 1 + Math.floor(random() * 9)) {
    data[at] = random() < 0.5 ? 0xe8 : 0xe9;
    // Most of them near, some not.
    view.setInt32(at + 1, random() < 0.8 ? Math.floor((random() - 0.5) * 2 ** 17) : random() * 2 ** 31, true);
  }
  return data;
}
