/** SSE4.2: string comparisons, PCMPGTQ and CRC32. */

import type { Case } from '../case.ts';
import { joinLanes, MXCSR_DEFAULT } from '../lanes.ts';
import { AddressingCycle, memory, type Operand, register, type Size } from '../operands.ts';
import { anyFlags, anyValue, Random } from '../values.ts';
import { awkwardVectors, vectorCase, vectorCases, xmm } from './vectors.ts';

/** Bytes or words of a small alphabet, so that comparisons find something, with a terminator now and then. */
function text(random: Random, words: boolean, signed: boolean): bigint {
  const count = words ? 8 : 16;
  const top = words ? 0x8000n : 0x80n;
  const end = random.below(2 * count);
  const elements = Array.from({ length: count }, (_, i) => {
    if (i === end) return 0n;
    const letter = BigInt(1 + random.below(5));
    return signed && random.below(3) === 0 ? top | letter : letter;
  });
  return joinLanes(elements, words ? 'i16' : 'i8');
}

/** Every format, aggregation, polarity and output selection once or more; explicit lengths in eax and edx. */
function* stringComparisons(cycle: AddressingCycle): Generator<Case> {
  const random = new Random('pcmpestri');
  for (const op of ['pcmpestri', 'pcmpestrm', 'pcmpistri', 'pcmpistrm']) {
    const explicit = op.includes('estr');
    for (let mode = 0; mode < 0x80; mode++) {
      for (let i = 0; i < (mode % 4 === 0 ? 2 : 1); i++) {
        const words = (mode & 1) !== 0;
        const signed = (mode & 2) !== 0;
        const second = random.below(6) ? xmm(random.pick([2, 9])) : memory(cycle.next(), 128);
        const values: [Operand, bigint][] = [
          [xmm(1), text(random, words, signed)],
          [second, text(random, words, signed)],
        ];
        if (explicit) {
          // Negative lengths count by their absolute value, and lengths saturate.
          const length = (): bigint =>
            BigInt.asUintN(32, BigInt(random.pick([0, 1, 3, 7, 8, 12, 16, 17, 40, -2, -9, -100])));
          values.push([register(0, 32), length()], [register(2, 32), length()]);
        }
        const asm = `${op} xmm1, ${second.text}, ${mode}`;
        const test = vectorCase(asm, values, random, MXCSR_DEFAULT);
        test.input.registers.set('rflags', anyFlags(random));
        yield test;
      }
    }
    for (const operand of awkwardVectors(128)) {
      yield vectorCase(
        `${op} xmm1, ${operand.text}, 0x0c`,
        [[operand, text(random, false, false)]],
        random,
        MXCSR_DEFAULT,
      );
    }
  }
  // REX.W makes the explicit lengths 64 bits wide.
  for (const bytes of [
    '0x66, 0x48, 0x0f, 0x3a, 0x61, 0xca, 0x0c',
    '0x66, 0x48, 0x0f, 0x3a, 0x60, 0xca, 0x18',
  ]) {
    for (const length of [5n, 0x1_0000_0003n, 0xffff_ffff_0000_0002n, 0xffff_ffff_ffff_fffdn]) {
      const values: [Operand, bigint][] = [
        [xmm(1), text(random, false, false)],
        [xmm(2), text(random, false, false)],
        [register(0, 64), length],
        [register(2, 64), 7n],
      ];
      yield vectorCase(`.byte ${bytes}`, values, random, MXCSR_DEFAULT);
    }
  }
}

function* checksums(cycle: AddressingCycle): Generator<Case> {
  const random = new Random('crc32');
  const forms: [32 | 64, Size][] = [
    [32, 8],
    [32, 16],
    [32, 32],
    [64, 8],
    [64, 64],
  ];
  for (const [target, source] of forms) {
    for (const [first, second] of [
      [0, 1],
      [9, 3],
      [2, 13],
      [15, 15],
      [8, -1],
      [1, -1],
    ]) {
      const operand = second < 0 ? memory(cycle.next(), source) : register(second, source);
      for (let i = 0; i < 4; i++) {
        const values: [Operand, bigint][] = [
          [register(first, 64), anyValue(random, 64)],
          [operand, anyValue(random, source)],
        ];
        const test = vectorCase(
          `crc32 ${register(first, target).text}, ${operand.text}`,
          values,
          random,
          MXCSR_DEFAULT,
        );
        test.input.registers.set('rflags', anyFlags(random));
        yield test;
      }
    }
  }
}

export function* sse42(): Generator<Case> {
  const cycle = new AddressingCycle();
  yield* vectorCases('pcmpgtq', { lanes: 'i64', count: 6 }, cycle);
  yield* stringComparisons(cycle);
  yield* checksums(cycle);
}
