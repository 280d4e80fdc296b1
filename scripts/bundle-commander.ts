/**
 * The command line's library of options for dist/: one ES module. As it comes it is nine files, CommonJS, of which Node finds each
 * for itself, and loads node:child_process for it; both together take 10 ms, a third of what a boot needs until its arguments are read.
 */
import { copyFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const PACKAGE = 'commander';
const JAVASCRIPT = 'commander.js';
const LICENSE = 'LICENSE';

/** Subcommands that are programs of their own are all that it needs node:child_process for, and we have none. */
const withoutSubprograms: Plugin = {
  name: 'subprograms',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^node:child_process$/ }, () => ({ path: 'none', namespace: 'subprograms' }));
    onLoad({ filter: /^none$/, namespace: 'subprograms' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/**
 * Writes JavaScript and licence to a folder.
 * @returns the name of the JavaScript file.
 */
export async function writeCommander(folder: string): Promise<string> {
  const source = fileURLToPath(import.meta.resolve(PACKAGE));
  await build({
    entryPoints: [source],
    outfile: join(folder, JAVASCRIPT),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    minifySyntax: true,
    minifyWhitespace: true,
    plugins: [withoutSubprograms],
    // For the modules of Node that it requires.
    banner: {
      js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  await copyFile(join(dirname(source), LICENSE), join(folder, LICENSE));
  return JAVASCRIPT;
}
