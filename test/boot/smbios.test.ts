import { describe, expect, it } from 'vitest';
import { buildAcpiTables } from '../../src/boot/acpi/tables.ts';
import { GIB, MIB } from '../../src/boot/memory-map.ts';
import { buildSmbios } from '../../src/boot/smbios.ts';

const sum = (bytes: Uint8Array) => bytes.reduce((total, byte) => (total + byte) & 0xff, 0);
const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

interface Structure {
  readonly type: number;
  readonly handle: number;
  readonly formatted: DataView;
  readonly strings: readonly string[];
}

/** Reads the structures as "Structure standards" says. */
function build(ramSize: number) {
  const [entryPoint, table] = buildSmbios(ramSize);
  const bytes = table.bytes;
  const structures: Structure[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes[at + 1];
    let end = at + length;
    while (bytes[end] !== 0 || bytes[end + 1] !== 0) end++;
    const text = new TextDecoder().decode(bytes.subarray(at + length, end));
    structures.push({
      type: bytes[at],
      handle: view(bytes).getUint16(at + 2, true),
      formatted: view(bytes.subarray(at, at + length)),
      strings: text === '' ? [] : text.split('\0'),
    });
    at = end + 2;
  }
  const ofType = (type: number) => structures.filter((structure) => structure.type === type);
  return { entryPoint, table, structures, ofType };
}

describe('buildSmbios', () => {
  it('has a 3.x entry point where a search of the BIOS area finds it', () => {
    const { entryPoint, table } = build(512 * MIB);
    expect(entryPoint.address % 16).toBe(0);
    expect(new TextDecoder().decode(entryPoint.bytes.subarray(0, 5))).toBe('_SM3_');
    expect([entryPoint.bytes[6], entryPoint.bytes.length, entryPoint.bytes[7]]).toEqual([24, 24, 3]);
    expect(sum(entryPoint.bytes)).toBe(0);
    expect(view(entryPoint.bytes).getUint32(12, true)).toBe(table.bytes.length);
    expect(Number(view(entryPoint.bytes).getBigUint64(16, true))).toBe(table.address);
  });

  it('lies in the BIOS area beside the ACPI root pointer', () => {
    const { rsdpAddress, regions } = buildAcpiTables({ cpuCount: 1, ramTop: 512 * MIB });
    const rsdp = regions.find(({ address }) => address === rsdpAddress);
    const { entryPoint, table } = build(512 * MIB);
    expect(entryPoint.address).toBeGreaterThanOrEqual(rsdpAddress + (rsdp?.bytes.length ?? 0));
    expect(table.address).toBeGreaterThanOrEqual(entryPoint.address + entryPoint.bytes.length);
    expect(table.address + table.bytes.length).toBeLessThanOrEqual(0x100000);
  });

  it('has the lengths of the specification, one handle each and an end', () => {
    const { structures } = build(4 * GIB);
    expect(structures.map(({ type, formatted }) => [type, formatted.byteLength])).toEqual([
      [0, 0x1a],
      [1, 0x1b],
      [3, 0x16],
      [16, 0x17],
      [17, 0x28],
      [19, 0x1f],
      [19, 0x1f],
      [32, 0x0b],
      [127, 4],
    ]);
    expect(new Set(structures.map(({ handle }) => handle)).size).toBe(structures.length);
  });

  it('names maker, product and a firmware date with a four-digit year', () => {
    const { ofType } = build(512 * MIB);
    const [firmware] = ofType(0);
    expect(firmware.strings[firmware.formatted.getUint8(8) - 1]).toMatch(/^\d\d\/\d\d\/\d{4}$/);
    const [system] = ofType(1);
    expect(system.strings[system.formatted.getUint8(4) - 1]).toBe('longmode');
    expect(system.strings[system.formatted.getUint8(5) - 1]).toBe('x86-64 virtual machine');
  });

  it.each([512 * MIB, 5 * GIB, 40 * GIB])('adds up to %d bytes of memory', (size) => {
    const { ofType } = build(size);
    const [array] = ofType(16);
    expect(array.formatted.getUint32(7, true)).toBe(size / 1024);
    const [device] = ofType(17);
    const mebibytes = device.formatted.getUint16(0x0c, true);
    expect(mebibytes === 0x7fff ? device.formatted.getUint32(0x1c, true) : mebibytes).toBe(size / MIB);
    expect(device.formatted.getUint16(4, true)).toBe(array.handle);
    const mapped = ofType(19).map(({ formatted }) => {
      return formatted.getUint32(8, true) + 1 - formatted.getUint32(4, true);
    });
    expect(mapped.reduce((total, kibibytes) => total + kibibytes, 0)).toBe(size / 1024);
    expect(ofType(19).every(({ formatted }) => formatted.getUint16(12, true) === array.handle)).toBe(true);
  });
});
