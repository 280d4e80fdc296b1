/** The first instruction of many pieces of machine code, as GNU binutils read them. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Reading {
  readonly text: string;
  readonly length: number;
}

/** What objdump is told (-m, -M) to read code of a size: near branches ignore prefix 66, as with Intel. */
const MACHINES = {
  64: ['i386:x86-64', 'x86-64,intel64'],
  32: ['i386', 'i386'],
  16: ['i8086', 'i8086'],
} as const;
export type CodeSize = keyof typeof MACHINES;

/** Bytes from one piece to the next: after each, NOPs until objdump must be in step again. */
export const SLOT = 32;
const NOP = 0x90;
const LINE = /^\s*([0-9a-f]+):\t([0-9a-f ]+?)\s*\t(.*)$/;

export function hasObjdump(): boolean {
  return spawnSync('objdump', ['--version'], { stdio: 'ignore' }).status === 0;
}

/** @param pieces of at most 15 bytes; piece `n` is read at address `n * SLOT`. */
export function readWithObjdump(pieces: readonly Uint8Array[], codeSize: CodeSize): Reading[] {
  const image = new Uint8Array(pieces.length * SLOT).fill(NOP);
  pieces.forEach((piece, n) => {
    image.set(piece, n * SLOT);
  });
  const [machine, options] = MACHINES[codeSize];
  const directory = mkdtempSync(join(tmpdir(), 'objdump-'));
  try {
    const file = join(directory, 'image');
    writeFileSync(file, image);
    const output = execFileSync(
      'objdump',
      [
        ...['-D', '-z', '-w', '--insn-width=16', '-b', 'binary', '-m', machine],
        ...['-M', `intel,${options}`, file],
      ],
      { encoding: 'utf8', maxBuffer: 1 << 30 },
    );
    const readings: Reading[] = [];
    for (const line of output.split('\n')) {
      const [, address, bytes, text] = LINE.exec(line) ?? [];
      if (address === undefined || bytes === undefined || text === undefined) continue;
      const at = Number.parseInt(address, 16);
      if (at % SLOT === 0) readings[at / SLOT] = { text, length: bytes.split(' ').length };
    }
    return readings;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
