/** Compiles a program of bench/c/ that needs no C library, and makes it the first process of a guest. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeCpio } from '../../src/boot/cpio.ts';

const SOURCES = fileURLToPath(new URL('../c/', import.meta.url));
const BUILD = fileURLToPath(new URL('../../build/bench/', import.meta.url));

const GCC_OPTIONS = [
  '-O2',
  '-mtune=generic',
  '-static',
  '-nostdlib',
  '-ffreestanding',
  '-fno-stack-protector',
  '-fno-asynchronous-unwind-tables',
  '-fcf-protection=none',
  '-Wall',
  '-Wextra',
];

/** Of 64 bits, with the instructions that each such processor has, and of 32 bits with the same SSE and SSE2. */
const TARGETS = {
  64: ['-march=x86-64'],
  32: ['-m32', '-march=i686', '-msse2', '-mfpmath=sse', '-fno-pie', '-no-pie'],
} as const;
export type Bits = keyof typeof TARGETS;

/** Files that use instructions which not every x86-64 processor has; each asks CPUID before. */
const FEATURES: Readonly<Record<string, string>> = { 'avx2.c': '-mavx2', 'aes_ni.c': '-maes' };

export interface CProgram {
  /** Path of the executable. */
  readonly executable: string;
  /** Path of an initramfs whose first process it is. */
  readonly initrd: string;
}

/** The programs that a folder's programs.h lists, in the order they run: `each(NAME)`. */
export function listedPrograms(folder: string): string[] {
  const text = readFileSync(join(SOURCES, folder, 'programs.h'), 'utf8');
  return [...text.matchAll(/\beach\((\w+)\)/g)].map(([, name]) => name as string);
}

/**
 * @param name of the results.
 * @param sources files and folders of bench/c/; of a folder, every C file.
 * @param bits of the executable; 32 needs gcc's libraries for that.
 * @throws Error with gcc's messages.
 */
export function buildCProgram(name: string, sources: readonly string[], bits: Bits = 64): CProgram {
  const folder = join(BUILD, name);
  mkdirSync(folder, { recursive: true });
  const files = sources.flatMap((source) =>
    source.endsWith('.c')
      ? [source]
      : readdirSync(join(SOURCES, source))
          .filter((file) => file.endsWith('.c'))
          .map((file) => join(source, file)),
  );
  const objects = files.map((file) => {
    const object = join(folder, `${basename(file, '.c')}.o`);
    const feature = FEATURES[basename(file)];
    gcc([
      ...TARGETS[bits],
      ...(feature === undefined ? [] : [feature]),
      '-c',
      '-o',
      object,
      join(SOURCES, file),
    ]);
    return object;
  });
  const executable = join(folder, name);
  gcc([...TARGETS[bits], '-o', executable, ...objects, '-lgcc']);
  const initrd = join(folder, `${name}.cpio`);
  writeFileSync(
    initrd,
    writeCpio([
      { path: 'dev', mode: 0o040755 },
      { path: 'dev/console', mode: 0o020600, device: { major: 5, minor: 1 } },
      { path: 'init', mode: 0o100755, data: readFileSync(executable) },
    ]),
  );
  return { executable, initrd };
}

function gcc(args: readonly string[]): void {
  execFileSync('gcc', [...GCC_OPTIONS, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
}
