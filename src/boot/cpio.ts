/**
 * Writes cpio archives in the "newc" format, the one an initramfs is made of.
 * Source: Linux Documentation/driver-api/early-userspace/buffer-format.rst.
 */

import { encodeUtf8 } from './utf8.ts';

const TRAILER = 'TRAILER!!!';
const MODE_TYPE_MASK = 0o170000;
const MODE_DIRECTORY = 0o040000;
const MODE_SYMBOLIC_LINK = 0o120000;

/** One file, directory, link or device node of an archive. */
export interface CpioEntry {
  /** Path in the archive, without a leading slash. */
  readonly path: string;
  /** st_mode as in stat(2): type and permission bits. */
  readonly mode: number;
  /** Content of a regular file. */
  readonly data?: Uint8Array;
  /** Number of a character or block device. */
  readonly device?: { readonly major: number; readonly minor: number };
  /** What a symbolic link points to. */
  readonly linkTarget?: string;
}

function entryData(entry: CpioEntry): Uint8Array {
  if ((entry.mode & MODE_TYPE_MASK) === MODE_SYMBOLIC_LINK) return encodeUtf8(entry.linkTarget ?? '');
  return entry.data ?? new Uint8Array(0);
}

function pad4(size: number): number {
  return (4 - (size % 4)) % 4;
}

function writeEntry(parts: Uint8Array[], inode: number, entry: CpioEntry): void {
  const name = encodeUtf8(`${entry.path}\0`);
  const data = entryData(entry);
  const links = (entry.mode & MODE_TYPE_MASK) === MODE_DIRECTORY ? 2 : 1;
  const owner = 0;
  const modificationTime = 0;
  const fields = [
    inode,
    entry.mode,
    owner,
    owner,
    links,
    modificationTime,
    data.length,
    0,
    0,
    entry.device?.major ?? 0,
    entry.device?.minor ?? 0,
    name.length,
    0,
  ];
  const header = encodeUtf8(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`);
  parts.push(header, name, new Uint8Array(pad4(header.length + name.length)));
  parts.push(data, new Uint8Array(pad4(data.length)));
}

/**
 * Packs entries in the order given (a directory must come before what is in it). The same entries
 * always give the same bytes: owner, group and modification time are 0.
 */
export function writeCpio(entries: readonly CpioEntry[]): Uint8Array {
  const parts: Uint8Array[] = [];
  entries.forEach((entry, index) => {
    writeEntry(parts, index + 1, entry);
  });
  writeEntry(parts, 0, { path: TRAILER, mode: 0 });
  const archive = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    archive.set(part, offset);
    offset += part.length;
  }
  return archive;
}
