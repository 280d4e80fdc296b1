/**
 * Puts the modules of Node's programs together: finding and compiling each of 250 files takes longer than what is in
 * them. A bundle is a script and not a module, since V8 keeps code of scripts only (compile-programs.ts). A program's own file
 * stays where it is, and only loads its bundle.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';

/** Folder of dist/ with the bundles. */
export const BUNDLES = 'program';
const PROGRAMS = ['cli', 'host/node/compile-worker', 'host/node/machine-worker', 'host/node/pack-writer'];
/** Has the functions that load a bundle. */
const LOADER = 'host/node/load-program.js';
const loaderOf = (program: string): string =>
  program === 'host/node/compile-worker' ? 'loadCompileWorker' : 'loadProgram';

/** What a bundle is handed (Program in load-program.ts). */
const LOCATION = 'bundleLocation';
const IMPORT = 'importModule';

const URL_OF_MODULE = 'import.meta.url';
/** Modules that are used in few runs, and wait for others while they are loaded, which a script cannot. */
const SEPARATE = /\bimport\('([./]*\/wasm\/(?:optimizer|binaryen-file)\.js)'\)/g;

/** Modules find files beside them as if they were still where they have been compiled to. */
function keepLocations(dist: string): Plugin {
  return {
    name: 'locations',
    setup({ onLoad }) {
      onLoad({ filter: /\.js$/ }, async ({ path }) => {
        const source = await readFile(path, 'utf8');
        const location = `new URL('${relative(join(dist, BUNDLES), path)}', ${LOCATION}).href`;
        const contents = source
          .replaceAll(SEPARATE, (_, module) => `${IMPORT}(new URL('${module}', ${URL_OF_MODULE}).href)`)
          .replaceAll(URL_OF_MODULE, location);
        return { contents, loader: 'js' };
      });
    },
  };
}

/** What stands in a program's own file. @param bundle its bundle's place from there. */
async function loading(dist: string, program: string, bundle: string): Promise<string> {
  const load = loaderOf(program);
  const { outputFiles } = await build({
    stdin: {
      contents: `import { ${load} } from './${LOADER}';\n${load}(new URL('${bundle}', import.meta.url));\n`,
      resolveDir: dist,
    },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    logLevel: 'error',
  });
  return (outputFiles[0] as { text: string }).text;
}

/** @param dist folder of the compiled sources. */
export async function bundlePrograms(dist: string): Promise<void> {
  for (const program of PROGRAMS) {
    const file = join(dist, `${program}.js`);
    const interpreter = /^#!.*\n/.exec(await readFile(file, 'utf8'))?.[0] ?? '';
    const bundle = `${BUNDLES}/${basename(program)}.cjs`;
    await build({
      absWorkingDir: dist,
      entryPoints: [`${program}.js`],
      outfile: bundle,
      bundle: true,
      format: 'cjs',
      platform: 'node',
      target: 'es2022',
      packages: 'external',
      plugins: [keepLocations(dist)],
      legalComments: 'inline',
      minifySyntax: true,
      logLevel: 'error',
    });
    const script = (await readFile(join(dist, bundle), 'utf8')).replace(/^#!.*\n/, '');
    await writeFile(join(dist, bundle), `(function (require, ${LOCATION}, ${IMPORT}) {\n${script}})\n`);
    const folder = relative(join(program, '..'), '.') || '.';
    await writeFile(file, `${interpreter}${await loading(dist, program, `${folder}/${bundle}`)}`);
    await rm(`${file}.map`);
  }
}
