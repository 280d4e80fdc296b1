/** Writes recorded cases in the format that test/vectors/vector.ts reads. */

import { defaultRegister, REGISTER_BITS, type Register, scratchByte } from '../../test/vectors/layout.ts';
import type { Vector, VectorState } from '../../test/vectors/vector.ts';
import type { Case, Input } from './case.ts';
import type { Outcome } from './native.ts';

function hex(value: bigint | number): string {
  return value.toString(16);
}

/** Bytes by address, as runs of hexadecimal digits by the address of their first byte. */
function runs(bytes: Map<number, number>): Record<string, string> {
  const result: Record<string, string> = {};
  let [start, end] = ['', -1];
  for (const [address, byte] of [...bytes].sort(([a], [b]) => a - b)) {
    if (address !== end) {
      start = hex(address);
      result[start] = '';
    }
    result[start] += byte.toString(16).padStart(2, '0');
    end = address + 1;
  }
  return result;
}

function stateBefore(input: Input): VectorState {
  const state: VectorState = {};
  for (const name of REGISTER_BITS.keys()) {
    const value = input.get(name);
    if (value !== defaultRegister(name, input.mode)) state[name] = hex(value);
  }
  const memory = new Map<number, number>();
  for (const [address, bytes] of input.memory) {
    for (const [i, byte] of bytes.entries()) {
      if (byte !== scratchByte(address + i)) memory.set(address + i, byte);
      else memory.delete(address + i);
    }
  }
  if (memory.size) state.mem = runs(memory);
  return state;
}

/** What to expect of registers that the instruction leaves alone, and of undefined bits: their value before. */
function withoutUndefined(test: Case, name: Register, value: bigint): bigint {
  const mask = { rflags: test.undefined, fsw: test.undefinedFsw }[name as string];
  if (!mask) return value;
  return (value & ~BigInt(mask)) | (test.input.get(name) & BigInt(mask));
}

function stateAfter(test: Case, code: Uint8Array, outcome: Outcome): Vector['out'] {
  const state: Vector['out'] = {};
  const next = test.input.get('rip') + (outcome.fault ? 0n : BigInt(code.length));
  for (const [name, recorded] of outcome.registers) {
    const value = withoutUndefined(test, name, recorded);
    if (value !== (name === 'rip' ? next : test.input.get(name))) state[name] = hex(value);
  }
  const ignored = (address: number): boolean =>
    test.undefinedMemory?.some(([start, length]) => address >= start && address < start + length) ?? false;
  const memory = new Map([...outcome.memory].filter(([address]) => !ignored(address)));
  if (memory.size) state.mem = runs(memory);
  const fault = outcome.fault;
  if (fault) {
    state.fault = { vector: fault.vector };
    if (fault.vector >= 8 && fault.vector <= 14) state.fault.error = hex(fault.errorCode);
    if (fault.vector === 14 && !test.anyFaultAddress) state.fault.address = hex(fault.address);
  }
  return state;
}

export function toVector(test: Case, code: Uint8Array, outcome: Outcome): Vector {
  const vector: Vector = {
    asm: test.asm,
    code: Buffer.from(code).toString('hex'),
    in: stateBefore(test.input),
    out: stateAfter(test, code, outcome),
  };
  if (test.input.mode !== 64) vector.mode = test.input.mode;
  if (test.steps) vector.steps = test.steps;
  if (test.undefined) vector.undefined = hex(test.undefined);
  if (test.undefinedFsw) vector.undefinedFsw = hex(test.undefinedFsw);
  if (test.undefinedMemory?.length) {
    vector.undefinedMemory = test.undefinedMemory.map(([address, length]) => [hex(address), length]);
  }
  if (test.tolerance) vector.tolerance = test.tolerance;
  if (test.lanes) vector.lanes = test.lanes;
  return vector;
}

/** A family's file: an array with one case a line. */
export function toJson(vectors: readonly Vector[]): string {
  return `[\n${vectors.map((vector) => JSON.stringify(vector)).join(',\n')}\n]\n`;
}
