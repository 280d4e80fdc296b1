/** ADD, ADC, SUB, SBB, CMP, INC, DEC, NEG, MUL, IMUL, DIV, IDIV, XADD, CMPXCHG, ADCX, ADOX and MULX. */

import { type Case, Input } from '../case.ts';
import {
  AddressingCycle,
  DATA,
  memory,
  type Operand,
  register,
  SIZES,
  type Size,
  WIDE_SIZES,
} from '../operands.ts';
import { AF, anyFlags, anyValue, PF, Random, SF, STATUS_FLAGS, valuePairs, ZF } from '../values.ts';
import { binaryCases, unaryCases } from './binary.ts';
import {
  awkwardMemory,
  FEW,
  freeRegister,
  immediates,
  makeCase,
  randomValues,
  registerPairs,
  registers,
  UNMAPPED,
  unaryOperands,
} from './forms.ts';

/** MUL and IMUL define only CF and OF. */
const MULTIPLY_UNDEFINED = { undefined: SF | ZF | AF | PF };
/** DIV and IDIV define no flag at all. */
const DIVIDE_UNDEFINED = { undefined: STATUS_FLAGS };

/** RAX or, for bytes, AX's low half: what the one-operand multiplies take. */
function* multiplyWide(op: string): Generator<Case> {
  const cycle = new AddressingCycle();
  const random = new Random(op);
  for (const size of SIZES) {
    const accumulator = register(0, size);
    const plain = register(3, size);
    for (const [a, b] of valuePairs(random, size, 6, 12)) {
      yield makeCase(
        `${op} ${plain.text}`,
        [
          [accumulator, a],
          [plain, b],
        ],
        random,
        MULTIPLY_UNDEFINED,
      );
    }
    for (const operand of [...unaryOperands(size, cycle), ...awkwardMemory(size)]) {
      for (let i = 0; i < FEW; i++) {
        const values = randomValues(random, [accumulator, operand]);
        yield makeCase(`${op} ${operand.text}`, values, random, MULTIPLY_UNDEFINED);
      }
    }
  }
}

function* multiplySigned(): Generator<Case> {
  const cycle = new AddressingCycle();
  const random = new Random('imul r, r/m');
  for (const size of WIDE_SIZES) {
    const pairs = registerPairs(size);
    for (const [a, b] of valuePairs(random, size, 6, 12)) {
      const [first, second] = pairs[0];
      const asm = `imul ${first.text}, ${second.text}`;
      yield makeCase(
        asm,
        [
          [first, a],
          [second, b],
        ],
        random,
        MULTIPLY_UNDEFINED,
      );
    }
    for (let i = 0; i < 3; i++) pairs.push([freeRegister(random, size), memory(cycle.next(), size)]);
    for (const operand of awkwardMemory(size)) pairs.push([register(2, size), operand]);
    for (const pair of pairs.slice(1)) {
      const text = `imul ${pair[0].text}, ${pair[1].text}`;
      for (let i = 0; i < FEW; i++)
        yield makeCase(text, randomValues(random, pair), random, MULTIPLY_UNDEFINED);
    }
    for (const factor of immediates(size)) {
      const sources = [register(3, size), register(0, size), register(9, size), memory(cycle.next(), size)];
      for (const source of sources) {
        const text = `imul ${register(0, size).text}, ${source.text}, ${factor.text}`;
        for (let i = 0; i < FEW; i++) {
          yield makeCase(text, [[source, anyValue(random, size)]], random, MULTIPLY_UNDEFINED);
        }
      }
    }
  }
}

/** Where a dividend of twice the operand size lies, as its two halves. */
function dividend(size: Size): [Operand, Operand] {
  if (size === 8) return [register(0, 8), { text: 'ah', size: 8, assign: setAh }];
  return [register(0, size), register(2, size)];
}

function setAh(input: Input, value: bigint): void {
  input.registers.set('rax', (input.get('rax') & ~0xff00n) | ((value & 0xffn) << 8n));
}

/** Divisions that mostly fit: the dividend's upper half is small or the sign of the lower half. */
function* divide(op: 'div' | 'idiv'): Generator<Case> {
  const cycle = new AddressingCycle();
  const random = new Random(op);
  for (const size of SIZES) {
    const [low, high] = dividend(size);
    const allOnes = (1n << BigInt(size)) - 1n;
    const upper = (a: bigint, b: bigint): bigint => {
      if (op === 'idiv' && random.below(2)) return a >> BigInt(size - 1) ? allOnes : 0n;
      return b && random.below(4) ? (random.bits(size) % b) >> BigInt(op === 'idiv' ? 2 : 0) : random.bits(2);
    };
    const plain = register(3, size);
    for (const [a, b] of valuePairs(random, size, 6, 24)) {
      const values: [Operand, bigint][] = [
        [low, a],
        [high, upper(a, b)],
        [plain, b],
      ];
      yield makeCase(`${op} ${plain.text}`, values, random, DIVIDE_UNDEFINED);
    }
    const operands = [...registers(size).slice(1), ...[0, 1, 2, 3].map(() => memory(cycle.next(), size))];
    for (const operand of [...operands, ...awkwardMemory(size)]) {
      for (let i = 0; i < FEW; i++) {
        const [a, b] = [anyValue(random, size), anyValue(random, size) | 1n];
        const values: [Operand, bigint][] = [
          [low, a],
          [high, upper(a, b)],
          [operand, b],
        ];
        yield makeCase(`${op} ${operand.text}`, values, random, DIVIDE_UNDEFINED);
      }
    }
  }
}

function* exchangeAdd(): Generator<Case> {
  const cycle = new AddressingCycle();
  const random = new Random('xadd');
  for (const size of SIZES) {
    const pairs = registerPairs(size);
    for (let i = 0; i < 4; i++) pairs.push([memory(cycle.next(), size), freeRegister(random, size)]);
    for (const operand of awkwardMemory(size)) pairs.push([operand, register(2, size)]);
    for (const [first, second] of pairs) {
      const lock = first.text.includes('[') && random.below(2) ? 'lock ' : '';
      const text = `${lock}xadd ${first.text}, ${second.text}`;
      for (let i = 0; i < FEW; i++) yield makeCase(text, randomValues(random, [first, second]), random);
    }
  }
}

function* compareExchange(): Generator<Case> {
  const cycle = new AddressingCycle();
  const random = new Random('cmpxchg');
  for (const size of SIZES) {
    const accumulator = register(0, size);
    const pairs = registerPairs(size);
    for (let i = 0; i < 6; i++) pairs.push([memory(cycle.next(), size), freeRegister(random, size)]);
    for (const operand of awkwardMemory(size)) pairs.push([operand, register(2, size)]);
    for (const [first, second] of pairs) {
      const lock = first.text.includes('[') && random.below(2) ? 'lock ' : '';
      const text = `${lock}cmpxchg ${first.text}, ${second.text}`;
      for (let i = 0; i < 2 * FEW; i++) {
        const a = anyValue(random, size);
        const compared = random.below(2) ? a : anyValue(random, size);
        const values: [Operand, bigint][] = [
          [accumulator, compared],
          [second, anyValue(random, size)],
          [first, a],
        ];
        yield makeCase(text, values, random);
      }
    }
  }
}

/** CMPXCHG8B and CMPXCHG16B: [op, bits of a half, address]. */
function* compareExchangeWide(): Generator<Case> {
  const random = new Random('cmpxchg8b');
  const forms: [string, Size, number][] = [
    ['cmpxchg8b qword ptr [rsi]', 32, DATA],
    ['lock cmpxchg8b qword ptr [rsi]', 32, DATA + 3],
    ['cmpxchg8b qword ptr [rsi]', 32, UNMAPPED - 4],
    ['cmpxchg16b xmmword ptr [rsi]', 64, DATA],
    ['lock cmpxchg16b xmmword ptr [rsi]', 64, DATA],
    ['cmpxchg16b xmmword ptr [rsi]', 64, DATA + 8],
    ['cmpxchg16b xmmword ptr [rsi]', 64, UNMAPPED],
  ];
  for (const [asm, half, address] of forms) {
    for (let i = 0; i < 8; i++) {
      const input = new Input();
      const [low, high] = [anyValue(random, half), anyValue(random, half)];
      if (address + half / 4 <= UNMAPPED) {
        input.store(address, half, low).store(address + half / 8, half, high);
      }
      const equal = random.below(2) === 0;
      register(0, half).assign(input, equal ? low : anyValue(random, half));
      register(2, half).assign(input, equal || random.below(2) ? high : anyValue(random, half));
      register(3, half).assign(input, anyValue(random, half));
      register(1, half).assign(input, anyValue(random, half));
      input.set('rsi', BigInt(address)).set('rflags', anyFlags(random));
      yield { asm, input };
    }
  }
}

/** ADCX, ADOX and MULX. */
function* multiPrecision(): Generator<Case> {
  const cycle = new AddressingCycle();
  const random = new Random('adcx');
  for (const size of [32, 64] as const) {
    for (const op of ['adcx', 'adox']) {
      const pairs = registerPairs(size);
      for (let i = 0; i < 3; i++) pairs.push([freeRegister(random, size), memory(cycle.next(), size)]);
      for (const pair of pairs) {
        const text = `${op} ${pair[0].text}, ${pair[1].text}`;
        for (let i = 0; i < 2 * FEW; i++) yield makeCase(text, randomValues(random, pair), random);
      }
    }
    const factor = register(2, size);
    for (const [high, low, source] of [
      [0, 1, 3],
      [8, 15, 12],
      [1, 1, 2],
      [2, 0, 5],
      [10, 11, -1],
      [14, 8, -1],
    ]) {
      const operand = source < 0 ? memory(cycle.next(), size) : register(source, size);
      const text = `mulx ${register(high, size).text}, ${register(low, size).text}, ${operand.text}`;
      for (let i = 0; i < 2 * FEW; i++) yield makeCase(text, randomValues(random, [factor, operand]), random);
    }
  }
}

/** Carry chains over several instructions, the way big-number code has them. */
function* chains(): Generator<Case> {
  const random = new Random('chains');
  const sequences: [string, number][] = [
    ['add rax, rcx; adc rdx, rsi', 2],
    ['sub eax, ecx; sbb edx, esi', 2],
    ['mul rcx; add rax, r8; adc rdx, 0', 3],
    ['cmp rax, rcx; sbb rdx, rdx; and rdx, rsi', 3],
    ['neg rax; sbb rcx, rcx; inc rcx', 3],
    ['inc rax; adc rcx, rdx; dec rsi; sbb r8, r9', 4],
  ];
  for (const [asm, steps] of sequences) {
    const extra = asm.includes('and') ? { steps, undefined: AF } : { steps };
    for (let i = 0; i < 8; i++) {
      const operands = [0, 1, 2, 6, 8, 9].map((number) => register(number, 64));
      yield makeCase(asm, randomValues(random, operands), random, extra);
    }
  }
}

export function* arithmetic(): Generator<Case> {
  for (const op of ['add', 'adc', 'sub', 'sbb', 'cmp']) {
    yield* binaryCases(op, { writes: op !== 'cmp', bothDirections: true });
  }
  for (const op of ['inc', 'dec', 'neg']) yield* unaryCases(op, unaryOperands);
  yield* multiplyWide('mul');
  yield* multiplyWide('imul');
  yield* multiplySigned();
  yield* divide('div');
  yield* divide('idiv');
  yield* exchangeAdd();
  yield* compareExchange();
  yield* compareExchangeWide();
  yield* multiPrecision();
  yield* chains();
}
