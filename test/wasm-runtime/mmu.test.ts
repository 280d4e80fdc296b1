import { beforeEach, describe, expect, test } from 'vitest';
import { CPU_STATE, TLB_BASE } from '../../src/layout/linear-memory.ts';
import { BOUNCE, CURRENT_RECORD, EVENT_FAULT, TLB_NON_GLOBAL_COUNT } from '../../src/layout/runtime-state.ts';
import {
  TLB_ADDEND,
  TLB_ENTRIES,
  TLB_ENTRY_SIZE,
  TLB_EXEC_TAG,
  TLB_PAGE_MASK,
  TLB_PHYSICAL_PAGE,
  TLB_READ_TAG,
  TLB_TABLE_SIZE,
  TLB_WRITE_TAG,
  VIEW_SUPERVISOR,
  VIEW_SUPERVISOR_AC,
  VIEW_USER,
} from '../../src/layout/tlb.ts';
import { CR4_PGE, CR4_SMAP, D, G, MemoryRuntime, NX, P, PS, U, W } from './memory-runtime.ts';

const BUFFER = CPU_STATE + BOUNCE;
const RECORD = 0x20_0040;
/** Two consecutive linear pages on physical pages far apart, then one of a device, then none. */
const LA = 0x5555_0000_0000n;
const FIRST = 0x20_7000n;
const SECOND = 0x40_3000n;
const DEVICE = 0xfee0_0000n;
const ALL = P | W | U | D;

let runtime: MemoryRuntime;
beforeEach(() => {
  runtime = MemoryRuntime.create();
  runtime.enableLongMode();
  runtime.map(LA, FIRST, ALL);
  runtime.map(LA + 0x1000n, SECOND, ALL);
  runtime.map(LA + 0x2000n, DEVICE, ALL);
});

/** The inline probe of compiled code. */
function probe(la: bigint, size: number, tag: number, view: number): number | undefined {
  const entry = entryOf(la, view);
  const page = (la + BigInt(size) - 1n) & ~0xfffn;
  if (runtime.view.getBigInt64(entry + tag, true) !== BigInt.asIntN(64, page)) return undefined;
  return (Number(la & 0xffff_ffffn) + runtime.view.getInt32(entry + TLB_ADDEND, true)) >>> 0;
}

function entryOf(la: bigint, view: number): number {
  return TLB_BASE + view * TLB_TABLE_SIZE + Number((la >> 12n) & BigInt(TLB_ENTRIES - 1)) * TLB_ENTRY_SIZE;
}

/** Views in which the page of `la` can be accessed without a walk, for one tag. */
function views(la: bigint, tag: number): number[] {
  return [VIEW_USER, VIEW_SUPERVISOR, VIEW_SUPERVISOR_AC].filter(
    (view) => probe(la, 1, tag, view) !== undefined,
  );
}

describe('fill', () => {
  test('gives the host address and lets the inline probe hit', () => {
    const { exports } = runtime;
    const host = exports.hostAddress(FIRST + 0x10n);
    expect(exports.fillRead(LA + 0x10n, 8)).toBe(host);
    expect(probe(LA + 0x10n, 8, TLB_READ_TAG, VIEW_SUPERVISOR)).toBe(host);
    expect(probe(LA + 0xff9n, 8, TLB_READ_TAG, VIEW_SUPERVISOR)).toBeUndefined();
    const word = runtime.view.getUint32(entryOf(LA, VIEW_SUPERVISOR) + TLB_PHYSICAL_PAGE, true);
    expect(word & TLB_PAGE_MASK).toBe(Number(FIRST >> 12n));
  });

  test('works for addresses of the upper half', () => {
    const la = 0xffff_ffff_8100_2000n;
    runtime.map(la, FIRST, P | W | D);
    const host = runtime.exports.hostAddress(FIRST + 4n);
    expect(runtime.exports.fillWrite(la + 4n, 4)).toBe(host);
    expect(probe(la + 4n, 4, TLB_WRITE_TAG, VIEW_SUPERVISOR)).toBe(host);
  });

  test('refuses, without raising, what is not RAM in one page', () => {
    const { exports } = runtime;
    expect(exports.fillRead(LA + 0xffdn, 4)).toBe(0);
    expect(exports.fillRead(LA + 0xffcn, 4)).not.toBe(0);
    expect(exports.fillRead(LA + 0x2000n, 4)).toBe(0);
    expect(exports.fillRead(LA + 0x3000n, 4)).toBe(0);
    expect(exports.fillRead(0x8000_0000_0000n, 4)).toBe(0);
    expect(exports.fillWrite(LA + 0x2000n, 4)).toBe(0);
    expect(views(LA + 0x2000n, TLB_READ_TAG)).toEqual([]);
    expect(runtime.mmio).toEqual([]);
  });

  test('the write tag waits for the dirty flag', () => {
    const pte = runtime.map(LA, FIRST, P | W | U);
    runtime.exports.fillRead(LA, 1);
    expect(views(LA, TLB_READ_TAG)).toEqual([VIEW_SUPERVISOR]);
    expect(views(LA, TLB_WRITE_TAG)).toEqual([]);
    expect(runtime.read64(pte) & D).toBe(0n);
    expect(runtime.exports.fillWrite(LA, 1)).not.toBe(0);
    expect(views(LA, TLB_WRITE_TAG)).toEqual([VIEW_SUPERVISOR]);
    expect(runtime.read64(pte) & D).toBe(D);
  });

  test('tags follow the rights of the view', () => {
    const { exports } = runtime;
    runtime.map(LA, FIRST, P | U | NX);
    runtime.setView(VIEW_USER);
    exports.fillRead(LA, 1);
    expect(views(LA, TLB_READ_TAG)).toEqual([VIEW_USER]);
    expect(views(LA, TLB_EXEC_TAG)).toEqual([]);
    expect(exports.fillWrite(LA, 1)).toBe(0);
    runtime.map(LA + 0x1000n, SECOND, P | W);
    expect(exports.fillRead(LA + 0x1000n, 1)).toBe(0);
  });

  test('SMAP keeps user pages out of the supervisor view until AC is set', () => {
    runtime.enableLongMode(CR4_SMAP);
    expect(runtime.exports.fillRead(LA, 1)).toBe(0);
    runtime.setView(VIEW_SUPERVISOR_AC);
    expect(runtime.exports.fillRead(LA, 1)).not.toBe(0);
    expect(views(LA, TLB_READ_TAG)).toEqual([VIEW_SUPERVISOR_AC]);
  });

  test('a page made writable is noticed without a flush', () => {
    const pte = runtime.map(LA, FIRST, P | U);
    expect(runtime.exports.fillRead(LA, 1)).not.toBe(0);
    expect(runtime.exports.fillWrite(LA, 1)).toBe(0);
    runtime.exports.writePhysical64(pte, FIRST | ALL);
    expect(runtime.exports.fillWrite(LA, 1)).not.toBe(0);
  });
});

describe('slow path', () => {
  const pageFault = (la: bigint, errorCode: number) => ({
    kind: EVENT_FAULT,
    vector: 14,
    errorCode,
    cr2: la,
    record: RECORD,
  });

  test('direct within a page of RAM', () => {
    const { exports } = runtime;
    const host = exports.hostAddress(FIRST + 0xff8n);
    expect(exports.slowRead(RECORD, LA + 0xff8n, 8)).toBe(host);
    expect(exports.slowWrite(RECORD, LA + 0xff8n, 8)).toBe(host);
    exports.finishWrite();
    expect(exports.tryReadWrite(RECORD, LA + 0xff8n, 8)).toBe(host);
  });

  test('page crossings', () => {
    const { exports } = runtime;
    exports.writePhysical64(FIRST + 0xff8n, 0x8877665544332211n);
    exports.writePhysical64(SECOND, 0xffeeddccbbaa9988n);
    expect(exports.slowRead(RECORD, LA + 0xffdn, 8)).toBe(BUFFER);
    expect(runtime.view.getBigUint64(BUFFER, true)).toBe(0xccbbaa9988887766n);

    expect(exports.slowWrite(RECORD, LA + 0xfffn, 4)).toBe(BUFFER);
    runtime.view.setUint32(BUFFER, 0x0403_0201, true);
    exports.finishWrite();
    expect(runtime.read64(FIRST + 0xff8n)).toBe(0x0177665544332211n);
    expect(runtime.read64(SECOND)).toBe(0xffeeddccbb040302n);

    expect(exports.tryReadWrite(RECORD, LA + 0xffen, 4)).toBe(BUFFER);
    expect(runtime.view.getUint32(BUFFER, true)).toBe(0x0302_0177);
    runtime.view.setUint32(BUFFER, 0, true);
    exports.finishWrite();
    expect(runtime.read64(FIRST + 0xff8n)).toBe(0x0000665544332211n);
    expect(runtime.read64(SECOND)).toBe(0xffeeddccbb040000n);
    // Nothing is left over for the next instruction.
    runtime.view.setUint32(BUFFER, 0xffff_ffff, true);
    exports.finishWrite();
    expect(runtime.read64(SECOND)).toBe(0xffeeddccbb040000n);
  });

  test('a direct write after a crossing one leaves nothing to finish', () => {
    const { exports } = runtime;
    exports.slowWrite(RECORD, LA + 0xfffn, 2);
    exports.slowWrite(RECORD, LA, 2);
    runtime.view.setUint32(BUFFER, 0xffff_ffff, true);
    exports.finishWrite();
    expect(runtime.read64(FIRST + 0xff8n)).toBe(0n);
  });

  test('64 bytes', () => {
    const { exports } = runtime;
    exports.slowWrite(RECORD, LA + 0xfc1n, 64);
    for (let i = 0; i < 64; i++) runtime.view.setUint8(BUFFER + i, i + 1);
    exports.finishWrite();
    expect(runtime.read64(FIRST + 0xff8n)).toBe(0x3f3e3d3c3b3a3938n);
    expect(runtime.read64(SECOND)).toBe(0x40n);
  });

  test('faults carry error code, address and record', () => {
    const { exports } = runtime;
    expect(runtime.event(() => exports.slowRead(RECORD, LA + 0x3010n, 4))).toMatchObject(
      pageFault(LA + 0x3010n, 0),
    );
    expect(runtime.event(() => exports.slowWrite(RECORD, LA - 8n, 8))).toMatchObject(pageFault(LA - 8n, 2));
    runtime.setView(VIEW_USER);
    runtime.map(LA, FIRST, P | U);
    expect(runtime.event(() => exports.slowWrite(RECORD, LA, 1))).toMatchObject(pageFault(LA, 7));
    expect(runtime.event(() => exports.slowRead(RECORD, 0xf000_0000_0000_0000n, 1))).toMatchObject({
      vector: 13,
      errorCode: 0,
      record: RECORD,
    });
  });

  test('an access of a handler notes its fault and returns 0', () => {
    const { exports } = runtime;
    const noted = (host: number): object => {
      expect(host).toBe(0);
      return runtime.noted();
    };
    expect(noted(exports.tryRead(RECORD, LA + 0x3010n, 4))).toMatchObject(pageFault(LA + 0x3010n, 0));
    expect(noted(exports.tryRead(RECORD, LA + 0x2ffen, 4))).toMatchObject(pageFault(LA + 0x3000n, 0));
    expect(noted(exports.tryWrite(RECORD, LA - 8n, 8))).toMatchObject(pageFault(LA - 8n, 2));
    expect(noted(exports.tryReadWrite(RECORD, LA - 1n, 2))).toMatchObject(pageFault(LA - 1n, 2));
    const notCanonical = exports.tryWrite(RECORD, 0xf000_0000_0000_0000n, 1);
    expect(noted(notCanonical)).toMatchObject({ vector: 13, errorCode: 0, record: RECORD });
  });

  test('a crossing into a page that faults reports the second page and writes nothing', () => {
    const { exports } = runtime;
    runtime.map(LA + 0x1000n, SECOND, P | U);
    expect(runtime.event(() => exports.slowWrite(RECORD, LA + 0xffcn, 8))).toMatchObject(
      pageFault(LA + 0x1000n, 3),
    );
    expect(runtime.read64(FIRST + 0xff8n)).toBe(0n);
    runtime.map(0x7fff_ffff_f000n, FIRST, ALL);
    expect(runtime.event(() => exports.slowRead(RECORD, 0x7fff_ffff_fffen, 4)).vector).toBe(13);
  });

  test('a crossing out of the lower half is not canonical, even from a page that is absent', () => {
    const { exports } = runtime;
    const end = 0x8000_0000_0000n;
    for (const access of [
      () => exports.slowRead(RECORD, end - 4n, 8),
      () => exports.slowWrite(RECORD, end - 4n, 8),
      () => exports.probeDataWrite(RECORD, end - 1n, 2),
    ]) {
      expect(runtime.event(access)).toMatchObject({ vector: 13, errorCode: 0 });
    }
    expect(runtime.event(() => exports.slowRead(RECORD, end - 8n, 8)).vector).toBe(14);
  });

  test('devices are accessed in aligned pieces of at most 8 bytes, low first', () => {
    const { exports } = runtime;
    const la = LA + 0x2000n;
    runtime.readDevice = (address) => (address === 0xfee0_0020 ? 0x1111_2222 : 0x3333_4444);
    expect(exports.slowRead(RECORD, la + 0x20n, 8)).toBe(BUFFER);
    expect(runtime.view.getBigUint64(BUFFER, true)).toBe(0x3333444411112222n);
    exports.slowRead(RECORD, la + 0x24n, 16);
    exports.slowWrite(RECORD, la + 0x28n, 8);
    runtime.view.setBigUint64(BUFFER, 0x8877_6655_4433_2211n, true);
    exports.finishWrite();
    exports.slowWrite(RECORD, la + 0x31n, 4);
    runtime.view.setUint32(BUFFER, 0x4433_2211, true);
    exports.finishWrite();
    exports.tryReadWrite(RECORD, la + 0x40n, 2);
    runtime.view.setUint16(BUFFER, 0xabcd, true);
    exports.finishWrite();
    expect(runtime.mmio).toEqual([
      'r8 fee00020',
      'r4 fee00024',
      'r8 fee00028',
      'r4 fee00030',
      'w8 fee00028 8877665544332211',
      'w1 fee00031 11',
      'w2 fee00032 3322',
      'w1 fee00034 44',
      'r2 fee00040',
      'w2 fee00040 abcd',
    ]);
  });

  test('a crossing from RAM to a device', () => {
    const { exports } = runtime;
    runtime.readDevice = () => 0x7766;
    exports.writePhysical64(SECOND + 0xff8n, 0x5544000000000000n);
    exports.slowRead(RECORD, LA + 0x1ffen, 4);
    expect(runtime.view.getUint32(BUFFER, true)).toBe(0x7766_5544);
    expect(runtime.mmio).toEqual(['r2 fee00000']);
  });

  test('a write that faults does not read the device first', () => {
    const { exports } = runtime;
    expect(exports.tryReadWrite(RECORD, LA + 0x2ffen, 4)).toBe(0);
    expect(runtime.mmio).toEqual([]);
  });
});

describe('runtime accesses', () => {
  test('data accesses use the current privilege', () => {
    const { exports } = runtime;
    exports.writeData64(RECORD, LA + 0x20n, 0x1122334455667788n);
    expect(runtime.read64(FIRST + 0x20n)).toBe(0x1122334455667788n);
    expect(exports.readData32(RECORD, LA + 0x24n)).toBe(0x11223344);
    exports.writeData64(RECORD, LA + 0xffcn, 0x0102030405060708n);
    expect(exports.readData64(RECORD, LA + 0xffcn)).toBe(0x0102030405060708n);
    expect(runtime.read64(SECOND)).toBe(0x01020304n);
    runtime.setView(VIEW_USER);
    runtime.map(LA + 0x3000n, FIRST, P | W);
    expect(runtime.event(() => exports.readData32(RECORD, LA + 0x3000n)).errorCode).toBe(5);
  });

  test('system accesses are supervisor accesses at any CPL, with the record of CURRENT_RECORD', () => {
    const { exports } = runtime;
    runtime.map(LA + 0x3000n, FIRST, P | W);
    runtime.setView(VIEW_USER);
    exports.writeSystem64(LA + 0x3008n, 77n);
    expect(exports.readSystem64(LA + 0x3008n)).toBe(77n);
    runtime.setState32(CURRENT_RECORD, 0x20_1000);
    expect(runtime.event(() => exports.readSystem64(LA + 0x4000n))).toMatchObject({
      vector: 14,
      errorCode: 0,
      record: 0x20_1000,
    });
  });

  test('SMAP forbids system accesses to user pages even with AC set', () => {
    runtime.enableLongMode(CR4_SMAP);
    runtime.setView(VIEW_SUPERVISOR_AC);
    expect(runtime.exports.readData32(RECORD, LA)).toBe(0);
    expect(runtime.event(() => runtime.exports.readSystem64(LA)).errorCode).toBe(1);
  });

  test('probes check every byte and change nothing', () => {
    const { exports } = runtime;
    exports.probeDataWrite(RECORD, LA + 0xff0n, 0x20);
    runtime.map(LA + 0x1000n, SECOND, P);
    exports.flushTlb(1);
    expect(runtime.event(() => exports.probeDataWrite(RECORD, LA + 0xff0n, 0x20))).toMatchObject({
      errorCode: 3,
      cr2: LA + 0x1000n,
    });
    exports.probeDataWrite(RECORD, LA + 0xff0n, 0x10);
    runtime.setView(VIEW_USER);
    expect(runtime.event(() => exports.probeDataWrite(RECORD, LA + 0xff0n, 0x11)).errorCode).toBe(7);
  });
});

describe('flushes', () => {
  const KERNEL = 0xffff_ffff_8000_0000n;

  test('a CR3 write drops all but global pages', () => {
    const { exports } = runtime;
    runtime.enableLongMode(CR4_PGE);
    runtime.map(KERNEL, FIRST, P | W | D | G);
    exports.fillRead(KERNEL, 1);
    exports.fillRead(LA + 0x1000n, 1);
    runtime.setView(VIEW_USER);
    exports.fillRead(LA + 0x1000n, 1);
    exports.fillRead(LA + 0x1000n + BigInt(TLB_ENTRIES) * 0x1000n, 1);
    exports.writeCr3Flush(0n, 1n, 0);
    expect(views(LA + 0x1000n, TLB_READ_TAG)).toEqual([]);
    expect(views(KERNEL, TLB_READ_TAG)).toEqual([VIEW_SUPERVISOR]);
    exports.flushTlb(1);
    expect(views(KERNEL, TLB_READ_TAG)).toEqual([]);
    // The list of entries starts anew.
    exports.fillRead(LA, 1);
    expect(views(LA, TLB_READ_TAG)).toEqual([VIEW_USER]);
    exports.flushTlb(0);
    expect(views(LA, TLB_READ_TAG)).toEqual([]);
  });

  test('a flush of all drops entries wherever they are in the tables, and when they are filled again', () => {
    const { exports } = runtime;
    const places = [0, 1, 15, 16, 127, 128, TLB_ENTRIES / 2, TLB_ENTRIES - 1];
    const pages = places.map((place) => LA + BigInt(place) * 0x1000n);
    for (const page of pages) runtime.map(page, FIRST, ALL);
    for (let round = 0; round < 2; round++) {
      for (const view of [VIEW_USER, VIEW_SUPERVISOR, VIEW_SUPERVISOR_AC]) {
        runtime.setView(view);
        for (const page of pages) exports.fillRead(page, 1);
      }
      for (const page of pages) expect(views(page, TLB_READ_TAG)).toHaveLength(3);
      exports.flushTlb(1);
      for (const page of pages) expect(views(page, TLB_READ_TAG)).toEqual([]);
    }
  });

  test('each page of 64 MiB has an entry of its own', () => {
    const { exports } = runtime;
    const pages = Array.from({ length: 14 }, (_, bit) => LA + 0x1000n * (1n << BigInt(bit)));
    for (const page of [LA, ...pages]) {
      runtime.map(page, FIRST, ALL);
      exports.fillRead(page, 1);
    }
    for (const page of [LA, ...pages]) expect(views(page, TLB_READ_TAG)).toHaveLength(1);
  });

  test('entries that change between global and not', () => {
    const { exports } = runtime;
    runtime.enableLongMode(CR4_PGE);
    const other = LA + BigInt(TLB_ENTRIES) * 0x1000n;
    runtime.map(other, SECOND, P | G);
    exports.fillRead(LA, 1);
    exports.fillRead(other, 1);
    exports.flushTlb(0);
    expect(views(other, TLB_READ_TAG)).toEqual([VIEW_SUPERVISOR]);
    exports.fillRead(LA, 1);
    exports.flushTlb(0);
    expect(views(LA, TLB_READ_TAG)).toEqual([]);
  });

  test('an entry is listed once, however often it is filled and flushed', () => {
    const { exports } = runtime;
    for (let i = 0; i < 10; i++) {
      exports.fillRead(LA, 1);
      exports.flushTlbPage(LA);
      exports.fillRead(LA + BigInt(TLB_ENTRIES) * 0x1000n, 1);
    }
    expect(runtime.state32(TLB_NON_GLOBAL_COUNT)).toBe(1);
  });

  test('INVLPG drops one page in all views, global or not', () => {
    const { exports } = runtime;
    runtime.enableLongMode(CR4_PGE);
    runtime.map(LA, FIRST, ALL | G);
    for (const view of [VIEW_USER, VIEW_SUPERVISOR, VIEW_SUPERVISOR_AC]) {
      runtime.setView(view);
      exports.fillRead(LA, 1);
      exports.fillRead(LA + 0x1000n, 1);
    }
    expect(views(LA, TLB_READ_TAG)).toHaveLength(3);
    exports.flushTlbPage(LA + 0x123n);
    expect(views(LA, TLB_READ_TAG)).toEqual([]);
    expect(views(LA, TLB_EXEC_TAG)).toEqual([]);
    expect(views(LA + 0x1000n, TLB_READ_TAG)).toHaveLength(3);
    // The slot is still in the list.
    runtime.map(LA, SECOND, ALL);
    exports.fillRead(LA, 1);
    exports.flushTlb(0);
    expect(views(LA, TLB_READ_TAG)).toEqual([]);
  });

  test.each([
    [21n, 0x1f_f000n],
    [30n, 0x3fff_f000n],
  ])('INVLPG drops everything made from a page of 2^%s bytes', (shift, last) => {
    const { exports } = runtime;
    const base = 0xffff_8880_4000_0000n;
    exports.mapRam(0, 512);
    runtime.map(base, 0n, P | W | D | G | PS, shift);
    exports.fillRead(base + 0x5000n, 1);
    exports.fillRead(base + last, 1);
    exports.fillRead(LA, 1);
    exports.flushTlbPage(base + 0x10_0000n);
    expect(views(base + 0x5000n, TLB_READ_TAG)).toEqual([]);
    expect(views(base + last, TLB_READ_TAG)).toEqual([]);
    expect(views(LA, TLB_READ_TAG)).toEqual([VIEW_SUPERVISOR]);
  });

  test('noFlush with the same CR3 keeps everything', () => {
    runtime.exports.fillRead(LA, 1);
    runtime.exports.writeCr3Flush(0x10_0001n, 0x10_0001n, 1);
    expect(views(LA, TLB_READ_TAG)).toEqual([VIEW_SUPERVISOR]);
    runtime.exports.writeCr3Flush(0x10_0001n, 0x10_0001n, 0);
    expect(views(LA, TLB_READ_TAG)).toEqual([]);
  });
});

describe('ROM', () => {
  const ROM = 0xffe0_0000n;

  beforeEach(() => {
    const { exports } = runtime;
    exports.mapRom(0xffe0_0000 / 0x20_0000, 1);
    runtime.map(LA + 0x3000n, ROM + 0x4000n, ALL);
    runtime.view.setUint32(exports.hostAddress(ROM + 0x4010n), 0x1234_5678, true);
  });

  test('is read like RAM, and has no tag for writes', () => {
    const { exports } = runtime;
    const host = exports.hostAddress(ROM + 0x4010n);
    expect(exports.fillRead(LA + 0x3010n, 4)).toBe(host);
    expect(probe(LA + 0x3010n, 4, TLB_READ_TAG, VIEW_SUPERVISOR)).toBe(host);
    expect(probe(LA + 0x3010n, 4, TLB_WRITE_TAG, VIEW_SUPERVISOR)).toBeUndefined();
    expect(exports.fillWrite(LA + 0x3010n, 4)).toBe(0);
    expect(probe(LA + 0x3010n, 4, TLB_WRITE_TAG, VIEW_SUPERVISOR)).toBeUndefined();
  });

  test('writes go to the bus, and the memory stays', () => {
    const { exports } = runtime;
    // Also after a read has filled the TLB.
    exports.fillRead(LA + 0x3010n, 4);
    expect(exports.slowWrite(RECORD, LA + 0x3010n, 4)).toBe(BUFFER);
    runtime.view.setUint32(BUFFER, 0xaabb, true);
    exports.finishWrite();
    expect(runtime.mmio).toEqual(['w4 ffe04010 aabb']);
    exports.writePhysical64(ROM + 0x4010n, 0n);
    expect(runtime.view.getUint32(exports.hostAddress(ROM + 0x4010n), true)).toBe(0x1234_5678);
  });
});
