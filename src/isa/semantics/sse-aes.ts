/**
 * AES-NI (FIPS 197; Intel SDM Vol. 2 "AESENC" and kin), and PCLMULQDQ, which is a runtime function of values as AESIMC is.
 *
 * The S-box is an inverse in the field of AES, GF(2^8), between affine maps. Bytes have 256 values and a swizzle looks up
 * sixteen, so the inverse is worked out in GF(2^4), of which GF(2^8) is a quadratic extension (M. Hamburg, "Accelerating AES with
 * Vector Permute Instructions", CHES 2009). GF(2^4) is GF(2)[x] / (x^4 + x + 1), z is a root of z^2 + z + 8 over it, and
 * an element i z + j (z + 1) is a byte with i in its high nibble and k = i + j in the low one. With a = 1/8 and
 *
 *     p = j + 1 / (1/i + a/k)        q = i + 1 / (1/j + a/k)
 *
 * the inverse is a sum of multiples of 1/p and 1/q, and so is whatever linear map of it. 1/0 is 0x80, infinity: sums with it
 * are not below 0x80 either, and of such an index a swizzle gives 0, which is 1/infinity.
 */

import { CPU_STATE } from '../../layout/linear-memory.ts';
import { AES_TABLES } from '../../layout/runtime-state.ts';
import type { Expression } from '../../wasm/builder.ts';
import { v128 } from '../../wasm/value-types.ts';
import type { Emitter, Value } from '../emitter.ts';
import { zero } from './vector.ts';

/** Address of sixteen bytes (runtime-state.ts): a constant that is no load costs V8 four instructions. */
type Table = number;

const tables: string[] = [];

/** @param bytes in the order of memory, in hexadecimal. */
function table(bytes: string): Table {
  tables.push(bytes);
  return CPU_STATE + AES_TABLES + 16 * (tables.length - 1);
}

/** Images of one nibble and of the other. */
type Map = readonly [Table, Table];

/** 1/n, and a/n. */
const INVERSES = table('8001090e0d0b07060f020c050a040308');
const MULTIPLES = table('800f0e0507030b040a0d08060c090201');

/** From bytes of AES to i and k: images of the low nibble and of the high one. Of the second the inverse affine map comes before. */
const SPLIT: Map = [table('0010021264746676c4d4c6d6a0b0a2b2'), table('00c35d9e43801edd5e9d03c01dde4083')];
const INVERSE_SPLIT: Map = [
  table('74f18d08fd780481f6730f8a7ffa8603'),
  table('006797f09ff8086f294ebed9b6d12146'),
];

/**
 * Linear maps of inverses, back in bytes of AES: images of p and of q. The S-box without its constant, and twice that; and
 * the inverse times 1, 14, 11, 13 and 9.
 */
const SUBSTITUTED: Map = [
  table('00649912e50a8bef769381186e7cf7fd'),
  table('007bb03d67918df646211cacead75acb'),
];
const SUBSTITUTED_2: Map = [
  table('00c82924d1140dc5ec3d1930dcf8f5e1'),
  table('00f67b7ace3901f78c423843cfb5b48d'),
];
const INVERSE_1: Map = [table('00f299309dc6a95bc25f6ff63404ad6b'), table('00f3c8dc2ccb14e72f03df1738e4f03b')];
const INVERSE_14: Map = [
  table('00cbdf3be7c8e42ff0172cf30338dc14'),
  table('00c59c44938ed81d811256ca4b0fd759'),
];
const INVERSE_11: Map = [
  table('00dc14cb383bdf03172fe4f0e72cf3c8'),
  table('00d759c50f449c4b121dd8819356ca8e'),
];
const INVERSE_13: Map = [
  table('00c66f6b5b9904c2adf69df25f3430a9'),
  table('00cbdf3be7c8e42ff0172cf30338dc14'),
];
const INVERSE_9: Map = [table('00233dab19ac96b588913a078f24b21e'), table('002ad26657c9b49e4c1b7dafe38531f8')];

/** The constant of the S-box: MixColumns makes the same of it. */
const CONSTANT = table('63'.repeat(16));
const LOW_NIBBLES = table('0f'.repeat(16));

/** ShiftRows, then columns rotated by 0, 1, 2 and 3 bytes; and so with InvShiftRows. */
const SHIFTED_ROWS = [
  table('00050a0f04090e03080d02070c01060b'),
  table('050a0f00090e03040d02070801060b0c'),
  table('0a0f00050e0304090207080d060b0c01'),
  table('0f00050a0304090e07080d020b0c0106'),
] as const;
const INVERSE_SHIFTED_ROWS = [
  table('000d0a0704010e0b0805020f0c090603'),
  table('0d0a0700010e0b0405020f080906030c'),
  table('0a07000d0e0b0401020f080506030c09'),
  table('07000d0a0b04010e0f080502030c0906'),
] as const;

/** Of doublewords 1 and 3 the bytes after ShiftRows, each also rotated by a byte. */
const KEY_WORDS = table('04010e0b010e0b040c0906030906030c');

/** What has to be at AES_TABLES. */
export const AES_TABLE_BYTES = Uint8Array.from(
  tables.flatMap((bytes) =>
    Array.from({ length: 16 }, (_, i) => Number.parseInt(bytes.slice(2 * i, 2 * i + 2), 16)),
  ),
);

/** A round's operations on vectors of bytes. */
class Rounds {
  private readonly e: Emitter;

  constructor(e: Emitter) {
    this.e = e;
  }

  constant(table: Table): Expression {
    const { m } = this.e;
    return m.v128.load(table, 16, m.i32.const(0));
  }

  keep(value: Expression): Value {
    return this.e.let(value, v128);
  }

  sum(first: Expression, ...others: Expression[]): Expression {
    return others.reduce((sum, other) => this.e.m.v128.xor(sum, other), first);
  }

  /** Indices are below 16 or above 127: of others the choice would be the engine's. An engine that fuses has relaxed SIMD. */
  private swizzle(bytes: Expression, indices: Expression): Expression {
    const { i8x16 } = this.e.m;
    return this.e.fusesMultiplyAdd ? i8x16.relaxed_swizzle(bytes, indices) : i8x16.swizzle(bytes, indices);
  }

  lookUp(table: Table, indices: Value): Expression {
    return this.swizzle(this.constant(table), indices());
  }

  shift(state: Value, rows: Table): Expression {
    return this.swizzle(state(), this.constant(rows));
  }

  low(bytes: Value): Value {
    return this.keep(this.e.m.v128.and(bytes(), this.constant(LOW_NIBBLES)));
  }

  high(bytes: Value): Value {
    const { m } = this.e;
    return this.keep(m.v128.and(m.i32x4.shr_u(bytes(), m.i32.const(4)), this.constant(LOW_NIBBLES)));
  }

  combine([first, second]: Map, p: Value, q: Value): Expression {
    return this.sum(this.lookUp(first, p), this.lookUp(second, q));
  }

  /** p and q of bytes. */
  invert(bytes: Value, split: Map): [Value, Value] {
    const parts = this.keep(this.combine(split, this.low(bytes), this.high(bytes)));
    const k = this.low(parts);
    const i = this.high(parts);
    const j = this.keep(this.sum(i(), k()));
    const multiple = this.keep(this.lookUp(MULTIPLES, k));
    const part = (of: Value, to: Value): Value => {
      const inner = this.keep(this.sum(multiple(), this.lookUp(INVERSES, of)));
      return this.keep(this.sum(to(), this.lookUp(INVERSES, inner)));
    };
    return [part(i, j), part(j, i)];
  }

  encrypt(state: Value, key: Value, last: boolean): Expression {
    const [p, q] = this.invert(state, SPLIT);
    const rest = this.sum(key(), this.constant(CONSTANT));
    const single = this.keep(this.combine(SUBSTITUTED, p, q));
    if (last) return this.sum(this.shift(single, SHIFTED_ROWS[0]), rest);
    // A byte of the product with MixColumns' matrix is 2, 3, 1 and 1 times bytes of the column, from its own on.
    const twice = this.keep(this.combine(SUBSTITUTED_2, p, q));
    const triple = this.keep(this.sum(single(), twice()));
    const others = this.sum(rest, this.shift(single, SHIFTED_ROWS[2]), this.shift(single, SHIFTED_ROWS[3]));
    const firsts = this.sum(this.shift(twice, SHIFTED_ROWS[0]), this.shift(triple, SHIFTED_ROWS[1]));
    return this.sum(firsts, others);
  }

  decrypt(state: Value, key: Value, last: boolean): Expression {
    const [p, q] = this.invert(state, INVERSE_SPLIT);
    const shifted = (map: Map, rows: Table): Expression =>
      this.shift(this.keep(this.combine(map, p, q)), rows);
    const [rows0, rows1, rows2, rows3] = INVERSE_SHIFTED_ROWS;
    if (last) return this.sum(shifted(INVERSE_1, rows0), key());
    const firsts = this.sum(shifted(INVERSE_14, rows0), shifted(INVERSE_11, rows1));
    return this.sum(firsts, this.sum(shifted(INVERSE_13, rows2), shifted(INVERSE_9, rows3), key()));
  }
}

function rounds(name: 'encrypt' | 'decrypt', last: boolean): (e: Emitter) => void {
  return (e) => {
    const key = e.let(e.read(1), v128);
    const state = e.let(e.read(0), v128);
    e.write(0, new Rounds(e)[name](state, key, last));
  };
}

export const aesenc = rounds('encrypt', false);
export const aesenclast = rounds('encrypt', true);
export const aesdec = rounds('decrypt', false);
export const aesdeclast = rounds('decrypt', true);

export function aesimc(e: Emitter): void {
  e.write(0, e.call('aesInverseMix', [e.read(1)], v128));
}

export function aeskeygenassist(e: Emitter): void {
  const { m } = e;
  const r = new Rounds(e);
  const key = e.let(e.read(1), v128);
  const words = r.keep(r.encrypt(key, () => zero(m), true));
  const constant = e.let(e.read(2));
  const constants = m.i32x4.replace_lane(m.i32x4.replace_lane(zero(m), 1, constant()), 3, constant());
  e.write(0, r.sum(r.shift(words, KEY_WORDS), constants));
}

export function pclmulqdq(e: Emitter): void {
  const b = e.read(1);
  e.write(0, e.call('carrylessMultiply', [e.read(0), b, e.read(2)], v128));
}
