/** Runs cases on this machine's CPU through recorder.c. */

import { execFileSync, spawnSync } from 'node:child_process';
import {
  CODE,
  CODE_SIZE,
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
import type { Input } from './case.ts';

/** What the CPU left behind. */
export interface Outcome {
  registers: Map<Register, bigint>;
  /** Address -> byte, for the bytes of the scratch area that changed. */
  memory: Map<number, number>;
  fault?: { vector: number; errorCode: number; address: bigint };
}

/** An FXSAVE image, and behind it the upper halves of the YMM registers. */
const IMAGE_SIZE = 512 + 256;
const SEGMENTS = 16;
const INPUT_RIP = SEGMENTS + 6 * 8;
const INPUT_IMAGE = INPUT_RIP + 8 + 16 * 8 + 8;
const INPUT_SIZE = INPUT_IMAGE + IMAGE_SIZE;
/** Of the 64-bit words of the output. */
const OUTPUT_GPR = 6;
const OUTPUT_RIP = OUTPUT_GPR + 16;
const OUTPUT_IMAGE = (OUTPUT_RIP + 5) * 8;
const OUTPUT_SIZE = OUTPUT_IMAGE + IMAGE_SIZE + 8;
const BREAKPOINT = 3;
/** TF and RF, which belong to the way of recording. */
const HIDDEN_FLAGS = 0x1_0100n;

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

function encode(input: Input, code: Uint8Array): Uint8Array {
  const patches = [...input.memory];
  const patchBytes = patches.reduce((sum, [, bytes]) => sum + 8 + bytes.length, 0);
  const rip = input.get('rip');
  const address = Number(rip) + segmentBases(input.mode).code;
  // Code that reaches past the code area ends with it: fetching the rest is what the case is about.
  const room = Math.min(code.length, CODE + CODE_SIZE - address);
  const record = new Uint8Array(INPUT_SIZE + room + patchBytes);
  const view = new DataView(record.buffer);
  view.setUint32(0, room, true);
  view.setUint32(4, patches.length, true);
  view.setBigUint64(8, BigInt(address), true);
  for (const [i, name] of SEGMENT_REGISTERS.entries())
    view.setBigUint64(SEGMENTS + 8 * i, input.get(name), true);
  view.setBigUint64(INPUT_RIP, rip, true);
  for (const [i, name] of GENERAL_REGISTERS.entries())
    view.setBigUint64(INPUT_RIP + 8 + 8 * i, input.get(name), true);
  view.setBigUint64(INPUT_IMAGE - 8, input.get('rflags'), true);
  for (const [name, offset, length] of IMAGE_FIELDS) {
    const value = input.get(name);
    for (let i = 0; i < length; i++)
      record[INPUT_IMAGE + offset + i] = Number((value >> BigInt(8 * i)) & 0xffn);
  }
  record.set(code.subarray(0, room), INPUT_SIZE);
  let offset = INPUT_SIZE + room;
  for (const [address, bytes] of patches) {
    view.setUint32(offset, address, true);
    view.setUint32(offset + 4, bytes.length, true);
    record.set(bytes, offset + 8);
    offset += 8 + bytes.length;
  }
  return record;
}

/** Reads one output record at an offset; returns it with the offset of the next. */
function decode(view: DataView, start: number): [Outcome, number] {
  const word = (index: number): bigint => view.getBigUint64(start + 8 * index, true);
  const registers = new Map<Register, bigint>();
  for (const [i, name] of GENERAL_REGISTERS.entries()) registers.set(name, word(OUTPUT_GPR + i));
  registers.set('rip', word(OUTPUT_RIP));
  registers.set('rflags', word(OUTPUT_RIP + 1) & ~HIDDEN_FLAGS);
  for (const [i, name] of SEGMENT_REGISTERS.entries()) registers.set(name, word(i));
  for (const [name, offset, length] of IMAGE_FIELDS) {
    let value = 0n;
    for (let i = length - 1; i >= 0; i--)
      value = (value << 8n) | BigInt(view.getUint8(start + OUTPUT_IMAGE + offset + i));
    registers.set(name, value);
  }
  const memory = new Map<number, number>();
  const changes = Number(view.getBigUint64(start + OUTPUT_IMAGE + IMAGE_SIZE, true));
  let offset = start + OUTPUT_SIZE;
  for (let i = 0; i < changes; i++, offset += 8) {
    memory.set(view.getUint32(offset, true), view.getUint32(offset + 4, true));
  }
  const vector = Number(word(OUTPUT_RIP + 2));
  if (vector === BREAKPOINT) return [{ registers, memory }, offset];
  return [
    {
      registers,
      memory,
      fault: { vector, errorCode: Number(word(OUTPUT_RIP + 3)), address: word(OUTPUT_RIP + 4) },
    },
    offset,
  ];
}

/** Runs each case and returns what came of it. */
export function runNatively(
  program: string,
  cases: readonly { input: Input; code: Uint8Array }[],
): Outcome[] {
  const stdin = Buffer.concat([encodeLdt(), ...cases.map(({ input, code }) => encode(input, code))]);
  const run = spawnSync(program, { input: stdin, maxBuffer: 2 ** 31, stdio: ['pipe', 'pipe', 'inherit'] });
  if (run.status !== 0) throw new Error(`the recorder failed: ${run.error ?? run.signal ?? run.status}`);
  const view = new DataView(run.stdout.buffer, run.stdout.byteOffset, run.stdout.byteLength);
  const outcomes: Outcome[] = [];
  let offset = 0;
  for (let i = 0; i < cases.length; i++) {
    const [outcome, next] = decode(view, offset);
    outcomes.push(outcome);
    offset = next;
  }
  return outcomes;
}
