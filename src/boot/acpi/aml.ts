/**
 * Encodes ACPI machine language. Each function returns the bytes of one term.
 * Source: ACPI specification 6.5, "ACPI Machine Language (AML) Specification".
 */

export type Aml = readonly number[];

const ZERO_OP = 0x00;
const ONE_OP = 0x01;
const NAME_OP = 0x08;
const BYTE_PREFIX = 0x0a;
const WORD_PREFIX = 0x0b;
const DWORD_PREFIX = 0x0c;
const QWORD_PREFIX = 0x0e;
const SCOPE_OP = 0x10;
const BUFFER_OP = 0x11;
const PACKAGE_OP = 0x12;
const METHOD_OP = 0x14;
const DUAL_NAME_PREFIX = 0x2e;
const MULTI_NAME_PREFIX = 0x2f;
const EXT_OP_PREFIX = 0x5b;
const ARG0_OP = 0x68;
const OR_OP = 0x7d;
const DEVICE_EXT_OP = 0x82;
const CREATE_DWORD_FIELD_OP = 0x8a;
const LEQUAL_OP = 0x93;
const IF_OP = 0xa0;
const RETURN_OP = 0xa4;

/** Bit of a method's flags. */
const METHOD_SERIALIZED = 1 << 3;

function littleEndian(value: number, size: number): number[] {
  return Array.from({ length: size }, (_, index) => Math.floor(value / 2 ** (8 * index)) & 0xff);
}

/** An integer 0..2^53-1, in its shortest form. */
export function integer(value: number): Aml {
  if (value === 0) return [ZERO_OP];
  if (value === 1) return [ONE_OP];
  if (value <= 0xff) return [BYTE_PREFIX, value];
  if (value <= 0xffff) return [WORD_PREFIX, ...littleEndian(value, 2)];
  if (value <= 0xffffffff) return [DWORD_PREFIX, ...littleEndian(value, 4)];
  return [QWORD_PREFIX, ...littleEndian(value, 8)];
}

/**
 * A plug and play identifier such as PNP0A08: three letters of five bits each and four hexadecimal
 * digits, stored with the highest byte first.
 */
export function eisaId(id: string): Aml {
  if (!/^[A-Z]{3}[0-9A-F]{4}$/.test(id)) throw new RangeError(`not an EISA identifier: ${id}`);
  const letters = [0, 1, 2].reduce((bits, index) => (bits << 5) | (id.charCodeAt(index) - 0x40), 0);
  const digits = Number.parseInt(id.slice(3), 16);
  return [DWORD_PREFIX, letters >> 8, letters & 0xff, digits >> 8, digits & 0xff];
}

/** A name such as _HID, _SB_.PCI0 or \_S5; segments are filled up to four characters with underscores. */
export function namePath(path: string): Aml {
  const prefix = /^(\\|\^*)/.exec(path)?.[0] ?? '';
  const segments = path
    .slice(prefix.length)
    .split('.')
    .filter((segment) => segment !== '');
  const bytes = [...prefix].map((character) => character.charCodeAt(0));
  if (segments.length === 0) bytes.push(ZERO_OP);
  if (segments.length === 2) bytes.push(DUAL_NAME_PREFIX);
  if (segments.length > 2) bytes.push(MULTI_NAME_PREFIX, segments.length);
  for (const segment of segments) {
    if (!/^[A-Z_][A-Z0-9_]{0,3}$/.test(segment)) throw new RangeError(`not an ACPI name: ${path}`);
    bytes.push(...[...segment.padEnd(4, '_')].map((character) => character.charCodeAt(0)));
  }
  return bytes;
}

/** PkgLength and what it counts, itself included. */
function packageLength(content: Aml): Aml {
  if (content.length + 1 < 0x40) return [content.length + 1, ...content];
  for (let extra = 1; extra <= 3; extra++) {
    const length = content.length + 1 + extra;
    if (length < 2 ** (4 + 8 * extra)) {
      return [(extra << 6) | (length & 0xf), ...littleEndian(length >> 4, extra), ...content];
    }
  }
  throw new RangeError('AML package too long');
}

export function name(path: string, value: Aml): Aml {
  return [NAME_OP, ...namePath(path), ...value];
}

export function scope(path: string, terms: readonly Aml[]): Aml {
  return [SCOPE_OP, ...packageLength([...namePath(path), ...terms.flat()])];
}

export function device(path: string, terms: readonly Aml[]): Aml {
  return [EXT_OP_PREFIX, DEVICE_EXT_OP, ...packageLength([...namePath(path), ...terms.flat()])];
}

/** A method that runs one call at a time, so that it may create names. @param argumentCount 0..7. */
export function method(path: string, argumentCount: number, terms: readonly Aml[]): Aml {
  const flags = argumentCount | METHOD_SERIALIZED;
  return [METHOD_OP, ...packageLength([...namePath(path), flags, ...terms.flat()])];
}

/** @param elements at most 255. */
export function packageOf(elements: readonly Aml[]): Aml {
  return [PACKAGE_OP, ...packageLength([elements.length, ...elements.flat()])];
}

export function buffer(bytes: readonly number[]): Aml {
  return [BUFFER_OP, ...packageLength([...integer(bytes.length), ...bytes])];
}

/** The buffer ToUUID makes: the first three groups have their lowest byte first. */
export function uuid(text: string): Aml {
  const bytes = (text.replaceAll('-', '').match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
  const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
  return buffer(order.map((index) => bytes[index]));
}

/** An argument of the method around it. @param index 0..6. */
export function argument(index: number): Aml {
  return [ARG0_OP + index];
}

export function equal(left: Aml, right: Aml): Aml {
  return [LEQUAL_OP, ...left, ...right];
}

/** target = left | right */
export function or(left: Aml, right: Aml, target: Aml): Aml {
  return [OR_OP, ...left, ...right, ...target];
}

/** Names the four bytes of a buffer at `offset`. */
export function createDwordField(source: Aml, offset: number, path: string): Aml {
  return [CREATE_DWORD_FIELD_OP, ...source, ...integer(offset), ...namePath(path)];
}

export function ifThen(condition: Aml, terms: readonly Aml[]): Aml {
  return [IF_OP, ...packageLength([...condition, ...terms.flat()])];
}

export function returnValue(value: Aml): Aml {
  return [RETURN_OP, ...value];
}
