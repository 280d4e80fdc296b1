/** A program as a filetest. */

import { type Filetest, printFiletest } from '../../test/filetests/filetest.ts';
import { defaultRegister, segmentBases } from '../../test/vectors/layout.ts';
import {
  changesBetween,
  type State,
  startState,
  type VectorState,
  type WholeState,
} from '../../test/vectors/vector.ts';
import { assemble, type Program } from './program.ts';

export function startOf({ start, mode = 64 }: Program, entry: number): VectorState {
  const values: VectorState = { rip: (entry - segmentBases(mode).code).toString(16) };
  for (const [name, value] of start.registers)
    if (value !== defaultRegister(name, mode)) values[name] = value.toString(16);
  if (start.memory.size > 0) {
    values.mem = Object.fromEntries(
      [...start.memory].map(([address, bytes]) => [address.toString(16), Buffer.from(bytes).toString('hex')]),
    );
  }
  return values;
}

/** The state that a program starts from; undefined if the program cannot be assembled. */
export function initialOf(program: Program): WholeState | undefined {
  const assembled = assemble(program);
  if (assembled === undefined) return undefined;
  const { bytes, entry } = assembled;
  return startState(startOf(program, entry), [{ address: program.base, bytes }], program.mode);
}

/** The text of a filetest. @param end what has to come of it. */
export function filetestOf(
  program: Program,
  title: readonly string[],
  end: { readonly state: State; readonly instructions: number },
): string {
  const assembled = assemble(program);
  if (assembled === undefined) throw new Error('the program cannot be assembled');
  const { bytes, entry, data } = assembled;
  const before = startOf(program, entry);
  const code = [{ address: program.base, bytes, data }];
  const filetest: Filetest = {
    title,
    before,
    code,
    instructions: end.instructions,
    after: changesBetween(startState(before, code), end.state),
  };
  return printFiletest(filetest);
}
