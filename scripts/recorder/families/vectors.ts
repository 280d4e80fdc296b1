/** Cases for instructions on XMM registers: operand forms, values and MXCSR. */

import type { XmmRegister } from '../../../test/vectors/layout.ts';
import { type Case, Input } from '../case.ts';
import { anyMxcsr, type Lane, MXCSR_DEFAULT, MXCSR_UNMASKED, specialPairs, vectorValue } from '../lanes.ts';
import { type AddressingCycle, at, DATA, memory, type Operand } from '../operands.ts';
import { anyFlags, Random } from '../values.ts';
import { BOUNDARY, type Pair, UNMAPPED } from './forms.ts';

/** An XMM register. `size` says how much of it counts; assigning a value fills the whole register. */
export function xmm(number: number): Operand {
  return {
    text: `xmm${number}`,
    size: 128,
    assign: (input, value) => {
      input.registers.set(`xmm${number}` as XmmRegister, value);
    },
  };
}

/** Register pairs that between them need every REX bit, and its absence. */
export const XMM_PAIRS: readonly Pair[] = [
  [0, 1],
  [8, 3],
  [2, 9],
  [15, 14],
  [5, 5],
].map(([first, second]): Pair => [xmm(first), xmm(second)]);

/** What an instruction's operands look like. */
export interface Shape {
  /** What the destination's and the source's lanes contain. */
  lanes: Lane;
  source?: Lane;
  /** Size of the memory operand in bits, if not 128. */
  bits?: number;
  /** A misaligned 128-bit memory operand is allowed. */
  unaligned?: boolean;
  /** Immediate bytes to append. */
  immediates?: readonly number[];
  /** Cases for each operand form. */
  count?: number;
  /** Depends on MXCSR and changes it. */
  float?: boolean;
  extra?: Partial<Case>;
}

/** A memory operand whose content is truncated to its size. */
export function narrow(operand: Operand): Operand {
  const mask = (1n << BigInt(operand.size)) - 1n;
  return { ...operand, assign: (input, value) => operand.assign(input, value & mask) };
}

/** One case: operands with values, flags and, for floating point, MXCSR. */
export function vectorCase(
  asm: string,
  values: readonly [Operand, bigint][],
  random: Random,
  mxcsr: bigint,
  extra: Partial<Case> = {},
): Case {
  const input = new Input();
  for (const [operand, value] of values) operand.assign(input, value);
  if (mxcsr !== MXCSR_DEFAULT) input.set('mxcsr', mxcsr);
  // Most of these leave the flags alone, which a few cases are enough to show.
  if (random.below(4) === 0) input.set('rflags', anyFlags(random));
  return { asm, input, ...extra };
}

/** Memory operands at the page boundary, beyond the end, and misaligned. */
export function awkwardVectors(bits: number): Operand[] {
  const beyond = (base: number): Operand => ({
    ...memory(at(base), bits),
    assign: (input) => {
      input.set('rbx', BigInt(base));
    },
  });
  return [
    memory(at(DATA + 1, 'rsi'), bits),
    memory(at(BOUNDARY - (bits >> 4), 'rsi'), bits),
    beyond(UNMAPPED),
    beyond(UNMAPPED - (bits >> 4)),
  ].map(narrow);
}

/** `op xmm, xmm/m` in all forms. */
export function* vectorCases(op: string, shape: Shape, cycle: AddressingCycle): Generator<Case> {
  const random = new Random(op);
  const bits = shape.bits ?? 128;
  const source = shape.source ?? shape.lanes;
  const count = shape.count ?? 3;
  const suffixes = shape.immediates?.map((value) => `, 0x${value.toString(16)}`) ?? [''];
  const mxcsr = (): bigint => (shape.float ? anyMxcsr(random) : MXCSR_DEFAULT);
  const one = (pair: Pair, suffix: string): Case => {
    const text = `${op} ${pair[0].text}, ${pair[1].text}${suffix}`;
    const values: [Operand, bigint][] = [
      [pair[0], vectorValue(random, shape.lanes)],
      [pair[1], vectorValue(random, source)],
    ];
    return vectorCase(text, values, random, mxcsr(), shape.extra);
  };
  const pairs = [...XMM_PAIRS];
  for (let i = 0; i < 2; i++) pairs.push([xmm(random.below(16)), narrow(memory(cycle.next(), bits))]);
  for (const suffix of suffixes) {
    const chosen = suffixes.length > 8 ? [pairs[0], random.pick(pairs)] : pairs;
    for (const pair of chosen) {
      for (let i = 0; i < count; i++) yield one(pair, suffix);
    }
  }
  const awkward = awkwardVectors(bits);
  const choices = bits === 8 ? [awkward[2]] : awkward;
  for (const operand of choices) yield one([xmm(7), operand], suffixes[suffixes.length - 1]);
}

/** Every special number with every other, and unmasked exceptions, for packed floating-point arithmetic. */
export function* specialCases(op: string, lane: 'f32' | 'f64', extra: Partial<Case> = {}): Generator<Case> {
  const random = new Random(`${op} specials`);
  const [first, second] = XMM_PAIRS[0];
  const asm = `${op} ${first.text}, ${second.text}`;
  for (const [a, b] of specialPairs(lane)) {
    yield vectorCase(
      asm,
      [
        [first, a],
        [second, b],
      ],
      random,
      MXCSR_DEFAULT,
      extra,
    );
  }
  for (const mxcsr of MXCSR_UNMASKED) {
    for (let i = 0; i < 2; i++) {
      const values: [Operand, bigint][] = [
        [first, vectorValue(random, lane)],
        [second, vectorValue(random, lane)],
      ];
      yield vectorCase(asm, values, random, mxcsr, extra);
    }
  }
}
