import { describe, expect, it } from 'vitest';
import {
  argument,
  buffer,
  createDwordField,
  device,
  eisaId,
  equal,
  ifThen,
  integer,
  method,
  name,
  namePath,
  or,
  packageOf,
  returnValue,
  scope,
  uuid,
} from '../../../src/boot/acpi/aml.ts';
import {
  busNumbers,
  fixedMemory,
  ioPorts,
  ioWindow,
  isaInterrupt,
  memoryWindow,
  resourceTemplate,
} from '../../../src/boot/acpi/aml-resources.ts';

const ascii = (text: string) => [...text].map((character) => character.charCodeAt(0));

describe('AML data', () => {
  it('encodes integers in the shortest form', () => {
    expect(integer(0)).toEqual([0x00]);
    expect(integer(1)).toEqual([0x01]);
    expect(integer(2)).toEqual([0x0a, 2]);
    expect(integer(0x1234)).toEqual([0x0b, 0x34, 0x12]);
    expect(integer(0xfed00000)).toEqual([0x0c, 0, 0, 0xd0, 0xfe]);
    expect(integer(0x100000000)).toEqual([0x0e, 0, 0, 0, 0, 1, 0, 0, 0]);
  });

  it('compresses EISA identifiers', () => {
    expect(eisaId('PNP0A03')).toEqual([0x0c, 0x41, 0xd0, 0x0a, 0x03]);
    expect(eisaId('PNP0A08')).toEqual([0x0c, 0x41, 0xd0, 0x0a, 0x08]);
    expect(() => eisaId('PNP0A0')).toThrow(RangeError);
  });

  it('encodes names', () => {
    expect(namePath('_HID')).toEqual(ascii('_HID'));
    expect(namePath('RTC')).toEqual(ascii('RTC_'));
    expect(namePath('\\_S5')).toEqual(ascii('\\_S5_'));
    expect(namePath('\\_SB.PCI0')).toEqual([...ascii('\\'), 0x2e, ...ascii('_SB_PCI0')]);
    expect(namePath('^^A.B.C')).toEqual([...ascii('^^'), 0x2f, 3, ...ascii('A___B___C___')]);
    expect(namePath('\\')).toEqual([...ascii('\\'), 0]);
    expect(() => namePath('lower')).toThrow(RangeError);
    expect(() => namePath('TOOLONG')).toThrow(RangeError);
  });

  it('orders the bytes of a UUID as ToUUID does', () => {
    expect(uuid('AABBCCDD-EEFF-0011-2233-445566778899').slice(-16)).toEqual([
      0xdd, 0xcc, 0xbb, 0xaa, 0xff, 0xee, 0x11, 0x00, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99,
    ]);
  });
});

describe('package lengths', () => {
  // A scope's length counts itself, the name (4) and the terms.
  const lengthBytes = (terms: number) => scope('ABCD', [Array(terms).fill(0xa3)]).slice(1, 4);

  it('fit one byte below 64', () => {
    expect(lengthBytes(58)).toEqual([63, 0x41, 0x42]);
  });

  it('take two bytes up to 4095: low four bits first', () => {
    expect(lengthBytes(59)).toEqual([0x40 | (65 & 0xf), 65 >> 4, 0x41]);
    expect(lengthBytes(4095 - 6)).toEqual([0x4f, 0xff, 0x41]);
  });

  it('take three bytes beyond', () => {
    expect(lengthBytes(4096 - 6)).toEqual([0x80 | (4097 & 0xf), (4097 >> 4) & 0xff, 4097 >> 12]);
  });
});

describe('AML terms', () => {
  it('have their operation codes', () => {
    expect(name('_UID', integer(1))).toEqual([0x08, ...ascii('_UID'), 1]);
    expect(device('COM1', [])).toEqual([0x5b, 0x82, 5, ...ascii('COM1')]);
    expect(packageOf([integer(5), integer(0)])).toEqual([0x12, 5, 2, 0x0a, 5, 0]);
    expect(buffer([7, 8])).toEqual([0x11, 5, 0x0a, 2, 7, 8]);
    // Four arguments, serialized.
    expect(method('_OSC', 4, [returnValue(argument(3))])).toEqual([
      0x14,
      8,
      ...ascii('_OSC'),
      0x0c,
      0xa4,
      0x6b,
    ]);
    expect(ifThen(equal(argument(0), integer(1)), [returnValue(integer(0))])).toEqual([
      0xa0, 6, 0x93, 0x68, 1, 0xa4, 0,
    ]);
    expect(or(namePath('CDW1'), integer(4), namePath('CDW1'))).toEqual([
      0x7d,
      ...ascii('CDW1'),
      0x0a,
      4,
      ...ascii('CDW1'),
    ]);
    expect(createDwordField(argument(3), 8, 'CDW3')).toEqual([0x8a, 0x6b, 0x0a, 8, ...ascii('CDW3')]);
  });
});

describe('resource descriptors', () => {
  it('follow the layouts of the specification', () => {
    expect(ioPorts(0x3f8, 8)).toEqual([0x47, 1, 0xf8, 3, 0xf8, 3, 1, 8]);
    expect(isaInterrupt(4)).toEqual([0x22, 0x10, 0]);
    expect(isaInterrupt(8)).toEqual([0x22, 0, 1]);
    expect(fixedMemory(0xfed00000, 0x400)).toEqual([0x86, 9, 0, 1, 0, 0, 0xd0, 0xfe, 0, 4, 0, 0]);
    expect(busNumbers(0, 255)).toEqual([0x88, 13, 0, 2, 0x0c, 0, 0, 0, 0, 0, 255, 0, 0, 0, 0, 1]);
    expect(ioWindow(0xd00, 0xffff)).toEqual([
      0x88, 13, 0, 1, 0x0c, 3, 0, 0, 0, 0x0d, 0xff, 0xff, 0, 0, 0, 0xf3,
    ]);
    expect(memoryWindow(0xc0000000, 0xdfffffff)).toEqual([
      0x87, 23, 0, 0, 0x0c, 1, 0, 0, 0, 0, 0, 0, 0, 0xc0, 0xff, 0xff, 0xff, 0xdf, 0, 0, 0, 0, 0, 0, 0, 0x20,
    ]);
  });

  it('end with an end tag', () => {
    expect(resourceTemplate([isaInterrupt(4)])).toEqual([0x11, 8, 0x0a, 5, 0x22, 0x10, 0, 0x79, 0]);
  });
});
