/** Runs cases on this machine's CPU through recorder.c. */

import { execFileSync, spawnSync } from 'node:child_process';
import {
  CODE,
  CODE_SIZE,
  type CodeMode,
  GENERAL_REGISTERS,
  LDT,
  type LdtSegment,
  type Register,
  SEGMENT_REGISTERS,
  STACK_REGISTERS,
  segmentBases,
  XMM_REGISTERS,
  YMM_HIGH_REGISTERS,
} from '../../test/vectors/layout.ts';
import { Input } from './case.ts';

/** What the CPU left behind. */
export interface Outcome {
  registers: Map<Register, bigint>;
  /** Address -> byte, for the bytes of the scratch area that changed. */
  memory: Map<number, number>;
  fault?: { vector: number; errorCode: number; address: bigint };
}

/** An FXSAVE image, and behind it the upper halves of the YMM registers. */
const IMAGE_SIZE = 512 + 256;
/**
 * Offsets in what recorder.c reads of a case (`struct input`): a multiple of 8 bytes, behind which there are the code and
 * the patches, each an address and a length of 4 bytes and then its bytes.
 */
export const INPUT = {
  codeLength: 0,
  patchCount: 4,
  codeAddress: 8,
  segments: 16,
  rip: 64,
  gpr: 72,
  rflags: 200,
  image: 208,
  size: 208 + IMAGE_SIZE,
} as const;
/** The same of what it writes (`struct output`): behind it there are the bytes that changed, an address and a value of 4 bytes each. */
export const OUTPUT = {
  segments: 0,
  gpr: 48,
  rip: 176,
  rflags: 184,
  vector: 192,
  errorCode: 200,
  address: 208,
  image: 216,
  changeCount: 216 + IMAGE_SIZE,
  size: 216 + IMAGE_SIZE + 8,
} as const;
export const BREAKPOINT = 3;
/** TF and RF, which belong to the way of recording. */
export const HIDDEN_FLAGS = 0x1_0100n;

/** Where the image keeps each register: offset and length in bytes. */
const IMAGE_FIELDS: [Register, number, number][] = [
  ['fcw', 0, 2],
  ['fsw', 2, 2],
  ['ftw', 4, 1],
  ['mxcsr', 24, 4],
  ...STACK_REGISTERS.map((name, i): [Register, number, number] => [name, 32 + 16 * i, 10]),
  ...XMM_REGISTERS.map((name, i): [Register, number, number] => [name, 160 + 16 * i, 16]),
  ...YMM_HIGH_REGISTERS.map((name, i): [Register, number, number] => [name, 512 + 16 * i, 16]),
];

/** Compiles recorder.c into a directory and returns the program's path. */
export function buildRecorder(directory: string): string {
  const program = `${directory}/recorder`;
  // Cases change the FS base, which the stack protector needs.
  const flags = ['-O2', '-Wall', '-mfsgsbase', '-fno-stack-protector'];
  execFileSync('gcc', [...flags, '-o', program, `${import.meta.dirname}/recorder.c`], { stdio: 'inherit' });
  return program;
}

/** `struct user_desc` of Linux' <asm/ldt.h>. */
function descriptor(segment: LdtSegment, index: number): Uint32Array {
  const contents = { data: 0, 'expand-down': 1, code: 2 }[segment.kind];
  const bits = [
    segment.is32Bit,
    contents & 1,
    contents & 2,
    segment.restricted,
    segment.pages,
    segment.absent,
    true, // available to software
  ];
  const flags = bits.reduce<number>((sum, bit, at) => sum | (bit ? 1 << at : 0), 0);
  return Uint32Array.of(index, segment.base, segment.limit, flags);
}

function encodeLdt(): Uint8Array {
  return Buffer.concat(
    [Uint32Array.of(LDT.length), ...LDT.map(descriptor)].map(({ buffer }) => new Uint8Array(buffer)),
  );
}

/** A case in the form that recorder.c reads. */
export function encodeCase(input: Input, code: Uint8Array): Uint8Array {
  const patches = [...input.memory];
  const patchBytes = patches.reduce((sum, [, bytes]) => sum + 8 + bytes.length, 0);
  const rip = input.get('rip');
  const address = Number(rip) + segmentBases(input.mode).code;
  // Code that reaches past the code area ends with it: fetching the rest is what the case is about.
  const room = Math.min(code.length, CODE + CODE_SIZE - address);
  const record = new Uint8Array(INPUT.size + room + patchBytes);
  const view = new DataView(record.buffer);
  view.setUint32(INPUT.codeLength, room, true);
  view.setUint32(INPUT.patchCount, patches.length, true);
  view.setBigUint64(INPUT.codeAddress, BigInt(address), true);
  for (const [i, name] of SEGMENT_REGISTERS.entries())
    view.setBigUint64(INPUT.segments + 8 * i, input.get(name), true);
  view.setBigUint64(INPUT.rip, rip, true);
  for (const [i, name] of GENERAL_REGISTERS.entries())
    view.setBigUint64(INPUT.gpr + 8 * i, input.get(name), true);
  view.setBigUint64(INPUT.rflags, input.get('rflags'), true);
  for (const [name, offset, length] of IMAGE_FIELDS) {
    const value = input.get(name);
    for (let i = 0; i < length; i++)
      record[INPUT.image + offset + i] = Number((value >> BigInt(8 * i)) & 0xffn);
  }
  record.set(code.subarray(0, room), INPUT.size);
  let offset = INPUT.size + room;
  for (const [address, bytes] of patches) {
    view.setUint32(offset, address, true);
    view.setUint32(offset + 4, bytes.length, true);
    record.set(bytes, offset + 8);
    offset += 8 + bytes.length;
  }
  return record;
}

function readImage(view: DataView, start: number, set: (name: Register, value: bigint) => void): void {
  for (const [name, offset, length] of IMAGE_FIELDS) {
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(view.getUint8(start + offset + i));
    set(name, value);
  }
}

/** The input that encodeCase made a case of. @param start of the case in `bytes`. */
export function decodeCase(bytes: Uint8Array, start: number, mode: CodeMode): Input {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start);
  const input = new Input(mode);
  const set = (name: Register, value: bigint): void => {
    input.set(name, value);
  };
  for (const [i, name] of SEGMENT_REGISTERS.entries())
    set(name, view.getBigUint64(INPUT.segments + 8 * i, true));
  for (const [i, name] of GENERAL_REGISTERS.entries()) set(name, view.getBigUint64(INPUT.gpr + 8 * i, true));
  set('rip', view.getBigUint64(INPUT.rip, true));
  set('rflags', view.getBigUint64(INPUT.rflags, true));
  readImage(view, INPUT.image, set);
  let at = INPUT.size + view.getUint32(INPUT.codeLength, true);
  for (let left = view.getUint32(INPUT.patchCount, true); left > 0; left--) {
    const length = view.getUint32(at + 4, true);
    input.memory.set(view.getUint32(at, true), bytes.slice(start + at + 8, start + at + 8 + length));
    at += 8 + length;
  }
  return input;
}

/** Reads one output record at an offset; returns it with the offset of the next. */
function decode(view: DataView, start: number): [Outcome, number] {
  const word = (offset: number): bigint => view.getBigUint64(start + offset, true);
  const registers = new Map<Register, bigint>();
  for (const [i, name] of GENERAL_REGISTERS.entries()) registers.set(name, word(OUTPUT.gpr + 8 * i));
  registers.set('rip', word(OUTPUT.rip));
  registers.set('rflags', word(OUTPUT.rflags) & ~HIDDEN_FLAGS);
  for (const [i, name] of SEGMENT_REGISTERS.entries()) registers.set(name, word(OUTPUT.segments + 8 * i));
  readImage(view, start + OUTPUT.image, (name, value) => registers.set(name, value));
  const memory = new Map<number, number>();
  const changes = Number(word(OUTPUT.changeCount));
  let offset = start + OUTPUT.size;
  for (let i = 0; i < changes; i++, offset += 8) {
    memory.set(view.getUint32(offset, true), view.getUint32(offset + 4, true));
  }
  const vector = Number(word(OUTPUT.vector));
  if (vector === BREAKPOINT) return [{ registers, memory }, offset];
  const errorCode = Number(word(OUTPUT.errorCode));
  return [{ registers, memory, fault: { vector, errorCode, address: word(OUTPUT.address) } }, offset];
}

/** Runs cases that are in the form that recorder.c reads (INPUT), and gives what it writes (OUTPUT). */
export function runRecords(program: string, cases: Uint8Array): Buffer {
  const input = Buffer.concat([encodeLdt(), cases]);
  const run = spawnSync(program, { input, maxBuffer: 2 ** 31, stdio: ['pipe', 'pipe', 'inherit'] });
  if (run.status !== 0) throw new Error(`the recorder failed: ${run.error ?? run.signal ?? run.status}`);
  return run.stdout;
}

/** Runs each case and returns what came of it. */
export function runNatively(
  program: string,
  cases: readonly { input: Input; code: Uint8Array }[],
): Outcome[] {
  const output = runRecords(program, Buffer.concat(cases.map(({ input, code }) => encodeCase(input, code))));
  const view = new DataView(output.buffer, output.byteOffset, output.byteLength);
  const outcomes: Outcome[] = [];
  let offset = 0;
  for (let i = 0; i < cases.length; i++) {
    const [outcome, next] = decode(view, offset);
    outcomes.push(outcome);
    offset = next;
  }
  return outcomes;
}
