/**
 * Compiles wasm-runtime/ (AssemblyScript), adds the handlers, and writes build/runtime.wasm.
 * Usage: node scripts/build-runtime.ts [output]
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import './generate-layout.ts';
import { buildRuntime } from '../src/interpreter/handlers.ts';
import { compileAssemblyScript } from './assemblyscript.ts';
import { writeRuntimeFunctions } from './generate-runtime-functions.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const output = process.argv[2] ?? `${root}build/runtime.wasm`;
const half = `${root}build/assemblyscript.wasm`;
mkdirSync(dirname(output), { recursive: true });
compileAssemblyScript(['index.ts'], half);
const runtime = readFileSync(half);
writeRuntimeFunctions(runtime);
writeFileSync(output, buildRuntime(runtime, true));
