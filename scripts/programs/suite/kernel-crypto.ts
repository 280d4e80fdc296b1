/** The kernel tests each cipher and digest when it is first registered, against known results and its generic code. */
import { DEFAULT_CPU } from '../../../src/machine/cpu-models.ts';
import type { Outcome, Program } from '../program.ts';

/** Modules with code for AVX, AVX2 and others that go with a processor's features. */
const MODULES = [
  'aesni-intel',
  'aegis128-aesni',
  'blowfish-x86_64',
  'camellia-x86_64',
  'camellia-aesni-avx-x86_64',
  'camellia-aesni-avx2',
  'cast5-avx-x86_64',
  'cast6-avx-x86_64',
  'chacha-x86_64',
  'crc32-pclmul',
  'crc32c-intel',
  'crct10dif-pclmul',
  'curve25519-x86_64',
  'des3_ede-x86_64',
  'ghash-clmulni-intel',
  'nhpoly1305-avx2',
  'nhpoly1305-sse2',
  'poly1305-x86_64',
  'serpent-avx-x86_64',
  'serpent-avx2',
  'serpent-sse2-x86_64',
  'sha1-ssse3',
  'sha256-ssse3',
  'sha512-ssse3',
  'twofish-avx-x86_64',
  'twofish-x86_64',
  'twofish-x86_64-3way',
];

function faults({ status, output }: Outcome): string[] {
  const found = output
    .split('\n')
    .filter((line) => /alg: .*(fail|error)|NOT LOADED|selftest +: (?!passed)/.test(line));
  if (status !== 0) found.unshift(`ended with status ${status}`);
  const drivers = output.split('\n').filter((line) => line.startsWith('driver '));
  if (drivers.length < 30) found.unshift(`only ${drivers.length} drivers`);
  return found;
}

export const KERNEL_CRYPTO: Program = {
  name: 'kernel-crypto',
  architecture: 'amd64',
  packages: ['kmod'],
  about: `the kernel's self-tests of ${MODULES.length} modules of cipher code`,
  cpus: ['x86-64-v2', DEFAULT_CPU],
  run: `bash test.sh ${MODULES.join(' ')}`,
  limit: 300,
  isNative: false,
  compare: faults,
};
