/**
 * Compiles wasm-runtime/ (AssemblyScript), adds the handlers, and writes build/runtime.wasm; and build/debug-runtime.wasm, the
 * same with its globals exported, which tests run. The modules that unpack kernels go into src/.
 * Usage: node scripts/build-runtime.ts
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import './generate-layout.ts';
import { buildRuntime } from '../src/interpreter/handlers.ts';
import { compileAssemblyScript } from './assemblyscript.ts';
import { writeUnpackers } from './build-unpackers.ts';
import { writeFlagEffects } from './generate-flag-effects.ts';
import { writeRuntimeFunctions } from './generate-runtime-functions.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const half = `${root}build/assemblyscript.wasm`;
mkdirSync(`${root}build`, { recursive: true });
compileAssemblyScript(['index.ts'], half);
const assemblyScript = readFileSync(half);
writeRuntimeFunctions(assemblyScript);
writeUnpackers();
writeFlagEffects();
const { runtime, debug } = buildRuntime(assemblyScript, true);
// The build looks at the time of the runtime: it is last.
writeFileSync(`${root}build/debug-runtime.wasm`, debug);
writeFileSync(`${root}build/runtime.wasm`, runtime);
