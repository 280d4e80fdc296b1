/** PE32+ images with the offsets of Microsoft's specification. */

export interface PeFields {
  machine: number;
  subsystem: number;
  magic: number;
  base: number;
  /** From the image's start; code begins at 1000h. */
  entry: number;
  code: Uint8Array;
  /** Places of 8-byte addresses within the code that a relocation is for. */
  relocations: readonly number[];
}

const DEFAULTS: PeFields = {
  machine: 0x8664,
  subsystem: 10,
  magic: 0x20b,
  base: 0,
  entry: 0x1000,
  code: Uint8Array.of(0x31, 0xc0, 0xc3), // xor eax, eax; ret
  relocations: [],
};

export const CODE_OFFSET = 0x1000;
const HEADERS = 0x400;

const page = (size: number): number => Math.ceil(size / 0x1000) * 0x1000;

/** An image with a section of code at 1000h and, if there are any, one of relocations behind it. */
export function makePe(changes: Partial<PeFields> = {}): Uint8Array {
  const fields = { ...DEFAULTS, ...changes };
  const relocationOffset = CODE_OFFSET + page(fields.code.length);
  const relocationSize = fields.relocations.length === 0 ? 0 : 8 + fields.relocations.length * 2;
  const sections = [{ offset: CODE_OFFSET, raw: HEADERS, size: fields.code.length }];
  if (relocationSize > 0) {
    sections.push({ offset: relocationOffset, raw: HEADERS + fields.code.length, size: relocationSize });
  }
  const file = new Uint8Array(HEADERS + fields.code.length + relocationSize);
  const view = new DataView(file.buffer);
  const pe = 0x80;
  const optional = pe + 24;
  file.set([0x4d, 0x5a]);
  view.setUint32(0x3c, pe, true);
  file.set([0x50, 0x45, 0, 0], pe);
  view.setUint16(pe + 4, fields.machine, true);
  view.setUint16(pe + 6, sections.length, true);
  view.setUint16(pe + 20, 240, true);
  view.setUint16(optional, fields.magic, true);
  view.setUint32(optional + 16, fields.entry, true);
  view.setBigUint64(optional + 24, BigInt(fields.base), true);
  view.setUint32(optional + 56, relocationOffset + page(relocationSize), true);
  view.setUint32(optional + 60, HEADERS, true);
  view.setUint16(optional + 68, fields.subsystem, true);
  view.setUint32(optional + 108, 16, true);
  view.setUint32(optional + 152, relocationSize === 0 ? 0 : relocationOffset, true);
  view.setUint32(optional + 156, relocationSize, true);
  sections.forEach(({ offset, raw, size }, index) => {
    const at = optional + 240 + index * 40;
    view.setUint32(at + 8, size, true);
    view.setUint32(at + 12, offset, true);
    view.setUint32(at + 16, size, true);
    view.setUint32(at + 20, raw, true);
  });
  file.set(fields.code, HEADERS);
  if (relocationSize > 0) {
    const at = HEADERS + fields.code.length;
    view.setUint32(at, CODE_OFFSET, true);
    view.setUint32(at + 4, relocationSize, true);
    fields.relocations.forEach((place, index) => {
      view.setUint16(at + 8 + index * 2, 0xa000 | place, true);
    });
  }
  return file;
}
