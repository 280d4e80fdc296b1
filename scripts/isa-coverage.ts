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
import { CODE, type CodeMode } from '../test/vectors/layout.ts';
import { loadVectors, vectorFamilies } from '../test/vectors/vector.ts';

const FILE = fileURLToPath(new URL('../docs/isa-coverage.md', import.meta.url));
const MODE_KEYS: Readonly<Record<CodeMode, number>> = {
  64: MODE_CODE_64,
  32: MODE_CODE_32 | MODE_STACK_32,
  16: MODE_CODE_16,
};

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
const exists = (row: Row, mode: CodeMode): boolean => row.modes !== (mode === 64 ? 'not64' : 'only64');
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

/** Of each table the rows that no processor has been asked about in any mode. */
function untested(): string[] {
  return [...TABLES].flatMap(([name, rows]) => {
    const missing = rows.filter((row) => !isTested(row));
    return missing.length === 0 ? [] : [`* \`${name}\`: ${mnemonics(missing)}`];
  });
}

function featureLines(): string[] {
  return FEATURES.filter(({ instructions, prefixed }) => instructions.length + prefixed.length > 0).map(
    ({ name, level, instructions, prefixed }) => {
      const names = new Set([...instructions, ...prefixed]);
      const rows = ROWS.filter(({ mnemonic }) => names.has(mnemonic));
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
handler of the others. What a user program cannot do (privileged instructions, gates, tasks, modes without a processor to ask)
has tests of its own in \`test/isa/\` and \`test/wasm-runtime/\`.

| table | rows | compiled | 64-bit: rows with vectors | vectors | 32-bit: rows with vectors | vectors | 16-bit: rows with vectors | vectors |
|---|---|---|---|---|---|---|---|---|
${[...TABLES].map(([name, rows]) => line(`\`${name}\``, rows)).join('\n')}
${line('all', ROWS)}

## Rows without a vector

${untested().join('\n')}

## Features

Of the features that are instructions: since which level of x86-64, how many rows, and how many of them have vectors. The rows
of AVX and AVX2 are those of their tables.

| feature | level | rows | with vectors |
|---|---|---|---|
${featureLines().join('\n')}
`;
}

if (import.meta.main) writeFileSync(FILE, isaCoverage());
