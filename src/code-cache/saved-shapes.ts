/**
 * The shapes of instructions that a run has met (wasm-runtime/code/shapes.ts), as they are kept for later runs: their decoder,
 * which is JavaScript that a boot hardly makes warm, is then asked only for what has none. Of one version of the translator and one
 * kind of processor they are the same in each run.
 */
import type { MemoryViews } from '../cpu/memory-views.ts';
import { OPCODE_KEYS, OPCODE_KEYS_SIZE, SHAPES, SHAPES_BITS } from '../layout/linear-memory.ts';
import { RECORD_SIZE } from '../layout/record.ts';

const SHAPES_SIZE = RECORD_SIZE << SHAPES_BITS;

/** Those that are known now: what is known of opcodes, and then the table. */
export function copyShapes({ u8 }: MemoryViews): Uint8Array<ArrayBuffer> {
  const shapes = new Uint8Array(OPCODE_KEYS_SIZE + SHAPES_SIZE);
  shapes.set(u8.subarray(OPCODE_KEYS, OPCODE_KEYS + OPCODE_KEYS_SIZE));
  shapes.set(u8.subarray(SHAPES, SHAPES + SHAPES_SIZE), OPCODE_KEYS_SIZE);
  return shapes;
}

/** @param shapes of copyShapes(), in place of those that are known. */
export function restoreShapes({ u8 }: MemoryViews, shapes: Uint8Array): void {
  u8.set(shapes.subarray(0, OPCODE_KEYS_SIZE), OPCODE_KEYS);
  u8.set(shapes.subarray(OPCODE_KEYS_SIZE), SHAPES);
}
