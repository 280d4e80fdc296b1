/**
 * Writes docs/isa-coverage.md: which rows of the instruction table there are, and which of them have vectors recorded on a
 * real processor.
 * Usage: node scripts/isa-coverage.ts
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Decoder } from '../src/isa/decoder.ts';
import type { Row } from '../src/isa/row.ts';
import { ROWS, TABLES } from '../src/isa/tables/index.ts';
import { FEATURES } from '../src/layout/features.ts';
import { MODE_CODE_16, MODE_CODE_32, MODE_CODE_64, MODE_STACK_32 } from '../src/layout/mode.ts';
import { DEFAULT_VENDOR } from '../src/layout/vendor.ts';
import { CODE, type CodeMode } from '../test/vectors/layout.ts';
import { loadVectors, vectorFamilies } from '../test/vectors/vector.ts';

const FILE = fileURLToPath(new URL('../docs/isa-coverage.md', import.meta.url));
const MODE_KEYS: Readonly<Record<CodeMode, number>> = {
  64: MODE_CODE_64,
  32: MODE_CODE_32 | MODE_STACK_32,
  16: MODE_CODE_16,
};

const MODES: readonly CodeMode[] = [64, 32, 16];

/** How many vectors have an instruction of each row, by mode. */
function countVectors(): Record<CodeMode, Map<Row, number>> {
  const counts: Record<CodeMode, Map<Row, number>> = { 64: new Map(), 32: new Map(), 16: new Map() };
  const decoder = new Decoder();
  for (const family of vectorFamilies()) {
    for (const { code, mode = 64 } of loadVectors(family)) {
      const bytes = Buffer.from(code, 'hex');
      const rows = new Set<Row>();
      for (let at = 0; at < bytes.length; ) {
        const result = decoder.decode(bytes, at, bytes.length, (CODE + at) & 0xfff, MODE_KEYS[mode]);
        const { variant, length } = decoder.instruction;
        if (result !== 'ok' || variant === undefined) break;
        rows.add(variant.row);
        at += length;
      }
      for (const row of rows) counts[mode].set(row, (counts[mode].get(row) ?? 0) + 1);
    }
  }
  return counts;
}

const counts = countVectors();
/** What another vendor's processors alone have is not to be recorded. */
const isRecorded = ({ vendor }: Row): boolean => (vendor ?? DEFAULT_VENDOR) === DEFAULT_VENDOR;
/** Only 64-bit mode has REX. */
const exists = (row: Row, mode: CodeMode): boolean => isRecorded(row) && isOfMode(row, mode);
const isOfMode = ({ modes, opcode }: Row, mode: CodeMode): boolean =>
  modes !== (mode === 64 ? 'not64' : 'only64') && (mode === 64 || opcode.b !== 1);
const isTested = (row: Row): boolean => Object.values(counts).some((count) => count.has(row));
const number = (value: number): string => value.toLocaleString('en');

/** Rows with a vector, of those that exist in a mode. */
function share(rows: readonly Row[], mode: CodeMode): string {
  const there = rows.filter((row) => exists(row, mode));
  return `${there.filter((row) => counts[mode].has(row)).length} of ${there.length}`;
}

function vectorsOf(rows: readonly Row[], mode: CodeMode): number {
  return rows.reduce((sum, row) => sum + (counts[mode].get(row) ?? 0), 0);
}

/** The mnemonics of rows, each once. */
function mnemonics(rows: readonly Row[]): string {
  const names = [...new Set(rows.map(({ mnemonic }) => mnemonic))].sort();
  return names.length === 0 ? 'none' : names.map((name) => `\`${name}\``).join(', ');
}

function line(name: string, rows: readonly Row[]): string {
  const compiled = rows.filter(({ tier }) => tier === 'compiled').length;
  const cells = [
    name,
    rows.length,
    compiled,
    share(rows, 64),
    number(vectorsOf(rows, 64)),
    share(rows, 32),
    number(vectorsOf(rows, 32)),
    share(rows, 16),
    number(vectorsOf(rows, 16)),
  ];
  return `| ${cells.join(' | ')} |`;
}

/**
 * Instructions that an operating system stands before (with UMIP Linux gives its own answers, a software interrupt and a fast
 * system call do what Linux makes of them), or that the recording processors do not have. The tests that have them instead of
 * vectors.
 */
export const TESTED_ELSEWHERE: Readonly<Record<string, string>> = {
  sgdt: 'test/isa/system.test.ts',
  sidt: 'test/isa/system.test.ts',
  sldt: 'test/isa/system.test.ts',
  str: 'test/isa/real-mode.test.ts',
  smsw: 'test/isa/system.test.ts',
  int: 'test/isa/system.test.ts',
  syscall: 'test/isa/system.test.ts',
  clzero: 'test/isa/system.test.ts',
  movntss: 'test/isa/sse4a.test.ts',
  movntsd: 'test/isa/sse4a.test.ts',
  extrq: 'test/isa/sse4a.test.ts',
  insertq: 'test/isa/sse4a.test.ts',
  serialize: 'test/isa/system.test.ts',
  rdpkru: 'test/cpu/protection-keys.test.ts',
  wrpkru: 'test/cpu/protection-keys.test.ts',
  sysenter: 'test/wasm-runtime/far-transfers.test.ts',
};

/** Of each table the rows that a mode has and no vector of it, but for those of TESTED_ELSEWHERE. */
function missing(): string[] {
  return [...TABLES].flatMap(([name, rows]) =>
    MODES.flatMap((mode) => {
      const without = rows.filter(
        (row) => exists(row, mode) && !counts[mode].has(row) && !(row.mnemonic in TESTED_ELSEWHERE),
      );
      return without.length === 0 ? [] : [`* \`${name}\`, ${mode}-bit: ${mnemonics(without)}`];
    }),
  );
}

function featureLines(): string[] {
  return FEATURES.filter(({ instructions, prefixed }) => instructions.length + prefixed.length > 0).map(
    ({ name, level, instructions, prefixed }) => {
      const names = new Set([...instructions, ...prefixed]);
      const rows = ROWS.filter((row) => isRecorded(row) && names.has(row.mnemonic));
      const tested = rows.filter(isTested).length;
      return `| \`${name}\` | ${typeof level === 'number' ? `v${level}` : level} | ${rows.length} | ${tested} |`;
    },
  );
}

/** The page. */
export function isaCoverage(): string {
  return `# Instruction coverage

Written by \`node scripts/isa-coverage.ts\`; \`test/docs/isa-coverage.test.ts\` fails when it is not what that writes.

A *row* is a line of the opcode map in \`src/isa/tables/\`. A *vector* is a case that was recorded on a real processor
(\`test/vectors/\`), and runs in the interpreter and in regions. \`compiled\` rows can be part of regions; a region leaves to the
handler of the others. Of privileged instructions vectors show only what they are to a program. What they do otherwise, and what
a program cannot reach (gates, tasks, real mode), has tests of its own in \`test/isa/\` and \`test/wasm-runtime/\`.
Rows that AMD's processors alone have (\`src/layout/vendor.ts\`) are tested by \`test/isa/vendors.test.ts\`.

| table | rows | compiled | 64-bit: rows with vectors | vectors | 32-bit: rows with vectors | vectors | 16-bit: rows with vectors | vectors |
|---|---|---|---|---|---|---|---|---|
${[...TABLES].map(([name, rows]) => line(`\`${name}\``, rows)).join('\n')}
${line('all', ROWS)}

## Rows without a vector

An operating system stands before these, in each mode or in 64-bit mode, or the processors that recorded do not have them; they
have tests:

${Object.entries(TESTED_ELSEWHERE)
  .map(([name, file]) => `* \`${name}\`: \`${file}\``)
  .join('\n')}

Others, missing in a mode:

${missing().join('\n') || 'none'}

## Features

Of the features that are instructions: since which level of x86-64, how many rows, and how many of them have vectors. The rows
of AVX and AVX2 are those of their tables.

| feature | level | rows | with vectors |
|---|---|---|---|
${featureLines().join('\n')}
`;
}

if (import.meta.main) writeFileSync(FILE, isaCoverage());
