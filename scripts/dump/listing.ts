/** Disassembly in columns. */
import { disassemble } from '../../src/isa/disassembler.ts';

/** Longest legal instruction. */
const LONGEST_INSTRUCTION = 15;

export interface Line {
  readonly address: bigint;
  readonly bytes: Uint8Array;
  readonly text: string;
}

/**
 * The instructions that begin in a range, one after the other.
 *
 * @param address linear address of `bytes[0]`.
 * @param mode mode key (layout/mode.ts).
 * @param start offset to begin at.
 * @param length bytes of the range; its last instruction may reach beyond it.
 */
export function disassembleRange(
  bytes: Uint8Array,
  address: bigint,
  mode: number,
  start = 0,
  length = bytes.length - start,
): Line[] {
  const lines: Line[] = [];
  for (let at = start; at < Math.min(bytes.length, start + length); ) {
    const linear = address + BigInt(at);
    const instruction = disassemble(bytes.subarray(at, at + LONGEST_INSTRUCTION), linear, mode);
    lines.push({
      address: linear,
      bytes: bytes.subarray(at, at + instruction.length),
      text: instruction.text,
    });
    at += instruction.length;
  }
  return lines;
}

export function hexBytes(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

/** Lines as `address  bytes  text`, the columns as wide as the widest. */
export function formatLines(lines: readonly Line[]): string[] {
  const rows = lines.map(
    ({ address, bytes, text }) => [address.toString(16), hexBytes(bytes), text] as const,
  );
  const addressWidth = Math.max(...rows.map(([address]) => address.length));
  const bytesWidth = Math.max(...rows.map(([, bytes]) => bytes.length));
  return rows.map(
    ([address, bytes, text]) => `${address.padStart(addressWidth)}  ${bytes.padEnd(bytesWidth)}  ${text}`,
  );
}

/** Two texts beside each other, the left one in a column of `width` characters. */
export function sideBySide(left: readonly string[], right: readonly string[], width: number): string[] {
  return Array.from({ length: Math.max(left.length, right.length) }, (_, i) =>
    `${(left[i] ?? '').padEnd(width)} | ${right[i] ?? ''}`.trimEnd(),
  );
}
