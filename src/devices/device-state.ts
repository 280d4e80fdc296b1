/** Checked reading of snapshots: a snapshot comes from outside, so its shape is not trusted. */

import type { DeviceState, DeviceStateValue } from './device.ts';

/** A device's plain registers; `save` is a copy of it and `restoreRegisters` the way back. */
export type Registers = { [name: string]: number | bigint | boolean };

/**
 * Overwrites every field of `registers` with the field of the same name in `state`.
 * Throws TypeError, and changes nothing, when a field is absent or of another type.
 */
export function restoreRegisters(registers: Registers, state: DeviceState): void {
  const names = Object.keys(registers);
  for (const name of names) {
    if (typeof state[name] !== typeof registers[name]) throw mismatch(name, typeof registers[name]);
  }
  for (const name of names) registers[name] = state[name] as Registers[string];
}

/** The byte array `name`. Throws TypeError when it is absent or, if `length` is given, of another length. */
export function bytesIn(state: DeviceState, name: string, length?: number): Uint8Array {
  const value = state[name];
  if (!(value instanceof Uint8Array) || (length !== undefined && value.length !== length)) {
    throw mismatch(name, length === undefined ? 'bytes' : `${length} bytes`);
  }
  return value;
}

/** The list of numbers `name`. Throws TypeError when it is anything else or, if `length` is given, has another length. */
export function numbersIn(state: DeviceState, name: string, length?: number): readonly number[] {
  const value = state[name];
  const isList = Array.isArray(value) && value.every((item) => typeof item === 'number');
  if (!isList || (length !== undefined && value.length !== length)) {
    throw mismatch(name, length === undefined ? 'numbers' : `${length} numbers`);
  }
  return value;
}

/** The nested state `name`. Throws TypeError when it is absent or something else. */
export function stateIn(state: DeviceState, name: string): DeviceState {
  return asState(state[name], name);
}

/** The list of `length` nested states `name`. Throws TypeError when it is anything else. */
export function statesIn(state: DeviceState, name: string, length: number): readonly DeviceState[] {
  const value = state[name];
  if (!Array.isArray(value) || value.length !== length) throw mismatch(name, `${length} states`);
  return value.map((item: DeviceStateValue) => asState(item, name));
}

function asState(value: DeviceStateValue, name: string): DeviceState {
  if (typeof value !== 'object' || Array.isArray(value) || value instanceof Uint8Array) {
    throw mismatch(name, 'a state');
  }
  return value as DeviceState;
}

function mismatch(name: string, expected: string): TypeError {
  return new TypeError(`device state: '${name}' is not ${expected}`);
}
