/** The package as it is published, unpacked into a folder of its own as an installation would. */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Project {
  /** Holds node_modules/longmode. */
  readonly folder: string;
  /** The tarball. */
  readonly tarball: string;
  path(name: string): string;
  write(name: string, content: string | Uint8Array): Promise<void>;
  remove(): Promise<void>;
}

export async function installPackage(): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), 'longmode-package-'));
  const path = (name: string): string => join(folder, name);
  const installed = path('node_modules/longmode');
  await mkdir(installed, { recursive: true });
  const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder];
  const tarball = path(execFileSync('npm', pack, { cwd: ROOT, encoding: 'utf8' }).trim());
  execFileSync('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1']);
  await writeFile(path('package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));
  return {
    folder,
    tarball,
    path,
    write: async (name, content) => {
      await mkdir(join(path(name), '..'), { recursive: true });
      await writeFile(path(name), content);
    },
    remove: () => rm(folder, { recursive: true }),
  };
}
