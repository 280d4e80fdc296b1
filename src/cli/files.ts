/** Files named on the command line. Errors are InputErrors that name the option and the file. */
import { readFile, writeFile } from 'node:fs/promises';
import { InputError } from '../boot/input-error.ts';

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EISDIR: 'this is a folder',
  ENOENT: 'there is no such file',
  ENOSPC: 'no space left on the device',
  ENOTDIR: 'a part of the path is not a folder',
  EROFS: 'the file system is read-only',
};

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code !== undefined ? REASONS[code] : undefined) ?? message;
}

/** @throws InputError when the file cannot be read or is empty. */
export async function readInput(option: string, path: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new InputError(`${option} ${path}: ${reason(error)}`);
  }
  if (bytes.length === 0) throw new InputError(`${option} ${path}: the file is empty`);
  return bytes;
}

/** @throws InputError when the file cannot be written. */
export async function writeOutput(option: string, path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    throw new InputError(`${option} ${path}: ${reason(error)}`);
  }
}
