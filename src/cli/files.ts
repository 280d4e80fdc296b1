/**
 * Files named on the command line. Errors are InputErrors that name the option and the file. Without node:fs/promises, which takes 2 ms to
 * load.
 */
import { closeSync, constants, fstatSync, openSync, readSync, writeFileSync } from 'node:fs';
import { InputError } from '../boot/input-error.ts';
import { REASONS, reason } from '../host/node/file-error.ts';
import { useLargePages } from '../host/node/large-pages.ts';

/** Bytes of the largest file taken: Linux wants kernel and initramfs below 2 GiB. */
const LARGEST_FILE = 2 ** 31 - 1;

/** Only files that have an end: a device may give bytes for ever, a pipe none. */
function readRegularFile(file: number): Uint8Array {
  const stat = fstatSync(file);
  if (stat.isDirectory()) throw new Error(REASONS.EISDIR);
  if (!stat.isFile()) throw new Error('not a regular file');
  if (stat.size > LARGEST_FILE) throw new Error('too large: 2 GiB or more');
  const bytes = new Uint8Array(stat.size);
  useLargePages(bytes.buffer);
  let length = 0;
  let count: number;
  do {
    count = readSync(file, bytes, length, bytes.length - length, length);
    length += count;
  } while (count > 0);
  if (length === 0) throw new Error('the file is empty');
  return bytes.subarray(0, length);
}

/**
 * At once: nothing else is to be done meanwhile, and by turns of the event loop a kernel takes three times as long.
 *
 * @throws InputError when it is no regular file of 1 byte to 2 GiB, or cannot be read.
 */
export function readInput(option: string, path: string): Uint8Array {
  let file: number | undefined;
  try {
    // Or opening a pipe would wait for somebody to write to it.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return readRegularFile(file);
  } catch (error) {
    throw new InputError(`${option} ${path}: ${reason(error)}`);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** @throws InputError when the file cannot be written. */
export function writeOutput(option: string, path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new InputError(`${option} ${path}: ${reason(error)}`);
  }
}
