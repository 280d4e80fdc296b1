/**
 * Puts the modules of Node's programs together: finding and compiling each of 250 files takes longer than what is in
 * them. A program's own file stays where it is, and only loads its bundle.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';

/** Folder of dist/ with the bundles and what they share. */
const BUNDLES = 'program';
const PROGRAMS = ['cli', 'host/node/compile-worker', 'host/node/machine-worker', 'host/node/pack-writer'];

const URL_OF_MODULE = 'import.meta.url';

/** Modules find files beside them as if they were still where they have been compiled to. */
function keepLocations(dist: string): Plugin {
  return {
    name: 'locations',
    setup({ onLoad }) {
      onLoad({ filter: /\.js$/ }, async ({ path }) => {
        const source = await readFile(path, 'utf8');
        if (!source.includes(URL_OF_MODULE)) return undefined;
        const location = `new URL('${relative(join(dist, BUNDLES), path)}', ${URL_OF_MODULE}).href`;
        return { contents: source.replaceAll(URL_OF_MODULE, location), loader: 'js' };
      });
    },
  };
}

/** @param dist folder of the compiled sources. */
export async function bundlePrograms(dist: string): Promise<void> {
  // One by one: what programs have in common would be in many small files, which take longer to find than to read.
  for (const program of PROGRAMS) {
    await build({
      absWorkingDir: dist,
      entryPoints: [`${program}.js`],
      entryNames: '[name]',
      outdir: BUNDLES,
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'es2022',
      packages: 'external',
      plugins: [keepLocations(dist)],
      legalComments: 'inline',
      logLevel: 'error',
    });
  }
  await Promise.all(
    PROGRAMS.map(async (program) => {
      const file = join(dist, `${program}.js`);
      const interpreter = /^#!.*\n/.exec(await readFile(file, 'utf8'))?.[0] ?? '';
      const folder = relative(join(program, '..'), '.') || '.';
      await writeFile(file, `${interpreter}import '${folder}/${BUNDLES}/${basename(program)}.js';\n`);
      await rm(`${file}.map`);
    }),
  );
}
