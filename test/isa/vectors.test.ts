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
  const vectors = loadVectors(family);
  it.each(ENGINES)(`${vectors.length} vectors: %s`, (engine) => {
    expectNone(failures(vectors, engine));
  });
});
