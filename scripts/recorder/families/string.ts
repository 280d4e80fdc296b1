/** MOVS, STOS, LODS, CMPS and SCAS, with and without repetition. */

import { SCRATCH, SCRATCH_SIZE } from '../../../test/vectors/layout.ts';
import { type Case, Input } from '../case.ts';
import { SIZES, type Size } from '../operands.ts';
import { anyFlags, DF, Random, STATUS_FLAGS } from '../values.ts';
import { BOUNDARY, NOT_CANONICAL, UNMAPPED } from './forms.ts';

const SUFFIX = { 8: 'b', 16: 'w', 32: 'd', 64: 'q' };
const SOURCE = SCRATCH + 0x300;
const DESTINATION = SCRATCH + 0x500;
const PREFIXES: Record<string, string[]> = {
  movs: ['', 'rep '],
  stos: ['', 'rep '],
  lods: ['', 'rep '],
  cmps: ['', 'repe ', 'repne '],
  scas: ['', 'repe ', 'repne '],
};

interface Setup {
  source?: number | bigint;
  destination?: number | bigint;
  count: number | bigint;
  down?: boolean;
}

function makeString(asm: string, random: Random, setup: Setup): Case {
  const flags = anyFlags(random) | (setup.down ? BigInt(DF) : 0n);
  const input = new Input().set('rflags', flags).set('rcx', BigInt(setup.count));
  if (setup.source !== undefined) input.set('rsi', BigInt(setup.source));
  if (setup.destination !== undefined) input.set('rdi', BigInt(setup.destination));
  return { asm, input };
}

/** Makes source, destination and accumulator agree for some elements, so that comparisons go on. */
function agree(test: Case, op: string, size: Size, elements: number, down: boolean): void {
  const bytes = size / 8;
  const step = down ? -bytes : bytes;
  const value = 0x1122_3344_5566_7788n + BigInt(elements);
  if (op === 'cmps' || op === 'scas') {
    for (let i = 0; i < elements; i++) {
      if (op === 'cmps') test.input.store(SOURCE + i * step, size, BigInt.asUintN(size, value));
      test.input.store(DESTINATION + i * step, size, BigInt.asUintN(size, value));
    }
  }
  if (op === 'scas') test.input.set('rax', value);
}

function* plain(op: string): Generator<Case> {
  const random = new Random(op);
  for (const size of SIZES) {
    for (const prefix of PREFIXES[op]) {
      for (const address of ['', 'addr32 ']) {
        const asm = `${address}${prefix}${op}${SUFFIX[size]}`;
        for (const down of [false, true]) {
          for (const count of prefix ? [0, 1, 2, 5, 17] : [1, 0]) {
            // How many elements agree: none, one, some, all.
            for (const elements of op === 'cmps' || op === 'scas' ? [0, 1, 3, 17] : [0]) {
              const setup = { source: SOURCE, destination: DESTINATION, count, down };
              const test = makeString(asm, random, setup);
              if (address) shorten(test.input, prefix !== '' && count !== 0);
              agree(test, op, size, elements, down);
              yield test;
            }
          }
        }
      }
    }
  }
}

/** Puts garbage above 32-bit addresses and, if the count register is in use, into the count. */
function shorten(input: Input, count: boolean): void {
  for (const name of ['rsi', 'rdi'] as const)
    input.registers.set(name, input.get(name) | (0xdead_beefn << 32n));
  if (count) input.registers.set('rcx', input.get('rcx') | (0xdead_beefn << 32n));
}

/** Repetition across pages, over itself, and into a fault, which must leave the progress made visible. */
function* repeated(): Generator<Case> {
  const random = new Random('rep');
  for (const size of SIZES) {
    const bytes = size / 8;
    const [movs, stos, lods, scas, cmps] = ['movs', 'stos', 'lods', 'scas', 'cmps'].map(
      (op) => op + SUFFIX[size],
    );
    // Processors differ in the flags that a comparison interrupted by a fault leaves.
    const place = (asm: string, source: number, destination: number, count: number, down = false): Case => ({
      ...makeString(asm, random, { source, destination, count, down }),
      ...(/^repn?e/.test(asm) ? { undefined: STATUS_FLAGS } : {}),
    });

    // Overlapping: the copy repeats a pattern if the destination is a little ahead in the direction of travel.
    for (const distance of [1, bytes, 3, -1, -bytes, 16, 0]) {
      yield place(`rep ${movs}`, SOURCE, SOURCE + distance, 20);
      yield place(`rep ${movs}`, SOURCE + 0x100, SOURCE + 0x100 - distance, 20, true);
    }
    yield place(`rep ${movs}`, BOUNDARY - 0x21, SCRATCH + 0x40, 0x10);
    yield place(`rep ${movs}`, SCRATCH + 0x41, BOUNDARY - 0x21, 0x10);
    yield place(`rep ${movs}`, BOUNDARY + 0x21, BOUNDARY + 0x413, 0x10, true);
    yield place(`rep ${stos}`, SOURCE, BOUNDARY - 0x21, 0x10);
    yield place(`rep ${stos}`, SOURCE, BOUNDARY + 0x13, 0x10, true);
    yield place(`rep ${lods}`, BOUNDARY - 0x21, SOURCE, 0x10);
    yield place(`rep ${stos}`, SOURCE, SCRATCH, SCRATCH_SIZE / bytes);

    // Into the unmapped page, at an element's start and inside of one.
    for (const offset of [0, 1]) {
      yield place(`rep ${movs}`, UNMAPPED - 4 * bytes - offset, SCRATCH, 0x10);
      yield place(`rep ${movs}`, SCRATCH, UNMAPPED - 4 * bytes - offset, 0x10);
      yield place(`rep ${movs}`, SCRATCH + 3 * bytes + offset, BOUNDARY, 0x10, true);
      yield place(`rep ${stos}`, SCRATCH, UNMAPPED - 4 * bytes - offset, 0x10);
      yield place(`rep ${stos}`, SCRATCH, SCRATCH + 3 * bytes + offset, 0x10, true);
      yield place(`rep ${lods}`, UNMAPPED - 4 * bytes - offset, SCRATCH, 0x10);
    }
    for (const asm of [movs, `rep ${movs}`, stos, lods, scas, cmps, `repe ${cmps}`, `repne ${scas}`]) {
      yield place(asm, UNMAPPED, SCRATCH, 3);
      yield place(asm, SCRATCH, UNMAPPED, 3);
      // A count of zero touches nothing, and cannot fault.
      yield place(asm, UNMAPPED, UNMAPPED, 0);
      const setup = { source: NOT_CANONICAL, destination: NOT_CANONICAL, count: 2 };
      yield makeString(asm, random, setup);
    }
    for (const [asm, count] of [
      [`repe ${cmps}`, 9],
      [`repne ${scas}`, 9],
      [`repe ${scas}`, 9],
    ] as const) {
      const test = place(asm, UNMAPPED - 4 * bytes, UNMAPPED - 5 * bytes, count);
      for (let i = 0; i < 5 * bytes; i++) test.input.store(UNMAPPED - 5 * bytes + i, 8, 0x33n);
      test.input.set('rax', asm.startsWith('repe') ? 0x3333_3333_3333_3333n : 0x4444_4444_4444_4444n);
      yield test;
    }
  }
  for (const asm of ['rep movs byte ptr es:[rdi], gs:[rsi]', 'lods al, byte ptr gs:[rsi]']) {
    yield makeString(asm, random, { source: SOURCE, destination: DESTINATION, count: 6 });
  }
}

export function* string(): Generator<Case> {
  for (const op of ['movs', 'stos', 'lods', 'cmps', 'scas']) yield* plain(op);
  yield* repeated();
}
