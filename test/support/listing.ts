/**
 * Machine code as people read it: an instruction a line, its bytes and then what they mean. The bytes are what runs;
 * the text is held against the project's own disassembler, so that neither can be wrong without the other.
 *
 *     48 83 c0 03             add rax,0x3
 *     75 fa                   jne 0x20000800
 *     01 02 03 04             .data
 */
import { disassemble } from '../../src/isa/disassembler.ts';
import { MODE_CODE_64 } from '../../src/layout/mode.ts';

/** Says that the bytes of a line are no instructions. */
const DATA = '.data';
const LINE = /^((?:[0-9a-f]{2} )*[0-9a-f]{2})\s+(\S.*)$/;
/** Column of the text. */
const TEXT_COLUMN = 32;

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

export interface Listing {
  readonly bytes: Uint8Array;
  /** Offsets of the lines that are no instructions: [first, after the last]. */
  readonly data: readonly (readonly [number, number])[];
}

/**
 * Reads a listing. Empty lines and what follows `#` do not count.
 *
 * @param address where the first line's bytes are, for branch targets.
 * Throws with the line if its text is not what the bytes mean.
 */
export function parseListing(text: string, address: number, mode: number = MODE_CODE_64): Listing {
  const bytes: number[] = [];
  const data: [number, number][] = [];
  for (const line of text.split('\n').map((whole) => whole.replace(/#.*/, '').trim())) {
    if (line === '') continue;
    const [, digits, meaning] = LINE.exec(line) ?? [];
    if (digits === undefined || meaning === undefined) throw new Error(`no bytes and text: ${line}`);
    const own = Uint8Array.from(digits.split(' '), (byte) => Number.parseInt(byte, 16));
    if (meaning === DATA) data.push([bytes.length, bytes.length + own.length]);
    else {
      const actual = disassemble(own, BigInt(address + bytes.length), mode);
      if (actual.text !== meaning || actual.length !== own.length)
        throw new Error(`${line}: these ${own.length} bytes begin with ${actual.text}`);
    }
    bytes.push(...own);
  }
  return { bytes: Uint8Array.from(bytes), data };
}

/** One instruction. */
export type Line = readonly [hex: string, text: string];

/** Bytes of instructions, each with the text that the disassembler has for it at its offset from address 0. */
export function linesOf(mode: number, ...lines: readonly Line[]): number[] {
  return [...parseListing(lines.map((line) => line.join('  ')).join('\n'), 0, mode).bytes];
}

/** A listing of bytes. */
export function printListing({ bytes, data }: Listing, address: number, mode: number = MODE_CODE_64): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const range = data.find(([first, end]) => at >= first && at < end);
    const limit = range?.[1] ?? data.find(([first]) => first > at)?.[0] ?? bytes.length;
    const decoded = disassemble(bytes.subarray(at, limit), BigInt(address + at), mode);
    const isData = range !== undefined || decoded.text === '(bad)';
    const length = range === undefined ? decoded.length : Math.min(8, limit - at);
    const own = hex(bytes.subarray(at, at + length));
    lines.push(`  ${`${own} `.padEnd(TEXT_COLUMN)}${isData ? DATA : decoded.text}`);
    at += length;
  }
  return lines.join('\n');
}
