/**
 * The Release file of a Debian mirror, once it is known to be Debian's: signed by a key of the archive or, where there is
 * nothing to check that with, with the sum that the user knows it to have.
 * Source: Debian wiki, "DebianRepository/Format" and "SecureApt".
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from '../../boot/input-error.ts';
import { CommandFailed, CommandMissing, runCommand } from './command.ts';
import { download } from './download.ts';

/** Of the package debian-archive-keyring, which apt depends on; later releases have the second name only. */
const KEYRINGS = [
  '/usr/share/keyrings/debian-archive-keyring.gpg',
  '/usr/share/keyrings/debian-archive-keyring.pgp',
];

export interface MirrorTrust {
  /** What the Release file has to be, in hexadecimal; without it, it has to be signed. */
  readonly releaseSha256?: string | undefined;
  /** Files of keys to look for, the first that is there counts; by default those of Debian. */
  readonly keyrings?: readonly string[] | undefined;
}

/**
 * Text of a suite's Release file.
 * @param suite URL of its folder.
 * @throws InputError when there is none, when it is not what it should be, or when that cannot be told.
 */
export async function getRelease(suite: string, trust: MirrorTrust): Promise<string> {
  const { releaseSha256, keyrings = KEYRINGS } = trust;
  if (releaseSha256 !== undefined) return await getBySum(`${suite}/Release`, releaseSha256);
  const keyring = keyrings.find((file) => existsSync(file));
  if (keyring === undefined) throw cannotTell(suite, `there is no ${keyrings[0]}`);
  return await getSigned(`${suite}/InRelease`, keyring).catch((error) => {
    throw error instanceof CommandMissing ? cannotTell(suite, error.message) : error;
  });
}

function cannotTell(suite: string, reason: string): InputError {
  return new InputError(
    `cannot check the signature of ${suite}: ${reason}; install gpgv and debian-archive-keyring, ` +
      'or pass --release-sha256 with the SHA256 sum that the Release file there has to have',
  );
}

async function getBySum(url: string, sum: string): Promise<string> {
  const data = await download(url);
  const actual = createHash('sha256').update(data).digest('hex');
  if (actual !== sum.toLowerCase()) throw new InputError(`${url} has the SHA256 ${actual}, not ${sum}`);
  return new TextDecoder().decode(data);
}

/** The text that is signed, without what may be around it. */
async function getSigned(url: string, keyring: string): Promise<string> {
  const data = await download(url);
  const folder = await mkdtemp(join(tmpdir(), 'longmode-release-'));
  try {
    const [signed, text] = [join(folder, 'InRelease'), join(folder, 'Release')];
    await writeFile(signed, data);
    const args = ['--homedir', folder, '--status-fd', '1', '--keyring', keyring, '--output', text, signed];
    // There are several signatures, some by keys that an older keyring does not have: then gpgv fails, too.
    const status = await runCommand('gpgv', args).catch((error) => {
      if (error instanceof CommandFailed) return error.output;
      throw error;
    });
    if (!/^\[GNUPG:\] GOODSIG /m.test(status) || /^\[GNUPG:\] BADSIG /m.test(status)) {
      throw new InputError(`${url} is not signed by a key of ${keyring}`);
    }
    return await readFile(text, 'utf8');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
