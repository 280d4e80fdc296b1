/** Branches of 32- and 16-bit code, with every operand size: each variant of the instruction table. */
import { allVariants } from '../../../src/isa/instruction-set.ts';
import { branch } from '../../../src/isa/tables/branch.ts';
import type { Variant } from '../../../src/isa/variant.ts';
import {
  CODE,
  CODE_SIZE,
  type CodeMode,
  ldtSelector,
  SCRATCH,
  segmentBases,
} from '../../../test/vectors/layout.ts';
import { encode, type OperandValues } from '../../fuzz/encoder.ts';
import { type Case, Input } from '../case.ts';
import { DATA } from '../operands.ts';
import { Random, rflags, STATUS_FLAGS } from '../values.ts';
import { UNMAPPED } from './forms.ts';
import { instructionText } from './legacy-modes.ts';

const RBX = 3;
const COUNTS = [0n, 1n, 2n, 0x1_0000n, 0x1_0001n];

function caseOf(input: Input, variant: Variant, values: OperandValues): Case[] {
  const { mode } = input;
  const code = encode(variant, values, mode);
  return code === undefined ? [] : [{ asm: instructionText(code, CODE + 0x800, mode), code, input }];
}

/** The default code segment, and in 16-bit code one that ends with the code area. */
function inputs(mode: CodeMode): Input[] {
  const whole = new Input(mode);
  return mode === 16 ? [whole, new Input(mode).set('cs', BigInt(ldtSelector('limited')))] : [whole];
}

/** With a displacement: within the code area and beyond, where offsets of 16 bits wrap, too. */
function* relative(variant: Variant, mode: CodeMode, random: Random): Iterable<Case> {
  const { row } = variant;
  const counts = /^(?:loop|jrcxz)/.test(row.mnemonic);
  const displacements = row.operands[0]?.name === 'Jb' ? [0x20, -0x20] : [0x240, -0x340, 0x3000, -0x1800];
  for (const displacement of displacements) {
    for (const flags of [0, STATUS_FLAGS, random.next() & STATUS_FLAGS]) {
      for (const rcx of counts ? COUNTS : [0n]) {
        for (const address32 of counts && mode === 16 ? [false, true] : [false]) {
          for (const input of inputs(mode)) {
            input.set('rcx', rcx).set('rflags', rflags(flags));
            yield* caseOf(input, variant, { immediate: BigInt(displacement), memory: { address32 } });
          }
        }
      }
    }
  }
}

/** Where indirect branches and returns go: a place in the code area, its end, and far beyond. */
function targets(mode: CodeMode): bigint[] {
  const { code } = segmentBases(mode);
  return [CODE + 0x1234, CODE + CODE_SIZE, CODE + 0x1_0123].map((address) => BigInt(address - code));
}

function* indirect(variant: Variant, mode: CodeMode): Iterable<Case> {
  const { data } = segmentBases(mode);
  const bits = 8 * variant.operandSize;
  for (const target of targets(mode)) {
    for (const input of inputs(mode)) {
      if (variant.form === 'register') input.set('rbx', target);
      else input.set('rbx', BigInt(DATA - data)).store(DATA, bits, BigInt.asUintN(bits, target));
      yield* caseOf(input, variant, { registers: [RBX], memory: { base: RBX } });
    }
  }
  // The operand, and the stack that the return address goes to, are out of reach.
  const beyond = new Input(mode).set('rbx', BigInt(UNMAPPED - data));
  if (variant.form !== 'register') yield* caseOf(beyond, variant, { memory: { base: RBX } });
  const empty = new Input(mode).set('rbx', BigInt(DATA - data)).set('rsp', BigInt(SCRATCH - data));
  yield* caseOf(empty, variant, { registers: [RBX], memory: { base: RBX } });
}

function* returns(variant: Variant, mode: CodeMode): Iterable<Case> {
  const { data } = segmentBases(mode);
  const bits = 8 * variant.operandSize;
  for (const [at, target] of targets(mode).entries()) {
    const stack = [SCRATCH + 0x1800, SCRATCH + 0xfff, UNMAPPED - variant.operandSize][at] as number;
    for (const input of inputs(mode)) {
      input.set('rsp', BigInt(stack - data)).store(stack, bits, BigInt.asUintN(bits, target));
      yield* caseOf(input, variant, { immediate: 0x12n });
    }
  }
  yield* caseOf(new Input(mode).set('rsp', BigInt(UNMAPPED - 1 - data)), variant, { immediate: 4n });
}

function* cases(mode: CodeMode): Iterable<Case> {
  const random = new Random(`branches ${mode}`);
  for (const variant of allVariants()) {
    if (!branch.includes(variant.row)) continue;
    const { ending } = variant.row;
    if (ending === 'return') yield* returns(variant, mode);
    else if (ending.startsWith('indirect')) yield* indirect(variant, mode);
    else yield* relative(variant, mode, random);
  }
}

export function* legacyBranches(): Iterable<Case> {
  yield* cases(32);
  yield* cases(16);
}
