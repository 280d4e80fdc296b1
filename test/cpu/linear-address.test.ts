import { describe, expect, it } from 'vitest';
import { type AddressSpace, readLinear } from '../../src/cpu/linear-address.ts';
import { CR0, CR3, CR4, MSR_EFER } from '../../src/layout/cpu-state.ts';

/** Host offset of the page frame 0. */
const RAM = 0x4000;
const PAGES = 64;

const PG = 1n << 31n;
const PSE = 1n << 4n;
const PAE = 1n << 5n;
const LA57 = 1n << 12n;
const LMA = 1n << 10n;
const PRESENT = 1;
const LARGE = 1 << 7;

/** 64 pages of RAM from physical address 0; byte n of page p is p + n. */
function makeSpace(registers: Readonly<Record<number, bigint>>) {
  const u8 = new Uint8Array(RAM + PAGES * 4096);
  for (let page = 32; page < PAGES; page++) {
    for (let i = 0; i < 4096; i++) u8[RAM + page * 4096 + i] = page + i;
  }
  const view = new DataView(u8.buffer);
  const space: AddressSpace = {
    u64: (offset) => registers[offset] ?? 0n,
    views: { u8 },
    runtime: { hostPageAddress: (page) => (page < PAGES ? RAM + page * 4096 : 0) },
  };
  return {
    space,
    entry8: (table: number, index: number, value: number) =>
      view.setBigUint64(RAM + table * 4096 + index * 8, BigInt(value), true),
    entry4: (table: number, index: number, value: number) =>
      view.setUint32(RAM + table * 4096 + index * 4, value, true),
  };
}

const bytes = (...values: number[]) => Uint8Array.from(values);

describe('readLinear', () => {
  it('takes linear for physical addresses without paging', () => {
    const { space } = makeSpace({});
    expect(readLinear(space, 0x2_1005n, 3)).toEqual(bytes(0x21 + 5, 0x21 + 6, 0x21 + 7));
    expect(readLinear(space, 0x1_0002_1005n, 1)).toEqual(bytes(0x26));
  });

  it('walks four levels, across a page boundary, as far as there are pages', () => {
    const { space, entry8 } = makeSpace({ [CR0]: PG, [CR4]: PAE, [MSR_EFER]: LMA, [CR3]: 0x1000n });
    entry8(1, 511, 0x2000 | PRESENT);
    entry8(2, 510, 0x3000 | PRESENT);
    entry8(3, 0, 0x4000 | PRESENT);
    entry8(4, 0, 0x2_8000 | PRESENT);
    entry8(4, 1, 0x3_0000 | PRESENT);
    const start = 0xffff_ffff_8000_0000n;
    expect(readLinear(space, start + 0xffen, 4)).toEqual(bytes(0x26, 0x27, 0x30, 0x31));
    expect(readLinear(space, start + 0x1ffen, 4)).toEqual(bytes(0x2e, 0x2f));
    expect(readLinear(space, 0n, 4)).toEqual(bytes());
  });

  it('walks five levels and large pages', () => {
    const { space, entry8 } = makeSpace({ [CR0]: PG, [CR4]: PAE | LA57, [MSR_EFER]: LMA, [CR3]: 0x1000n });
    entry8(1, 0, 0x2000 | PRESENT);
    entry8(2, 0, 0x3000 | PRESENT);
    // 1 GiB at 0; 2 MiB at 1 GiB.
    entry8(3, 0, PRESENT | LARGE);
    entry8(3, 1, 0x4000 | PRESENT);
    entry8(4, 0, PRESENT | LARGE | (1 << 12));
    expect(readLinear(space, 0x2_3001n, 1)).toEqual(bytes(0x24));
    expect(readLinear(space, 0x4002_3001n, 1)).toEqual(bytes(0x24));
  });

  it('walks the tables of 32-bit paging with and without PAE', () => {
    const pae = makeSpace({ [CR0]: PG, [CR4]: PAE, [CR3]: 0x1020n });
    pae.entry8(1, 4 + 3, 0x2000 | PRESENT);
    pae.entry8(2, 0, 0x3000 | PRESENT);
    pae.entry8(3, 1, 0x2_8000 | PRESENT);
    expect(readLinear(pae.space, 0xc000_1003n, 1)).toEqual(bytes(0x2b));

    const legacy = makeSpace({ [CR0]: PG, [CR4]: PSE, [CR3]: 0x1000n });
    legacy.entry4(1, 0x300, 0x2000 | PRESENT);
    legacy.entry4(2, 1, 0x2_8000 | PRESENT);
    legacy.entry4(1, 0x301, PRESENT | LARGE);
    expect(readLinear(legacy.space, 0xc000_1003n, 1)).toEqual(bytes(0x2b));
    expect(readLinear(legacy.space, 0xc042_1003n, 1)).toEqual(bytes(0x24));
    expect(readLinear(legacy.space, 0xc080_0000n, 1)).toEqual(bytes());
  });

  it('ends where the RAM ends', () => {
    const { space } = makeSpace({});
    expect(readLinear(space, 0x3_fffen, 4)).toHaveLength(2);
  });
});
