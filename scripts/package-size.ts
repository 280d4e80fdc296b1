/**
 * Says how large the package is, and how much a page transfers before the kernel where its host compresses with
 * brotli: the entry as esbuild bundles it, and the files in dist/longmode/ but Binaryen, which it does not fetch.
 * Usage: node scripts/package-size.ts
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { buildSync } from 'esbuild';

const BINARYEN = 'binaryen.wasm';

const root = fileURLToPath(new URL('..', import.meta.url));

const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;

function row(name: string, bytes: Uint8Array): number {
  const { length } = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_LGWIN]: 24 } });
  console.log(`${name.padEnd(14)} ${kilobytes(bytes.length).padStart(12)} ${kilobytes(length).padStart(12)}`);
  return length;
}

function packed(): void {
  const pack = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const [{ size, unpackedSize }] = JSON.parse(
    execFileSync('npm', pack, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
  ) as [{ size: number; unpackedSize: number }];
  console.log(`package: ${kilobytes(size)}, unpacked ${kilobytes(unpackedSize)}\n`);
}

function transferred(): void {
  console.log(`${'file'.padEnd(14)} ${'bytes'.padStart(12)} ${'brotli'.padStart(12)}`);
  const { outputFiles } = buildSync({
    entryPoints: [join(root, 'dist/index.browser.js')],
    bundle: true,
    format: 'esm',
    minify: true,
    write: false,
  });
  const folder = join(root, 'dist/longmode');
  let sum = row('entry', (outputFiles[0] as { contents: Uint8Array }).contents);
  const names = readdirSync(folder).filter((name) => name !== BINARYEN);
  for (const name of names) sum += row(name, readFileSync(join(folder, name)));
  console.log(`${'fetched'.padEnd(14)} ${''.padStart(12)} ${kilobytes(sum).padStart(12)}`);
  row(BINARYEN, readFileSync(join(folder, BINARYEN)));
}

packed();
transferred();
