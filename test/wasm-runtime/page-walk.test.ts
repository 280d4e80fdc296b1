/** Intel SDM Vol. 3 "Paging": translation, access rights, error codes, accessed and dirty flags. */
import { beforeEach, describe, expect, test } from 'vitest';
import { CR0, CR3, CR4, MSR_EFER } from '../../src/layout/cpu-state.ts';
import { VIEW_SUPERVISOR, VIEW_SUPERVISOR_AC, VIEW_USER } from '../../src/layout/tlb.ts';
import {
  A,
  CR0_PE,
  CR0_PG,
  CR0_WP,
  CR4_LA57,
  CR4_PAE,
  CR4_PGE,
  CR4_PSE,
  CR4_SMAP,
  CR4_SMEP,
  D,
  EFER_LONG,
  EFER_NXE,
  G,
  MemoryRuntime,
  NX,
  P,
  PS,
  U,
  W,
} from './memory-runtime.ts';

const READ = 0;
const WRITE = 2;
const FETCH = 16;
const NON_CANONICAL = -1;
const LA = 0x7654_3210_9000n;
const KERNEL = 0xffff_8880_1234_5000n;

let runtime: MemoryRuntime;
beforeEach(() => {
  runtime = MemoryRuntime.create();
});

/** The physical address a permitted access leads to. */
function walk(la: bigint, view: number, access: number): bigint {
  expect(runtime.exports.walk(la, view, access), `walk of ${la.toString(16)}`).toBe(1);
  return runtime.exports.walkAddress.value;
}

/** The error code of a forbidden access. */
function error(la: bigint, view: number, access: number): number {
  expect(runtime.exports.walk(la, view, access), `walk of ${la.toString(16)}`).toBe(0);
  return runtime.exports.walkError.value;
}

test('paging off: linear addresses are physical, 32 bits', () => {
  expect(walk(0x1_0012_3456n, VIEW_SUPERVISOR, WRITE)).toBe(0x12_3456n);
});

describe('4-level paging', () => {
  beforeEach(() => runtime.enableLongMode());

  test('page sizes', () => {
    runtime.map(LA, 0x20_3000n, P | W | U);
    runtime.map(KERNEL & ~0x1f_ffffn, 0xa0_0000n, P | W | PS, 21n);
    runtime.map(0xffff_c000_4000_0000n, 0x80_c000_0000n, P | W | PS, 30n);
    expect(walk(LA + 0x123n, VIEW_USER, READ)).toBe(0x20_3123n);
    expect(walk(KERNEL + 0x678n, VIEW_SUPERVISOR, READ)).toBe(0xa0_0000n + (KERNEL & 0x1f_ffffn) + 0x678n);
    expect(walk(0xffff_c000_4765_4321n, VIEW_SUPERVISOR, READ)).toBe(0x80_c765_4321n);
  });

  test('bit 12 of a large page is PAT, not address', () => {
    runtime.map(0x20_0000n, 0x60_0000n | 0x1000n, P | PS, 21n);
    expect(walk(0x20_0000n, VIEW_SUPERVISOR, READ)).toBe(0x60_0000n);
  });

  test('error code of a page that is not present', () => {
    expect(error(LA, VIEW_SUPERVISOR, READ)).toBe(0);
    expect(error(LA, VIEW_SUPERVISOR, WRITE)).toBe(2);
    expect(error(LA, VIEW_USER, READ)).toBe(4);
    expect(error(LA, VIEW_USER, WRITE)).toBe(6);
    expect(error(LA, VIEW_USER, FETCH)).toBe(0x14);
  });

  test('I/D is reported only with NXE or SMEP', () => {
    runtime.setState64(MSR_EFER, EFER_LONG);
    expect(error(LA, VIEW_SUPERVISOR, FETCH)).toBe(0);
    runtime.setState64(CR4, CR4_PAE | CR4_SMEP);
    expect(error(LA, VIEW_SUPERVISOR, FETCH)).toBe(0x10);
  });

  test('addresses that are not canonical', () => {
    expect(error(0x8000_0000_0000n, VIEW_SUPERVISOR, READ)).toBe(NON_CANONICAL);
    expect(error(0xffff_7fff_ffff_f000n, VIEW_USER, FETCH)).toBe(NON_CANONICAL);
    expect(error(0x7fff_ffff_ffffn, VIEW_SUPERVISOR, READ)).toBe(0);
    expect(error(0xffff_8000_0000_0000n, VIEW_SUPERVISOR, READ)).toBe(0);
  });

  test('user accesses need U/S at every level', () => {
    runtime.map(LA, 0x20_0000n, P | W);
    expect(error(LA, VIEW_USER, READ)).toBe(5);
    expect(error(LA, VIEW_USER, WRITE)).toBe(7);
    expect(error(LA, VIEW_USER, FETCH)).toBe(0x15);
    expect(walk(LA, VIEW_SUPERVISOR, WRITE)).toBe(0x20_0000n);
    runtime.map(0x40_0000n, 0x20_0000n, P | W | U, 12n, P | W);
    expect(error(0x40_0000n, VIEW_USER, READ)).toBe(5);
  });

  test('read-only pages and WP', () => {
    runtime.map(LA, 0x20_0000n, P | U);
    expect(walk(LA, VIEW_USER, READ)).toBe(0x20_0000n);
    expect(error(LA, VIEW_USER, WRITE)).toBe(7);
    expect(error(LA, VIEW_SUPERVISOR, WRITE)).toBe(3);
    runtime.setState64(CR0, CR0_PE | CR0_PG);
    expect(walk(LA, VIEW_SUPERVISOR, WRITE)).toBe(0x20_0000n);
    expect(error(LA, VIEW_USER, WRITE)).toBe(7);
  });

  test('read-only table entries', () => {
    runtime.map(LA, 0x20_0000n, P | W | U, 12n, P | U);
    expect(error(LA, VIEW_USER, WRITE)).toBe(7);
  });

  test('no-execute, and reserved without NXE', () => {
    runtime.map(LA, 0x20_0000n, P | W | U | NX);
    expect(walk(LA, VIEW_USER, WRITE)).toBe(0x20_0000n);
    expect(error(LA, VIEW_USER, FETCH)).toBe(0x15);
    expect(error(LA, VIEW_SUPERVISOR, FETCH)).toBe(0x11);
    runtime.setState64(MSR_EFER, EFER_LONG);
    expect(error(LA, VIEW_USER, READ)).toBe(0xd);
  });

  test('SMEP and SMAP', () => {
    runtime.map(LA, 0x20_0000n, P | W | U);
    expect(walk(LA, VIEW_SUPERVISOR, FETCH)).toBe(0x20_0000n);
    runtime.setState64(CR4, CR4_PAE | CR4_SMEP | CR4_SMAP);
    expect(error(LA, VIEW_SUPERVISOR, FETCH)).toBe(0x11);
    expect(error(LA, VIEW_SUPERVISOR_AC, FETCH)).toBe(0x11);
    expect(error(LA, VIEW_SUPERVISOR, READ)).toBe(1);
    expect(error(LA, VIEW_SUPERVISOR, WRITE)).toBe(3);
    expect(walk(LA, VIEW_SUPERVISOR_AC, WRITE)).toBe(0x20_0000n);
    expect(walk(LA, VIEW_USER, FETCH)).toBe(0x20_0000n);
  });

  test('reserved bits', () => {
    const pte = runtime.map(LA, 0x20_0000n, P | W | U);
    runtime.exports.writePhysical64(pte, 0x20_0000n | P | U | (1n << 40n));
    expect(error(LA, VIEW_USER, READ)).toBe(0xd);
    runtime.exports.writePhysical64(pte, 0x20_0000n | P | U | (1n << 52n));
    expect(walk(LA, VIEW_USER, READ)).toBe(0x20_0000n);
    runtime.map(0x20_0000n, 0x40_0000n | 0x2000n, P | U | PS, 21n);
    expect(error(0x20_0000n, VIEW_SUPERVISOR, WRITE)).toBe(0xb);
    runtime.map(0x40_0000_0000n, 0x20_0000n, P | U | PS, 30n);
    expect(error(0x40_0000_0000n, VIEW_USER, READ)).toBe(0xd);
    const pml4e = runtime.state64(CR3) + 0x80n;
    runtime.exports.writePhysical64(pml4e, 0x10_1000n | P | PS);
    expect(error(0x10n << 39n, VIEW_SUPERVISOR, READ)).toBe(9);
  });

  test('an absent entry wins over reserved bits', () => {
    runtime.map(LA, 0x20_0000n, (1n << 50n) | W);
    expect(error(LA, VIEW_SUPERVISOR, READ)).toBe(0);
  });

  test('accessed and dirty flags', () => {
    const pml4e = runtime.state64(CR3) + ((LA >> 39n) & 511n) * 8n;
    const pte = runtime.map(LA, 0x20_0000n, P | W | U);
    walk(LA, VIEW_USER, READ);
    expect(runtime.read64(pml4e) & (A | D)).toBe(A);
    expect(runtime.read64(pte) & (A | D)).toBe(A);
    expect(runtime.exports.walkRights.value & 8).toBe(0);
    walk(LA, VIEW_USER, WRITE);
    expect(runtime.read64(pml4e) & (A | D)).toBe(A);
    expect(runtime.read64(pte)).toBe(0x20_0000n | P | W | U | A | D);
    expect(runtime.exports.walkRights.value & 8).toBe(8);
    const pde = runtime.map(0x20_0000n, 0x40_0000n, P | W | PS, 21n);
    walk(0x20_0000n, VIEW_SUPERVISOR, WRITE);
    expect(runtime.read64(pde)).toBe(0x40_0000n | P | W | PS | A | D);
  });

  test('a faulting access leaves the dirty flag alone', () => {
    const pte = runtime.map(LA, 0x20_0000n, P | U);
    error(LA, VIEW_USER, WRITE);
    expect(runtime.read64(pte) & D).toBe(0n);
  });

  test('global pages only with PGE', () => {
    runtime.map(LA, 0x20_0000n, P | G);
    walk(LA, VIEW_SUPERVISOR, READ);
    expect(runtime.exports.walkRights.value & 16).toBe(0);
    runtime.setState64(CR4, CR4_PAE | CR4_PGE);
    walk(LA, VIEW_SUPERVISOR, READ);
    expect(runtime.exports.walkRights.value & 16).toBe(16);
  });

  test('tables outside RAM', () => {
    runtime.setState64(CR3, 0x100_0000n);
    expect(error(LA, VIEW_SUPERVISOR, READ)).toBe(9);
  });
});

describe('5-level paging', () => {
  const FAR = 0x00ab_8765_4321_0000n;
  const FAR_KERNEL = 0xff12_3456_789a_b000n;

  beforeEach(() => runtime.enableLongMode(CR4_LA57));

  test('translates 57 bits', () => {
    runtime.map(FAR, 0x20_3000n, P | W | U);
    runtime.map(FAR_KERNEL & ~0x1f_ffffn, 0x40_0000n, P | W | PS, 21n);
    expect(walk(FAR + 0x123n, VIEW_USER, READ)).toBe(0x20_3123n);
    expect(walk(FAR_KERNEL, VIEW_SUPERVISOR, WRITE)).toBe(0x40_0000n | (FAR_KERNEL & 0x1f_ffffn));
    // The same with another bit of the fifth level's index.
    expect(error(FAR ^ (1n << 48n), VIEW_USER, READ)).toBe(4);
  });

  test('only addresses beyond 57 bits are not canonical', () => {
    expect(error(0x0100_0000_0000_0000n, VIEW_SUPERVISOR, READ)).toBe(NON_CANONICAL);
    expect(error(0xfeff_ffff_ffff_f000n, VIEW_SUPERVISOR, READ)).toBe(NON_CANONICAL);
    expect(error(0x0000_8000_0000_0000n, VIEW_SUPERVISOR, READ)).toBe(0);
    runtime.setState64(CR4, CR4_PAE);
    expect(error(0x0000_8000_0000_0000n, VIEW_SUPERVISOR, READ)).toBe(NON_CANONICAL);
  });

  test('PS is reserved in the two upper levels; every level is marked accessed', () => {
    const pml4e = runtime.map(FAR, 0n, P | W | U | PS, 39n);
    expect(error(FAR, VIEW_USER, READ)).toBe(13);
    runtime.map(FAR, 0n, P | W | U | PS, 48n);
    expect(error(FAR, VIEW_USER, READ)).toBe(13);
    expect(runtime.read64(pml4e) & A).toBe(0n);
    runtime.map(FAR_KERNEL, 0x20_0000n, P | W);
    const pml5e = (runtime.state64(CR3) & ~0xfffn) + ((FAR_KERNEL >> 48n) & 511n) * 8n;
    walk(FAR_KERNEL, VIEW_SUPERVISOR, READ);
    expect(runtime.read64(pml5e) & A).toBe(A);
  });
});

describe('PAE paging', () => {
  const POINTERS = 0x10_0020n;
  const DIRECTORY = 0x10_1000n;
  const TABLE = 0x10_2000n;
  const la = 0x4060_7000n; // pointer 1, directory 3, table 7

  beforeEach(() => {
    const { exports } = runtime;
    runtime.setState64(CR0, CR0_PE | CR0_PG | CR0_WP);
    runtime.setState64(CR3, POINTERS);
    runtime.setState64(CR4, CR4_PAE);
    runtime.setState64(MSR_EFER, EFER_NXE);
    exports.writePhysical64(POINTERS + 8n, DIRECTORY | P);
    exports.writePhysical64(DIRECTORY + 24n, TABLE | P | W | U);
    exports.writePhysical64(TABLE + 56n, 0x3_2000_5000n | P | W | U);
  });

  test('translation, with the pointer entry granting everything', () => {
    expect(walk(la + 0x123n, VIEW_USER, WRITE)).toBe(0x3_2000_5123n);
    expect(runtime.read64(POINTERS + 8n)).toBe(DIRECTORY | P);
    expect(runtime.read64(TABLE + 56n) & (A | D)).toBe(A | D);
    expect(walk(la + (1n << 32n), VIEW_USER, READ)).toBe(0x3_2000_5000n);
  });

  test('2 MiB pages and no-execute', () => {
    runtime.exports.writePhysical64(DIRECTORY + 24n, BigInt.asUintN(64, 0x40_0000n | P | W | U | PS | NX));
    expect(walk(la, VIEW_USER, READ)).toBe(0x40_7000n);
    expect(error(la, VIEW_USER, FETCH)).toBe(0x15);
  });

  test('faults', () => {
    expect(error(0x8000_0000n, VIEW_USER, READ)).toBe(4);
    // Where other tables have protection keys and bits that are ignored.
    runtime.exports.writePhysical64(TABLE + 56n, 0x3_2000_5000n | P | W | U | (1n << 59n));
    expect(error(la, VIEW_USER, READ)).toBe(0xd);
    runtime.exports.writePhysical64(POINTERS + 8n, DIRECTORY | P | W);
    expect(error(la, VIEW_SUPERVISOR, READ)).toBe(9);
  });
});

describe('32-bit paging', () => {
  const DIRECTORY = 0x10_0000n;
  const TABLE = 0x10_1000n;
  const la = 0xc040_3000n; // directory 769, table 3

  const write32 = (pa: bigint, value: bigint) => runtime.write32(pa, Number(value));
  const read32 = (pa: bigint) => BigInt(runtime.read32(pa));

  beforeEach(() => {
    runtime.setState64(CR0, CR0_PE | CR0_PG | CR0_WP);
    runtime.setState64(CR3, DIRECTORY);
    write32(DIRECTORY + 769n * 4n, TABLE | P | W | U);
    write32(TABLE + 12n, 0x20_5000n | P | W | U);
  });

  test('translation, accessed and dirty flags', () => {
    expect(walk(la + 4n, VIEW_USER, READ)).toBe(0x20_5004n);
    expect(read32(DIRECTORY + 769n * 4n) & (A | D)).toBe(A);
    expect(read32(TABLE + 12n) & (A | D)).toBe(A);
    walk(la, VIEW_USER, WRITE);
    expect(read32(TABLE + 12n) & (A | D)).toBe(A | D);
    expect(read32(TABLE + 16n)).toBe(0n);
  });

  test('4 MiB pages with 40-bit addresses', () => {
    const entry = 0x0040_0000n | (0x12n << 13n) | P | W | U | PS;
    write32(DIRECTORY + 4n, entry);
    // Without CR4.PSE, bit 7 is ignored and the entry refers to a page table, an empty one here.
    expect(error(0x41_2345n, VIEW_USER, READ)).toBe(4);
    runtime.setState64(CR4, CR4_PSE);
    expect(walk(0x41_2345n, VIEW_USER, WRITE)).toBe(0x12_0041_2345n);
    expect(read32(DIRECTORY + 4n)).toBe(entry | A | D);
    write32(DIRECTORY + 4n, entry | (1n << 21n));
    expect(error(0x41_2345n, VIEW_USER, READ)).toBe(0xd);
  });

  test('faults', () => {
    expect(error(0n, VIEW_USER, WRITE)).toBe(6);
    expect(error(la + 0x1000n, VIEW_SUPERVISOR, FETCH)).toBe(0);
    write32(TABLE + 12n, 0x20_5000n | P | W);
    expect(error(la, VIEW_USER, READ)).toBe(5);
    write32(DIRECTORY + 769n * 4n, TABLE | P | U);
    expect(error(la, VIEW_SUPERVISOR, WRITE)).toBe(3);
  });
});
