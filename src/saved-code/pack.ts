/**
 * Regions of earlier runs as they are stored. Nothing of a file is parsed when it is read: it is used as the typed arrays that it
 * consists of.
 *
 *     header    HEADER_WORDS numbers (u32): magic, checksum of all that follows it, hash of the key, then the length of each part
 *     arrays    i32 each, in the order of ARRAYS
 *     records   of all blocks, as they are in the record arena from its start on, their heads stale
 *     code      of all blocks
 *     modules   WebAssembly, one behind the other
 *     shapes    of instructions (code-cache/saved-shapes.ts)
 */
import { hash, hashOfText } from './hash.ts';

/** Regions in one module. The first is what a guest starts with, so that it need not wait for all. */
export const REGIONS_PER_MODULE = 128;
/** Most bytes of records: what a machine reserves at the start of its record arena. Two boots of Linux fill it. */
export const SAVED_RECORDS_SIZE = 0x20_0000;

/** Most bytes of WebAssembly: with it a file has less than 12 MB. */
export const MOST_MODULE_BYTES = 8 * 1024 * 1024;

export interface Pack {
  /** Of each block, and the end of the last: where its records, its code and its relocations are. */
  readonly blockRecords: Int32Array;
  readonly blockCode: Int32Array;
  readonly blockRelocations: Int32Array;
  /** Low half of the linear page of each block with relocations, where it was saved. */
  readonly blockPage: Int32Array;
  /** Constants that are addresses: offset in the block's records << 16 | offset in its code, ascending by the latter. */
  readonly relocations: Int32Array;
  /** Of each block, and the end of the last: where in entryRegions the regions are that it is the entry of, best first. */
  readonly blockEntries: Int32Array;
  readonly entryRegions: Int32Array;
  /** Of each region, and the end of the last: where it is in `layout`. */
  readonly regionLayout: Int32Array;
  /** Of a region: tier, 1 if it is the last, 1 if it rounds in place, linear page, number of blocks; of each of them: which, taken, fall, page, number of targets, targets. */
  readonly layout: Int32Array;
  /** Of each module, and the end of the last. */
  readonly moduleStarts: Int32Array;
  readonly records: Uint8Array<ArrayBuffer>;
  readonly code: Uint8Array<ArrayBuffer>;
  readonly modules: Uint8Array<ArrayBuffer>;
  readonly shapes: Uint8Array<ArrayBuffer>;
}

/** Numbers of a region in `layout` before its blocks, and of a block before its targets. */
export const LAYOUT_BLOCKS = 5;
export const LAYOUT_TARGETS = 5;

const MAGIC = 0x3243_4d4c;
const HEADER_WORDS = 17;
const CHECKSUM = 1;
const KEY = 2;
const LENGTHS = 3;
const ARRAYS = [
  'blockRecords',
  'blockCode',
  'blockRelocations',
  'blockPage',
  'relocations',
  'blockEntries',
  'entryRegions',
  'regionLayout',
  'layout',
  'moduleStarts',
] as const satisfies readonly (keyof Pack)[];
const BYTES = ['records', 'code', 'modules', 'shapes'] as const satisfies readonly (keyof Pack)[];

const padded = (bytes: number): number => (bytes + 3) & ~3;

/** @param key what else the regions depend on: they are of no use under another. */
export function encodePack(pack: Pack, key: string): Uint8Array<ArrayBuffer> {
  const lengths = [...ARRAYS, ...BYTES].map((name) => pack[name].length);
  const arrays = ARRAYS.reduce((sum, name) => sum + pack[name].length * 4, HEADER_WORDS * 4);
  const bytes = new Uint8Array(BYTES.reduce((sum, name) => sum + padded(pack[name].length), arrays));
  const words = new Uint32Array(bytes.buffer);
  words.set([MAGIC, 0, hashOfText(key), ...lengths]);
  let at = HEADER_WORDS;
  for (const name of ARRAYS) {
    words.set(pack[name], at);
    at += pack[name].length;
  }
  at *= 4;
  for (const name of BYTES) {
    bytes.set(pack[name], at);
    at += padded(pack[name].length);
  }
  words[CHECKSUM] = hash(words.subarray(KEY));
  return bytes;
}

/** Whether bytes are whole, and a pack that was stored under the key. */
export function isPack(bytes: Uint8Array<ArrayBuffer>, key: string): boolean {
  if (bytes.length < HEADER_WORDS * 4 || bytes.length % 4 !== 0 || bytes.byteOffset % 4 !== 0) return false;
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  return (
    words[0] === MAGIC && words[KEY] === hashOfText(key) && words[CHECKSUM] === hash(words.subarray(KEY))
  );
}

/** Tells packs under one key from each other. @param bytes of which isPack() is true. */
export function checksumOf({ buffer, byteOffset }: Uint8Array<ArrayBuffer>): number {
  return new Uint32Array(buffer, byteOffset, HEADER_WORDS)[CHECKSUM] as number;
}

/** @param bytes of which isPack() is true. */
export function viewPack({ buffer, byteOffset }: Uint8Array<ArrayBuffer>): Pack {
  const lengths = new Uint32Array(buffer, byteOffset, HEADER_WORDS).subarray(LENGTHS);
  let part = 0;
  let at = byteOffset + HEADER_WORDS * 4;
  const array = (): Int32Array => {
    const view = new Int32Array(buffer, at, lengths[part++]);
    at += view.byteLength;
    return view;
  };
  const piece = (): Uint8Array<ArrayBuffer> => {
    const view = new Uint8Array(buffer, at, lengths[part++]);
    at += padded(view.length);
    return view;
  };
  return {
    blockRecords: array(),
    blockCode: array(),
    blockRelocations: array(),
    blockPage: array(),
    relocations: array(),
    blockEntries: array(),
    entryRegions: array(),
    regionLayout: array(),
    layout: array(),
    moduleStarts: array(),
    records: piece(),
    code: piece(),
    modules: piece(),
    shapes: piece(),
  };
}
