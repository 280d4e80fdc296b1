import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildAcpiTables } from '../../../src/boot/acpi/tables.ts';
import { buildE820, E820_ACPI, E820_NVS, E820_RESERVED } from '../../../src/boot/e820.ts';
import { Hpet } from '../../../src/devices/hpet.ts';
import { Bench, ProbeLine } from '../../devices/device-bench.ts';

const RAM_TOP = 0x20000000;
/** Offset of a register of the HPET. */
const CAPABILITIES = 0;

function hpetDevice(): Hpet {
  const clock = new Bench();
  return new Hpet({ clock, timers: clock.timers, lines: () => new ProbeLine() });
}

function build(cpuCount = 1) {
  const { rsdpAddress, regions } = buildAcpiTables({ cpuCount, ramTop: RAM_TOP });
  const at = (address: number) => {
    const region = regions.find(
      (candidate) => address >= candidate.address && address < candidate.address + candidate.bytes.length,
    );
    if (region === undefined) throw new Error(`nothing at ${address.toString(16)}`);
    if (address === rsdpAddress) return region.bytes;
    const table = region.bytes.subarray(address - region.address);
    return table.subarray(0, view(table).getUint32(4, true));
  };
  const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (bytes: Uint8Array, start: number, length: number) =>
    new TextDecoder().decode(bytes.subarray(start, start + length));
  const xsdt = at(Number(view(at(rsdpAddress)).getBigUint64(24, true)));
  const tables = new Map<string, Uint8Array>();
  for (let offset = 36; offset < xsdt.length; offset += 8) {
    const table = at(Number(view(xsdt).getBigUint64(offset, true)));
    tables.set(text(table, 0, 4), table);
  }
  const table = (signature: string) => {
    const bytes = tables.get(signature);
    if (bytes === undefined) throw new Error(`no ${signature}`);
    return bytes;
  };
  return { rsdpAddress, regions, at, view, text, xsdt, tables, table };
}

const sum = (bytes: Uint8Array) => bytes.reduce((total, byte) => (total + byte) & 0xff, 0);

describe('buildAcpiTables', () => {
  it('has a revision 2 root pointer where a search finds it', () => {
    const { rsdpAddress, at, view, text } = build();
    const rsdp = at(rsdpAddress);
    expect(rsdpAddress % 16).toBe(0);
    expect(rsdpAddress).toBeGreaterThanOrEqual(0xe0000);
    expect(rsdpAddress + rsdp.length).toBeLessThanOrEqual(0x100000);
    expect(text(rsdp, 0, 8)).toBe('RSD PTR ');
    expect([rsdp[15], rsdp.length, view(rsdp).getUint32(20, true)]).toEqual([2, 36, 36]);
    expect([sum(rsdp.subarray(0, 20)), sum(rsdp)]).toEqual([0, 0]);
  });

  it('lists tables with right lengths and checksums', () => {
    const { tables, xsdt, at, view, table } = build();
    expect([...tables.keys()].sort()).toEqual(['APIC', 'FACP', 'HPET', 'MCFG']);
    const dsdt = at(view(table('FACP')).getUint32(40, true));
    for (const bytes of [...tables.values(), xsdt, dsdt]) {
      expect(view(bytes).getUint32(4, true)).toBe(bytes.length);
      expect(sum(bytes)).toBe(0);
    }
  });

  it('keeps every region in the part of the memory map meant for it, without overlaps', () => {
    const { regions, text } = build(255);
    const map = buildE820(RAM_TOP);
    const sorted = [...regions].sort((a, b) => a.address - b.address);
    sorted.forEach(({ address, bytes }, index) => {
      const entry = map.find((item) => address >= item.address && address < item.address + item.length);
      const types: Record<string, number> = { FACS: E820_NVS, 'RSD ': E820_RESERVED };
      expect(entry?.type).toBe(types[text(bytes, 0, 4)] ?? E820_ACPI);
      const limit = sorted[index + 1]?.address ?? RAM_TOP;
      expect(address + bytes.length).toBeLessThanOrEqual(limit);
    });
  });

  it('describes the fixed hardware in the FADT', () => {
    const { table, view, at, text } = build();
    const fadt = table('FACP');
    const fields = view(fadt);
    expect([fadt.length, fadt[8]]).toEqual([276, 6]);
    const facs = at(fields.getUint32(36, true));
    expect(text(facs, 0, 4)).toBe('FACS');
    expect(fields.getUint32(36, true) % 64).toBe(0);
    expect(fields.getBigUint64(140, true)).toBe(BigInt(fields.getUint32(40, true)));
    expect(fields.getUint16(46, true)).toBe(9);
    expect(fields.getUint32(48, true)).toBe(0);
    expect([56, 64, 76, 80].map((offset) => fields.getUint32(offset, true))).toEqual([
      0x600, 0x604, 0x608, 0x60c,
    ]);
    expect([88, 89, 91, 92].map((offset) => fadt[offset])).toEqual([4, 2, 4, 4]);
    // 32-bit and 64-bit descriptions of a register must agree in address and width.
    for (const [offset, port, width] of [
      [148, 0x600, 32],
      [172, 0x604, 16],
      [208, 0x608, 32],
      [220, 0x60c, 32],
    ]) {
      expect([fadt[offset], fadt[offset + 1]]).toEqual([1, width]);
      expect(fields.getBigUint64(offset + 4, true)).toBe(BigInt(port));
    }
    const bootFlags = fields.getUint16(109, true);
    expect(bootFlags & 0x26).toBe(0x04);
    const flags = fields.getUint32(112, true);
    expect(flags & (1 << 20)).toBe(0);
    expect(flags & (1 << 4)).toBe(0);
    expect(flags & (1 << 10)).not.toBe(0);
    expect(flags & (1 << 8), 'TMR_VAL_EXT').not.toBe(0);
    expect([...fadt.subarray(116, 129)]).toEqual([1, 8, 0, 1, 0xf9, 0x0c, 0, 0, 0, 0, 0, 0, 6]);
  });

  it('describes processors and interrupt routing in the MADT', () => {
    const { table, view } = build(3);
    const madt = table('APIC');
    const entries: number[][] = [];
    for (let offset = 44; offset < madt.length; offset += madt[offset + 1]) {
      entries.push([...madt.subarray(offset, offset + madt[offset + 1])]);
    }
    expect(view(madt).getUint32(36, true)).toBe(0xfee00000);
    expect(entries).toEqual([
      [0, 8, 0, 0, 1, 0, 0, 0],
      [0, 8, 1, 1, 1, 0, 0, 0],
      [0, 8, 2, 2, 1, 0, 0, 0],
      [1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0],
      [2, 10, 0, 0, 2, 0, 0, 0, 0, 0],
      [2, 10, 0, 9, 9, 0, 0, 0, 0x0d, 0],
      [4, 6, 0xff, 0, 0, 1],
    ]);
    expect(() => build(0)).toThrow(RangeError);
    expect(() => build(256)).toThrow(RangeError);
  });

  it('gives the addresses of HPET and ECAM', () => {
    const { table, view } = build();
    const hpet = view(table('HPET'));
    expect(hpet.getUint32(36, true)).toBe(hpetDevice().readMmio(CAPABILITIES, 4));
    expect(hpet.getUint8(40)).toBe(0);
    expect(hpet.getBigUint64(44, true)).toBe(0xfed00000n);
    expect(table('HPET').length).toBe(56);
    const mcfg = view(table('MCFG'));
    expect(table('MCFG').length).toBe(60);
    expect(mcfg.getBigUint64(44, true)).toBe(0xe0000000n);
    // Bus 0 alone, as there is no bridge: Linux looks for devices on all others that might be there.
    expect([mcfg.getUint16(52, true), mcfg.getUint8(54), mcfg.getUint8(55)]).toEqual([0, 0, 0]);
  });

  const withoutIasl = spawnSync('iasl', ['-v']).error !== undefined;
  it.skipIf(withoutIasl)(
    'is disassembled and compiled again by iasl (skipped where iasl is not installed)',
    () => {
      const { at, view, table } = build();
      const folder = mkdtempSync(join(tmpdir(), 'longmode-acpi-'));
      try {
        writeFileSync(join(folder, 'dsdt.aml'), at(view(table('FACP')).getUint32(40, true)));
        execFileSync('iasl', ['-d', 'dsdt.aml'], { cwd: folder, stdio: 'pipe' });
        const source = readFileSync(join(folder, 'dsdt.dsl'), 'utf8');
        for (const part of [
          'Device (PCI0)',
          'EisaId ("PNP0501")',
          'Name (\\_S5',
          'Method (_OSC, 4, Serialized)',
        ]) {
          expect(source).toContain(part);
        }
        const report = execFileSync('iasl', ['dsdt.dsl'], { cwd: folder, encoding: 'utf8' });
        expect(report).toMatch(/0 Errors, 0 Warnings, 0 Remarks/);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});
