/** Every recorded vector, by the interpreter and in regions, made in each way. */
import { describe, expect, it } from 'vitest';
import { MXCSR_PE } from '../../src/layout/cpu-state.ts';
import { compare, expectedState, loadVectors, type Vector, vectorFamilies } from '../vectors/vector.ts';
import { ENGINES, type Engine, VectorMachine } from './vector-machine.ts';

/** Failures shown for each family: one broken instruction fails many vectors. */
const SHOWN = 20;
/** Every n-th vector is run: compiling takes much longer than running. */
const STRIDES: Readonly<Record<Engine, number>> = {
  interpreter: 1,
  writer: 4,
  old: 4,
  Binaryen: 40,
  optimizer: 200,
};

/** One for each engine: to make one takes as long as to run hundreds of vectors, which leave nothing behind in it. */
const machines = new Map([...ENGINES, 'old' as const].map((engine) => [engine, new VectorMachine()]));

/** What goes wrong in the vectors that an engine runs, one line each. */
function failures(vectors: readonly Vector[], engine: Engine, stride = STRIDES[engine]): string[] {
  const machine = machines.get(engine) as VectorMachine;
  return vectors.flatMap((vector, index) => {
    if (index % stride !== 0) return [];
    const differences = compare(expectedState(vector), machine.run(vector, engine));
    return differences.length > 0
      ? [`${index} ${vector.asm} (${vector.code}): ${differences.join('; ')}`]
      : [];
  });
}

function expectNone(found: readonly string[]): void {
  expect(found.length, found.slice(0, SHOWN).join('\n')).toBe(0);
}

/**
 * What sets sticky flags of MXCSR, after an inexact result: then inline code computes (semantics/sse-exceptions.ts), and
 * has to see all the others coming.
 */
function afterInexact(vectors: readonly Vector[]): Vector[] {
  return vectors.flatMap((vector) => {
    const { mxcsr, fault } = vector.out;
    if (mxcsr === undefined || fault !== undefined || vector.in.mxcsr !== undefined) return [];
    const after = (Number.parseInt(mxcsr, 16) | MXCSR_PE).toString(16);
    return { ...vector, in: { ...vector.in, mxcsr: '1fa0' }, out: { ...vector.out, mxcsr: after } };
  });
}

describe.each(vectorFamilies())('%s', (family) => {
  const vectors = loadVectors(family);
  it.each(family === 'fma' ? [...ENGINES, 'old' as const] : ENGINES)(
    `${vectors.length} vectors: %s`,
    (engine) => {
      expectNone(failures(vectors, engine));
    },
  );

  const inexact = afterInexact(vectors);
  if (inexact.length > 0) {
    it.each(['interpreter', 'writer'] as const)(
      `${inexact.length} vectors with MXCSR.PE set: %s`,
      (engine) => {
        expectNone(failures(inexact, engine, 1));
      },
    );
  }
});
