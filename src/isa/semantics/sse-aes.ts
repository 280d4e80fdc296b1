/**
 * AES-NI (FIPS 197; Intel SDM Vol. 2 "AESENC" and kin), and PCLMULQDQ, which is a runtime function of values as AESIMC is.
 *
 * A round is table look-ups: what a byte of the state becomes in the S-box, and what MixColumns makes of that in its column, are
 * one entry, and a column is the sum of four. So a round is short for who waits for it, which in a chain of blocks is all that counts:
 * a look-up in the host's first cache and four operations, where to work out the S-box with shuffles of bytes takes seventeen that wait
 * for each other. Columns stay doublewords from one round to the next (readColumns). How long a look-up takes may depend on the data.
 */

import { CPU_STATE } from '../../layout/linear-memory.ts';
import { AES_TABLES } from '../../layout/runtime-state.ts';
import type { Expression } from '../../wasm/builder.ts';
import { i32, i64, v128 } from '../../wasm/value-types.ts';
import type { Emitter, Value } from '../emitter.ts';
import { columnsOf } from './vector.ts';

/** Entries of a table are 8 bytes: four bytes of a column, twice, so that a doubleword from inside of them is the column rotated. */
const ENTRY_BITS = 3;
const TABLE_SIZE = 256 << ENTRY_BITS;

/** Where a byte is in a doubleword, or in a column. */
const ROWS = [0, 1, 2, 3] as const;
type Row = (typeof ROWS)[number];

interface Direction {
  readonly table: number;
  /** Row r of a column comes from the column r times this behind it. */
  readonly shift: 1 | 3;
  /** Where in an entry what the S-box makes of the byte is by itself. */
  readonly single: number;
}
const ENCRYPTION: Direction = { table: CPU_STATE + AES_TABLES, shift: 1, single: 1 };
const DECRYPTION: Direction = { table: ENCRYPTION.table + TABLE_SIZE, shift: 3, single: 7 };

/** Times x in the field of AES. */
function double(byte: number): number {
  return ((byte << 1) ^ (byte & 0x80 ? 0x11b : 0)) & 0xff;
}

function rotate(byte: number, count: number): number {
  return ((byte << count) | (byte >> (8 - count))) & 0xff;
}

/** What has to be at AES_TABLES, in doublewords. Made when a machine starts: without lists. */
export function aesTables(): Uint32Array {
  const tables = new Uint32Array((2 * TABLE_SIZE) / 4);
  const enter = (byte: number, substituted: number): void => {
    const twice = double(substituted);
    const encrypted = twice | (substituted << 8) | (substituted << 16) | ((twice ^ substituted) << 24);
    const two = double(byte);
    const four = double(two);
    const nine = double(four) ^ byte;
    const fourteen = nine ^ byte ^ four ^ two;
    const decrypted = fourteen | (nine << 8) | ((nine ^ four) << 16);
    const at = byte << (ENTRY_BITS - 2);
    tables[at] = encrypted;
    tables[at + 1] = encrypted;
    const atInverse = TABLE_SIZE / 4 + (substituted << (ENTRY_BITS - 2));
    tables[atInverse] = decrypted | ((nine ^ two) << 24);
    tables[atInverse + 1] = decrypted | (byte << 24);
  };
  enter(0, 0x63);
  // All others are powers of x + 1, and their inverses those of its inverse.
  let power = 1;
  let inverse = 1;
  do {
    const turned =
      inverse ^ rotate(inverse, 1) ^ rotate(inverse, 2) ^ rotate(inverse, 3) ^ rotate(inverse, 4);
    enter(power, turned ^ 0x63);
    power ^= double(power);
    // Divided by x + 1, which is times 0xf6.
    inverse ^= inverse << 1;
    inverse ^= inverse << 2;
    inverse = (inverse ^ (inverse << 4)) & 0xff;
    if (inverse & 0x80) inverse ^= 0x09;
  } while (power !== 1);
  return tables;
}

/** Address of the entry of a byte, from the first one on: i32. */
function entry({ m }: Emitter, column: Value, row: Row): Expression {
  const shift = 8 * row - ENTRY_BITS;
  const word = m.i32.wrap(column());
  const moved = shift < 0 ? m.i32.shl(word, m.i32.const(-shift)) : m.i32.shr_u(word, m.i32.const(shift));
  return m.i32.and(moved, m.i32.const(0xff << ENTRY_BITS));
}

/** What the look-ups of the four bytes give, as one. */
function join(
  look: (row: Row) => Expression,
  operation: (a: Expression, b: Expression) => Expression,
): Expression {
  const [first, second, third, fourth] = ROWS.map(look) as [Expression, Expression, Expression, Expression];
  return operation(operation(first, second), operation(third, fourth));
}

/**
 * A column behind the S-box and MixColumns, and the key: i64. Of an operand that is a load, as wide as the sum, V8 would make two.
 *
 * @param columnOf what a row of the state is in.
 */
function mixed(e: Emitter, { table }: Direction, key: Value, columnOf: (row: Row) => Value): Expression {
  const { i64 } = e.m;
  const look = (row: Row): Expression => {
    const found = i64.load32_u(table + ((4 - row) & 3), 1, entry(e, columnOf(row), row));
    return row === 0 ? i64.xor(key(), found) : found;
  };
  return join(look, i64.xor);
}

/** A column behind the S-box: i32. */
function substituted(e: Emitter, { table, single }: Direction, columnOf: (row: Row) => Value): Expression {
  const { i32 } = e.m;
  const look = (row: Row): Expression => {
    const found = i32.load8_u(table + single, 1, entry(e, columnOf(row), row));
    return row === 0 ? found : i32.shl(found, i32.const(8 * row));
  };
  return join(look, i32.or);
}

function rounds(direction: Direction, last: boolean): (e: Emitter) => void {
  return (e) => {
    const { m } = e;
    const keys = columnsOf(e, 1);
    const state = e.readColumns(0);
    const columns = keys.map((key, at) => {
      const columnOf = (row: Row): Value => state[(at + direction.shift * row) & 3] as Value;
      const column = last
        ? m.i64.xor(key(), m.i64.extend_u(substituted(e, direction, columnOf)))
        : mixed(e, direction, key, columnOf);
      return e.let(column, i64);
    });
    e.writeColumns(0, columns);
  };
}

export const aesenc = rounds(ENCRYPTION, false);
export const aesenclast = rounds(ENCRYPTION, true);
export const aesdec = rounds(DECRYPTION, false);
export const aesdeclast = rounds(DECRYPTION, true);

export function aesimc(e: Emitter): void {
  e.write(0, e.call('aesInverseMix', [e.read(1)], v128));
}

export function aeskeygenassist(e: Emitter): void {
  const { m } = e;
  const key = columnsOf(e, 1);
  const constant = e.let(e.read(2));
  const columns = [1, 3].flatMap((at) => {
    const word = e.let(
      substituted(e, ENCRYPTION, () => key[at] as Value),
      i32,
    );
    const rotated = m.i32.xor(m.i32.rotr(word(), m.i32.const(8)), constant());
    return [() => m.i64.extend_u(word()), e.let(m.i64.extend_u(rotated), i64)];
  });
  e.writeColumns(0, columns);
}

export function pclmulqdq(e: Emitter): void {
  const b = e.read(1);
  e.write(0, e.call('carrylessMultiply', [e.read(0), b, e.read(2)], v128));
}
