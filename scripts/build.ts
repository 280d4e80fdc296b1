/**
 * Makes dist/, the published package: build/runtime.wasm from wasm-runtime/ and the handlers, the compiled src/,
 * and Binaryen. A step whose inputs are older than its output is left out.
 * Usage: node scripts/build.ts [--force]
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeBinaryen } from './split-binaryen.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const force = process.argv.includes('--force');

const RUNTIME = 'build/runtime.wasm';
const RUNTIME_SOURCES = [
  'wasm-runtime',
  'src/isa',
  'src/layout',
  'src/compile',
  'src/interpreter',
  'src/wasm',
  'scripts/build-runtime.ts',
  'scripts/generate-layout.ts',
  'package-lock.json',
];
const PACKAGE_SOURCES = [
  'src',
  'scripts/split-binaryen.ts',
  'tsconfig.base.json',
  'tsconfig.build.json',
  'package-lock.json',
];
/** Written by generate-layout.ts on the way. */
const GENERATED = 'generated';

/** The latest change beneath a path, in milliseconds since 1970. A folder changes when a file comes or goes. */
function lastChange(path: string): number {
  const status = statSync(path);
  if (!status.isDirectory()) return status.mtimeMs;
  const inside = readdirSync(path)
    .filter((name) => name !== GENERATED)
    .map((name) => lastChange(join(path, name)));
  return Math.max(...inside, path === join(root, 'wasm-runtime') ? 0 : status.mtimeMs);
}

function isStale(output: string, sources: readonly string[]): boolean {
  const target = join(root, output);
  if (force || !existsSync(target)) return true;
  const built = statSync(target).mtimeMs;
  return sources.some((source) => lastChange(join(root, source)) > built);
}

/** Makes a compiled file import another module. */
function replaceImport(file: string, from: string, to: string): void {
  const source = readFileSync(file, 'utf8');
  const replaced = source.replace(`from '${from}'`, `from '${to}'`);
  if (replaced === source) throw new Error(`${file} does not import ${from}`);
  writeFileSync(file, replaced);
}

function run(script: string, ...args: string[]): void {
  execFileSync(process.execPath, [join(root, script), ...args], { cwd: root, stdio: 'inherit' });
}

try {
  if (isStale(RUNTIME, RUNTIME_SOURCES)) {
    console.log(`compiling ${RUNTIME}`);
    run('scripts/build-runtime.ts');
  }
  if (isStale('dist/cli.js', PACKAGE_SOURCES)) {
    console.log('compiling src/ to dist/');
    // Aside first: a failure leaves what is there, and no file of an old build stays.
    const work = join(root, 'build/dist');
    rmSync(work, { recursive: true, force: true });
    run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', work);
    chmodSync(join(work, 'cli.js'), 0o755);
    const binaryen = writeBinaryen(join(work, 'binaryen'));
    replaceImport(join(work, 'wasm/binaryen.js'), 'binaryen', `../binaryen/${binaryen}`);
    rmSync(join(root, 'dist'), { recursive: true, force: true });
    renameSync(work, join(root, 'dist'));
  }
  if (isStale('dist/runtime.wasm', [RUNTIME]))
    copyFileSync(join(root, RUNTIME), join(root, 'dist/runtime.wasm'));
} catch (error) {
  console.error(`build: ${(error as Error).message}`);
  process.exitCode = 1;
}
