/** Unpacks Debian packages. Source: deb(5). */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../boot/input-error.ts';
import { CommandMissing, runCommand } from './command.ts';

/** What to download: the package that `meta` depends on and whose name begins with `prefix`, and the packages `others`. */
export interface DebianPackages {
  readonly meta: string;
  readonly prefix: string;
  readonly others: readonly string[];
  /** Debian's name for it: amd64, i386. */
  readonly architecture: string;
}

const AR_MAGIC = '!<arch>\n';
const AR_HEADER_SIZE = 60;

/** The file system part of a package: an ar member called data.tar, mostly with a compression suffix. */
export function findDataArchive(deb: Uint8Array): { name: string; data: Uint8Array } {
  const text = (start: number, length: number) =>
    new TextDecoder('latin1').decode(deb.subarray(start, start + length)).trimEnd();
  if (text(0, AR_MAGIC.length) !== AR_MAGIC.trimEnd()) throw new InputError('not a Debian package');
  let offset = AR_MAGIC.length;
  while (offset + AR_HEADER_SIZE <= deb.length) {
    const name = text(offset, 16).replace(/\/$/, '');
    const size = Number(text(offset + 48, 10));
    if (!Number.isInteger(size)) break;
    offset += AR_HEADER_SIZE;
    if (name.startsWith('data.tar')) return { name, data: deb.subarray(offset, offset + size) };
    offset += size + (size % 2);
  }
  throw new InputError('damaged Debian package: it has no data.tar');
}

/**
 * Unpacks one package file into a folder, which is made if it is not there. Without dpkg-deb the
 * `tar` command does it, which must know the package's compression.
 */
export async function unpackDeb(file: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  try {
    await runCommand('dpkg-deb', ['-x', file, folder]);
  } catch (error) {
    if (!(error instanceof CommandMissing)) throw error;
    const { name, data } = findDataArchive(await readFile(file));
    const archive = join(folder, name);
    await writeFile(archive, data);
    await runCommand('tar', ['-xf', archive, '-C', folder]);
    await rm(archive);
  }
}

/** Package files in a folder by package name, which is what stands before the first underscore. */
export async function listDebs(folder: string): Promise<Map<string, string>> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.deb'));
  return new Map(files.map((file) => [file.slice(0, file.indexOf('_')), join(folder, file)]));
}
