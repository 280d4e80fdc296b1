/** Cases for `op destination, source` instructions with the classic operand forms (ADD, AND, ...). */

import type { Case } from '../case.ts';
import { AddressingCycle, memory, register, SIZES, type Size } from '../operands.ts';
import { anyValue, Random, valuePairs } from '../values.ts';
import {
  awkwardMemory,
  FEW,
  freeRegister,
  immediates,
  makeCase,
  type Pair,
  randomValues,
  registerPairs,
} from './forms.ts';

/** What is special about an instruction. */
export interface Binary {
  /** Status flags that the manual leaves undefined. */
  undefined?: number;
  /** Writes its destination, and so may be locked. */
  writes: boolean;
  /** Has separate encodings for a register source and a register destination. */
  bothDirections: boolean;
}

function* forms(size: Size, cycle: AddressingCycle, random: Random): Generator<Pair> {
  yield* registerPairs(size).slice(1);
  for (let i = 0; i < 3; i++) {
    yield [memory(cycle.next(), size), freeRegister(random, size)];
    yield [freeRegister(random, size), memory(cycle.next(), size)];
  }
  for (const source of immediates(size)) {
    yield [register(0, size), source];
    yield [register(random.pick([2, 6, 10, 13]), size), source];
    yield [memory(cycle.next(), size), source];
  }
}

/** All operand forms and sizes of one instruction. */
export function* binaryCases(op: string, binary: Binary): Generator<Case> {
  const cycle = new AddressingCycle();
  const extra = binary.undefined ? { undefined: binary.undefined } : {};
  const random = new Random(op);
  for (const size of SIZES) {
    const [first, second] = registerPairs(size)[0];
    const asm = `${op} ${first.text}, ${second.text}`;
    for (const [a, b] of valuePairs(random, size, 7, 12)) {
      yield makeCase(
        asm,
        [
          [first, a],
          [second, b],
        ],
        random,
        extra,
      );
    }
    if (binary.bothDirections) {
      for (const pair of registerPairs(size)) {
        const text = `{load} ${op} ${pair[0].text}, ${pair[1].text}`;
        yield makeCase(text, randomValues(random, pair), random, extra);
      }
    }
    for (const pair of forms(size, cycle, random)) {
      const text = `${op} ${pair[0].text}, ${pair[1].text}`;
      for (let i = 0; i < FEW; i++) yield makeCase(text, randomValues(random, pair), random, extra);
    }
    for (const operand of awkwardMemory(size)) {
      const source = register(2, size);
      const values = randomValues(random, [operand, source]);
      yield makeCase(`${op} ${operand.text}, ${source.text}`, values, random, extra);
      yield makeCase(`${op} ${operand.text}, 0x11`, [values[0]], random, extra);
      if (!binary.bothDirections) continue;
      yield makeCase(`${op} ${source.text}, ${operand.text}`, values, random, extra);
    }
    if (!binary.writes) continue;
    for (const source of [freeRegister(random, size), ...immediates(size).slice(-1)]) {
      const target = memory(cycle.next(), size);
      const text = `lock ${op} ${target.text}, ${source.text}`;
      for (let i = 0; i < FEW; i++)
        yield makeCase(text, randomValues(random, [target, source]), random, extra);
    }
  }
}

/** All operand forms and sizes of an instruction with one operand that it reads and writes (INC, NOT, ...). */
export function* unaryCases(
  op: string,
  operandsOf: (size: Size, cycle: AddressingCycle) => Pair[0][],
): Generator<Case> {
  const cycle = new AddressingCycle();
  const random = new Random(op);
  for (const size of SIZES) {
    const first = register(0, size);
    for (const [a] of valuePairs(random, size, 0, 12))
      yield makeCase(`${op} ${first.text}`, [[first, a]], random);
    for (const value of [
      0n,
      1n,
      (1n << BigInt(size)) - 1n,
      1n << BigInt(size - 1),
      (1n << BigInt(size - 1)) - 1n,
    ]) {
      yield makeCase(`${op} ${first.text}`, [[first, value]], random);
    }
    for (const operand of operandsOf(size, cycle)) {
      for (let i = 0; i < FEW; i++) {
        yield makeCase(`${op} ${operand.text}`, [[operand, anyValue(random, size)]], random);
      }
    }
    for (const operand of awkwardMemory(size)) {
      yield makeCase(`${op} ${operand.text}`, [[operand, anyValue(random, size)]], random);
    }
    const target = memory(cycle.next(), size);
    for (let i = 0; i < FEW; i++) {
      yield makeCase(`lock ${op} ${target.text}`, [[target, anyValue(random, size)]], random);
    }
  }
}
