/**
 * Compiles wasm-runtime/ (AssemblyScript), adds the handlers, and writes build/runtime.wasm.
 * Usage: node scripts/build-runtime.ts [output]
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import './generate-layout.ts';
import { buildRuntime } from '../src/interpreter/handlers.ts';
import { RUNTIME_DATA } from '../src/layout/linear-memory.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const output = process.argv[2] ?? `${root}build/runtime.wasm`;
const half = `${root}build/assemblyscript.wasm`;
mkdirSync(dirname(output), { recursive: true });
mkdirSync(dirname(half), { recursive: true });

execFileSync(
  process.execPath,
  [
    `${root}node_modules/assemblyscript/bin/asc.js`,
    `${root}wasm-runtime/index.ts`,
    '--outFile',
    half,
    '--runtime',
    'stub',
    '--importMemory',
    '--memoryBase',
    String(RUNTIME_DATA),
    '--noAssert',
    '--debug',
    '-O2',
    '--enable',
    'simd',
    '--enable',
    'bulk-memory',
    '--use',
    'abort=',
    // The v128 functions are called by generated code only, never by JavaScript.
    '--disableWarning',
    '112',
  ],
  { stdio: 'inherit' },
);
writeFileSync(output, buildRuntime(readFileSync(half), true));
