/**
 * AVX: cases for every VEX-encoded row of the instruction table that has vector operands, in both
 * lengths, with registers and memory.
 */

import { mnemonicOf } from '../../../src/isa/disassembler.ts';
import { VARIANTS } from '../../../src/isa/instruction-set.ts';
import type { Operand as RowOperand } from '../../../src/isa/operand.ts';
import type { Row } from '../../../src/isa/row.ts';
import { avx2Rows } from '../../../src/isa/tables/avx2.ts';
import type { Variant } from '../../../src/isa/variant.ts';
import type { XmmRegister, YmmHighRegister } from '../../../test/vectors/layout.ts';
import type { Case } from '../case.ts';
import { anyMxcsr, type Lane, MXCSR_DEFAULT, vectorValue } from '../lanes.ts';
import { AddressingCycle, memory, type Operand, register, type Size } from '../operands.ts';
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
  for (const variant of VARIANTS) {
    const { row } = variant;
    if (!isVector(variant) || ELSEWHERE.test(row.mnemonic)) continue;
    if (table === undefined ? !later.has(row) : table.includes(row)) yield* casesOf(variant, cycle);
  }
}

const LATER: readonly (readonly Row[])[] = [avx2Rows];

export function* avx(): Generator<Case> {
  yield* family(undefined);
}

export function* avx2(): Generator<Case> {
  yield* family(avx2Rows);
}
