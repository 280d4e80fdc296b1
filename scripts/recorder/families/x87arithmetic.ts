/** x87 arithmetic, comparisons and transcendental functions. */

import type { Case } from '../case.ts';
import {
  anyFcw,
  anyValue80,
  C0,
  C1,
  C3,
  C023,
  extended,
  FCW_DEFAULT,
  FCW_ROUNDINGS,
  FCW_UNMASKED,
  LAST_PLACE,
  normal80,
  SPECIAL_80,
  SPECIAL_NUMBERS,
  stackCase,
} from '../extended.ts';
import { laneValue } from '../lanes.ts';
import { AddressingCycle, memory } from '../operands.ts';
import { anyFlags, anyValue, Random } from '../values.ts';
import { pointer } from './x87move.ts';

const EXTRA = { undefinedFsw: C023 };
const OPERATIONS = ['add', 'mul', 'sub', 'subr', 'div', 'divr'];

function* basic(): Generator<Case> {
  const cycle = new AddressingCycle();
  for (const op of OPERATIONS) {
    const random = new Random(`f${op}`);
    for (const a of SPECIAL_80) {
      for (const b of SPECIAL_80) yield stackCase(`f${op} st, st(1)`, [a, b], random, FCW_DEFAULT, EXTRA);
    }
    for (let i = 0; i < 40; i++) {
      const values = [anyValue80(random), anyValue80(random), anyValue80(random)];
      yield stackCase(`f${op} st, st(2)`, values, random, anyFcw(random), EXTRA);
    }
    for (const fcw of FCW_UNMASKED) {
      for (let i = 0; i < 3; i++) {
        const values = [random.pick([...SPECIAL_80, normal80(random, 3)]), normal80(random, 0x3ff0)];
        yield stackCase(`f${op} st, st(1)`, i === 1 ? values.reverse() : values, random, fcw, EXTRA);
      }
    }
    for (const form of ['st(1), st', 'st(3), st', 'st, st(0)', 'st, st(7)']) {
      for (let i = 0; i < 3; i++) {
        const values = Array.from({ length: 4 + 4 * (i & 1) }, () => anyValue80(random));
        yield stackCase(`f${op} ${form}`, values, random, anyFcw(random), EXTRA);
      }
    }
    for (const form of ['st(1), st', 'st(2), st', 'st(0), st', 'st(5), st']) {
      for (let i = 0; i < 3; i++) {
        const values = Array.from({ length: 3 }, () => anyValue80(random));
        yield stackCase(`f${op}p ${form}`, values, random, anyFcw(random), EXTRA);
      }
    }
    for (const [prefix, bits] of [
      ['f', 32],
      ['f', 64],
      ['fi', 16],
      ['fi', 32],
    ] as [string, number][]) {
      for (let i = 0; i < 8; i++) {
        const form = cycle.next();
        const values = i === 7 ? [] : [anyValue80(random)];
        const test = stackCase(
          `${prefix}${op} ${pointer(form, bits)}`,
          values,
          random,
          anyFcw(random),
          EXTRA,
        );
        const lane = bits === 32 ? 'f32' : 'f64';
        memory(form, bits).assign(
          test.input,
          prefix === 'f' ? laneValue(random, lane) : anyValue(random, bits),
        );
        yield test;
      }
    }
  }
}

/** Results that fall exactly between two numbers, for each rounding mode and precision. */
function* ties(): Generator<Case> {
  const random = new Random('ties');
  const pairs: [string, bigint, bigint][] = [
    ['fadd st, st(1)', 0x3fff_8000000000000000n, 0x3fbf_8000000000000000n],
    ['fadd st, st(1)', 0x3fff_8000000000000001n, 0x3fbf_8000000000000000n],
    ['fsub st, st(1)', 0x3fff_8000000000000000n, 0x3fbe_8000000000000000n],
    ['fadd st, st(1)', 0x3fff_8000000000000400n, 0x0001_8000000000000000n],
    ['fmul st, st(1)', 0x3fff_8000008000000000n, 0x3fff_8000000000000000n],
    ['fmul st, st(1)', 0xbfff_c000000000000001n, 0x3fff_c000000000000001n],
    ['fdiv st, st(1)', 0x3fff_8000000000000000n, 0x4000_c000000000000000n],
    ['fmul st, st(1)', 0x0001_8000000000000001n, 0x3ffe_8000000000000000n],
    ['fmul st, st(1)', 0x7ffe_ffffffffffffffffn, 0x3fff_8000000000000001n],
  ];
  for (const [asm, a, b] of pairs) {
    for (const rounding of [0n, 0x400n, 0x800n, 0xc00n]) {
      for (const precision of [0x07fn, 0x27fn, 0x37fn])
        yield stackCase(asm, [a, b], random, rounding | precision, EXTRA);
    }
  }
}

/** Operations on the top alone: [op, undefined status bits]. */
function* unary(): Generator<Case> {
  for (const op of ['fsqrt', 'frndint', 'fxtract', 'fabs', 'fchs']) {
    const random = new Random(op);
    const numbers = [0.5, 1.5, 2.5, -0.5, -1.5, 4, 2, 1e10, -7.25].map(extended);
    for (const value of [...SPECIAL_80, ...numbers, ...[0, 1, 2, 3].map(() => anyValue80(random))]) {
      const controls = op === 'frndint' ? FCW_ROUNDINGS : [anyFcw(random), random.pick(FCW_UNMASKED)];
      for (const fcw of controls) yield stackCase(op, [value, extended(9)], random, fcw, EXTRA);
    }
    yield stackCase(op, [], random, FCW_DEFAULT, EXTRA);
    if (op === 'fxtract') yield stackCase(op, Array(8).fill(extended(5)), random, FCW_DEFAULT, EXTRA);
  }
  const random = new Random('fscale');
  for (let i = 0; i < 60; i++) {
    const by = random.below(3)
      ? extended((random.below(400) - 200) / 8)
      : random.pick([...SPECIAL_80, extended(20000), extended(-40000)]);
    yield stackCase(
      'fscale',
      [anyValue80(random), by],
      random,
      i < 48 ? anyFcw(random) : random.pick(FCW_UNMASKED),
      EXTRA,
    );
  }
}

/** FPREM and FPREM1, with exponents near enough that one instruction is enough; its steps are not defined. */
function* remainders(): Generator<Case> {
  for (const op of ['fprem', 'fprem1']) {
    const random = new Random(op);
    for (let i = 0; i < 40; i++) {
      const values = [normal80(random, 15), normal80(random, 15)];
      if (i < 12) values[0] = extended((random.below(400) - 200) / 2);
      if (i < 12) values[1] = extended(random.pick([1, 2, 3, -5, 0.5, 7]));
      yield stackCase(op, values, random, anyFcw(random));
    }
    const [one, greatest] = [SPECIAL_80[2], SPECIAL_80[11]];
    for (const a of SPECIAL_80) {
      for (const b of [...SPECIAL_80.slice(0, 3), ...SPECIAL_80.slice(4, 9), SPECIAL_80[13]]) {
        if (a === greatest && b === one) continue;
        const undefinedFsw = invalidRemainder(a, b) ? C023 | C1 : 0;
        yield stackCase(op, [a, b], random, FCW_DEFAULT, { undefinedFsw });
      }
    }
  }
}

/** Whether a remainder has no value, so that the quotient bits mean nothing. */
function invalidRemainder(a: bigint, b: bigint): boolean {
  const infinite = ((a >> 64n) & 0x7fffn) === 0x7fffn;
  const zero = BigInt.asUintN(79, b) === 0n;
  return infinite || zero || !SPECIAL_NUMBERS.includes(a) || !SPECIAL_NUMBERS.includes(b);
}

/** Processors differ in whether the comparisons that set RFLAGS clear C1. */
function compareExtra(op: string): Partial<Case> {
  return op.includes('comi') ? { undefinedFsw: C1 } : {};
}

function* comparisons(): Generator<Case> {
  const cycle = new AddressingCycle();
  const random = new Random('fcom');
  const pairs = SPECIAL_80.flatMap((a) => SPECIAL_80.map((b): [bigint, bigint] => [a, b]));
  for (const op of ['fcom st(1)', 'fucom st(1)', 'fcomi st, st(1)', 'fucomi st, st(1)']) {
    for (const [a, b] of pairs) {
      if (!op.startsWith('fcom ') && random.below(2)) continue;
      const test = stackCase(op, [a, b], random, random.below(8) ? FCW_DEFAULT : 0x37en, compareExtra(op));
      if (op.includes('i ')) test.input.set('rflags', anyFlags(random));
      yield test;
    }
  }
  for (const op of [
    'fcomp st(2)',
    'fcompp',
    'fucomp st(2)',
    'fucompp',
    'fcomip st, st(2)',
    'fucomip st, st(2)',
    'fcom st(5)',
    'fcomi st, st(6)',
    'fucompp',
  ]) {
    for (let i = 0; i < 8; i++) {
      const values = Array.from({ length: [0, 1, 2][i] ?? 3 }, () => anyValue80(random));
      yield stackCase(op, values, random, FCW_DEFAULT, compareExtra(op));
    }
  }
  for (const [op, bits] of [
    ['fcom', 32],
    ['fcom', 64],
    ['fcomp', 32],
    ['fcomp', 64],
    ['ficom', 16],
    ['ficom', 32],
    ['ficomp', 16],
    ['ficomp', 32],
  ] as [string, number][]) {
    for (let i = 0; i < 10; i++) {
      const form = cycle.next();
      const test = stackCase(
        `${op} ${pointer(form, bits)}`,
        i === 9 ? [] : [anyValue80(random)],
        random,
        FCW_DEFAULT,
      );
      const lane = bits === 32 ? 'f32' : 'f64';
      memory(form, bits).assign(
        test.input,
        op.startsWith('fi') ? anyValue(random, bits) : laneValue(random, lane),
      );
      yield test;
    }
  }
  for (const op of ['ftst', 'fxam']) {
    for (const value of SPECIAL_80) {
      yield stackCase(op, [value], random, FCW_DEFAULT);
      if (op === 'ftst') yield stackCase(op, [value], random, 0x37cn);
    }
    yield stackCase(op, [], random, FCW_DEFAULT);
  }
}

/** Functions whose last bits differ between processors. */
const APPROXIMATE = { undefinedFsw: C0 | C1 | C3, tolerance: LAST_PLACE };

function* transcendental(): Generator<Case> {
  const random = new Random('fsin');
  const inside = (limit: number): bigint => extended((random.next() / 2 ** 31 - 1) * limit);
  for (const op of ['fsin', 'fcos', 'fsincos', 'fptan', 'f2xm1']) {
    const undefinedFsw = op === 'f2xm1' ? C023 | C1 : C0 | C1 | C3;
    for (let i = 0; i < 16; i++) {
      const value = inside(op === 'f2xm1' ? 1 : 1.5);
      yield stackCase(op, [value, extended(2)], random, FCW_DEFAULT, { ...APPROXIMATE, undefinedFsw });
    }
    for (const value of [...SPECIAL_80.slice(0, 2), ...SPECIAL_80.slice(4, 9), ...SPECIAL_80.slice(13)]) {
      // Two to the power of infinity is infinite, but F2XM1 does not accept it on every processor.
      if (op === 'f2xm1' && ((value >> 64n) & 0x7fffn) === 0x7fffn) continue;
      yield stackCase(op, [value], random, FCW_DEFAULT, { undefinedFsw });
    }
    yield stackCase(op, [], random, FCW_DEFAULT, { undefinedFsw });
    // Out of range: C2 is set and the operand stays.
    if (op !== 'f2xm1') yield stackCase(op, [extended(2 ** 64)], random, FCW_DEFAULT, { undefinedFsw });
    if (op === 'fptan' || op === 'fsincos') {
      yield stackCase(op, Array(8).fill(extended(1)), random, FCW_DEFAULT, { undefinedFsw });
    }
  }
  for (const op of ['fyl2x', 'fyl2xp1', 'fpatan']) {
    const undefinedFsw = C023 | C1;
    for (let i = 0; i < 24; i++) {
      let top = inside(100);
      if (op === 'fyl2x') top &= (1n << 79n) - 1n;
      if (op === 'fyl2xp1') top = inside(0.29);
      yield stackCase(op, [top, inside(50), extended(2)], random, FCW_DEFAULT, {
        ...APPROXIMATE,
        undefinedFsw,
      });
    }
    const specials = [...SPECIAL_80.slice(0, 2), SPECIAL_80[2], ...SPECIAL_80.slice(4, 9)];
    for (const a of specials) {
      for (const b of specials) {
        if (op === 'fyl2xp1' && [2, 4, 5].some((i) => SPECIAL_80[i] === a)) continue;
        yield stackCase(op, [a, b], random, FCW_DEFAULT, { ...APPROXIMATE, undefinedFsw });
      }
    }
    yield stackCase(op, [extended(1)], random, FCW_DEFAULT, { undefinedFsw });
  }
}

export function* x87Arithmetic(): Generator<Case> {
  yield* basic();
  yield* ties();
  yield* unary();
  yield* remainders();
  yield* comparisons();
  yield* transcendental();
}
