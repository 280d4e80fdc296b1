/**
 * Compiles the modules of wasm-runtime/unpack/ and writes them to src/boot/unpack/generated/, as bytes in TypeScript: they are
 * small, and so they are where their callers are, in whatever bundle, without a file to be found.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compileAssemblyScript } from './assemblyscript.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const MODULES = ['lz4', 'xz', 'zstd', 'gzip', 'relocations'];

export function writeUnpackers(): void {
  const folder = `${root}src/boot/unpack/generated`;
  mkdirSync(folder, { recursive: true });
  for (const name of MODULES) {
    const module = `${root}build/unpack-${name}.wasm`;
    compileAssemblyScript([`unpack/${name}.ts`], module, { names: false });
    const bytes = readFileSync(module).join(',');
    writeFileSync(
      `${folder}/${name}-module.ts`,
      `/** Compiled from wasm-runtime/unpack/${name}.ts. */\nexport const MODULE = Uint8Array.of(${bytes});\n`,
    );
  }
}
