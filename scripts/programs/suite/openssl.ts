/** OpenSSL has code for each generation of processors: without AVX, and with all there is. */
import { DEFAULT_CPU } from '../../../src/machine/cpu-models.ts';
import { type Program, sameLines } from '../program.ts';

export const OPENSSL: Program = {
  name: 'openssl',
  architecture: 'amd64',
  packages: ['openssl'],
  about: 'digests, ciphers and MACs over 64 MB; RSA, DSA, DH, EC, Ed25519, X25519',
  cpus: ['x86-64-v2', DEFAULT_CPU],
  run: 'bash test.sh',
  limit: 900,
  isNative: true,
  compare: sameLines(),
};
