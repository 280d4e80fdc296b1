/**
 * The commonest instructions are there twice, as cases of the interpreter's loop and as handlers, which regions leave to. Both lead to the same
 * registers, flags and memory, raise the same faults and take the same from the budget.
 */
import { describe, expect, it } from 'vitest';
import { encode } from '../../scripts/fuzz/encoder.ts';
import { anyValue, Random } from '../../scripts/recorder/values.ts';
import { isCommonest, rowName } from '../../src/interpreter/commonest.ts';
import { allVariants } from '../../src/isa/instruction-set.ts';
import type { Variant } from '../../src/isa/variant.ts';
import { VectorMachine } from '../isa/vector-machine.ts';
import { interpretByHandlers } from '../support/by-handlers.ts';
import { CODE, type CodeMode, GENERAL_REGISTERS, SCRATCH, SCRATCH_SIZE } from '../vectors/layout.ts';
import {
  compare,
  exactly,
  initialState,
  loadVectors,
  startState,
  type VectorState,
  vectorFamilies,
  type WholeState,
} from '../vectors/vector.ts';

/** Every n-th vector is run. */
const STRIDE = 4;
/** States that each variant is run from in each mode. */
const STATES = 30;
/** Failures shown: one broken instruction fails many. */
const SHOWN = 20;

const VARIANTS = allVariants().filter(isCommonest);
const MODES: readonly CodeMode[] = [64, 32, 16];
const byCases = new VectorMachine();
const byHandlers = new VectorMachine();
const met = interpretByHandlers(byHandlers.processor);

function run(machine: VectorMachine, initial: WholeState) {
  const before = machine.processor.instructions;
  const state = machine.runFrom(initial, 'interpreter');
  return { state, instructions: machine.processor.instructions - before };
}

/** What is different by handlers, in one line. */
function difference(name: string, initial: WholeState): string[] {
  const expected = run(byCases, initial);
  const actual = run(byHandlers, initial);
  const lines = compare(exactly(expected.state), actual.state);
  if (!Buffer.from(expected.state.codeArea).equals(actual.state.codeArea)) lines.push('code differs');
  if (expected.instructions !== actual.instructions)
    lines.push(`instructions: expected ${expected.instructions}, got ${actual.instructions}`);
  return lines.length === 0 ? [] : [`${name}: ${lines.join('; ')}`];
}

function expectNone(found: readonly string[]): void {
  expect(found.length, found.slice(0, SHOWN).join('\n')).toBe(0);
}

const nameOf = ({ row, operandSize, form }: Variant): string => `${rowName(row)} ${operandSize} ${form}`;

/** Where memory operands are: in a page, over two, over the end of what is mapped, in the code itself, nowhere, at no canonical address. */
const PLACES = [
  ...[SCRATCH + 0x100, SCRATCH + 0xffd, SCRATCH + SCRATCH_SIZE - 2, CODE + 1, 0x1000].map(BigInt),
  0x8000_0000_0000_0000n,
];
const RBX = 3;
const RSP = 4;
/** CF, PF, AF, ZF, SF, OF. */
const STATUS_FLAGS = 0x8d5n;
const SYSTEM_FLAGS = 0x202n;

/** Code of a variant, whose memory operand is by RBX or at an address, if the mode has it. */
function codeOf(variant: Variant, mode: CodeMode, random: Random): Uint8Array | undefined {
  const { form, row } = variant;
  const registers = row.operands.map(() => random.pick(mode === 64 ? [0, 1, 2, 6, 9, 15] : [0, 1, 2, 6]));
  const displacement = random.pick([0, 4, -4]);
  const short = form === 'general' && random.below(2) === 0 ? { address32: true } : {};
  const segment =
    form === 'general' && !('address32' in short) ? ({ segment: mode === 64 ? 'gs' : 'es' } as const) : {};
  const memory = { base: RBX, displacement, ...short, ...segment };
  const immediate = row.operands.some(({ place }) => place === 'offset')
    ? BigInt.asUintN(mode, random.pick(PLACES))
    : random.bits(64);
  return encode(variant, { registers, memory, immediate }, mode);
}

function stateOf(code: Uint8Array, mode: CodeMode, random: Random): WholeState {
  const values: VectorState = {};
  const bits = mode === 64 ? 64 : 32;
  GENERAL_REGISTERS.forEach((name, register) => {
    const offset = mode === 16 ? BigInt(SCRATCH) : 0n;
    const address = BigInt.asUintN(bits, random.pick(PLACES) - offset);
    values[name] = (register === RBX || register === RSP ? address : anyValue(random, bits)).toString(16);
  });
  values.rflags = ((random.bits(12) & STATUS_FLAGS) | SYSTEM_FLAGS).toString(16);
  // Where RET finds it.
  const target = Buffer.alloc(8);
  target.writeUInt32LE(mode === 16 ? 0x900 : CODE + 0x900);
  values.mem = { [(SCRATCH + 0x100).toString(16)]: target.toString('hex') };
  return startState(values, [{ address: CODE + 0x800, bytes: code }], mode);
}

describe('a handler does what its case does', () => {
  it.each(MODES)('in code of %i bits', (mode) => {
    const found = VARIANTS.flatMap((variant) => {
      const random = new Random(`${mode} ${variant.slot}`);
      return Array.from({ length: STATES }).flatMap(() => {
        const code = codeOf(variant, mode, random);
        return code === undefined
          ? []
          : difference(
              `${nameOf(variant)} (${Buffer.from(code).toString('hex')})`,
              stateOf(code, mode, random),
            );
      });
    });
    expectNone(found);
  });

  it('of each variant', () => {
    // Outside 64-bit mode memory operands are `general`.
    const cannotBe = ({ row, form }: Variant): boolean => row.modes === 'not64' && form === 'memory';
    const missing = VARIANTS.filter((variant) => !met.has(variant.slot) && !cannotBe(variant));
    expect(missing.map(nameOf)).toEqual([]);
  });

  it.each(vectorFamilies())('in vectors: %s', (family) => {
    const found = loadVectors(family).flatMap((vector, index) =>
      index % STRIDE === 0 ? difference(`${index} ${vector.asm} (${vector.code})`, initialState(vector)) : [],
    );
    expectNone(found);
  });
});
