/** Moves between XMM registers, memory and general registers. */

import type { Case } from '../case.ts';
import { type Lane, MXCSR_DEFAULT, vectorValue } from '../lanes.ts';
import { type AddressingCycle, memory, type Operand, register, type Size } from '../operands.ts';
import { anyValue, Random } from '../values.ts';
import { awkwardVectors, narrow, vectorCase, vectorCases, XMM_PAIRS, xmm } from './vectors.ts';

/** `op m, xmm`. */
export function* stores(op: string, lane: Lane, bits: number, cycle: AddressingCycle): Generator<Case> {
  const random = new Random(`${op} store`);
  const targets = [0, 1, 2, 3].map(() => narrow(memory(cycle.next(), bits)));
  for (const target of [...targets, ...awkwardVectors(bits)]) {
    const source = xmm(random.below(16));
    for (let i = 0; i < 2; i++) {
      const values: [Operand, bigint][] = [
        [target, vectorValue(random, lane)],
        [source, vectorValue(random, lane)],
      ];
      yield vectorCase(`${op} ${target.text}, ${source.text}`, values, random, MXCSR_DEFAULT);
    }
  }
}

/** `op xmm, m` without a register form. */
export function* loads(op: string, lane: Lane, bits: number, cycle: AddressingCycle): Generator<Case> {
  const random = new Random(`${op} load`);
  const sources = [0, 1, 2, 3].map(() => narrow(memory(cycle.next(), bits)));
  for (const source of [...sources, ...awkwardVectors(bits)]) {
    const target = xmm(random.below(16));
    for (let i = 0; i < 2; i++) {
      const values: [Operand, bigint][] = [
        [target, vectorValue(random, lane)],
        [source, vectorValue(random, lane)],
      ];
      yield vectorCase(`${op} ${target.text}, ${source.text}`, values, random, MXCSR_DEFAULT);
    }
  }
}

/** A move with load, store and both register encodings. */
export function* fullMove(op: string, lane: Lane, bits: number, cycle: AddressingCycle): Generator<Case> {
  yield* vectorCases(op, { lanes: lane, bits, count: 1 }, cycle);
  yield* stores(op, lane, bits, cycle);
  const random = new Random(`${op} forms`);
  for (const [target, source] of XMM_PAIRS) {
    const values: [Operand, bigint][] = [
      [target, vectorValue(random, lane)],
      [source, vectorValue(random, lane)],
    ];
    yield vectorCase(`{store} ${op} ${target.text}, ${source.text}`, values, random, MXCSR_DEFAULT);
  }
}

/** `op xmm, xmm` without a memory form. */
export function* registerOnly(op: string, lane: Lane): Generator<Case> {
  const random = new Random(op);
  for (const [target, source] of XMM_PAIRS) {
    for (let i = 0; i < 2; i++) {
      const values: [Operand, bigint][] = [
        [target, vectorValue(random, lane)],
        [source, vectorValue(random, lane)],
      ];
      yield vectorCase(`${op} ${target.text}, ${source.text}`, values, random, MXCSR_DEFAULT);
    }
  }
}

/** MOVD and MOVQ between an XMM register and a general register or memory. */
export function* generalMoves(cycle: AddressingCycle): Generator<Case> {
  const random = new Random('movd');
  for (const [op, size] of [
    ['movd', 32],
    ['movq', 64],
  ] as [string, Size][]) {
    for (const [vector, general] of [
      [0, 0],
      [9, 3],
      [5, 12],
      [15, 15],
      [4, -1],
      [10, -1],
    ]) {
      const operand = general < 0 ? memory(cycle.next(), size) : register(general, size);
      for (let i = 0; i < 2; i++) {
        const values: [Operand, bigint][] = [
          [xmm(vector), vectorValue(random, 'i32')],
          [operand, anyValue(random, size)],
        ];
        yield vectorCase(`${op} xmm${vector}, ${operand.text}`, values, random, MXCSR_DEFAULT);
        yield vectorCase(`${op} ${operand.text}, xmm${vector}`, values, random, MXCSR_DEFAULT);
      }
    }
  }
  // MOVQ with REX.W and memory: opcodes 6E and 7E, which the assembler avoids.
  const pointer = memory({ text: '[rax]', address: 0x1000_0100, registers: { rax: 0x1000_0100n } }, 64);
  for (const bytes of ['0x66, 0x48, 0x0f, 0x6e, 0x18', '0x66, 0x48, 0x0f, 0x7e, 0x18']) {
    const values: [Operand, bigint][] = [
      [pointer, random.bits(64)],
      [xmm(3), vectorValue(random, 'i32')],
    ];
    yield vectorCase(`.byte ${bytes}`, values, random, MXCSR_DEFAULT);
  }
}

/** Immediate forms between a vector's element and a general register or memory, such as PINSRW. */
export function* insertions(
  op: string,
  bits: number,
  general: Size,
  cycle: AddressingCycle,
): Generator<Case> {
  const random = new Random(op);
  for (const element of [0, 1, 3, 7, 8, 15, 0xff]) {
    for (const [vector, number] of [
      [1, 0],
      [9, 10],
      [6, -1],
    ]) {
      const operand = number < 0 ? narrow(memory(cycle.next(), bits)) : register(number, general);
      const values: [Operand, bigint][] = [
        [xmm(vector), vectorValue(random, 'i16')],
        [operand, random.bits(64)],
      ];
      yield vectorCase(`${op} xmm${vector}, ${operand.text}, ${element}`, values, random, MXCSR_DEFAULT);
    }
  }
}

export function* extractions(
  op: string,
  bits: number,
  general: Size,
  toMemory: boolean,
  cycle: AddressingCycle,
): Generator<Case> {
  const random = new Random(op);
  for (const element of [0, 1, 3, 7, 8, 15, 0xff]) {
    for (const [vector, number] of toMemory
      ? [
          [1, 0],
          [9, 10],
          [6, -1],
        ]
      : [
          [1, 0],
          [9, 10],
        ]) {
      const operand = number < 0 ? narrow(memory(cycle.next(), bits)) : register(number, general);
      const values: [Operand, bigint][] = [
        [xmm(vector), vectorValue(random, 'i16')],
        [operand, random.bits(64)],
      ];
      yield vectorCase(`${op} ${operand.text}, xmm${vector}, ${element}`, values, random, MXCSR_DEFAULT);
    }
  }
}
