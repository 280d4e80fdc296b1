/**
 * Makes dist/, the published package: build/runtime.wasm from wasm-runtime/ and the handlers, the compiled src/,
 * Binaryen and commander, and what V8 compiles of it. A step whose inputs are older than its output is left out.
 * Usage: node scripts/build.ts [--force]
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';

import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, buildSync } from 'esbuild';
import { codeFile } from '../src/host/node/load-program.ts';
import { writeCommander } from './bundle-commander.ts';
import { BUNDLES, bundlePrograms } from './bundle-programs.ts';
import { isStale } from './freshness.ts';

import { writeBinaryen } from './split-binaryen.ts';
import { withVersion } from './translator-version.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const force = process.argv.includes('--force');

const RUNTIME = 'build/runtime.wasm';
const RUNTIME_SOURCES = [
  'wasm-runtime',
  'src/isa',
  'src/layout',
  'src/emitter',
  'src/interpreter',
  'src/wasm',
  'scripts/asc-doc-tags.ts',
  'scripts/assemblyscript.ts',
  'scripts/build-runtime.ts',
  'scripts/generate-flag-effects.ts',
  'scripts/generate-layout.ts',
  'scripts/generate-runtime-functions.ts',
  'package-lock.json',
];
const PACKAGE_SOURCES = [
  'src',
  'scripts/bundle-commander.ts',
  'scripts/bundle-programs.ts',
  'scripts/split-binaryen.ts',
  'scripts/translator-version.ts',
  'tsconfig.base.json',
  'tsconfig.build.json',
  'package-lock.json',
];
const CODE_SOURCES = ['scripts/compile-programs.ts', 'scripts/warm-guest.ts'];
/** Folder of dist/ with what a page fetches: `index.browser.ts` names the files. */
const ASSETS = 'longmode';

/** Makes a compiled file import another module. */
function replaceImport(file: string, from: string, to: string): void {
  const source = readFileSync(file, 'utf8');
  const replaced = source.replace(`from '${from}'`, `from '${to}'`);
  if (replaced === source) throw new Error(`${file} does not import ${from}`);
  writeFileSync(file, replaced);
}

/**
 * Takes out of a compiled file what TypeScript puts around import() of an address that is no literal: it would change
 * the file's extension, and bundlers would not see the comments for them.
 */
function importAsWritten(file: string): void {
  const source = readFileSync(file, 'utf8');
  const helper = /^var __rewriteRelativeImportExtension = .*?^};\n/ms;
  const written = source.replace(helper, '').replace(/__rewriteRelativeImportExtension\(([^)]*)\)/, '$1');
  if (written.length === source.length || written.includes('__rewrite')) {
    throw new Error(`${file}: import() is not compiled in the way that is known`);
  }
  writeFileSync(file, written);
}

/**
 * The programs of a page's workers, each in one file, which can be copied anywhere; and the entry that pages without
 * a bundler import, in as few files as can be.
 * @param dist folder of the compiled sources.
 */
function bundleForBrowsers(dist: string): void {
  const common: BuildOptions = {
    absWorkingDir: dist,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    legalComments: 'inline',
    logLevel: 'error',
  };
  buildSync({
    ...common,
    entryPoints: ['host/browser/machine.js', 'host/browser/compiler.js'],
    outdir: ASSETS,
    // Binaryen's, where it finds itself in Node.
    external: ['node:module'],
  });
}

/** Copies the runtime with a section (TRANSLATOR_SECTION) that tells versions of the translator apart: it and all of Node's programs count. */
function writeRuntime(from: string, dist: string, to: string): void {
  const runtime = readFileSync(from);
  const hash = createHash('sha256').update(runtime);
  const programs = join(dist, BUNDLES);
  for (const name of readdirSync(programs)
    .sort()
    .filter((name) => name.endsWith('.cjs')))
    hash.update(readFileSync(join(programs, name)));
  const version = hash.digest('hex').slice(0, 16);
  writeFileSync(to, withVersion(runtime, version));
}

function run(script: string, ...args: string[]): void {
  execFileSync(process.execPath, [join(root, script), ...args], { cwd: root, stdio: 'inherit' });
}

try {
  if (force || isStale(RUNTIME, RUNTIME_SOURCES)) {
    console.log(`compiling ${RUNTIME}`);
    run('scripts/build-runtime.ts');
  }
  if (force || isStale('dist/cli.js', PACKAGE_SOURCES)) {
    console.log('compiling src/ to dist/');
    // Aside first: a failure leaves what is there, and no file of an old build stays.
    const work = join(root, 'build/dist');
    rmSync(work, { recursive: true, force: true });
    run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', work);
    chmodSync(join(work, 'cli.js'), 0o755);
    mkdirSync(join(work, ASSETS));
    const binaryen = writeBinaryen(join(work, 'binaryen'), join(work, ASSETS, 'binaryen.wasm'));
    replaceImport(join(work, 'wasm/binaryen.js'), 'binaryen', `../binaryen/${binaryen}`);
    const commander = await writeCommander(join(work, 'commander'));
    replaceImport(join(work, 'cli/main.js'), 'commander', `../commander/${commander}`);
    replaceImport(join(work, 'cli/commands/boot.js'), 'commander', `../../commander/${commander}`);
    importAsWritten(join(work, 'host/browser/import-module.js'));
    importAsWritten(join(work, 'host/node/load-program.js'));
    bundleForBrowsers(work);
    await bundlePrograms(work);
    rmSync(join(root, 'dist'), { recursive: true, force: true });
    renameSync(work, join(root, 'dist'));
  }
  const runtime = `dist/${ASSETS}/runtime.wasm`;
  if (force || isStale(runtime, [RUNTIME]))
    writeRuntime(join(root, RUNTIME), join(root, 'dist'), join(root, runtime));
  const code = codeFile(`dist/${BUNDLES}/compile-worker.cjs`);
  if (force || isStale(code, [...CODE_SOURCES, runtime])) {
    // What the guest prints is of no interest.
    const script = join(root, 'scripts/compile-programs.ts');
    execFileSync(process.execPath, [script], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  }
} catch (error) {
  console.error(`build: ${(error as Error).message}`);
  process.exitCode = 1;
}
