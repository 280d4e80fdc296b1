/** Downloads Debian packages with apt, which checks their signatures. */
import { InputError } from '../../boot/input-error.ts';
import { CommandFailed, CommandMissing, runCommand } from './command.ts';
import type { DebianPackages } from './deb.ts';

/**
 * The package a meta package stands for: the first dependency in `apt-cache depends` output whose
 * name begins with `prefix`.
 */
export function parseDependency(output: string, prefix: string): string | undefined {
  for (const line of output.split('\n')) {
    const name = /^\s*\|?Depends: (\S+)$/.exec(line)?.[1];
    if (name?.startsWith(prefix)) return name;
  }
  return undefined;
}

/** Lets apt see packages of an architecture that dpkg may not be set up for. */
function architectureOption(architecture: string): string[] {
  return ['-o', `APT::Architectures::=${architecture}`];
}

async function download({ meta, prefix, others, architecture }: DebianPackages, folder: string) {
  const option = architectureOption(architecture);
  const named = (name: string): string => `${name}:${architecture}`;
  const image = parseDependency(await runCommand('apt-cache', [...option, 'depends', named(meta)]), prefix);
  if (image === undefined) throw new CommandFailed(`apt-cache: ${meta} depends on no ${prefix} package`);
  // As root, apt would download as a user of its own, who may not write into the folder.
  const sandbox = process.getuid?.() === 0 ? ['-o', 'APT::Sandbox::User=root'] : [];
  await runCommand('apt-get', [...option, ...sandbox, 'download', image, ...others.map(named)], folder);
}

/**
 * Downloads packages with apt. Package lists that are empty or outdated are updated when run as root.
 * @throws CommandMissing where there is no apt; InputError when apt does not give the packages.
 */
export async function downloadWithApt(
  packages: DebianPackages,
  folder: string,
  progress: (message: string) => void,
): Promise<void> {
  try {
    await download(packages, folder);
    return;
  } catch (error) {
    if (error instanceof CommandMissing) throw error;
    if (process.getuid?.() !== 0) {
      throw new InputError(`${(error as Error).message}; the package lists may be old: sudo apt-get update`);
    }
  }
  try {
    progress('updating the package lists');
    await runCommand('apt-get', [...architectureOption(packages.architecture), 'update']);
    await download(packages, folder);
  } catch (error) {
    throw new InputError((error as Error).message);
  }
}
