/** What is left to say of a guest that died: the processor's state and the code around RIP. */

import { readLinear } from '../cpu/linear-address.ts';
import type { Processor } from '../cpu/processor.ts';
import { disassemble } from '../isa/disassembler.ts';
import {
  CR0,
  CR2,
  CR3,
  CR4,
  GDTR_BASE,
  GDTR_LIMIT,
  IDTR_BASE,
  IDTR_LIMIT,
  MSR_EFER,
  SEGMENT_BASE,
  SEGMENT_CS,
  SEGMENT_LIMIT,
  SEGMENT_RIGHTS,
  SEGMENT_SELECTOR,
  SEGMENT_TR,
  TR_BASE,
} from '../layout/cpu-state.ts';
import { MODE_CODE_64, MODE_CODE_MASK, MODE_REAL } from '../layout/mode.ts';
import { EVENT_ERROR, EVENT_VECTOR } from '../layout/runtime-state.ts';

const REGISTERS = [
  'RAX',
  'RCX',
  'RDX',
  'RBX',
  'RSP',
  'RBP',
  'RSI',
  'RDI',
  'R8',
  'R9',
  'R10',
  'R11',
  'R12',
  'R13',
  'R14',
  'R15',
];
const SEGMENTS = ['ES', 'CS', 'SS', 'DS', 'FS', 'GS'];
/** EFLAGS bits by number. */
const FLAGS: Readonly<Record<number, string>> = {
  0: 'CF',
  2: 'PF',
  4: 'AF',
  6: 'ZF',
  7: 'SF',
  8: 'TF',
  9: 'IF',
  10: 'DF',
  11: 'OF',
  14: 'NT',
  17: 'VM',
  18: 'AC',
};
const EXCEPTIONS: Readonly<Record<number, string>> = {
  0: '#DE',
  1: '#DB',
  2: 'NMI',
  3: '#BP',
  4: '#OF',
  5: '#BR',
  6: '#UD',
  7: '#NM',
  8: '#DF',
  10: '#TS',
  11: '#NP',
  12: '#SS',
  13: '#GP',
  14: '#PF',
  16: '#MF',
  17: '#AC',
  18: '#MC',
  19: '#XM',
};

/** Instructions shown after the one at RIP, and bytes looked at before it. */
const INSTRUCTIONS_AFTER = 8;
const BYTES_BEFORE = 24;
const LONGEST_INSTRUCTION = 15;
/** Columns of code bytes. */
const BYTES_WIDTH = 3 * 10;

function hex(value: bigint | number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

function flagNames(flags: number): string {
  return Object.entries(FLAGS)
    .filter(([bit]) => (flags & (1 << Number(bit))) !== 0)
    .map(([, name]) => name)
    .join(' ');
}

function modeName(mode: number): string {
  if ((mode & MODE_REAL) !== 0) return 'real mode';
  return (mode & MODE_CODE_MASK) === MODE_CODE_64
    ? '64-bit mode'
    : `${16 << (mode & MODE_CODE_MASK)}-bit mode`;
}

function generalRegisters(processor: Processor): string[] {
  const lines: string[] = [];
  for (let first = 0; first < REGISTERS.length; first += 4) {
    const row = REGISTERS.slice(first, first + 4);
    lines.push(row.map((name, i) => `${name.padEnd(3)} ${hex(processor.gpr(first + i), 16)}`).join('  '));
  }
  return lines;
}

function segment(processor: Processor, name: string, index: number, base: bigint): string {
  const selector = processor.u32(SEGMENT_SELECTOR + index * 4) & 0xffff;
  const limit = processor.u32(SEGMENT_LIMIT + index * 4);
  const rights = processor.u32(SEGMENT_RIGHTS + index * 4);
  return `${name} ${hex(selector, 4)}  base ${hex(base, 16)}  limit ${hex(limit, 8)}  rights ${hex(rights, 4)}`;
}

function systemRegisters(processor: Processor): string[] {
  const quad = (name: string, offset: number) => `${name} ${hex(processor.u64(offset), 16)}`;
  const table = (name: string, base: number, limit: number) =>
    `${quad(name, base)} limit ${hex(processor.u32(limit), 4)}`;
  return [
    [quad('CR0', CR0), quad('CR2', CR2), quad('CR3', CR3), quad('CR4', CR4)].join('  '),
    `EFER ${hex(processor.u64(MSR_EFER), 16)}`,
    ...SEGMENTS.map((name, i) => segment(processor, name, i, processor.u64(SEGMENT_BASE + i * 8))),
    segment(processor, 'TR', SEGMENT_TR, processor.u64(TR_BASE)),
    `${table('GDTR', GDTR_BASE, GDTR_LIMIT)}  ${table('IDTR', IDTR_BASE, IDTR_LIMIT)}`,
  ];
}

function lastEvent(processor: Processor): string {
  const vector = processor.i32(EVENT_VECTOR);
  const error = processor.i32(EVENT_ERROR);
  const name = EXCEPTIONS[vector];
  const code = error === -1 ? '' : `, error code ${hex(error >>> 0, 4)}`;
  return `last event: vector ${vector}${name === undefined ? '' : ` (${name})`}${code}`;
}

interface Line {
  readonly address: bigint;
  readonly bytes: Uint8Array;
  readonly text: string;
}

function decodeLine(code: Uint8Array, offset: number, address: bigint, mode: number): Line {
  const { text, length } = disassemble(code.subarray(offset, offset + LONGEST_INSTRUCTION), address, mode);
  return { address, bytes: code.subarray(offset, offset + length), text };
}

/** Instructions that fill the bytes before an address exactly, from as far back as there are any. */
function linesBefore(code: Uint8Array, end: bigint, mode: number): Line[] {
  for (let start = 0; start < code.length; start++) {
    const lines: Line[] = [];
    let at = start;
    while (at < code.length) {
      const line = decodeLine(code, at, end - BigInt(code.length - at), mode);
      if (line.text === '(bad)') break;
      lines.push(line);
      at += line.bytes.length;
    }
    if (at === code.length) return lines;
  }
  return [];
}

/**
 * @param address linear address of the instruction to mark.
 * @param mode mode key (layout/mode.ts).
 * @param read gives up to `length` bytes at a linear address.
 * Returns lines of the instructions before, at and after it. What stands before is a guess: x86 code cannot be
 * read backwards for certain.
 */
export function disassembleAround(
  address: bigint,
  mode: number,
  read: (address: bigint, length: number) => Uint8Array,
): string[] {
  const start = address - BigInt(BYTES_BEFORE);
  const before = start < 0n ? new Uint8Array(0) : read(start, BYTES_BEFORE);
  const lines = before.length === BYTES_BEFORE ? linesBefore(before, address, mode) : [];
  const code = read(address, (INSTRUCTIONS_AFTER + 1) * LONGEST_INSTRUCTION);
  if (code.length === 0) return [`  ${hex(address, 16)}  nothing is mapped here`];
  for (let at = 0, count = 0; at < code.length && count <= INSTRUCTIONS_AFTER; count++) {
    const line = decodeLine(code, at, address + BigInt(at), mode);
    lines.push(line);
    at += line.bytes.length;
  }
  return lines.map((line) => {
    const bytes = [...line.bytes].map((byte) => hex(byte, 2)).join(' ');
    const mark = line.address === address ? '=>' : '  ';
    return `${mark} ${hex(line.address, 16)}  ${bytes.padEnd(BYTES_WIDTH)} ${line.text}`;
  });
}

/** The processor's state in text, ending with a newline. */
export function registerDump(processor: Processor): string {
  const { rip, flags, mode } = processor;
  const codeSegment = processor.u64(SEGMENT_BASE + SEGMENT_CS * 8);
  const selector = processor.u32(SEGMENT_SELECTOR + SEGMENT_CS * 4) & 0xffff;
  const address = BigInt.asUintN(64, codeSegment + rip);
  const lines = [
    `RIP ${hex(selector, 4)}:${hex(rip, 16)}  RFLAGS ${hex(flags, 8)} [${flagNames(flags)}]  CPL ${processor.cpl}  ${modeName(mode)}`,
    ...generalRegisters(processor),
    ...systemRegisters(processor),
    lastEvent(processor),
    ...disassembleAround(address, mode, (at, length) => readLinear(processor, at, length)),
  ];
  return `${lines.join('\n')}\n`;
}
