import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { InputError } from '../../../src/boot/input-error.ts';
import { findDataArchive } from '../../../src/host/node/deb.ts';
import { downloadWithApt, parseDependency } from '../../../src/host/node/debian-apt.ts';
import { downloadFromMirror, findPackage, findReleaseSum } from '../../../src/host/node/debian-mirror.ts';
import type { MirrorTrust } from '../../../src/host/node/debian-release.ts';

const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');
const hasGnuPg = ['gpg', 'gpgv'].every((program) => spawnSync(program, ['--version']).error === undefined);
if (!hasGnuPg) console.warn('skipped: signatures of mirrors, since gpg or gpgv is not installed');

const RELEASE = '/debian/dists/stable/Release';
const IN_RELEASE = '/debian/dists/stable/InRelease';

/** A key of its own, and what is signed with it. */
class Signer {
  private readonly home: string;
  readonly keyring: string;

  constructor(home: string) {
    this.home = home;
    this.keyring = join(home, 'keyring.gpg');
    this.run('--quick-generate-key', 'archive', 'ed25519', 'sign', 'never');
    this.run('--export', '--output', this.keyring);
  }

  private run(...args: string[]): void {
    const options = ['--homedir', this.home, '--batch', '--quiet', '--passphrase', ''];
    execFileSync('gpg', [...options, ...args], { stdio: 'pipe' });
  }

  async sign(text: Uint8Array): Promise<Uint8Array> {
    const file = join(this.home, 'text');
    await writeFile(file, text);
    this.run('--yes', '--clear-sign', '--output', `${file}.signed`, file);
    return await readFile(`${file}.signed`);
  }

  /** Signing leaves an agent behind. */
  async end(): Promise<void> {
    spawnSync('gpgconf', ['--homedir', this.home, '--kill', 'all']);
    await rm(this.home, { recursive: true, force: true });
  }
}

describe('parseDependency', () => {
  it('takes the first dependency with the prefix', () => {
    const output = 'linux-image-cloud-amd64\n  Depends: other\n  Depends: linux-image-6.1.0-9-cloud-amd64\n';
    expect(parseDependency(output, 'linux-image-')).toBe('linux-image-6.1.0-9-cloud-amd64');
    expect(parseDependency('x\n  Recommends: linux-image-1\n', 'linux-image-')).toBeUndefined();
  });
});

describe('downloadWithApt', () => {
  const packages = { meta: 'meta', prefix: 'linux-image-', others: ['busybox-static'], architecture: 'i386' };
  const ATTEMPTS = 3;
  let folder: string;
  let path: string | undefined;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'longmode-apt-'));
    path = process.env.PATH;
    process.env.PATH = `${folder}:${path}`;
    return async () => {
      process.env.PATH = path;
      await rm(folder, { recursive: true });
    };
  });

  /** Programs that write what they are called with into a file; their scripts come behind that. */
  async function install(aptGet: string, aptCache: string): Promise<void> {
    for (const [name, script] of [
      ['apt-get', aptGet],
      ['apt-cache', aptCache],
    ] as const) {
      const text = `#!/bin/sh\necho "${name} $*" >>'${folder}/calls'\n${script}\n`;
      await writeFile(join(folder, name), text, { mode: 0o755 });
    }
  }
  const calls = async (): Promise<string> => await readFile(join(folder, 'calls'), 'utf8');
  const times = (text: string, word: string): number => text.split(word).length - 1;
  const DEPENDS = 'echo "  Depends: linux-image-1-686:i386"';
  const WITH_OWN_LISTS = `case "$*" in *Dir::State::Lists=*) ${DEPENDS};; *) echo "E: No packages found" >&2; exit 100;; esac`;

  it('takes the package lists that there are', async () => {
    await install('', DEPENDS);
    await downloadWithApt(packages, folder, () => {});
    expect(await calls()).toContain('download linux-image-1-686:i386 busybox-static:i386');
    expect(await calls()).not.toContain('update');
  });

  it('uses lists of its own where those do not do, also if not all of them can be fetched', async () => {
    const said: string[] = [];
    await install(
      'case "$*" in *update) echo "E: Some index files failed" >&2; exit 100;; esac',
      WITH_OWN_LISTS,
    );
    await downloadWithApt(packages, folder, (message) => said.push(message));
    expect(said).toEqual(['fetching package lists']);
    expect(await calls()).toContain(`Dir::State::Lists=${folder}/lists`);
    expect(await calls()).toMatch(/download linux-image-1-686:i386 busybox-static:i386\n$/);
    expect(await readdir(join(folder, 'lists'))).toEqual(['partial']);
  });

  it('tries again where the lists could not be fetched', async () => {
    await install(
      'case "$*" in *update) echo "E: no network" >&2; exit 100;; esac',
      `[ $(grep -c update '${folder}/calls') = ${ATTEMPTS} ] && ${DEPENDS} || exit 100`,
    );
    await downloadWithApt(packages, folder, () => {});
    expect(times(await calls(), ' update\n')).toBe(ATTEMPTS);
  });

  it('says what was the matter, at once if the lists are there', async () => {
    await install('', 'echo "E: No packages found" >&2; exit 100');
    await expect(downloadWithApt(packages, folder, () => {})).rejects.toThrow(
      new InputError('apt-cache: E: No packages found'),
    );
    expect(times(await calls(), ' update\n')).toBe(1);
  });
});

describe('findDataArchive', () => {
  const member = (name: string, data: string) =>
    `${name.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}${String(data.length).padEnd(10)}\`\n${data}${data.length % 2 ? '\n' : ''}`;
  const bytes = (text: string) => new TextEncoder().encode(text);

  it('finds the data member after members of odd length', () => {
    const deb = bytes(`!<arch>\n${member('debian-binary', '2.0')}${member('data.tar.xz/', 'content')}`);
    const { name, data } = findDataArchive(deb);
    expect([name, new TextDecoder().decode(data)]).toEqual(['data.tar.xz', 'content']);
  });

  it('refuses other files', () => {
    expect(() => findDataArchive(bytes('PK'))).toThrow(InputError);
    expect(() => findDataArchive(bytes(`!<arch>\n${member('debian-binary', '2.0')}`))).toThrow(/no data.tar/);
  });
});

describe('mirror indexes', () => {
  it('take the SHA256 section of the Release file, not the MD5 one', () => {
    const release = 'Suite: stable\nMD5Sum:\n aa 1 main/x\nSHA256:\n bb 1 main/xx\n cc 1 main/x\n';
    expect(findReleaseSum(release, 'main/x')).toBe('cc');
    expect(findReleaseSum(release, 'main/y')).toBeUndefined();
  });

  it('find a package by its whole name', () => {
    const index =
      'Package: ab\nFilename: pool/ab\nSHA256: 11\n\nPackage: a\nDepends: c (= 1), d\nFilename: pool/a\nSHA256: 22\n\n';
    expect(findPackage(index, 'a')).toEqual({
      name: 'a',
      depends: 'c (= 1), d',
      filename: 'pool/a',
      sha256: '22',
    });
    expect(findPackage(index, 'ab')?.filename).toBe('pool/ab');
    expect(findPackage(index, 'b')).toBeUndefined();
  });
});

describe('downloadFromMirror', () => {
  const files = new Map<string, Uint8Array>();
  /** Of the archive, and another. */
  const signers: Signer[] = [];
  let server: Server;
  let base: string;
  let folder: string;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const data = files.get(request.url ?? '');
      response.writeHead(data === undefined ? 404 : 200).end(data);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    while (hasGnuPg && signers.length < 2) {
      signers.push(new Signer(await mkdtemp(join(tmpdir(), 'longmode-key-'))));
    }
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/debian`;
  });
  afterAll(async () => {
    server.close();
    for (const signer of signers) await signer.end();
  });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'longmode-mirror-'));
    const image = new TextEncoder().encode('kernel package');
    const busybox = new TextEncoder().encode('busybox package');
    const index = gzipSync(
      'Package: meta\nDepends: image-1.2 (= 1)\nFilename: pool/meta.deb\nSHA256: 00\n\n' +
        `Package: image-1.2\nFilename: pool/i/image-1.2_1_amd64.deb\nSHA256: ${sha256(image)}\n\n` +
        `Package: busybox\nFilename: pool/b/busybox_1_amd64.deb\nSHA256: ${sha256(busybox)}\n`,
    );
    files.clear();
    const release = `SHA256:\n ${sha256(index)} ${index.length} main/binary-amd64/Packages.gz\n`;
    files.set(RELEASE, new TextEncoder().encode(release));
    files.set('/debian/dists/stable/main/binary-amd64/Packages.gz', index);
    files.set('/debian/pool/i/image-1.2_1_amd64.deb', image);
    files.set('/debian/pool/b/busybox_1_amd64.deb', busybox);
    return () => rm(folder, { recursive: true });
  });

  const fetchWith = (trust: MirrorTrust, mirror = base) =>
    downloadFromMirror(
      mirror,
      trust,
      { meta: 'meta', prefix: 'image-', others: ['busybox'], architecture: 'amd64' },
      folder,
      () => {},
    );
  const run = (mirror = base) =>
    fetchWith({ releaseSha256: sha256(files.get(RELEASE) as Uint8Array) }, mirror);

  it('gets what the meta package depends on, and the others', async () => {
    await run(`${base}/`);
    expect((await readdir(folder)).sort()).toEqual(['busybox_1_amd64.deb', 'image-1.2_1_amd64.deb']);
    expect(await readFile(join(folder, 'busybox_1_amd64.deb'), 'utf8')).toBe('busybox package');
  });

  it.each(['/debian/dists/stable/main/binary-amd64/Packages.gz', '/debian/pool/b/busybox_1_amd64.deb'])(
    'refuses a file whose sum is wrong: %s',
    async (path) => {
      files.set(path, gzipSync('something else'));
      await expect(run()).rejects.toThrow(/does not have the SHA256/);
      expect(await readdir(folder)).not.toContain('busybox_1_amd64.deb');
    },
  );

  it('says what is missing', async () => {
    files.delete('/debian/pool/b/busybox_1_amd64.deb');
    await expect(run()).rejects.toThrow(/busybox_1_amd64.deb: 404/);
    await expect(run('http://127.0.0.1:1/none')).rejects.toThrow(InputError);
  });

  it('refuses a Release file with another sum than that given', async () => {
    await expect(fetchWith({ releaseSha256: 'ab'.repeat(32) })).rejects.toThrow(/Release has the SHA256/);
  });

  it('says what to do where a signature cannot be checked', async () => {
    const whatToDo = /cannot check the signature.*gpgv and debian-archive-keyring.*--release-sha256/;
    await expect(fetchWith({ keyrings: ['/nonexistent/keys'] })).rejects.toThrow(whatToDo);
    const path = process.env.PATH;
    process.env.PATH = '/nonexistent';
    files.set(IN_RELEASE, files.get(RELEASE) as Uint8Array);
    try {
      await expect(fetchWith({ keyrings: [import.meta.filename] })).rejects.toThrow(whatToDo);
    } finally {
      process.env.PATH = path;
    }
  });

  describe.skipIf(!hasGnuPg)('from a mirror that is signed', () => {
    const release = (): Uint8Array => files.get(RELEASE) as Uint8Array;
    const fetchSigned = () => fetchWith({ keyrings: ['/nonexistent/keys', (signers[0] as Signer).keyring] });
    const sign = (signer: number) => (signers[signer] as Signer).sign(release());
    const refused = /InRelease is not signed by a key of/;

    it('takes what a key of the archive has signed, and nothing around it', async () => {
      const before = new TextEncoder().encode('SHA256:\n 00 1 main/binary-amd64/Packages.gz\n');
      files.set(IN_RELEASE, Buffer.concat([before, await sign(0)]));
      // The unsigned file is not looked at.
      files.set(RELEASE, before);
      await fetchSigned();
      expect((await readdir(folder)).sort()).toEqual(['busybox_1_amd64.deb', 'image-1.2_1_amd64.deb']);
    });

    it('refuses what another key has signed, what has been changed since, and what is not signed', async () => {
      files.set(IN_RELEASE, await sign(1));
      await expect(fetchSigned()).rejects.toThrow(refused);
      const signed = Buffer.from(await sign(0)).toString();
      files.set(IN_RELEASE, Buffer.from(signed.replace(/ [\da-f]{2}/, ' 00')));
      await expect(fetchSigned()).rejects.toThrow(refused);
      files.set(IN_RELEASE, release());
      await expect(fetchSigned()).rejects.toThrow(refused);
      expect(await readdir(folder)).toEqual([]);
    });
  });
});
