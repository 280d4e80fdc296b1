/**
 * Instruction test vectors: what a real x86-64 processor did, recorded by scripts/recorder/record.ts.
 * The format is described in README.md beside this file.
 */

import { readdirSync, readFileSync } from 'node:fs';
import {
  CODE,
  CODE_FILLER,
  CODE_SIZE,
  type CodeMode,
  defaultRegister,
  GENERAL_REGISTERS,
  type Register,
  SCRATCH,
  SCRATCH_SIZE,
  SEGMENT_REGISTERS,
  STACK_REGISTERS,
  scratchByte,
  segmentBases,
  XMM_REGISTERS,
  YMM_HIGH_REGISTERS,
} from './layout.ts';

/** Registers as hexadecimal numbers, and memory as address -> bytes in address order, all without 0x. */
export type VectorState = Partial<Record<Register, string>> & { mem?: Record<string, string> };

/** A fault as the vector file writes it. `error` and `address` are hexadecimal, where the vector has them. */
export interface VectorFault {
  vector: number;
  error?: string;
  address?: string;
}

/** One recorded case. Absent fields mean: nothing undefined, one instruction, exact comparison. */
export interface Vector {
  /** What was assembled. `scratch` is the address of the data area, `.` that of the instruction. */
  asm: string;
  /** The code bytes, in hexadecimal. */
  code: string;
  /** 64 if absent. */
  mode?: CodeMode;
  /** How many instructions the code executes, if not one. A repeated string instruction counts as one. */
  steps?: number;
  /** What differs from the default state before. */
  in: VectorState;
  /** What differs from the state before, afterwards. `rip` is absent if execution goes on after the code. */
  out: VectorState & { fault?: VectorFault };
  /** RFLAGS bits that the manual leaves undefined: hexadecimal mask, not to be compared. */
  undefined?: string;
  /** Bits of the x87 status word that the manual leaves undefined: hexadecimal mask, not to be compared. */
  undefinedFsw?: string;
  /** Memory ranges whose content the manual does not define: [hexadecimal address, length in bytes]. */
  undefinedMemory?: [string, number][];
  /** The result is an approximation: greatest relative difference of each floating-point number changed. */
  tolerance?: number;
  /** Format of the numbers in a changed XMM register that `tolerance` applies to. */
  lanes?: 'f32' | 'f64';
}

/** An exception in the terms of the processor: vector number, error code (0 if none), CR2 for #PF. */
export interface Fault {
  vector: number;
  errorCode: number;
  address?: bigint;
}

/** The whole architectural state a vector talks about. */
export interface State {
  /** rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8..r15. */
  gpr: bigint[];
  rip: bigint;
  rflags: bigint;
  /** Selectors in es, cs, ss, ds, fs, gs. */
  selectors: number[];
  /** [bits 63..0, bits 127..64] of xmm0..xmm15. */
  xmm: [bigint, bigint][];
  /** The same of bits 128 to 255 of ymm0..ymm15. */
  ymmHigh: [bigint, bigint][];
  mxcsr: number;
  /** 512-byte FXSAVE image; FOP, FIP, FDP, MXCSR and XMM in it are not compared. */
  fpu: Uint8Array;
  /** Content of the scratch area. */
  scratch: Uint8Array;
  fault?: Fault;
}

/** A state to start from, or one that was reached: also the code in it. */
export interface WholeState extends State {
  /** Content of the code area. */
  codeArea: Uint8Array;
}

/** A state to arrive at, with what is not to be compared. */
export interface ExpectedState extends State {
  undefinedFlags: bigint;
  undefinedFsw: number;
  /** Bits of RAX to RDI that are defined. */
  definedBits: bigint;
  /** Ranges of memory with undefined content: [first address, address after the last]. */
  undefinedMemory: [number, number][];
  /** Greatest relative difference of approximate numbers; 0: exact. */
  tolerance: number;
  lanes: 'f32' | 'f64';
}

/** The selector of 64-bit code, as vectors have it. */
const CODE_64 = '33';
const FXSAVE_FCW = 0;
const FXSAVE_FSW = 2;
const FXSAVE_FTW = 4;
const FXSAVE_MXCSR = 24;
const FXSAVE_ST = 32;
const FXSAVE_XMM = 160;
const LOW_64 = (1n << 64n) - 1n;
const LOW_32 = (1n << 32n) - 1n;
/** The registers that code outside 64-bit mode has, first of all in GENERAL_REGISTERS. */
const LEGACY_REGISTERS = 8;
const FLAGS = ['CF', '1', 'PF', '3', 'AF', '5', 'ZF', 'SF', 'TF', 'IF', 'DF', 'OF'];

/** The families that have vectors. */
export function vectorFamilies(): string[] {
  return readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length));
}

/** The recorded cases of a family, such as 'arithmetic'. */
export function loadVectors(family: string): Vector[] {
  return JSON.parse(readFileSync(`${import.meta.dirname}/${family}.json`, 'utf8'));
}

/** The bytes that a string of hexadecimal digits stands for. */
function parseBytes(digits: string): Uint8Array {
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) =>
    Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16),
  );
}

function writeLittleEndian(bytes: Uint8Array, offset: number, length: number, value: bigint): void {
  let rest = value;
  for (let done = 0; done < length; done += 4) {
    const part = Number(rest & 0xffff_ffffn);
    for (let i = 0; i < 4 && done + i < length; i++) bytes[offset + done + i] = (part >>> (8 * i)) & 0xff;
    rest >>= 32n;
  }
}

function readLittleEndian(bytes: Uint8Array, offset: number, length: number): bigint {
  let value = 0n;
  for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[offset + i]);
  return value;
}

function applyMemory(scratch: Uint8Array, changes: Record<string, string> = {}): void {
  for (const [address, digits] of Object.entries(changes)) {
    scratch.set(parseBytes(digits), Number.parseInt(address, 16) - SCRATCH);
  }
}

type Lookup = (name: Register) => bigint;

function lookup(values: VectorState, fallback: Lookup): Lookup {
  return (name) => {
    const digits = values[name];
    return digits === undefined ? fallback(name) : BigInt(`0x${digits}`);
  };
}

function initialRegisters(values: VectorState, mode?: CodeMode): Lookup {
  return lookup(values, (name) => defaultRegister(name, mode));
}

function makeState(register: Lookup, scratch: Uint8Array): State {
  const fpu = new Uint8Array(512);
  writeLittleEndian(fpu, FXSAVE_FCW, 2, register('fcw'));
  writeLittleEndian(fpu, FXSAVE_FSW, 2, register('fsw'));
  writeLittleEndian(fpu, FXSAVE_FTW, 1, register('ftw'));
  writeLittleEndian(fpu, FXSAVE_MXCSR, 4, register('mxcsr'));
  for (const [i, name] of STACK_REGISTERS.entries()) {
    writeLittleEndian(fpu, FXSAVE_ST + 16 * i, 10, register(name));
  }
  for (const [i, name] of XMM_REGISTERS.entries()) {
    writeLittleEndian(fpu, FXSAVE_XMM + 16 * i, 16, register(name));
  }
  return {
    gpr: GENERAL_REGISTERS.map(register),
    rip: register('rip'),
    rflags: register('rflags'),
    selectors: SEGMENT_REGISTERS.map((name) => Number(register(name))),
    xmm: XMM_REGISTERS.map((name) => [register(name) & LOW_64, register(name) >> 64n]),
    ymmHigh: YMM_HIGH_REGISTERS.map((name) => [register(name) & LOW_64, register(name) >> 64n]),
    mxcsr: Number(register('mxcsr')),
    fpu,
    scratch,
  };
}

const DEFAULT_SCRATCH = Uint8Array.from({ length: SCRATCH_SIZE }, (_, i) => scratchByte(SCRATCH + i));

/** Code at an address of the code area. */
export interface CodePiece {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/**
 * A state to start from, as new objects that the caller may change.
 *
 * @param values what differs from the default state.
 * @param code what differs from a code area full of INT3; what lies outside the area is left out.
 */
export function startState(values: VectorState, code: readonly CodePiece[], mode?: CodeMode): WholeState {
  const register = initialRegisters(values, mode);
  const scratch = DEFAULT_SCRATCH.slice();
  applyMemory(scratch, values.mem);
  const codeArea = new Uint8Array(CODE_SIZE).fill(CODE_FILLER);
  for (const { address, bytes } of code) {
    const start = address - CODE;
    codeArea.set(bytes.subarray(0, CODE_SIZE - start), start);
  }
  return { ...makeState(register, scratch), codeArea };
}

/** The state in which a vector's code is to be started, as new objects that the caller may change. */
export function initialState({ in: values, code, mode = 64 }: Vector): WholeState {
  const address = Number(initialRegisters(values, mode)('rip')) + segmentBases(mode).code;
  return startState(values, [{ address, bytes: parseBytes(code) }], mode);
}

/** A state of which everything is to be compared. */
export function exactly(state: State): ExpectedState {
  return {
    ...state,
    undefinedFlags: 0n,
    undefinedFsw: 0,
    definedBits: LOW_64,
    undefinedMemory: [],
    tolerance: 0,
    lanes: 'f64',
  };
}

/**
 * The state after what differs from the state before; everything in it is to be compared.
 * @param next RIP unless `after` says otherwise.
 */
export function endState(
  before: VectorState,
  after: VectorState & { readonly fault?: VectorFault },
  next: bigint,
  mode?: CodeMode,
): ExpectedState {
  const initial = initialRegisters(before, mode);
  const register = lookup(after, (name) => (name === 'rip' ? next : initial(name)));
  const scratch = DEFAULT_SCRATCH.slice();
  applyMemory(scratch, before.mem);
  applyMemory(scratch, after.mem);
  const state = exactly(makeState(register, scratch));
  const { fault } = after;
  if (fault) {
    state.fault = { vector: fault.vector, errorCode: Number.parseInt(fault.error ?? '0', 16) };
    if (fault.address) state.fault.address = BigInt(`0x${fault.address}`);
  }
  return state;
}

/** The state that a vector's code leaves behind. */
export function expectedState(vector: Vector): ExpectedState {
  const rip = initialRegisters(vector.in, vector.mode)('rip');
  const next = rip + (vector.out.fault ? 0n : BigInt(vector.code.length / 2));
  const undefinedMemory = (vector.undefinedMemory ?? []).map(([address, length]): [number, number] => {
    const start = Number.parseInt(address, 16);
    return [start, start + length];
  });
  // Intel SDM Vol. 1 "General-Purpose Registers in 64-Bit Mode": nothing keeps upper halves outside it.
  const { cs = CODE_64 } = vector.out;
  const isLegacy = (vector.mode ?? 64) !== 64 || cs !== CODE_64;
  return {
    ...endState(vector.in, vector.out, next, vector.mode),
    definedBits: isLegacy ? LOW_32 : LOW_64,
    undefinedFlags: BigInt(`0x${vector.undefined ?? 0}`),
    undefinedFsw: Number.parseInt(vector.undefinedFsw ?? '0', 16),
    undefinedMemory,
    tolerance: vector.tolerance ?? 0,
    lanes: vector.lanes ?? 'f64',
  };
}

/** Bytes that are compared at once: most vectors change one place. */
const CHUNK = 256;

/** Where two areas of the same size, a multiple of 256 bytes, differ. */
export function differingBytes(a: Uint8Array, b: Uint8Array): number[] {
  const offsets: number[] = [];
  for (let start = 0; start < a.length; start += CHUNK) {
    const end = start + CHUNK;
    if (Buffer.compare(a.subarray(start, end), b.subarray(start, end)) === 0) continue;
    for (let offset = start; offset < end; offset++) if (a[offset] !== b[offset]) offsets.push(offset);
  }
  return offsets;
}

/** Names of the flags in a mask, for messages. */
function flagNames(mask: bigint): string {
  const names: string[] = [];
  for (let bit = 0; mask >> BigInt(bit); bit++) {
    if ((mask >> BigInt(bit)) & 1n) names.push(FLAGS[bit] ?? `bit ${bit}`);
  }
  return names.join(' ');
}

function hex(value: bigint | number): string {
  return value.toString(16);
}

/** Whether two numbers agree within a relative difference; NaNs agree with each other. */
function near(expected: number, actual: number, tolerance: number): boolean {
  if (Object.is(expected, actual) || expected === actual) return true;
  return Math.abs(actual - expected) <= tolerance * Math.abs(expected);
}

/** The numbers in 64 bits of an XMM register. */
function lanes(value: bigint, format: 'f32' | 'f64'): number[] {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, value, true);
  return format === 'f64' ? [view.getFloat64(0, true)] : [view.getFloat32(0, true), view.getFloat32(4, true)];
}

/**
 * Whether two 80-bit numbers agree within a relative difference. Their significands are compared at the
 * expected number's exponent, so that neighbours on either side of a power of two are near.
 */
function near80(expected: bigint, actual: bigint, tolerance: number): boolean {
  if (expected === actual) return true;
  if (!tolerance) return false;
  const exponent = (value: bigint): number => Number((value >> 64n) & 0x7fffn);
  const shift = exponent(actual) - exponent(expected);
  if (expected >> 79n !== actual >> 79n || Math.abs(shift) > 1) return false;
  const significand = expected & LOW_64;
  // In halves of the last place, of which a neighbour with the lower exponent has one less.
  const other = (actual & LOW_64) << BigInt(1 + shift);
  const difference = other - (significand << 1n);
  const allowed = BigInt(Math.floor(2 * tolerance * Number(significand)));
  return (difference < 0n ? -difference : difference) <= allowed;
}

function compareFpu(expected: ExpectedState, actual: Uint8Array, differences: string[]): void {
  const word = (image: Uint8Array, offset: number): number => image[offset] | (image[offset + 1] << 8);
  const compareWord = (name: string, want: number, have: number): void => {
    if (want !== have) differences.push(`${name}: expected ${hex(want)}, got ${hex(have)}`);
  };
  const fswMask = ~expected.undefinedFsw;
  const fsw = word(expected.fpu, FXSAVE_FSW);
  compareWord('fcw', word(expected.fpu, FXSAVE_FCW), word(actual, FXSAVE_FCW));
  compareWord('fsw', fsw & fswMask, word(actual, FXSAVE_FSW) & fswMask);
  compareWord('ftw', expected.fpu[FXSAVE_FTW], actual[FXSAVE_FTW]);
  for (let i = 0; i < 8; i++) {
    const physical = ((fsw >> 11) + i) & 7;
    if (!((expected.fpu[FXSAVE_FTW] >> physical) & 1)) continue;
    const want = readLittleEndian(expected.fpu, FXSAVE_ST + 16 * i, 10);
    const have = readLittleEndian(actual, FXSAVE_ST + 16 * i, 10);
    if (!near80(want, have, expected.tolerance)) {
      differences.push(`st${i}: expected ${hex(want)}, got ${hex(have)}`);
    }
  }
}

/**
 * What differs between the state a vector expects and the state reached, one line for each difference;
 * empty if they agree. Bits, memory and x87 registers (empty ones) without defined content are left out.
 */
export function compare(expected: ExpectedState, actual: State): string[] {
  const differences: string[] = [];
  const check = (name: string, want: bigint | number, have: bigint | number): void => {
    if (want !== have) differences.push(`${name}: expected ${hex(want)}, got ${hex(have)}`);
  };
  for (const [i, name] of GENERAL_REGISTERS.entries()) {
    const mask = i < LEGACY_REGISTERS ? expected.definedBits : LOW_64;
    check(name, expected.gpr[i] & mask, actual.gpr[i] & mask);
  }
  check('rip', expected.rip, actual.rip);
  for (const [i, name] of SEGMENT_REGISTERS.entries())
    check(name, expected.selectors[i], actual.selectors[i]);
  const flags = (expected.rflags ^ actual.rflags) & ~expected.undefinedFlags;
  if (flags) {
    const values = `expected ${hex(expected.rflags)}, got ${hex(actual.rflags)}`;
    differences.push(`rflags: ${values}: differ in ${flagNames(flags)}`);
  }
  const vectors = [
    ...XMM_REGISTERS.map((name, i) => ({ name, want: expected.xmm[i], have: actual.xmm[i] })),
    ...YMM_HIGH_REGISTERS.map((name, i) => ({ name, want: expected.ymmHigh[i], have: actual.ymmHigh[i] })),
  ];
  for (const { name, want: wanted, have: had } of vectors) {
    for (const half of [0, 1] as const) {
      const want = wanted[half];
      const have = had[half];
      if (want === have) continue;
      const numbers = lanes(have, expected.lanes);
      const agrees = lanes(want, expected.lanes).every((n, k) => near(n, numbers[k], expected.tolerance));
      if (!expected.tolerance || !agrees) check(`${name}[${half}]`, want, have);
    }
  }
  check('mxcsr', expected.mxcsr, actual.mxcsr);
  compareFpu(expected, actual.fpu, differences);
  for (const offset of differingBytes(expected.scratch, actual.scratch)) {
    const address = SCRATCH + offset;
    if (expected.undefinedMemory.some(([a, b]) => address >= a && address < b)) continue;
    check(`[${hex(address)}]`, expected.scratch[offset], actual.scratch[offset]);
  }
  const [want, have] = [expected.fault, actual.fault];
  check('fault vector', want?.vector ?? -1, have?.vector ?? -1);
  if (want && have && want.vector === have.vector) {
    check('fault error code', want.errorCode, have.errorCode);
    if (want.address !== undefined) check('fault address', want.address, have.address ?? -1n);
  }
  return differences;
}

/** What differs between two states, as `after` of endState() has it. RIP is always there. */
export function changesBetween(before: State, after: State): VectorState & { fault?: VectorFault } {
  const changes: VectorState & { fault?: VectorFault } = { rip: hex(after.rip) };
  const note = (name: Register, was: bigint, is: bigint): void => {
    if (was !== is) changes[name] = hex(is);
  };
  for (const [i, name] of GENERAL_REGISTERS.entries()) note(name, before.gpr[i], after.gpr[i]);
  note('rflags', before.rflags, after.rflags);
  for (const [i, name] of SEGMENT_REGISTERS.entries())
    note(name, BigInt(before.selectors[i]), BigInt(after.selectors[i]));
  note('mxcsr', BigInt(before.mxcsr), BigInt(after.mxcsr));
  for (const [i, name] of XMM_REGISTERS.entries()) {
    const [was, is] = [before.xmm[i], after.xmm[i]].map(([low, high]) => (high << 64n) | low);
    note(name, was, is);
  }
  for (const [i, name] of YMM_HIGH_REGISTERS.entries()) {
    const [was, is] = [before.ymmHigh[i], after.ymmHigh[i]].map(([low, high]) => (high << 64n) | low);
    note(name, was, is);
  }
  const fpu = (state: State, offset: number, length: number): bigint =>
    readLittleEndian(state.fpu, offset, length);
  for (const [name, offset, length] of [
    ['fcw', FXSAVE_FCW, 2],
    ['fsw', FXSAVE_FSW, 2],
    ['ftw', FXSAVE_FTW, 1],
    ...STACK_REGISTERS.map((st, i) => [st, FXSAVE_ST + 16 * i, 10] as const),
  ] as const)
    note(name, fpu(before, offset, length), fpu(after, offset, length));
  const mem: Record<string, string> = {};
  let [start, end] = ['', -1];
  for (const offset of differingBytes(before.scratch, after.scratch)) {
    const address = SCRATCH + offset;
    if (address !== end) {
      start = hex(address);
      mem[start] = '';
    }
    mem[start] += hex(after.scratch[offset]).padStart(2, '0');
    end = address + 1;
  }
  if (end >= 0) changes.mem = mem;
  const { fault } = after;
  if (fault !== undefined) {
    changes.fault = { vector: fault.vector };
    if (fault.vector >= 8 && fault.vector <= 14) changes.fault.error = hex(fault.errorCode);
    if (fault.vector === 14 && fault.address !== undefined) changes.fault.address = hex(fault.address);
  }
  return changes;
}
