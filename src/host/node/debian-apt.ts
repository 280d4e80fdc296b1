/** Downloads Debian packages with apt, which checks their signatures. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
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

/** @param lists options that say which package lists to use. */
async function download(
  { meta, prefix, others, architecture }: DebianPackages,
  folder: string,
  lists: readonly string[],
): Promise<void> {
  const options = [...architectureOption(architecture), ...lists];
  const named = (name: string): string => `${name}:${architecture}`;
  const image = parseDependency(await runCommand('apt-cache', [...options, 'depends', named(meta)]), prefix);
  if (image === undefined) throw new CommandFailed(`apt-cache: ${meta} depends on no ${prefix} package`);
  await runCommand('apt-get', [...options, ...sandbox(), 'download', image, ...others.map(named)], folder);
}

/** As root, apt would download as a user of its own, who may not write into the folder. */
function sandbox(): string[] {
  return process.getuid?.() === 0 ? ['-o', 'APT::Sandbox::User=root'] : [];
}

/** Times that the package lists are fetched, and milliseconds between two. */
const ATTEMPTS = 3;
const PAUSE = 3000;

/** Options for package lists in a folder, which are empty at first. */
async function listsIn(folder: string): Promise<string[]> {
  await mkdir(join(folder, 'lists', 'partial'), { recursive: true });
  await mkdir(join(folder, 'cache', 'archives', 'partial'), { recursive: true });
  const settings = [
    `Dir::State::Lists=${join(folder, 'lists')}`,
    `Dir::Cache=${join(folder, 'cache')}`,
    'Acquire::Languages=none',
  ];
  return settings.flatMap((setting) => ['-o', setting]);
}

/**
 * Downloads packages with apt. Where the system's package lists do not do, since they are empty, outdated, without the architecture, or
 * being updated by somebody else at the moment, it uses lists of its own, which takes no root and nobody's lock.
 * @param folder for the packages, and for those lists.
 * @throws CommandMissing where there is no apt; InputError when apt does not give the packages.
 */
export async function downloadWithApt(
  packages: DebianPackages,
  folder: string,
  progress: (message: string) => void,
): Promise<void> {
  try {
    await download(packages, folder, []);
    return;
  } catch (error) {
    if (error instanceof CommandMissing) throw error;
  }
  const lists = await listsIn(folder);
  for (let attempt = 1; ; attempt++) {
    progress('fetching package lists');
    // An index that cannot be fetched may not be the one that is needed.
    const update = [...architectureOption(packages.architecture), ...sandbox(), ...lists, 'update'];
    const failure = await runCommand('apt-get', update).then(
      () => undefined,
      (error: Error) => error,
    );
    try {
      await download(packages, folder, lists);
      return;
    } catch (error) {
      // Where all lists are there, trying again does not help.
      if (failure === undefined || attempt === ATTEMPTS)
        throw new InputError((failure ?? (error as Error)).message);
    }
    await setTimeout(PAUSE);
  }
}
