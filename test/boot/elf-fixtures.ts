/** ELF executables with the offsets of the System V ABI, for tests of loaders. */

export interface ElfFields {
  bits: 32 | 64;
  machine: number;
  /** 2: executable. */
  type: number;
  entry: number;
  segments: readonly { address: number; data: Uint8Array; memorySize?: number }[];
  notes: readonly { name: string; type: number; descriptor: readonly number[] }[];
}

const DEFAULTS: ElfFields = {
  bits: 64,
  machine: 62,
  type: 2,
  entry: 0x1000000,
  segments: [{ address: 0x1000000, data: Uint8Array.of(0xf4), memorySize: 0x2000 }],
  notes: [],
};

const pad = (bytes: readonly number[]): number[] => [
  ...bytes,
  ...new Uint8Array((4 - (bytes.length % 4)) % 4),
];
const le32 = (value: number): number[] => [...new Uint8Array(Uint32Array.of(value).buffer)];

function noteBytes(notes: ElfFields['notes']): Uint8Array {
  const bytes = notes.flatMap(({ name, type, descriptor }) => [
    ...le32(name.length + 1),
    ...le32(descriptor.length),
    ...le32(type),
    ...pad([...new TextEncoder().encode(`${name}\0`)]),
    ...pad(descriptor),
  ]);
  return Uint8Array.from(bytes);
}

/** A file with a program header for each segment, and one for the notes if there are any. */
export function makeElf(changes: Partial<ElfFields> = {}): Uint8Array {
  const { bits, machine, type, entry, segments, notes } = { ...DEFAULTS, ...changes };
  const parts = segments.map(({ address, data, memorySize }) => ({
    kind: 1,
    address,
    data,
    memorySize: memorySize ?? data.length,
  }));
  if (notes.length > 0) {
    const data = noteBytes(notes);
    parts.push({ kind: 4, address: 0, data, memorySize: data.length });
  }
  const headerSize = bits === 64 ? 64 : 52;
  const entrySize = bits === 64 ? 56 : 32;
  let offset = headerSize + parts.length * entrySize;
  const file = new Uint8Array(parts.reduce((size, { data }) => size + data.length, offset));
  const view = new DataView(file.buffer);
  const word = (at: number, value: number): void => {
    if (bits === 64) view.setBigUint64(at, BigInt(value), true);
    else view.setUint32(at, value, true);
  };
  file.set([0x7f, 0x45, 0x4c, 0x46, bits === 64 ? 2 : 1, 1, 1]);
  view.setUint16(16, type, true);
  view.setUint16(18, machine, true);
  word(24, entry);
  word(bits === 64 ? 32 : 28, headerSize);
  view.setUint16(bits === 64 ? 54 : 42, entrySize, true);
  view.setUint16(bits === 64 ? 56 : 44, parts.length, true);
  parts.forEach(({ kind, address, data, memorySize }, index) => {
    const at = headerSize + index * entrySize;
    view.setUint32(at, kind, true);
    const fields = [offset, 0xffffffff00000000 + address, address, data.length, memorySize];
    const offsets = bits === 64 ? [8, 16, 24, 32, 40] : [4, 8, 12, 16, 20];
    fields.forEach((value, field) => {
      word(at + (offsets[field] as number), bits === 32 ? value % 2 ** 32 : value);
    });
    file.set(data, offset);
    offset += data.length;
  });
  return file;
}
