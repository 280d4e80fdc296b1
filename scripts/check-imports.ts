/**
 * Checks the direction of imports in src/ (docs/architecture.md): each folder may import only what its rule
 * names. And no file of src/ or wasm-runtime/ imports itself through others, types aside. Prints every violation; exit
 * code 1 if there is any.
 * Usage: node scripts/check-imports.ts
 */
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What the files of one folder may import besides each other. */
interface Rule {
  /** Folder or file in src/; the first rule that fits a file counts. */
  readonly path: string;
  /** Folders or files in src/. */
  readonly imports: readonly string[];
  /** The same, for `import type` only. */
  readonly types?: readonly string[];
  /** Packages; `node:` stands for all of Node's own modules, `@scope/` for all packages of a scope. */
  readonly packages?: readonly string[];
}

/** What WebAssembly is built with, without a back end. */
const BUILDER = ['wasm/builder.ts', 'wasm/value-types.ts'];
/** The two back ends. */
const WRITER = 'wasm/writer';
const BINARYEN = 'wasm/binaryen.ts';
/** What a machine is put together from, in Node and in browsers. */
const OF_A_HOST = [
  'api',
  'boot',
  'compile',
  'host/open-url.ts',
  'saved-code',
  'wasm/binaryen-file.ts',
  'wasm/optimizer.ts',
];

const RULES: readonly Rule[] = [
  { path: 'layout', imports: [] },
  { path: 'isa', imports: ['layout', ...BUILDER] },
  { path: BINARYEN, imports: ['wasm'], packages: ['binaryen'] },
  { path: WRITER, imports: BUILDER },
  { path: 'wasm', imports: [] },
  { path: 'emitter', imports: ['isa', 'layout', ...BUILDER] },
  // What it builds is not used.
  {
    path: 'interpreter/flag-watcher.ts',
    imports: ['interpreter', 'emitter', 'isa', 'layout', ...BUILDER, WRITER],
  },
  { path: 'interpreter', imports: ['emitter', 'isa', 'layout', ...BUILDER, BINARYEN] },
  { path: 'compile', imports: ['emitter', 'isa', 'layout', ...BUILDER, WRITER] },
  { path: 'saved-code', imports: ['compile', 'layout'] },
  { path: 'code-cache', imports: ['compile', 'isa', 'layout', 'saved-code'], types: ['cpu'] },
  { path: 'cpu', imports: ['code-cache', 'isa', 'layout'] },
  // Numbers of the architecture, such as those of the local APIC's MSRs; nothing of how the processor is made.
  { path: 'devices', imports: ['layout/architecture.ts'] },
  { path: 'boot', imports: [], types: ['devices'] },
  {
    path: 'machine',
    imports: ['boot', 'code-cache', 'compile', 'cpu', 'devices', 'layout', 'saved-code/pack-place.ts'],
    types: ['host/host.ts'],
  },
  { path: 'host/host.ts', imports: [], types: ['code-cache'] },
  // The machine's side of the public API, in the thread the machine runs in.
  { path: 'api/thread', imports: ['boot', 'machine'], types: ['api', 'host/host.ts'] },
  // The other side, which a page loads at once: nothing of the machine itself.
  {
    path: 'api',
    imports: ['boot', 'machine/options.ts', 'machine/ram.ts'],
    types: ['code-cache', 'machine'],
  },
  { path: 'host/open-url.ts', imports: [], types: ['api'] },
  // A machine is put together by the entry points, of which the threads' programs are some.
  {
    path: 'host/node',
    imports: OF_A_HOST,
    types: ['code-cache', 'host/host.ts'],
    packages: ['node:'],
  },
  {
    path: 'host/browser',
    imports: OF_A_HOST,
    types: ['code-cache', 'host/host.ts'],
  },
  { path: 'cli.ts', imports: ['cli'], packages: [] },
  {
    path: 'cli',
    imports: ['boot', 'cpu/linear-address.ts', 'host', 'isa', 'layout', 'machine'],
    types: ['cpu'],
    packages: ['commander', 'node:'],
  },
  { path: 'core.ts', imports: ['boot', 'machine'], types: ['code-cache', 'host/host.ts'] },
  { path: 'index.node.ts', imports: ['api', 'host/node'] },
  { path: 'index.browser.ts', imports: ['api', 'host/browser'] },
  { path: 'node.ts', imports: ['host/node', 'index.node.ts'] },
  { path: 'page', imports: [], packages: ['@xterm/', 'longmode', 'uplot'] },
  { path: 'browser.ts', imports: ['host/browser', 'index.browser.ts'] },
];

const IMPORT = /^(?:import|export)\s+(type\s)?(?:[^'"`;]*?\sfrom\s*)?['"]([^'"]+)['"]/gm;
const DYNAMIC_IMPORT = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

function importsOf(source: string): Import[] {
  const found: Import[] = [];
  for (const [, type, specifier] of source.matchAll(IMPORT)) {
    found.push({ specifier: specifier as string, typeOnly: type !== undefined });
  }
  for (const [, specifier] of source.matchAll(DYNAMIC_IMPORT)) {
    found.push({ specifier: specifier as string, typeOnly: false });
  }
  return found;
}

function isIn(file: string, path: string): boolean {
  return file === path || file.startsWith(`${path}/`);
}

/**
 * @param file path in src/, with slashes.
 * Returns a line for each import the rules do not allow.
 */
export function violations(file: string, source: string): string[] {
  const rule = RULES.find(({ path }) => isIn(file, path));
  if (rule === undefined) return [`${file}: no rule says what this may import`];
  return importsOf(source)
    .filter(({ specifier, typeOnly }) => {
      if (!specifier.startsWith('.')) {
        return !rule.packages?.some(
          (name) => specifier === name || (/[:/]$/.test(name) && specifier.startsWith(name)),
        );
      }
      const target = posix.join(posix.dirname(file), specifier);
      const allowed = [rule.path, ...rule.imports, ...(typeOnly ? (rule.types ?? []) : [])];
      return !allowed.some((path) => isIn(target, path));
    })
    .map(({ specifier, typeOnly }) => `${file}: must not import ${typeOnly ? 'types of ' : ''}${specifier}`);
}

/**
 * @param sources text of each file by its path.
 * Returns a line for each circle of imports that load something.
 */
export function circles(sources: ReadonlyMap<string, string>): string[] {
  const targets = (file: string): string[] =>
    importsOf(sources.get(file) as string)
      .filter(({ specifier, typeOnly }) => !typeOnly && specifier.startsWith('.'))
      .map(({ specifier }) => posix.join(posix.dirname(file), specifier))
      // AssemblyScript leaves the ending out, and the name of an index.
      .flatMap((path) => [path, `${path}.ts`, `${path}/index.ts`].filter((name) => sources.has(name)));
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, way: readonly string[]): void => {
    const seen = way.indexOf(file);
    if (seen >= 0) found.push(`${[...way.slice(seen), file].join(' -> ')}: a circle of imports`);
    if (seen >= 0 || done.has(file)) return;
    for (const target of targets(file)) visit(target, [...way, file]);
    done.add(file);
  };
  for (const file of sources.keys()) visit(file, []);
  return found;
}

/** Text of the TypeScript files beneath a folder of the project, by their path in it. */
function readSources(folder: string): Map<string, string> {
  const root = fileURLToPath(new URL(`../${folder}/`, import.meta.url));
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts'));
  return new Map(files.map((file) => [file, readFileSync(root + file, 'utf8')]));
}

function check(): void {
  const sources = readSources('src');
  const found = [
    ...[...sources].flatMap(([file, source]) => violations(file, source)),
    ...circles(sources),
    ...circles(readSources('wasm-runtime')),
  ];
  for (const line of found) console.error(line);
  if (found.length > 0) process.exitCode = 1;
  else console.log(`imports: ${sources.size} files keep the direction`);
}

if (import.meta.main) check();
