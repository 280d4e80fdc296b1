/** Downloads Debian packages with apt, which checks their signatures. */
import { InputError } from '../../boot/input-error.ts';
import { CommandFailed, CommandMissing, runCommand } from './command.ts';

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

/** Downloads the package `meta` depends on, and `others`, into a folder. */
async function download(meta: string, prefix: string, others: readonly string[], folder: string) {
  const image = parseDependency(await runCommand('apt-cache', ['depends', meta]), prefix);
  if (image === undefined) throw new CommandFailed(`apt-cache: ${meta} depends on no ${prefix} package`);
  // As root, apt would download as a user of its own, who may not write into the folder.
  const sandbox = process.getuid?.() === 0 ? ['-o', 'APT::Sandbox::User=root'] : [];
  await runCommand('apt-get', [...sandbox, 'download', image, ...others], folder);
}

/**
 * Downloads with apt: the newest package that `meta` depends on and whose name begins with `prefix`,
 * and the packages called `others`. Package lists that are empty or outdated are updated when run as root.
 * @throws CommandMissing where there is no apt; InputError when apt does not give the packages.
 */
export async function downloadWithApt(
  meta: string,
  prefix: string,
  others: readonly string[],
  folder: string,
  progress: (message: string) => void,
): Promise<void> {
  try {
    await download(meta, prefix, others, folder);
    return;
  } catch (error) {
    if (error instanceof CommandMissing) throw error;
    if (process.getuid?.() !== 0) {
      throw new InputError(`${(error as Error).message}; the package lists may be old: sudo apt-get update`);
    }
  }
  try {
    progress('updating the package lists');
    await runCommand('apt-get', ['update']);
    await download(meta, prefix, others, folder);
  } catch (error) {
    throw new InputError((error as Error).message);
  }
}
