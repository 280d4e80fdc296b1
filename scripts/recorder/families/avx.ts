/**
 * AVX: cases for every VEX-encoded row of the instruction table that has vector operands, in both
 * lengths, with registers and memory.
 */

import { mnemonicOf } from '../../../src/isa/disassembler.ts';
import { allVariants } from '../../../src/isa/instruction-set.ts';
import type { Operand as RowOperand } from '../../../src/isa/operand.ts';
import type { Row } from '../../../src/isa/row.ts';
import { avx2Rows } from '../../../src/isa/tables/avx2.ts';
import { f16cRows, fmaRows } from '../../../src/isa/tables/fma.ts';
import type { Variant } from '../../../src/isa/variant.ts';
import { SCRATCH, type XmmRegister, type YmmHighRegister } from '../../../test/vectors/layout.ts';
import { type Case, Input } from '../case.ts';
import {
  anyMxcsr,
  joinLanes,
  type Lane,
  MXCSR_DEFAULT,
  SPECIAL_F32,
  SPECIAL_F64,
  vectorValue,
} from '../lanes.ts';
import { AddressingCycle, DATA, memory, type Operand, register, type Size } from '../operands.ts';
import { Random } from '../values.ts';
import { awkwardVectors, narrow, vectorCase } from './vectors.ts';

const LOW_128 = (1n << 128n) - 1n;

/** A vector register of which `bits` count in the text; assigning fills all 256. */
function vector(number: number, bits: number): Operand {
  return {
    text: `${bits === 256 ? 'ymm' : 'xmm'}${number}`,
    size: 256,
    assign: (input, value) => {
      input.registers.set(`xmm${number}` as XmmRegister, value & LOW_128);
      input.registers.set(`ymmh${number}` as YmmHighRegister, value >> 128n);
    },
  };
}

/** What the elements of a row's vectors are. */
function lanesOf(mnemonic: string): Lane {
  if (mnemonic === 'vcvtps2ph') return 'f32';
  if (/^v(?:pcmp|p[^e]|mov[dq]|cvt.?dq)/.test(mnemonic)) return 'i32';
  if (/(?:pd|sd|sd2ss|pd2ps|sd2si|pd2dq)$/.test(mnemonic)) return 'f64';
  return /(?:ps|ss|ps2pd|ss2sd|ss2si|ps2dq)$/.test(mnemonic) ? 'f32' : 'i32';
}

/** Immediate bytes that say something about the instruction. */
function immediates(mnemonic: string): readonly number[] {
  if (/^vcmp/.test(mnemonic)) return Array.from({ length: 32 }, (_, i) => i);
  if (/^vpcmp[ei]str/.test(mnemonic)) return [0x00, 0x0c, 0x1a, 0x41];
  if (/^vps[rl]/.test(mnemonic)) return [0, 3, 15, 31, 40];
  if (/^vround|^vcvtps2ph/.test(mnemonic)) return [0, 1, 2, 3, 4];
  return [0x1b, 0xe4, 0x72, 0xff];
}

/** Register numbers for the operands of a row, in turn: all different, two the same, high ones. */
const REGISTERS: readonly (readonly number[])[] = [
  [0, 1, 2, 3],
  [8, 2, 11, 14],
  [5, 5, 10, 1],
  [2, 8, 2, 0],
];

/** Instructions whose cases need more than values for their operands. */
const ELSEWHERE = /^v(?:p?gather|maskmovdqu)/;

function isVector({ row }: Variant): boolean {
  return row.opcode.vex !== undefined && row.operands.some(({ file }) => file === 'xmm');
}

function* casesOf(variant: Variant, cycle: AddressingCycle): Generator<Case> {
  const { row, locations, vectorSize, operandSize, form } = variant;
  const mnemonic = mnemonicOf(variant);
  const lane = lanesOf(mnemonic);
  const random = new Random(
    `${mnemonic} ${vectorSize} ${operandSize} ${form} ${row.operands.map(({ name }) => name)}`,
  );
  const isFloat = lane !== 'i32';
  const hasImmediate = row.operands.some(({ place }) => place === 'immediate');
  const bytes = hasImmediate ? immediates(mnemonic) : [0];

  const operandOf = (
    operand: RowOperand,
    at: number,
    numbers: readonly number[],
    place?: Operand,
  ): Operand | string => {
    const location = locations[at] as (typeof locations)[number];
    if (operand.place === 'immediate') return '';
    if (location.kind === 'memory') return place ?? narrow(memory(cycle.next(), location.size * 8));
    const number = numbers[at] as number;
    if (location.kind === 'xmm') return vector(number, location.size * 8);
    // PINSRW has a doubleword register.
    return register(number, Math.max(32, location.size * 8) as Size);
  };
  const one = (numbers: readonly number[], immediate: number, place?: Operand): Case => {
    const operands = row.operands.map((operand, at) => operandOf(operand, at, numbers, place));
    const text = operands.map((operand) =>
      typeof operand === 'string' ? `0x${immediate.toString(16)}` : operand.text,
    );
    const values = operands
      .filter((operand): operand is Operand => typeof operand !== 'string')
      .map((operand): [Operand, bigint] => [operand, vectorValue(random, lane, Math.max(64, operand.size))]);
    const extra: Partial<Case> = {};
    // Approximations have as many right bits as the manual promises.
    if (/^v(?:rcp|rsqrt)/.test(mnemonic)) Object.assign(extra, { tolerance: 0.000366, lanes: 'f32' });
    // Which of the selected elements faults first is the processor's choice.
    if (mnemonic.includes('maskmov')) extra.anyFaultAddress = true;
    return vectorCase(
      `${mnemonic} ${text.join(', ')}`,
      values.map(([operand, value]) => [operand, value & ((1n << BigInt(operand.size)) - 1n)]),
      random,
      isFloat ? anyMxcsr(random) : MXCSR_DEFAULT,
      extra,
    );
  };

  if (form === 'register') {
    for (const [i, immediate] of bytes.entries())
      yield one(REGISTERS[i % REGISTERS.length] as number[], immediate);
    for (const numbers of hasImmediate ? [] : REGISTERS.slice(1)) yield one(numbers, 0);
  } else if (form === 'memory') {
    const size = locations.find(({ kind }) => kind === 'memory')?.size ?? 16;
    for (const numbers of REGISTERS.slice(0, 1))
      yield one(
        [8, ...numbers.slice(1)].map((n) => (n === 3 ? 9 : n)),
        bytes[1] ?? 0,
      );
    if (row.operands[0]?.place === 'rm' || size < 16) return;
    const places = awkwardVectors(size * 8);
    for (const place of [places[random.below(2)], places[3]])
      yield one([0, 1, 2, 8], bytes[0] as number, place);
  }
}

/** Cases of the rows that are in none of the tables of later extensions, or in `table`. */
function* family(table: readonly Row[] | undefined): Generator<Case> {
  const cycle = new AddressingCycle();
  const later = new Set(LATER.flat());
  for (const variant of allVariants()) {
    const { row } = variant;
    if (!isVector(variant) || ELSEWHERE.test(row.mnemonic)) continue;
    if (table === undefined ? !later.has(row) : table.includes(row)) yield* casesOf(variant, cycle);
  }
}

const LATER: readonly (readonly Row[])[] = [avx2Rows, fmaRows, f16cRows];

export function* avx(): Generator<Case> {
  yield* family(undefined);
}

export function* avx2(): Generator<Case> {
  yield* family(avx2Rows);
  for (const op of ['vpgatherdd', 'vgatherdps']) yield* gathers(op, 4, 4);
  for (const op of ['vpgatherdq', 'vgatherdpd']) yield* gathers(op, 4, 8);
  for (const op of ['vpgatherqd', 'vgatherqps']) yield* gathers(op, 8, 4);
  for (const op of ['vpgatherqq', 'vgatherqpd']) yield* gathers(op, 8, 8);
}

export function* f16c(): Generator<Case> {
  yield* family(f16cRows);
  const random = new Random('f16c');
  for (const halves of [0x7c01_7e00_fc00_0001n, 0x83ff_0400_7bff_8000n, 0xfd55_3c00_03ff_fe01n]) {
    yield vectorCase('vcvtph2ps xmm1, xmm2', [[vector(2, 128), halves]], random, anyMxcsr(random));
  }
}

/** Numbers whose product and sum meet every rule: zeros, infinities, NaNs, cancellation, ties, ends of the range. */
function* fusedSpecials(op: string, lane: 'f32' | 'f64'): Generator<Case> {
  const random = new Random(op);
  const specials = lane === 'f32' ? SPECIAL_F32 : SPECIAL_F64;
  const some = [0, 1, 2, 4, 5, 6, 7, 8, 10].map((i) => specials[i] as bigint);
  const triples = some.flatMap((a) => some.flatMap((b) => some.map((c) => [a, b, c] as const)));
  const count = lane === 'f32' ? 8 : 4;
  for (let i = 0; i < triples.length; i += count) {
    const group = Array.from(
      { length: count },
      (_, k) => triples[(i + k) % triples.length] as (typeof triples)[number],
    );
    const values = [0, 1, 2].map((operand): [Operand, bigint] => [
      vector(operand, 256),
      joinLanes(
        group.map((triple) => triple[operand] as bigint),
        lane,
      ),
    ]);
    yield vectorCase(`${op} ymm0, ymm1, ymm2`, values, random, MXCSR_DEFAULT);
  }
  // Sums that nearly cancel, and halfway cases: c is near -a * b.
  const digits = lane === 'f32' ? 23n : 52n;
  const one = lane === 'f32' ? 0x3f80_0000n : 0x3ff0_0000_0000_0000n;
  const sign = lane === 'f32' ? 31n : 63n;
  for (let i = 0; i < 24; i++) {
    const near = (shift: bigint): bigint => (random.bits(Number(digits)) >> shift) + one;
    const exponent = BigInt(random.below(2 * Number(digits) + 6) - Number(digits)) << digits;
    const lanes = (make: () => bigint): bigint => joinLanes(Array.from({ length: count }, make), lane);
    const values: [Operand, bigint][] = [
      [vector(0, 256), lanes(() => near(BigInt(random.below(8))))],
      [vector(1, 256), lanes(() => near(BigInt(random.below(Number(digits)))))],
      [
        vector(2, 256),
        lanes(
          () =>
            (near(BigInt(random.below(Number(digits)))) + (i % 3 === 0 ? 0n : exponent)) |
            (BigInt(i & 1) << sign),
        ),
      ],
    ];
    yield vectorCase(`${op} ymm0, ymm1, ymm2`, values, random, anyMxcsr(random));
  }
}

export function* fma(): Generator<Case> {
  yield* family(fmaRows);
  for (const [op, lane] of [
    ['vfmadd231ps', 'f32'],
    ['vfmadd231pd', 'f64'],
    ['vfnmsub213ps', 'f32'],
    ['vfnmsub132pd', 'f64'],
  ] as const)
    yield* fusedSpecials(op, lane);
}

/** Gathers: `index` and `element` bytes; indices stay in the data area, or the last selected one leaves it. */
function* gathers(op: string, index: 4 | 8, element: 4 | 8): Generator<Case> {
  const random = new Random(op);
  for (const size of [128, 256]) {
    const perLane = 16 / Math.max(index, element);
    const count = (perLane * size) / 128;
    const indexBits = index * count * 8;
    const elementBits = element * count * 8;
    const name = (number: number, bits: number): string => `${bits > 128 ? 'ymm' : 'xmm'}${number}`;
    for (const [dest, at, mask, scale, faulting] of [
      [1, 2, 3, 1, false],
      [9, 12, 14, 8, false],
      [0, 4, 7, 4, true],
      [5, 5, 6, 1, false],
    ] as const) {
      // What is above half a vector of results is, after a fault, not what the manual says.
      if (faulting && index > element && size === 256) continue;
      const input = new Input();
      const step = BigInt(scale);
      const indices = Array.from({ length: count }, () =>
        BigInt.asUintN(index * 8, (BigInt(random.below(0x300)) - 0x180n) / step),
      );
      const masks = Array.from({ length: count }, () => random.pick([0n, 1n, 3n]) << BigInt(element * 8 - 2));
      if (faulting) {
        indices[count - 1] = BigInt(0x2000 / scale);
        masks[count - 1] = 2n << BigInt(element * 8 - 2);
      }
      vector(at, 256).assign(input, joinLanes(indices, index === 4 ? 'i32' : 'i64'));
      vector(mask, 256).assign(
        input,
        joinLanes(masks, element === 4 ? 'i32' : 'i64') | (random.bits(32) << 224n),
      );
      vector(dest === at ? 15 : dest, 256).assign(input, vectorValue(random, 'i32', 256));
      input.set('rbx', BigInt(faulting ? SCRATCH : DATA + 0x400));
      const text = `${op} ${name(dest, elementBits)}, [rbx+${name(at, Math.max(128, indexBits))}*${scale}+8], ${name(mask, elementBits)}`;
      yield { asm: text, input };
    }
  }
}
