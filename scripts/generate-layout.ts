/**
 * Writes wasm-runtime/generated/layout.ts: the constants of src/layout/ for AssemblyScript, so that every
 * offset has one definition.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as architecture from '../src/layout/architecture.ts';
import * as checkedAddress from '../src/layout/checked-address.ts';
import * as cpuState from '../src/layout/cpu-state.ts';
import { FEATURE_WORDS, FEATURES, featureBits } from '../src/layout/features.ts';
import * as flagWords from '../src/layout/flag-words.ts';
import * as linearMemory from '../src/layout/linear-memory.ts';
import * as mode from '../src/layout/mode.ts';
import * as record from '../src/layout/record.ts';
import * as runtimeState from '../src/layout/runtime-state.ts';
import * as sseOperations from '../src/layout/sse-operations.ts';
import * as stringComparison from '../src/layout/string-comparison.ts';
import * as tlb from '../src/layout/tlb.ts';

const target = fileURLToPath(new URL('../wasm-runtime/generated/layout.ts', import.meta.url));

const lines = ['// Generated from src/layout/ by scripts/generate-layout.ts.'];
for (const module of [
  linearMemory,
  cpuState,
  runtimeState,
  checkedAddress,
  tlb,
  mode,
  record,
  sseOperations,
  stringComparison,
]) {
  for (const [name, value] of Object.entries(module)) {
    if (typeof value === 'bigint')
      lines.push(`// @ts-ignore: decorator\n@inline export const ${name}: i64 = ${value};`);
    else if (typeof value === 'number')
      lines.push(`// @ts-ignore: decorator\n@inline export const ${name}: i32 = ${value};`);
  }
}
for (const [name, value] of [...Object.entries(architecture), ...Object.entries(flagWords)]) {
  const type = typeof value === 'bigint' ? 'u64' : 'u32';
  lines.push(`// @ts-ignore: decorator\n@inline export const ${name}: ${type} = ${value};`);
}
// Of each word its bits and where the withheld ones are; of each feature its bit.
const constant = (name: string, type: string, value: number): void => {
  lines.push(`// @ts-ignore: decorator\n@inline export const ${name.toUpperCase()}: ${type} = ${value};`);
};
featureBits(FEATURES).forEach((bits, index) => {
  const name = (FEATURE_WORDS[index] as string).replace(/[:.]/g, '_');
  constant(`FEATURES_${name}`, 'u32', bits);
  constant(`WITHHELD_${name}`, 'i32', runtimeState.CPUID_WITHHELD + 4 * index);
});
for (const { name, bit } of FEATURES) constant(`FEATURE_${name}`, 'u32', (1 << bit) >>> 0);
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, `${lines.join('\n')}\n`);
