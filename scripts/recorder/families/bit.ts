/** BT, BTS, BTR, BTC, BSF, BSR, POPCNT, LZCNT, TZCNT, ANDN, BEXTR, BLSI, BLSR, BLSMSK, BZHI, PDEP, PEXT, MULX, RORX and shifts without flags. */

import { SCRATCH } from '../../../test/vectors/layout.ts';
import { type Case, Input } from '../case.ts';
import { AddressingCycle, memory, type Operand, register, type Size, WIDE_SIZES } from '../operands.ts';
import { AF, anyFlags, anyValue, CF, edges, OF, PF, Random, SF } from '../values.ts';
import { awkwardMemory, FEW, freeRegister, makeCase, randomValues, registerPairs } from './forms.ts';

/** BT and its kin define CF and leave ZF alone. */
const TEST_UNDEFINED = { undefined: OF | SF | AF | PF };

function* bitTests(op: string): Generator<Case> {
  const cycle = new AddressingCycle();
  const random = new Random(op);
  for (const size of WIDE_SIZES) {
    for (const pair of registerPairs(size)) {
      const text = `${op} ${pair[0].text}, ${pair[1].text}`;
      for (let i = 0; i < 2 * FEW; i++)
        yield makeCase(text, randomValues(random, pair), random, TEST_UNDEFINED);
    }
    for (const number of [0, 1, 15, 16, 31, 32, 63, 64, 0xff]) {
      for (const operand of [freeRegister(random, size), memory(cycle.next(), size)]) {
        const text = `${op} ${operand.text}, 0x${number.toString(16)}`;
        for (let i = 0; i < 2; i++)
          yield makeCase(text, randomValues(random, [operand]), random, TEST_UNDEFINED);
      }
    }
    // A bit offset in a register reaches beyond the memory operand, in both directions.
    const base = register(3, 64);
    const offset = register(1, size);
    const pointer = { 16: 'word', 32: 'dword', 64: 'qword', 8: 'byte' }[size];
    for (const bits of [
      0,
      1,
      size - 1,
      size,
      size + 5,
      300,
      0x3ff7,
      0x7fff,
      -1,
      -size,
      -size - 1,
      -300,
      -0x4000,
    ]) {
      for (const lock of op === 'bt' ? [''] : ['', 'lock ']) {
        const values: [Operand, bigint][] = [
          [base, BigInt(SCRATCH + 0x1002)],
          [offset, BigInt(bits)],
        ];
        yield makeCase(`${lock}${op} ${pointer} ptr [rbx], ${offset.text}`, values, random, TEST_UNDEFINED);
      }
    }
    for (const bits of [-0x8000_0000n, 0x6fff_ffffn, 0x10_0000_0000n, -0x9000n, 0x7ff8n]) {
      const values: [Operand, bigint][] = [
        [base, BigInt(SCRATCH + 0x1000)],
        [offset, bits],
      ];
      yield makeCase(`${op} ${pointer} ptr [rbx+0x10], ${offset.text}`, values, random, TEST_UNDEFINED);
    }
    for (const operand of awkwardMemory(size)) {
      yield makeCase(`${op} ${operand.text}, 3`, randomValues(random, [operand]), random, TEST_UNDEFINED);
    }
  }
}

/** BSF, BSR and the counting instructions: one source and a destination. */
function* scans(op: string, undefinedFlags: number): Generator<Case> {
  const cycle = new AddressingCycle();
  const random = new Random(op);
  const extra = undefinedFlags ? { undefined: undefinedFlags } : {};
  for (const size of WIDE_SIZES) {
    const pairs = registerPairs(size);
    for (let i = 0; i < 4; i++) pairs.push([freeRegister(random, size), memory(cycle.next(), size)]);
    for (const operand of awkwardMemory(size)) pairs.push([register(2, size), operand]);
    for (const [target, source] of pairs) {
      const text = `${op} ${target.text}, ${source.text}`;
      const values = [
        1n << BigInt(random.below(size)),
        random.bits(size),
        random.bits(size) >> BigInt(size / 2),
      ];
      for (const value of values) yield makeCase(text, [[source, value || 1n]], random, extra);
    }
    for (const value of edges(size)) {
      if (value === 0n && op.startsWith('bs')) continue;
      yield makeCase(
        `${op} ${register(0, size).text}, ${register(3, size).text}`,
        [[register(3, size), value]],
        random,
        extra,
      );
    }
    if (!op.startsWith('bs')) continue;
    // With a source of zero processors leave the destination as it was, on which Linux relies; what becomes
    // of the upper half of a 32-bit destination differs, so it starts as zero.
    const values: [Operand, bigint][] = [
      [register(0, 64), random.bits(16)],
      [register(3, size), 0n],
    ];
    yield makeCase(`${op} ${register(0, size).text}, ${register(3, size).text}`, values, random, extra);
  }
}

/** Three-operand BMI instructions: destination, and the two sources in the order of the text. */
function* threeOperands(op: string, memoryLast: boolean, undefinedFlags: number): Generator<Case> {
  const cycle = new AddressingCycle();
  const random = new Random(op);
  const extra = undefinedFlags ? { undefined: undefinedFlags } : {};
  for (const size of [32, 64] as const) {
    const triples: Operand[][] = [
      [0, 3, 1],
      [8, 15, 12],
      [9, 9, 2],
      [5, 6, 4],
      [13, 7, 13],
    ].map((numbers) => numbers.map((number) => register(number, size)));
    for (let i = 0; i < 3; i++) {
      const operands = [register(10, size), memory(cycle.next(), size)];
      triples.push([freeRegister(random, size), ...(memoryLast ? operands : operands.reverse())]);
    }
    for (const [target, first, second] of triples) {
      const text = `${op} ${target.text}, ${first.text}, ${second.text}`;
      for (let i = 0; i < 3 * FEW; i++) {
        const values: [Operand, bigint][] = [
          [first, anyValue(random, size)],
          [second, anyValue(random, size)],
        ];
        if (i % 3 === 0) values[1][1] = smallIndex(op, random, size) ?? values[1][1];
        yield makeCase(text, values, random, extra);
      }
    }
  }
}

/** A second source that selects something: start and length for BEXTR, an index for BZHI. */
function smallIndex(op: string, random: Random, size: Size): bigint | undefined {
  if (op === 'bextr') return BigInt(random.below(size + 8) | (random.below(size + 8) << 8));
  if (op === 'bzhi') return BigInt(random.below(size + 8)) | 0xab00n;
  return undefined;
}

/** MULX: RDX is a source, and destinations may be the same or a source. */
function* wideProducts(): Generator<Case> {
  const cycle = new AddressingCycle();
  const random = new Random('mulx');
  for (const size of [32, 64] as const) {
    const triples: Operand[][] = [
      [0, 3, 1],
      [8, 15, 12],
      [9, 9, 11],
      [2, 6, 5],
      [7, 2, 7],
      [10, 1, 2],
    ].map((numbers) => numbers.map((number) => register(number, size)));
    for (let i = 0; i < 2; i++)
      triples.push([register(11, size), register(8, size), memory(cycle.next(), size)]);
    for (const [high, low, source] of triples) {
      const text = `mulx ${high.text}, ${low.text}, ${source.text}`;
      for (let i = 0; i < 4; i++) {
        const values: [Operand, bigint][] = [[source, anyValue(random, size)]];
        if (source.text !== register(2, size).text) values.push([register(2, 64), anyValue(random, 64)]);
        yield makeCase(text, values, random);
      }
    }
  }
}

function* rotations(): Generator<Case> {
  const cycle = new AddressingCycle();
  const random = new Random('rorx');
  for (const size of [32, 64] as const) {
    for (const [target, source] of [
      ...registerPairs(size),
      [freeRegister(random, size), memory(cycle.next(), size)] as const,
    ]) {
      for (const count of [0, 1, size - 1, size, size + 7, 0xff])
        yield makeCase(
          `rorx ${target.text}, ${source.text}, ${count}`,
          [[source, random.bits(size)]],
          random,
        );
    }
  }
}

function* lowestBit(op: string): Generator<Case> {
  const cycle = new AddressingCycle();
  const random = new Random(op);
  for (const size of [32, 64] as const) {
    const pairs = registerPairs(size);
    for (let i = 0; i < 3; i++) pairs.push([freeRegister(random, size), memory(cycle.next(), size)]);
    for (const [target, source] of pairs) {
      const text = `${op} ${target.text}, ${source.text}`;
      const values = [0n, 1n, random.bits(size), 1n << BigInt(random.below(size)), anyValue(random, size)];
      for (const value of values) yield makeCase(text, [[source, value]], random, { undefined: AF | PF });
    }
  }
}

/** A bit string in memory addressed with the address-size prefix. */
function* shortAddresses(): Generator<Case> {
  const random = new Random('addr32 bt');
  for (const op of ['bt', 'bts', 'btr', 'btc']) {
    for (const bits of [5n, 300n, -300n]) {
      const input = new Input().set('rbx', 0xdead_beef_0000_0000n + BigInt(SCRATCH + 0x800));
      input.set('rcx', BigInt.asUintN(64, bits)).set('rflags', anyFlags(random));
      yield { asm: `${op} dword ptr [ebx], ecx`, input, ...TEST_UNDEFINED };
    }
  }
}

export function* bit(): Generator<Case> {
  for (const op of ['bt', 'bts', 'btr', 'btc']) yield* bitTests(op);
  yield* shortAddresses();
  for (const op of ['bsf', 'bsr']) yield* scans(op, CF | OF | SF | AF | PF);
  for (const op of ['lzcnt', 'tzcnt']) yield* scans(op, OF | SF | AF | PF);
  yield* scans('popcnt', 0);
  yield* threeOperands('andn', true, AF | PF);
  yield* threeOperands('bextr', false, AF | SF | PF);
  yield* threeOperands('bzhi', false, AF | PF);
  yield* threeOperands('pdep', true, 0);
  yield* threeOperands('pext', true, 0);
  for (const op of ['sarx', 'shlx', 'shrx']) yield* threeOperands(op, false, 0);
  yield* wideProducts();
  yield* rotations();
  for (const op of ['blsi', 'blsr', 'blsmsk']) yield* lowestBit(op);
}
