/** x87 loads, stores, constants, conditional moves and exchanges. */

import type { Case } from '../case.ts';
import {
  anyFcw,
  anyValue80,
  C1,
  C023,
  extended,
  FCW_DEFAULT,
  FCW_ROUNDINGS,
  FCW_UNMASKED,
  SPECIAL_80,
  stackCase,
} from '../extended.ts';
import { laneValue, SPECIAL_F32, SPECIAL_F64 } from '../lanes.ts';
import { type Addressing, AddressingCycle, at, DATA, memory, useAddressing } from '../operands.ts';
import { anyFlags, edges, Random } from '../values.ts';
import { BOUNDARY, UNMAPPED } from './forms.ts';

const EXTRA = { undefinedFsw: C023 };
const POINTERS: Record<number, string> = { 16: 'word', 32: 'dword', 64: 'qword', 80: 'tbyte' };

/** The text of an x87 memory operand. */
export function pointer(form: Addressing, bits: number): string {
  return `${POINTERS[bits]} ptr ${form.text}`;
}

/** A stack that is too full to push onto. */
function fullStack(random: Random): bigint[] {
  return Array.from({ length: 8 }, () => anyValue80(random));
}

/** Packed decimal: 18 digits, then the sign. */
function decimal(random: Random): bigint {
  const digits = random.pick([1, 2, 9, 17, 18]);
  let value = BigInt(random.below(2)) << 79n;
  for (let i = 0; i < digits; i++) value |= BigInt(random.below(10)) << BigInt(4 * i);
  return value;
}

function* loads(): Generator<Case> {
  const cycle = new AddressingCycle();
  const random = new Random('fld');
  const kinds: [string, number, readonly bigint[]][] = [
    ['fld', 32, [...SPECIAL_F32, ...[0, 1, 2].map(() => laneValue(random, 'f32'))]],
    ['fld', 64, [...SPECIAL_F64, ...[0, 1, 2].map(() => laneValue(random, 'f64'))]],
    ['fld', 80, [...SPECIAL_80, ...[0, 1, 2].map(() => anyValue80(random))]],
    ['fild', 16, edges(16)],
    ['fild', 32, edges(32)],
    ['fild', 64, edges(64)],
    [
      'fbld',
      80,
      [
        0n,
        1n << 79n,
        0x99_9999_9999_9999_9999n & ((1n << 72n) - 1n),
        ...[0, 1, 2, 3, 4, 5].map(() => decimal(random)),
      ],
    ],
  ];
  for (const [op, bits, values] of kinds) {
    for (const value of values) {
      const form = cycle.next();
      const stack = Array.from({ length: random.below(8) }, () => anyValue80(random));
      const test = stackCase(`${op} ${pointer(form, bits)}`, stack, random, anyFcw(random), EXTRA);
      memory(form, bits).assign(test.input, value);
      yield test;
    }
    for (const [address, stack, fcw] of [
      [DATA, fullStack(random), FCW_DEFAULT],
      [DATA, fullStack(random), 0x37en],
      [UNMAPPED - 1, [], FCW_DEFAULT],
      [BOUNDARY - 1, [], FCW_DEFAULT],
    ] as [number, bigint[], bigint][]) {
      const test = stackCase(`${op} ${pointer(at(address), bits)}`, stack, random, fcw, EXTRA);
      test.input.set('rbx', BigInt(address));
      if (address !== UNMAPPED - 1) test.input.store(address, bits, op === 'fbld' ? 0x1234n : values[3]);
      yield test;
    }
  }
  // Signaling NaNs and denormals with the exception unmasked: nothing is loaded.
  for (const [bits, value] of [
    [32, SPECIAL_F32[7]],
    [64, SPECIAL_F64[7]],
    [32, 1n],
    [64, 1n],
  ] as [number, bigint][]) {
    for (const fcw of [0x37en, 0x37dn]) {
      const test = stackCase(`fld ${pointer(at(DATA), bits)}`, [extended(1)], random, fcw, EXTRA);
      memory(at(DATA), bits).assign(test.input, value);
      yield test;
    }
  }
  for (const op of ['fld1', 'fldz', 'fldpi', 'fldl2e', 'fldl2t', 'fldlg2', 'fldln2']) {
    for (const fcw of FCW_ROUNDINGS) yield stackCase(op, [extended(1)], random, fcw, EXTRA);
    yield stackCase(op, fullStack(random), random, 0x37fn, EXTRA);
    yield stackCase(op, fullStack(random), random, 0x37en, EXTRA);
  }
}

/** Each kind of store: [op, bits, pops]. */
const STORES: readonly [string, number][] = [
  ['fst', 32],
  ['fst', 64],
  ['fstp', 32],
  ['fstp', 64],
  ['fstp', 80],
  ['fist', 16],
  ['fist', 32],
  ['fistp', 16],
  ['fistp', 32],
  ['fistp', 64],
  ['fisttp', 16],
  ['fisttp', 32],
  ['fisttp', 64],
  ['fbstp', 80],
];

/** Values on which a store's rounding and range checks depend. */
function storeValues(op: string, bits: number, random: Random): bigint[] {
  const near = [
    0.5,
    1.5,
    2.5,
    -0.5,
    -1.5,
    32767.5,
    -32768.5,
    65536,
    2147483647.5,
    -2147483648.5,
    2 ** 62,
    2 ** 63,
    1e18,
    -1e18,
    1e18 - 128,
  ];
  // The ends of the range of single and double precision, and numbers that become denormal.
  const ends = [3.4028235677973366e38, 1e-40, 1.4e-45, 7e-46, 1e300, 1.7976931348623157e308];
  const tiny = [
    0x3c00_8000000000000400n,
    0x3bcd_8000000000000000n,
    0x43fe_ffffffffffffffffn,
    0x3bcc_8000000000000000n,
  ];
  const integer = op.startsWith('fi') || op === 'fbstp';
  const chosen = integer ? near.map(extended) : [...ends.map(extended), ...(bits === 64 ? tiny : [])];
  return [...SPECIAL_80, ...chosen, ...[0, 1, 2].map(() => anyValue80(random))];
}

function* stores(): Generator<Case> {
  const cycle = new AddressingCycle();
  for (const [op, bits] of STORES) {
    const random = new Random(`${op} ${bits}`);
    for (const value of storeValues(op, bits, random)) {
      const form = cycle.next();
      const roundings = random.below(4) ? [anyFcw(random)] : FCW_ROUNDINGS;
      for (const fcw of roundings) {
        const test = stackCase(`${op} ${pointer(form, bits)}`, [value, extended(7)], random, fcw, EXTRA);
        useAddressing(test.input, form);
        yield test;
      }
      if (random.below(3)) continue;
      const test = stackCase(
        `${op} ${pointer(form, bits)}`,
        [value],
        random,
        random.pick(FCW_UNMASKED),
        EXTRA,
      );
      useAddressing(test.input, form);
      yield test;
    }
    // Nothing to store, memory that faults (the stack must not have been popped), and a page crossing.
    for (const [address, values, fcw] of [
      [DATA, [], FCW_DEFAULT],
      [DATA, [], 0x37en],
      [UNMAPPED - 1, [extended(3)], FCW_DEFAULT],
      [BOUNDARY - 1, [extended(-3)], FCW_DEFAULT],
    ] as [number, bigint[], bigint][]) {
      const test = stackCase(`${op} ${pointer(at(address), bits)}`, values, random, fcw, EXTRA);
      test.input.set('rbx', BigInt(address));
      yield test;
    }
  }
}

/** Between stack registers. */
function* registerMoves(): Generator<Case> {
  const random = new Random('fxch');
  for (const op of ['fld', 'fst', 'fstp', 'fxch', 'ffree']) {
    for (const register of [0, 1, 3, 7]) {
      for (const depth of [0, 1, 2, 4, 8]) {
        const values = Array.from({ length: depth }, () => anyValue80(random));
        // FFREE and FXCH define no more than the others, but FFREE leaves C1 undefined too.
        const extra = op === 'ffree' ? { undefinedFsw: C023 | C1 } : EXTRA;
        const fcw = random.below(6) ? FCW_DEFAULT : 0x37en;
        yield stackCase(`${op} st(${register})`, values, random, fcw, extra);
      }
    }
  }
  for (const op of ['fcmovb', 'fcmove', 'fcmovbe', 'fcmovu', 'fcmovnb', 'fcmovne', 'fcmovnbe', 'fcmovnu']) {
    for (let i = 0; i < 8; i++) {
      const values = Array.from({ length: [3, 1, 5][i] ?? 4 }, () => anyValue80(random));
      const test = stackCase(`${op} st, st(${i % 3})`, values, random, FCW_DEFAULT, EXTRA);
      test.input.set('rflags', anyFlags(random));
      yield test;
    }
  }
  for (const op of ['fincstp', 'fdecstp', 'fnop', 'fabs', 'fchs']) {
    for (const depth of [0, 1, 3, 8]) {
      const values = Array.from({ length: depth }, () => anyValue80(random));
      const extra = op === 'fnop' ? { undefinedFsw: C023 | C1 } : EXTRA;
      yield stackCase(op, values, random, FCW_DEFAULT, extra);
    }
  }
}

export function* x87Moves(): Generator<Case> {
  yield* loads();
  yield* stores();
  yield* registerMoves();
}
