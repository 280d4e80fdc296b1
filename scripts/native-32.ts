/** Whether this machine runs 32-bit programs: a kernel may have been built, or told, not to. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ADDRESS = 0x0804_8000;
const ELF_HEADER = 52;
const PROGRAM_HEADER = 32;
/** xor eax, eax; inc eax; xor ebx, ebx; int 0x80: Linux' exit(0). */
const CODE = [0x31, 0xc0, 0x40, 0x31, 0xdb, 0xcd, 0x80];

/** The smallest i386 executable: one segment, which is the file. Source: System V ABI, "Object Files". */
function executable(): Uint8Array {
  const start = ELF_HEADER + PROGRAM_HEADER;
  const file = new Uint8Array(start + CODE.length);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]); // 32-bit, little-endian
  for (const [at, value] of [
    [16, 2], // executable
    [18, 3], // i386
    [40, ELF_HEADER],
    [42, PROGRAM_HEADER],
    [44, 1], // program headers
  ] as const)
    view.setUint16(at, value, true);
  const header = [1, 0, ADDRESS, ADDRESS, file.length, file.length, 5, 0x1000]; // loaded, to be read and run
  for (const [at, value] of [
    [20, 1],
    [24, ADDRESS + start],
    [28, ELF_HEADER],
    ...header.map((word, i) => [ELF_HEADER + 4 * i, word] as const),
  ] as const)
    view.setUint32(at, value, true);
  file.set(CODE, start);
  return file;
}

/** Tries it. */
export function runs32BitPrograms(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'native-32-'));
  try {
    const program = join(folder, 'exit');
    writeFileSync(program, executable(), { mode: 0o755 });
    return spawnSync(program, { stdio: 'ignore' }).status === 0;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
