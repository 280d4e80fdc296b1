/**
 * Downloads Debian packages from a mirror where there is no apt. Files are checked against the SHA256 sums in the mirror's
 * Release file, and that against Debian's keys (debian-release.ts).
 * Source: Debian wiki, "DebianRepository/Format".
 */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { InputError } from '../../boot/input-error.ts';
import type { DebianPackages } from './deb.ts';
import { getRelease, type MirrorTrust } from './debian-release.ts';
import { download } from './download.ts';

const SUITE = 'stable';

/** What is needed of one paragraph of a Packages index. */
export interface PackageRecord {
  readonly name: string;
  readonly depends: string;
  readonly filename: string;
  readonly sha256: string;
}

/** SHA256 in hexadecimal of one file named in a Release file. */
export function findReleaseSum(release: string, path: string): string | undefined {
  const section = release.split(/^SHA256:\s*$/m)[1] ?? '';
  for (const line of section.split('\n')) {
    const [sum, , name] = line.trim().split(/\s+/);
    if (name === path) return sum;
  }
  return undefined;
}

/** The paragraph of one package in a Packages index. */
export function findPackage(index: string, name: string): PackageRecord | undefined {
  const start = `\n${index}`.indexOf(`\nPackage: ${name}\n`);
  if (start < 0) return undefined;
  const end = index.indexOf('\n\n', start);
  const paragraph = index.slice(start, end < 0 ? index.length : end);
  const field = (key: string) => new RegExp(`^${key}: (.*)$`, 'm').exec(paragraph)?.[1] ?? '';
  return { name, depends: field('Depends'), filename: field('Filename'), sha256: field('SHA256') };
}

async function getChecked(url: string, sha256: string): Promise<Uint8Array> {
  const data = await download(url);
  if (createHash('sha256').update(data).digest('hex') !== sha256) {
    throw new InputError(`${url} does not have the SHA256 the mirror announces`);
  }
  return data;
}

/**
 * Downloads packages of Debian stable.
 * @param mirror base URL, beneath which there are dists/ and pool/.
 * @throws InputError when the mirror does not answer, lacks a file, or a sum or signature is wrong.
 */
export async function downloadFromMirror(
  mirror: string,
  trust: MirrorTrust,
  { meta, prefix, others, architecture }: DebianPackages,
  folder: string,
  progress: (message: string) => void,
): Promise<void> {
  const path = `main/binary-${architecture}/Packages.gz`;
  const base = mirror.replace(/\/+$/, '');
  const release = await getRelease(`${base}/dists/${SUITE}`, trust);
  const indexSum = findReleaseSum(release, path);
  if (indexSum === undefined) throw new InputError(`${base}: the Release file does not list ${path}`);
  const index = new TextDecoder().decode(
    gunzipSync(await getChecked(`${base}/dists/${SUITE}/${path}`, indexSum)),
  );

  const find = (name: string): PackageRecord => {
    const record = findPackage(index, name);
    if (record === undefined) throw new InputError(`${base}: there is no package ${name}`);
    return record;
  };
  const image = find(meta)
    .depends.split(/[,|]/)
    .map((item) => item.trim().split(' ')[0])
    .find((name) => name.startsWith(prefix));
  if (image === undefined) throw new InputError(`${base}: ${meta} depends on no ${prefix} package`);
  for (const name of [image, ...others]) {
    const record = find(name);
    progress(`downloading ${name}`);
    const data = await getChecked(`${base}/${record.filename}`, record.sha256);
    await writeFile(join(folder, basename(record.filename)), data);
  }
}
