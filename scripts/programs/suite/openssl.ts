/** OpenSSL has code for each generation of processors: without AVX, and with all there is. */
import { DEFAULT_CPU } from '../../../src/machine/cpu-models.ts';
import { type Program, sameLines } from '../program.ts';

/** @param script of the folder `openssl/`, without its ending. */
function part(script: string, about: string): Program {
  return {
    name: `openssl-${script}`,
    files: 'openssl',
    architecture: 'amd64',
    packages: ['openssl'],
    about,
    cpus: ['x86-64-v2', DEFAULT_CPU],
    run: `bash ${script}.sh`,
    limit: 900,
    isNative: true,
    compare: sameLines(),
  };
}

export const OPENSSL: readonly Program[] = [
  part('digests', 'digests and MACs over 64 MB'),
  part('ciphers', 'ciphers over 64 MB, there and back, CMS'),
  part('public-keys', 'keys made and used: RSA, EC, Ed25519, Ed448, X25519, X448, DH'),
];
