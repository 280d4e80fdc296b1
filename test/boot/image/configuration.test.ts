import { describe, expect, it } from 'vitest';
import { tellPowerManagementPort } from '../../../src/boot/image/acpi-loader.ts';
import { buildConfiguration } from '../../../src/boot/image/configuration.ts';
import { checkImage, placeLowPart } from '../../../src/boot/image/image.ts';
import { FlatMemory, makeBzImage } from '../guest-fixtures.ts';

const MIB = 2 ** 20;
const memorySize = 64 * MIB;
const NAME = 56;

const build = (kernel?: Uint8Array) =>
  buildConfiguration({
    kernel,
    modules: [{ data: new Uint8Array(5000).fill(7) }],
    commandLine: 'quiet',
    memorySize,
  });

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes).replace(/\0.*$/s, '');
const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const sum = (bytes: Uint8Array): number => bytes.reduce((total, byte) => (total + byte) & 0xff, 0);

function file(name: string, kernel?: Uint8Array): Uint8Array {
  const found = build(kernel).files.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no file ${name}`);
  return found.data;
}

/** Does what firmware does with the script. Returns memory, and where the files are. */
function runLoader() {
  const memory = new Uint8Array(MIB);
  const places = new Map<string, number>();
  let next = 0x1000;
  const script = file('etc/table-loader');
  for (let at = 0; at < script.length; at += 128) {
    const command = script.subarray(at, at + 128);
    const view = viewOf(command);
    const name = text(command.subarray(4, 4 + NAME));
    const start = places.get(name) ?? 0;
    if (view.getUint32(0, true) === 1) {
      const data = file(name);
      next = Math.ceil(next / view.getUint32(60, true)) * view.getUint32(60, true);
      memory.set(data, next);
      places.set(name, next);
      next += data.length;
    } else if (view.getUint32(0, true) === 2) {
      const target = places.get(text(command.subarray(60, 60 + NAME))) as number;
      const field = start + view.getUint32(116, true);
      const low = viewOf(memory).getUint32(field, true);
      viewOf(memory).setUint32(field, low + target, true);
      expect([4, 8]).toContain(view.getUint8(120));
    } else {
      const [result = 0, from = 0, length = 0] = [60, 64, 68].map((offset) => view.getUint32(offset, true));
      memory[start + result] = -sum(memory.subarray(start + from, start + from + length));
    }
  }
  return { memory, rsdp: places.get('etc/acpi/rsdp') as number };
}

describe('the configuration', () => {
  it('tells of RAM and what is reserved', () => {
    const view = viewOf(file('etc/e820'));
    const entries = Array.from({ length: view.byteLength / 20 }, (_, index) => [
      Number(view.getBigUint64(index * 20, true)),
      Number(view.getBigUint64(index * 20 + 8, true)),
      view.getUint32(index * 20 + 16, true),
    ]);
    expect(entries[0]).toEqual([0, memorySize, 1]);
    expect(entries).toContainEqual([0xe0000000, MIB, 2]);
    expect(entries.filter(([, , type]) => type === 1)).toHaveLength(1);
  });

  it('has ACPI tables that a script puts in their place', () => {
    const { memory, rsdp } = runLoader();
    const view = viewOf(memory);
    const u32 = (address: number) => view.getUint32(address, true);
    const table = (address: number) => memory.subarray(address, address + u32(address + 4));
    expect(text(memory.subarray(rsdp, rsdp + 8))).toBe('RSD PTR ');
    expect(sum(memory.subarray(rsdp, rsdp + 20))).toBe(0);
    expect(sum(memory.subarray(rsdp, rsdp + 36))).toBe(0);
    const xsdt = u32(rsdp + 24);
    expect(sum(table(xsdt))).toBe(0);
    const listed = Array.from({ length: (u32(xsdt + 4) - 36) / 8 }, (_, index) => u32(xsdt + 36 + 8 * index));
    expect(listed.map((address) => text(memory.subarray(address, address + 4)))).toEqual([
      'FACP',
      'APIC',
      'HPET',
      'MCFG',
    ]);
    for (const address of listed) expect(sum(table(address))).toBe(0);
    const [fadt = 0] = listed;
    expect(text(memory.subarray(u32(fadt + 36), u32(fadt + 36) + 4))).toBe('FACS');
    expect(u32(fadt + 36) % 64).toBe(0);
    expect(text(memory.subarray(u32(fadt + 40), u32(fadt + 40) + 4))).toBe('DSDT');
    expect(u32(fadt + 140)).toBe(u32(fadt + 40));
  });

  it('tells where the power management registers are, also when they have moved', () => {
    const { files } = build();
    const tables = files.find(({ name }) => name === 'etc/acpi/tables')?.data as Uint8Array;
    const before = tables.slice();
    tellPowerManagementPort(files, 0xb000);
    const fadt = Buffer.from(tables).indexOf('FACP');
    const blocks = [56, 64, 76, 80].map((offset) => viewOf(tables).getUint32(fadt + offset, true));
    expect(blocks).toEqual([0xb000, 0xb004, 0xb008, 0xb00c]);
    // A descriptor of 40H ports.
    expect(Buffer.from(tables).includes(Uint8Array.of(0x47, 1, 0, 0xb0, 0, 0xb0, 1, 0x40))).toBe(true);
    expect(Buffer.from(before).includes(Uint8Array.of(0x47, 1, 0, 6, 0, 6, 1, 0x40))).toBe(true);
    tellPowerManagementPort(files, 0x600);
    expect(tables).toEqual(before);
  });

  it('has the kernel in parts, whose header is filled in', () => {
    const kernel = makeBzImage();
    const { items } = build(kernel);
    const item = (number: number): Uint8Array => items.get(number) as Uint8Array;
    const u32 = (number: number): number => viewOf(item(number)).getUint32(0, true);
    expect(u32(0x08)).toBe(item(0x11).length);
    expect(u32(0x17) + u32(0x08)).toBe(kernel.length);
    expect([u32(0x07), u32(0x16), u32(0x13)]).toEqual([0x100000, 0x10000, 0x20000]);
    expect(text(item(0x15))).toBe('quiet');
    expect(item(0x18)[0x210]).toBe(0xff);
    // Below what a BIOS takes for itself.
    expect(u32(0x0a)).toBe(63 * MIB - 0x2000);
    expect(item(0x12)).toHaveLength(5000);
  });

  it('has an option ROM with sums that are 0, for a BIOS to start the kernel', () => {
    const rom = file('genroms/linux.bin', makeBzImage());
    expect([...rom.subarray(0, 3)]).toEqual([0x55, 0xaa, 1]);
    expect(sum(rom)).toBe(0);
    const expansion = viewOf(rom).getUint16(0x1a, true);
    expect(text(rom.subarray(expansion, expansion + 4))).toBe('$PnP');
    expect(sum(rom.subarray(expansion, expansion + 32))).toBe(0);
    expect(build().files.some(({ name }) => name.startsWith('genroms/'))).toBe(false);
  });
});

describe('a firmware image', () => {
  it('has its last 128 KiB below 1 MiB, too', () => {
    const memory = new FlatMemory(2 * MIB);
    placeLowPart(
      memory,
      Uint8Array.from({ length: 256 * 1024 }, (_, at) => at >> 12),
    );
    expect([memory.bytes[0xdffff], memory.bytes[0xe0000], memory.bytes[0xfffff]]).toEqual([0, 32, 63]);
    placeLowPart(memory, new Uint8Array(64 * 1024).fill(1));
    expect([memory.bytes[0xeffff], memory.bytes[0xf0000]]).toEqual([47, 1]);
  });

  it.each([0x8000, 0x10001, 17 * MIB])('cannot have %i bytes', (size) => {
    expect(() => checkImage(new Uint8Array(size))).toThrow(/64 KiB to 16 MiB in pages of 4 KiB/);
  });
});
