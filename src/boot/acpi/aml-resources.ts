/**
 * Encodes resource descriptors, what _CRS returns.
 * Source: ACPI specification 6.5, "Resource Data Types for ACPI".
 */
import type { Aml } from './aml.ts';
import { buffer } from './aml.ts';

/** One descriptor. */
export type Resource = readonly number[];

const IRQ_NO_FLAGS = 0x22;
const IO_PORT = 0x47;
const END_TAG = 0x79;
const FIXED_MEMORY_32 = 0x86;
const DWORD_ADDRESS_SPACE = 0x87;
const WORD_ADDRESS_SPACE = 0x88;

const TYPE_MEMORY = 0;
const TYPE_IO = 1;
const TYPE_BUS_NUMBER = 2;
/** The bridge hands the range on, and both its ends are fixed; positive decode. */
const PRODUCED_FIXED_RANGE = 0x0c;
/** Not cacheable, read and write. */
const MEMORY_READ_WRITE = 0x01;
/** ISA and non-ISA ports. */
const IO_ENTIRE_RANGE = 0x03;

function u16(value: number): number[] {
  return [value & 0xff, (value >> 8) & 0xff];
}

function u32(value: number): number[] {
  return [...u16(value & 0xffff), ...u16(value >>> 16)];
}

/** Ports at a fixed place, all 16 address bits decoded. */
export function ioPorts(base: number, count: number): Resource {
  const decode16 = 1;
  const alignment = 1;
  return [IO_PORT, decode16, ...u16(base), ...u16(base), alignment, count];
}

/** An ISA interrupt: edge, active high, not shared. */
export function isaInterrupt(irq: number): Resource {
  return [IRQ_NO_FLAGS, ...u16(1 << irq)];
}

export function fixedMemory(base: number, size: number): Resource {
  const readWrite = 1;
  return [FIXED_MEMORY_32, ...u16(9), readWrite, ...u32(base), ...u32(size)];
}

/** Bus numbers behind a host bridge; `last` is included. */
export function busNumbers(first: number, last: number): Resource {
  return wordRange(TYPE_BUS_NUMBER, 0, first, last);
}

/** Ports a host bridge hands on; `last` is included. */
export function ioWindow(first: number, last: number): Resource {
  return wordRange(TYPE_IO, IO_ENTIRE_RANGE, first, last);
}

function wordRange(type: number, typeFlags: number, first: number, last: number): Resource {
  const granularity = 0;
  const translation = 0;
  const fields = [granularity, first, last, translation, last - first + 1].flatMap(u16);
  return [WORD_ADDRESS_SPACE, ...u16(3 + fields.length), type, PRODUCED_FIXED_RANGE, typeFlags, ...fields];
}

/** Memory below 4 GiB a host bridge hands on; `last` is included. */
export function memoryWindow(first: number, last: number): Resource {
  const granularity = 0;
  const translation = 0;
  const fields = [granularity, first, last, translation, last - first + 1].flatMap(u32);
  const header = [TYPE_MEMORY, PRODUCED_FIXED_RANGE, MEMORY_READ_WRITE];
  return [DWORD_ADDRESS_SPACE, ...u16(header.length + fields.length), ...header, ...fields];
}

/** A buffer with the descriptors and the end tag. */
export function resourceTemplate(resources: readonly Resource[]): Aml {
  const noChecksum = 0;
  return buffer([...resources.flat(), END_TAG, noChecksum]);
}
