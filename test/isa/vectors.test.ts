/** Every recorded vector, in both tiers and by both back ends. */
import { describe, expect, it } from 'vitest';
import { MXCSR_CONTROL, MXCSR_DEFAULT } from '../../src/layout/cpu-state.ts';
import {
  compare,
  expectedState,
  loadVectors,
  type State,
  type Vector,
  vectorFamilies,
} from '../vectors/vector.ts';
import { ENGINES, type Engine, VectorMachine } from './vector-machine.ts';

/** Failures shown for each family: one broken instruction fails many vectors. */
const SHOWN = 20;
/** Every n-th vector is run: compiling takes much longer than running. */
const STRIDES: Readonly<Record<Engine, number>> = { interpreter: 1, writer: 4, Binaryen: 20 };

/** VEX-encoded: BMI1 and BMI2, which the announced processor does not have. */
function isVex({ code }: Vector): boolean {
  return code.startsWith('c4') || code.startsWith('c5');
}

/**
 * What to compare with. With all exceptions masked and rounding to nearest, floating-point operations do not
 * record their exceptions in MXCSR: nobody who masks them looks there, and it would halve the speed.
 */
function expectedAndActual(vector: Vector, actual: State): [ReturnType<typeof expectedState>, State] {
  const expected = expectedState(vector);
  const unrecorded = (expected.mxcsr & MXCSR_CONTROL) === MXCSR_DEFAULT;
  const mask = unrecorded ? MXCSR_CONTROL : -1;
  return [
    { ...expected, mxcsr: expected.mxcsr & mask },
    { ...actual, mxcsr: actual.mxcsr & mask },
  ];
}

/** What goes wrong in the vectors that an engine runs, one line each. */
function failures(vectors: readonly Vector[], engine: Engine): string[] {
  const machine = new VectorMachine();
  return vectors.flatMap((vector, index) => {
    if (index % STRIDES[engine] !== 0) return [];
    const differences = compare(...expectedAndActual(vector, machine.run(vector, engine)));
    return differences.length > 0
      ? [`${index} ${vector.asm} (${vector.code}): ${differences.join('; ')}`]
      : [];
  });
}

function expectNone(found: readonly string[]): void {
  expect(found.length, found.slice(0, SHOWN).join('\n')).toBe(0);
}

describe.each(vectorFamilies())('%s', (family) => {
  const all = loadVectors(family);
  const vectors = all.filter((vector) => !isVex(vector));
  it.each(ENGINES)(`${vectors.length} vectors: %s`, (engine) => {
    expectNone(failures(vectors, engine));
  });

  const vex = all.filter(isVex);
  if (vex.length === 0) return;
  it.each(ENGINES)(`${vex.length} VEX-encoded ones are #UD: %s`, (engine) => {
    const undefinedInstead = vex.map((vector) => ({ ...vector, out: { fault: { vector: 6 } } }));
    expectNone(failures(undefinedInstead, engine));
  });
});

it('CPUID does not announce what is VEX-encoded', () => {
  const cpuid = { asm: 'mov eax, 7; xor ecx, ecx; cpuid', code: 'b80700000031c90fa2', in: {}, out: {} };
  const ebx = Number(new VectorMachine().run(cpuid, 'interpreter').gpr[3]);
  const bmi = { bmi1: 1 << 3, avx2: 1 << 5, bmi2: 1 << 8 };
  for (const [name, bit] of Object.entries(bmi)) expect(ebx & bit, name).toBe(0);
});
