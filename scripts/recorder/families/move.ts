/** MOV, MOVZX, MOVSX, MOVSXD, MOVBE, XCHG, BSWAP, CMOVcc, LEA, the accumulator extensions and XLAT. */

import { type Case, Input } from '../case.ts';
import {
  ADDRESSINGS,
  AddressingCycle,
  DATA,
  highByte,
  immediate,
  memory,
  type Operand,
  register,
  SIZES,
  type Size,
  useAddressing,
  WIDE_SIZES,
} from '../operands.ts';
import { Random } from '../values.ts';
import {
  awkwardMemory,
  FEW,
  freeRegister,
  immediates,
  makeCase,
  type Pair,
  plainCase,
  randomValues,
  registerPairs,
} from './forms.ts';
import { stack } from './stack.ts';

/** The condition codes in encoding order. */
export const CONDITIONS = 'o no b ae e ne be a s ns p np l ge le g'.split(' ');

function* simpleMoves(): Generator<Case> {
  const cycle = new AddressingCycle();
  const random = new Random('mov');
  for (const size of SIZES) {
    const pairs: Pair[] = registerPairs(size);
    for (let i = 0; i < 6; i++) {
      pairs.push([memory(cycle.next(), size), freeRegister(random, size)]);
      pairs.push([freeRegister(random, size), memory(cycle.next(), size)]);
    }
    for (const source of immediates(size)) {
      pairs.push([freeRegister(random, size), source], [memory(cycle.next(), size), source]);
      if (size === 8) pairs.push([highByte(random.below(4)), source]);
    }
    for (const operand of awkwardMemory(size)) {
      pairs.push(
        [register(2, size), operand],
        [operand, register(2, size)],
        [operand, immediate(0x11, size)],
      );
    }
    for (const pair of pairs) {
      const text = `mov ${pair[0].text}, ${pair[1].text}`;
      for (let i = 0; i < 2; i++) yield makeCase(text, randomValues(random, pair), random);
    }
    for (const pair of registerPairs(size)) {
      yield makeCase(`{load} mov ${pair[0].text}, ${pair[1].text}`, randomValues(random, pair), random);
    }
    const accumulator = register(0, size);
    const absolute = { text: `ds:0x${DATA.toString(16)}`, address: DATA, registers: {} };
    const operand = memory(absolute, size);
    yield makeCase(`movabs ${accumulator.text}, ${absolute.text}`, randomValues(random, [operand]), random);
    yield makeCase(
      `movabs ${absolute.text}, ${accumulator.text}`,
      randomValues(random, [accumulator]),
      random,
    );
  }
  for (const name of ['rax', 'rsp', 'r12', 'rdi']) yield plainCase(`movabs ${name}, 0x8123456789abcdef`, []);
}

/** Every addressing form, loading, storing and as an address. */
function* addressingForms(): Generator<Case> {
  const random = new Random('addressing');
  for (const form of ADDRESSINGS) {
    for (const size of SIZES) {
      const operand = memory(form, size);
      const other = freeRegister(random, size);
      yield makeCase(`mov ${other.text}, ${operand.text}`, randomValues(random, [operand]), random);
      yield makeCase(`mov ${operand.text}, ${other.text}`, randomValues(random, [other, operand]), random);
      yield makeCase(`mov ${operand.text}, 0x5a`, randomValues(random, [operand]), random);
      if (size === 8) continue;
      const input = new Input();
      useAddressing(input, form);
      // An absolute address without a prefix is what LEA computes from segment overrides too.
      yield { asm: `lea ${other.text}, ${form.text}`, input };
    }
  }
  for (const asm of [
    'lea rax, [rax+rax*8+1]',
    'lea eax, [rcx+rdx*4-8]',
    'lea r8w, [r9d+r10d*2]',
    'lea rsp, [rsp-8]',
  ]) {
    const operands = [0, 1, 2, 9, 10].map((number) => register(number, 64));
    for (let i = 0; i < FEW; i++) yield makeCase(asm, randomValues(random, operands), random);
  }
}

function* extensions(): Generator<Case> {
  const cycle = new AddressingCycle();
  const random = new Random('movzx');
  const widths: [string, Size, Size][] = [
    ['movsxd', 32, 64],
    ...(['movzx', 'movsx'] as const).flatMap((op): [string, Size, Size][] => [
      [op, 8, 16],
      [op, 8, 32],
      [op, 8, 64],
      [op, 16, 32],
      [op, 16, 64],
    ]),
  ];
  for (const [op, from, to] of widths) {
    const numbers = registerPairs(64).map((_, i) => [0, 1, 9, 15, 6, 5, 13][i] ?? 0);
    const pairs = numbers.map((n, i): Pair => [register(n, to), register([3, 8, 2, 12, 7, 4, 13][i], from)]);
    if (from === 8 && to < 64) pairs.push([register(1, to), highByte(0)], [register(3, to), highByte(3)]);
    for (let i = 0; i < 3; i++) pairs.push([freeRegister(random, to), memory(cycle.next(), from)]);
    for (const operand of awkwardMemory(from)) pairs.push([register(2, to), operand]);
    for (const [target, source] of pairs) {
      const sign = 1n << BigInt(from - 1);
      for (const value of [sign, sign - 1n, random.bits(from)]) {
        yield makeCase(`${op} ${target.text}, ${source.text}`, [[source, value]], random);
      }
    }
  }
  const swapped: Pair[] = WIDE_SIZES.flatMap((size) =>
    [0, 1, 2].map((): Pair => [freeRegister(random, size), memory(cycle.next(), size)]),
  );
  for (const [operand, place] of swapped) {
    for (let i = 0; i < 2; i++) {
      yield makeCase(`movbe ${operand.text}, ${place.text}`, randomValues(random, [operand, place]), random);
      yield makeCase(`movbe ${place.text}, ${operand.text}`, randomValues(random, [operand, place]), random);
    }
  }
}

function* exchanges(): Generator<Case> {
  const cycle = new AddressingCycle();
  const random = new Random('xchg');
  for (const size of SIZES) {
    const pairs = registerPairs(size);
    if (size > 8) {
      const accumulator = register(0, size);
      for (const number of [1, 4, 7, 8, 12, 15]) pairs.push([accumulator, register(number, size)]);
    }
    for (let i = 0; i < 4; i++) pairs.push([memory(cycle.next(), size), freeRegister(random, size)]);
    for (const operand of awkwardMemory(size)) pairs.push([operand, register(2, size)]);
    for (const pair of pairs) {
      const text = `xchg ${pair[0].text}, ${pair[1].text}`;
      for (let i = 0; i < 2; i++) yield makeCase(text, randomValues(random, pair), random);
    }
  }
  // XCHG EAX, EAX by ModRM clears the upper half; opcode 90 does not, and with REX.B is XCHG with r8.
  for (const asm of [
    '.byte 0x87, 0xc0',
    '.byte 0x90',
    '.byte 0x48, 0x90',
    '.byte 0x49, 0x90',
    '.byte 0x66, 0x41, 0x90',
  ]) {
    yield plainCase(asm, []);
  }
  for (const size of [32, 64] as const) {
    for (let number = 0; number < 16; number++) {
      const operand = register(number, size);
      yield makeCase(`bswap ${operand.text}`, randomValues(random, [operand]), random);
    }
  }
}

function* conditionalMoves(): Generator<Case> {
  const cycle = new AddressingCycle();
  const random = new Random('cmov');
  for (const condition of CONDITIONS) {
    for (const size of WIDE_SIZES) {
      const pairs = [random.pick(registerPairs(size)), random.pick(registerPairs(size))];
      pairs.push([freeRegister(random, size), memory(cycle.next(), size)]);
      for (const pair of pairs) {
        const text = `cmov${condition} ${pair[0].text}, ${pair[1].text}`;
        for (let i = 0; i < 2 * FEW; i++) yield makeCase(text, randomValues(random, pair), random);
      }
      // The source is read, and may fault, whatever the condition.
      const operand = random.pick(awkwardMemory(size).slice(1));
      const text = `cmov${condition} ${register(2, size).text}, ${operand.text}`;
      for (let i = 0; i < 2; i++) yield makeCase(text, randomValues(random, [operand]), random);
    }
  }
}

function* accumulator(): Generator<Case> {
  const random = new Random('cbw');
  for (const asm of ['cbw', 'cwde', 'cdqe', 'cwd', 'cdq', 'cqo']) {
    for (const bits of [7, 15, 31, 63]) {
      const sign = 1n << BigInt(bits);
      for (const value of [sign, sign - 1n, random.bits(64)]) {
        yield makeCase(
          asm,
          [
            [register(0, 64), value],
            [register(2, 64), random.bits(64)],
          ],
          random,
        );
      }
    }
  }
  const table: [string, bigint, bigint][] = [
    ['xlatb', BigInt(DATA), 0xa5n],
    ['xlatb', BigInt(DATA), 0n],
    ['.byte 0x67, 0xd7', 0xdead_beef_0000_0000n + BigInt(DATA), 0xffn],
    ['xlatb', 0x1000_1f80n, 0x80n],
    ['xlatb', 0x9000_0000_0000n, 0n],
  ];
  for (const [asm, base, index] of table) {
    const values: [Operand, bigint][] = [
      [register(3, 64), base],
      [register(0, 8), index],
    ];
    yield makeCase(asm, values, random);
  }
}

export function* move(): Generator<Case> {
  yield* simpleMoves();
  yield* addressingForms();
  yield* extensions();
  yield* exchanges();
  yield* conditionalMoves();
  yield* accumulator();
  yield* stack();
}
