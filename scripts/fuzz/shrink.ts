/** Makes a program that fails smaller for as long as it fails. */
import { DEFAULT_REGISTERS, type Register } from '../../test/vectors/layout.ts';
import type { Item, Program } from './program.ts';

/** True if the program still fails as it did. */
type Fails = (program: Program) => boolean;

/** Without runs of items, from halves down to single ones, until nothing more can go. */
function withoutItems(program: Program, fails: Fails): Program {
  let current = program;
  for (let length = Math.ceil(current.items.length / 2); length >= 1; ) {
    let removed = false;
    for (let at = 0; at < current.items.length; ) {
      const items: Item[] = [...current.items.slice(0, at), ...current.items.slice(at + length)];
      const smaller = { ...current, items };
      if (fails(smaller)) {
        current = smaller;
        removed = true;
      } else at += length;
    }
    if (!removed || length > 1) length = length === 1 ? 0 : Math.ceil(length / 2);
  }
  return current;
}

/** With as many registers as possible at their default. */
function withoutRegisters(program: Program, fails: Fails): Program {
  let current = program;
  for (const name of program.start.registers.keys()) {
    const registers = new Map<Register, bigint>(current.start.registers);
    if (registers.get(name) === DEFAULT_REGISTERS.get(name)) continue;
    registers.delete(name);
    const simpler = { ...current, start: { ...current.start, registers } };
    if (fails(simpler)) current = simpler;
  }
  return current;
}

function withoutMemory(program: Program, fails: Fails): Program {
  const simpler = { ...program, start: { ...program.start, memory: new Map<number, Uint8Array>() } };
  return fails(simpler) ? simpler : program;
}

/** The smallest program that this finds. */
export function shrink(program: Program, fails: Fails): Program {
  return withoutMemory(withoutRegisters(withoutItems(program, fails), fails), fails);
}
