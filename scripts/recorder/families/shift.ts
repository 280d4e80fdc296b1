/** SHL, SHR, SAR, ROL, ROR, RCL, RCR, SHLD, SHRD, SARX, SHLX, SHRX and RORX. */

import type { Case } from '../case.ts';
import {
  AddressingCycle,
  memory,
  type Operand,
  register,
  SIZES,
  type Size,
  WIDE_SIZES,
} from '../operands.ts';
import { AF, anyValue, CF, edges, OF, Random } from '../values.ts';
import {
  awkwardMemory,
  FEW,
  freeRegister,
  makeCase,
  randomValues,
  registerPairs,
  registers,
} from './forms.ts';

const ROTATES = ['rol', 'ror', 'rcl', 'rcr'];

/** How many bits of the count take part. */
function countMask(size: Size): number {
  return size === 64 ? 63 : 31;
}

/**
 * The flags that a shift or rotate by a count leaves undefined. A count of zero changes nothing; OF is
 * defined only for a count of one, AF for no shift, CF not by SHL and SHR with counts from the size upwards.
 */
function undefinedFlags(op: string, size: Size, count: number): { undefined?: number } {
  const masked = count & countMask(size);
  if (masked === 0) return {};
  let mask = masked === 1 ? 0 : OF;
  if (!ROTATES.includes(op)) {
    mask |= AF;
    if (op !== 'sar' && masked >= size) mask |= CF;
  }
  return mask ? { undefined: mask } : {};
}

function counts(size: Size): number[] {
  return [0, 1, 2, 7, size - 1, size, size + 1, 9, 17, 31, 32, 33, 63, 64, 65, 0x80, 0xff].filter(
    (count, i, all) => all.indexOf(count) === i,
  );
}

/** How the operation is written with each kind of count. */
function* shiftsOf(op: string): Generator<Case> {
  const cycle = new AddressingCycle();
  const random = new Random(op);
  const cl = register(1, 8);
  for (const size of SIZES) {
    const plain = register(0, size);
    for (const count of counts(size)) {
      const extra = undefinedFlags(op, size, count);
      for (const value of [...edges(size).slice(1, 5), random.bits(size), random.bits(size)]) {
        yield makeCase(
          `${op} ${plain.text}, cl`,
          [
            [plain, value],
            [cl, BigInt(count)],
          ],
          random,
          extra,
        );
      }
      const operands = [...registers(size).slice(2), memory(cycle.next(), size)];
      const targets = [random.pick(operands.slice(0, -1)), operands[operands.length - 1]];
      for (const operand of targets) {
        const value: [Operand, bigint][] = [[operand, anyValue(random, size)]];
        yield makeCase(`${op} ${operand.text}, cl`, [...value, [cl, BigInt(count)]], random, extra);
        // The assembler would write a count of one without an immediate.
        if (count !== 1) yield makeCase(`${op} ${operand.text}, ${count}`, value, random, extra);
      }
    }
    for (const operand of [...registers(size), ...[0, 1, 2].map(() => memory(cycle.next(), size))]) {
      for (let i = 0; i < 2; i++) {
        const value: [Operand, bigint][] = [[operand, anyValue(random, size)]];
        yield makeCase(`${op} ${operand.text}, 1`, value, random, undefinedFlags(op, size, 1));
      }
    }
    for (const operand of awkwardMemory(size)) {
      // A count of zero still reads, and may write, the memory operand.
      for (const count of [0, 3]) {
        const values: [Operand, bigint][] = [
          [operand, anyValue(random, size)],
          [cl, BigInt(count)],
        ];
        yield makeCase(`${op} ${operand.text}, cl`, values, random, undefinedFlags(op, size, count));
      }
    }
  }
  // C0 /0 ib and its kin with an immediate count of one, which assemblers avoid.
  const digit = ['rol', 'ror', 'rcl', 'rcr', 'shl', 'shr', '', 'sar'].indexOf(op);
  for (const prefix of ['0xc0', '0xc1', '0x66, 0xc1', '0x48, 0xc1']) {
    const size = ({ '0xc0': 8, '0xc1': 32, '0x66, 0xc1': 16 } as Record<string, Size>)[prefix] ?? 64;
    const asm = `.byte ${prefix}, 0x${(0xc0 + 8 * digit).toString(16)}, 1`;
    yield makeCase(asm, randomValues(random, [register(0, size)]), random, undefinedFlags(op, size, 1));
  }
}

/** SHLD and SHRD; counts beyond the size (16-bit operands) have no defined result and are left out. */
function* doubleShifts(op: string): Generator<Case> {
  const cycle = new AddressingCycle();
  const random = new Random(op);
  const cl = register(1, 8);
  for (const size of WIDE_SIZES) {
    const choices = counts(size).filter((count) => (count & countMask(size)) <= size);
    for (const count of choices) {
      const masked = count & countMask(size);
      const extra = masked ? { undefined: masked === 1 ? AF : AF | OF } : {};
      const pairs = [random.pick(registerPairs(size).filter(([a]) => !/^[er]?cx$/.test(a.text)))];
      pairs.push([register(0, size), register(3, size)]);
      pairs.push([memory(cycle.next(), size), register(random.pick([0, 2, 8, 10]), size)]);
      for (const pair of pairs) {
        const text = `${op} ${pair[0].text}, ${pair[1].text}`;
        for (let i = 0; i < FEW; i++) {
          const values = randomValues(random, pair);
          yield makeCase(`${text}, cl`, [...values, [cl, BigInt(count)]], random, extra);
          if (i < 2) yield makeCase(`${text}, ${count}`, values, random, extra);
        }
      }
    }
    for (const operand of awkwardMemory(size)) {
      const pair = [operand, register(2, size)];
      const text = `${op} ${operand.text}, ${register(2, size).text}, 5`;
      yield makeCase(text, randomValues(random, pair), random, { undefined: AF | OF });
    }
  }
}

/** SARX, SHLX, SHRX and RORX, which leave the flags alone. */
function* flaglessShifts(): Generator<Case> {
  const cycle = new AddressingCycle();
  const random = new Random('sarx');
  for (const size of [32, 64] as const) {
    for (const op of ['sarx', 'shlx', 'shrx']) {
      for (const [target, source, by] of [
        [0, 3, 1],
        [8, 15, 12],
        [9, 9, 9],
        [6, -1, 2],
        [10, -1, 11],
      ]) {
        const operand = source < 0 ? memory(cycle.next(), size) : register(source, size);
        const count = register(by, size);
        const text = `${op} ${register(target, size).text}, ${operand.text}, ${count.text}`;
        for (const bits of [0, 1, 31, 32, 63, 0xff]) {
          const values: [Operand, bigint][] = [
            [operand, anyValue(random, size)],
            [count, BigInt(bits)],
          ];
          yield makeCase(text, values, random);
        }
        yield makeCase(text, randomValues(random, [operand, count]), random);
      }
    }
    for (const count of [0, 1, 31, 32, 63, 0x85]) {
      for (const source of [register(3, size), register(13, size), memory(cycle.next(), size)]) {
        const text = `rorx ${freeRegister(random, size).text}, ${source.text}, ${count}`;
        for (let i = 0; i < 2; i++) yield makeCase(text, randomValues(random, [source]), random);
      }
    }
  }
}

export function* shift(): Generator<Case> {
  for (const op of ['shl', 'shr', 'sar', ...ROTATES]) yield* shiftsOf(op);
  yield* doubleShifts('shld');
  yield* doubleShifts('shrd');
  yield* flaglessShifts();
}
