/**
 * What the configuration device holds: items by number, and files, whose numbers are in a directory that is an item.
 * Source: QEMU docs/specs/fw_cfg.rst.
 */

/** Numbers of the items with a meaning of their own that the device makes itself. */
const ITEM_SIGNATURE = 0x00;
const ITEM_FEATURES = 0x01;
const ITEM_DIRECTORY = 0x19;
const FIRST_FILE = 0x20;

const SIGNATURE = 'QEMU';
/** The port interface, and direct memory access. */
const FEATURES = 3;
const NAME_SIZE = 56;
const ENTRY_SIZE = 64;

export interface ConfigurationFile {
  /** At most 55 ASCII characters. */
  readonly name: string;
  readonly data: Uint8Array;
}

export interface FirmwareConfiguration {
  /** By number, below 0x4000. */
  readonly items: ReadonlyMap<number, Uint8Array>;
  readonly files: readonly ConfigurationFile[];
}

/** @throws RangeError for a name that is too long. */
export function allItems({ items, files }: FirmwareConfiguration): ReadonlyMap<number, Uint8Array> {
  const all = new Map(items);
  const ascii = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
  all.set(ITEM_SIGNATURE, ascii(SIGNATURE));
  all.set(ITEM_FEATURES, Uint8Array.of(FEATURES, 0, 0, 0));
  const directory = new Uint8Array(4 + files.length * ENTRY_SIZE);
  const view = new DataView(directory.buffer);
  view.setUint32(0, files.length);
  const sorted = [...files].sort((a, b) => (a.name < b.name ? -1 : 1));
  sorted.forEach(({ name, data }, index) => {
    if (name.length >= NAME_SIZE) throw new RangeError(`"${name}" is too long for a file's name`);
    const at = 4 + index * ENTRY_SIZE;
    view.setUint32(at, data.length);
    view.setUint16(at + 4, FIRST_FILE + index);
    directory.set(ascii(name), at + 8);
    all.set(FIRST_FILE + index, data);
  });
  all.set(ITEM_DIRECTORY, directory);
  return all;
}
