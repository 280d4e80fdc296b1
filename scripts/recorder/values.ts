/** Operand values: edges of each width, and pseudo-random ones that are the same in every run. */

import { DEFAULT_REGISTERS } from '../../test/vectors/layout.ts';

/** A pseudo-random sequence determined by a word, such as the assembly text of a case (xorshift32). */
export class Random {
  #state: number;

  constructor(seed: string) {
    let hash = 0x811c_9dc5;
    for (let i = 0; i < seed.length; i++) hash = Math.imul(hash ^ seed.charCodeAt(i), 0x0100_0193);
    this.#state = hash | 1;
    for (let i = 0; i < 8; i++) this.next();
  }

  /** An integer from 0 to 2^32 - 1. */
  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return Math.imul(x, 0x9e37_79b1) >>> 0;
  }

  /** An integer from 0 to limit - 1. */
  below(limit: number): number {
    return this.next() % limit;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)];
  }

  /** A number of up to `bits` significant bits. */
  bits(bits: number): bigint {
    let value = 0n;
    for (let i = 0; i < bits; i += 32) value = (value << 32n) | BigInt(this.next());
    return BigInt.asUintN(bits, value);
  }
}

const edgesOfWidth = new Map<number, readonly bigint[]>();

/** Values of a width at which instructions change their behaviour. */
export function edges(bits: number): readonly bigint[] {
  const found = edgesOfWidth.get(bits) ?? makeEdges(bits);
  edgesOfWidth.set(bits, found);
  return found;
}

function makeEdges(bits: number): bigint[] {
  const max = (1n << BigInt(bits)) - 1n;
  const sign = 1n << BigInt(bits - 1);
  return [0n, 1n, max, sign, sign - 1n, 2n, max - 1n, sign + 1n, max / 3n, (max / 3n) * 2n, 0xfn, 0x10n];
}

/** An edge value or, as often as not, a random one. */
export function anyValue(random: Random, bits: number): bigint {
  return random.below(2) ? random.pick(edges(bits)) : random.bits(bits);
}

/** Pairs of values of a width: the first edges with each other, then `count` mixed ones. */
export function valuePairs(
  random: Random,
  bits: number,
  edgeCount: number,
  count: number,
): [bigint, bigint][] {
  const first = edges(bits).slice(0, edgeCount);
  const pairs = first.flatMap((a) => first.map((b): [bigint, bigint] => [a, b]));
  for (let i = 0; i < count; i++) pairs.push([anyValue(random, bits), anyValue(random, bits)]);
  return pairs;
}

export const CF = 0x1;
export const PF = 0x4;
export const AF = 0x10;
export const ZF = 0x40;
export const SF = 0x80;
export const DF = 0x400;
export const OF = 0x800;
/** CF, PF, AF, ZF, SF and OF. */
export const STATUS_FLAGS = CF | PF | AF | ZF | SF | OF;

/** RFLAGS with the given flags set besides those that always are. */
export function rflags(flags: number): bigint {
  return (DEFAULT_REGISTERS.get('rflags') as bigint) | BigInt(flags);
}

/** RFLAGS with no status flag, all of them, or a random choice. */
export function anyFlags(random: Random): bigint {
  return rflags(random.pick([0, STATUS_FLAGS, random.next() & STATUS_FLAGS, random.next() & STATUS_FLAGS]));
}
