/** Repeated string instructions where the recorded vectors do not reach: devices, translated code, address sizes. */
import { beforeEach, describe, expect, it } from 'vitest';
import { CHECKED_LINEAR_MASK } from '../../src/layout/checked-address.ts';
import {
  FLAG_AUX,
  FLAG_RESULT,
  GPR,
  SEGMENT_DS,
  SEGMENT_ES,
  SEGMENT_NONE,
  SYSTEM_FLAGS,
} from '../../src/layout/cpu-state.ts';
import { SCRATCH_RECORDS } from '../../src/layout/linear-memory.ts';
import { MODE_CODE_16 } from '../../src/layout/mode.ts';
import { ADDRESS_16, ADDRESS_32, ADDRESS_64, RECORD_SCALE, RECORD_SEGMENT } from '../../src/layout/record.ts';
import {
  ACCESS_BASE,
  BUDGET,
  EVENT_CODE_WRITE,
  LINEAR_MASK,
  MODE,
  REPETITION_FAULTED,
} from '../../src/layout/runtime-state.ts';
import { MemoryRuntime, P, RAM_SIZE, U, W } from './memory-runtime.ts';

interface StringExports {
  repMovs(record: number, size: number): void;
  repStos(record: number, size: number): void;
  moveFew(to: bigint, from: bigint, count: bigint, size: number): number;
  fillFew(to: bigint, rax: bigint, count: bigint, size: number): number;
  repLods(record: number, size: number): void;
  repCmps(record: number, size: number, equal: number): void;
  repScas(record: number, size: number, equal: number): void;
  repIns(record: number, size: number): void;
  repOuts(record: number, size: number): void;
}

const RECORD = SCRATCH_RECORDS;
const RAX = 0;
const RCX = 1;
const RDX = 2;
const RSI = 6;
const RDI = 7;
const TF = 1 << 8;
const DF = 1 << 10;
const SIZES = [1, 2, 4, 8];
/** More budget than any test uses. */
const ENOUGH = 1 << 30;

let runtime: MemoryRuntime;
let strings: StringExports;

function register(number: number): bigint {
  return runtime.state64(GPR + number * 8);
}

function setRegister(number: number, value: bigint | number): void {
  runtime.setState64(GPR + number * 8, BigInt(value));
}

function start(count: bigint | number, source: bigint | number, destination: bigint | number): void {
  setRegister(RCX, count);
  setRegister(RSI, source);
  setRegister(RDI, destination);
}

function address(size: number, segment = SEGMENT_NONE): void {
  runtime.view.setUint8(RECORD + RECORD_SCALE, size << 4);
  runtime.view.setUint8(RECORD + RECORD_SEGMENT, segment);
}

function direction(down: boolean): void {
  runtime.setState32(SYSTEM_FLAGS, down ? 2 | DF : 2);
}

/** RAM at a physical address, which is the linear one while paging is off. */
function bytes(at: number, length: number): Uint8Array {
  // The first touch may grow the memory, which detaches its buffer.
  const host = runtime.exports.hostAddress(BigInt(at));
  return new Uint8Array(runtime.memory.buffer, host, length);
}

function fillRandomly(at: number, length: number): void {
  let seed = at;
  bytes(at, length).forEach((_, i, all) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
    all[i] = seed >>> 24;
  });
}

beforeEach(() => {
  runtime = MemoryRuntime.create();
  strings = runtime.exports as unknown as StringExports;
  address(ADDRESS_64);
  direction(false);
  runtime.setState32(BUDGET, ENOUGH);
});

describe('REP MOVS', () => {
  /** Element by element, as the manual has it. */
  function model(
    memory: Uint8Array,
    size: number,
    count: number,
    from: number,
    to: number,
    down: boolean,
  ): void {
    for (let i = 0; i < count; i++) {
      const at = (down ? -i : i) * size;
      memory.set(memory.slice(from + at, from + at + size), to + at);
    }
  }

  it.each(SIZES)('moves elements of %i bytes like a loop, at every distance and length', (size) => {
    const base = 0x1_0000;
    for (const down of [false, true]) {
      direction(down);
      for (const count of [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 40, 63, 65, 100]) {
        for (const distance of [
          0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 24, 64, 100, 1500, -1, -3, -8, -9, -64, -1500,
        ]) {
          fillRandomly(base, 0x3000);
          // Ends close to a page boundary, so that some of them cross it.
          const from = 0x1800 + (down ? 0x700 : 0);
          const expected = bytes(base, 0x3000).slice();
          model(expected, size, count, from, from + distance, down);
          start(count, base + from, base + from + distance);
          strings.repMovs(RECORD, size);
          const context = `count ${count} distance ${distance} down ${down}`;
          expect(Buffer.compare(bytes(base, 0x3000), expected), context).toBe(0);
          const moved = BigInt((down ? -count : count) * size);
          expect([register(RCX), register(RSI), register(RDI)], context).toEqual([
            0n,
            BigInt(base + from) + moved,
            BigInt(base + from + distance) + moved,
          ]);
        }
      }
    }
  });

  it('moves many pages', () => {
    fillRandomly(0x10_0010, 0x2_0000);
    start(0x1_fff0 / 8, 0x10_0013, 0x20_0ffd);
    strings.repMovs(RECORD, 8);
    expect(Buffer.compare(bytes(0x20_0ffd, 0x1_fff0), bytes(0x10_0013, 0x1_fff0))).toBe(0);
  });

  it('does nothing when the count is zero', () => {
    address(ADDRESS_32);
    start(0xdead_beef_0000_0000n, 0x1_0000_0000n, 0x2_0000_0000n);
    strings.repMovs(RECORD, 4);
    expect([register(RCX), register(RSI)]).toEqual([0xdead_beef_0000_0000n, 0x1_0000_0000n]);
  });

  it('repeats a pattern through two mappings of one page', () => {
    runtime.enableLongMode();
    runtime.map(0x40_0000n, 0x1_0000n, P | W | U);
    runtime.map(0x41_0000n, 0x1_0000n, P | W | U);
    bytes(0x1_0000, 3).set([1, 2, 3]);
    start(6, 0x40_0000, 0x41_0003);
    strings.repMovs(RECORD, 1);
    expect([...bytes(0x1_0000, 9)]).toEqual([1, 2, 3, 1, 2, 3, 1, 2, 3]);
  });

  it('leaves the registers at the element that faulted', () => {
    runtime.enableLongMode();
    runtime.map(0x40_0000n, 0x1_0000n, P | W | U);
    runtime.map(0x41_0000n, 0x1_1000n, P | W | U);
    start(0x200, 0x40_0000, 0x41_0e03);
    expect(strings.repMovs(RECORD, 4)).toBe(REPETITION_FAULTED);
    const event = runtime.noted();
    // The element that crosses into the missing page is not begun.
    expect([event.vector, event.errorCode, event.cr2]).toEqual([14, 2, 0x41_1000n]);
    expect([register(RCX), register(RSI), register(RDI)]).toEqual([0x181n, 0x40_01fcn, 0x41_0fffn]);
  });

  it('accesses a device element by element, in order', () => {
    const device = Number(RAM_SIZE);
    runtime.readDevice = (at) => at & 0xff;
    start(3, device + 0x20, 0x1_0000);
    strings.repMovs(RECORD, 2);
    expect(runtime.mmio).toEqual(['r2 800020', 'r2 800022', 'r2 800024']);
    expect([...bytes(0x1_0000, 6)]).toEqual([0x20, 0, 0x22, 0, 0x24, 0]);
    start(2, 0x1_0000, device + 0x40);
    strings.repMovs(RECORD, 4);
    expect(runtime.mmio.slice(3)).toEqual(['w4 800040 220020', 'w4 800044 24']);
  });

  it('drops all code under a chunk at once and can then be run again', () => {
    for (const at of [0x2_0100n, 0x2_0800n, 0x2_1100n]) runtime.lookupAt(at);
    fillRandomly(0x1_0000, 0x1000);
    start(0x1000, 0x1_0000, 0x2_0040);
    expect(runtime.event(() => strings.repMovs(RECORD, 1)).kind).toBe(EVENT_CODE_WRITE);
    expect(register(RCX)).toBe(0x1000n);
    // Nothing is left of the first page's two blocks; the second page's is behind what is written.
    strings.repMovs(RECORD, 1);
    expect(register(RCX)).toBe(0n);
    expect(Buffer.compare(bytes(0x2_0040, 0x1000), bytes(0x1_0000, 0x1000))).toBe(0);
  });
});

describe('REP STOS', () => {
  it('clears a page whatever it held', () => {
    const page = 0x2_0000;
    for (const held of [0, 1, 0xfff, 0x800]) {
      bytes(page, 0x1000).fill(0);
      bytes(page, 0x1000)[held] = 0x80;
      bytes(page + 0x1000, 1).fill(0xee);
      start(0x1000, 0, page);
      setRegister(RAX, 0);
      strings.repStos(RECORD, 1);
      expect(bytes(page, 0x1000).every((byte) => byte === 0)).toBe(true);
      expect(bytes(page + 0x1000, 1)[0]).toBe(0xee);
    }
  });

  it.each(SIZES)('fills with elements of %i bytes, and nothing beyond', (size) => {
    const value = 0x8877_6655_4433_2211n;
    for (const accumulator of [value, 0n, 0x5555_5555_5555_5555n]) {
      for (const down of [false, true]) {
        direction(down);
        for (const count of [1, 2, 3, 4, 5, 7, 8, 9, 15, 17, 31, 64, 65, 300, 0x900]) {
          const base = 0x2_0000;
          const area = 0x8000;
          bytes(base, area).fill(0xee);
          const at = down ? 0x7f03 - size : 0x1f03;
          const low = down ? at - (count - 1) * size : at;
          const expected = new Uint8Array(area).fill(0xee);
          for (let i = low; i < low + count * size; i++) {
            expected[i] = Number((accumulator >> BigInt(((i - low) % size) * 8)) & 0xffn);
          }
          setRegister(RAX, accumulator);
          start(count, 0, base + at);
          strings.repStos(RECORD, size);
          expect(Buffer.compare(bytes(base, area), expected), `count ${count} down ${down}`).toBe(0);
          expect([register(RCX), register(RDI)]).toEqual([
            0n,
            BigInt(base + (down ? at - count * size : at + count * size)),
          ]);
        }
      }
    }
  });

  it('raises a code write only where there is code', () => {
    runtime.lookupAt(0x2_0800n);
    start(0x100, 0, 0x2_0000);
    strings.repStos(RECORD, 4);
    expect(register(RCX)).toBe(0n);
    start(0x300, 0, 0x2_0000);
    expect(runtime.isCodeWrite(() => strings.repStos(RECORD, 4))).toBe(true);
    strings.repStos(RECORD, 4);
    expect(register(RCX)).toBe(0n);
  });
});

describe('address size', () => {
  it('of 32 bits wraps round and clears the upper halves', () => {
    runtime.enableLongMode();
    runtime.map(0xffff_f000n, 0x1_0000n, P | W | U);
    runtime.map(0n, 0x1_1000n, P | W | U);
    address(ADDRESS_32);
    setRegister(RAX, 0x77);
    start(0x1_0000_0020n, 0, 0xabcd_0000_ffff_fff0n);
    strings.repStos(RECORD, 1);
    expect([register(RCX), register(RDI)]).toEqual([0n, 0x10n]);
    expect(bytes(0x1_0ff0, 16).every((byte) => byte === 0x77)).toBe(true);
    expect(bytes(0x1_1000, 16).every((byte) => byte === 0x77)).toBe(true);
    expect(bytes(0x1_1010, 1)[0]).toBe(0);
  });

  it('of 16 bits wraps within the segments and keeps the rest of the registers', () => {
    runtime.setState32(MODE, MODE_CODE_16);
    runtime.setState64(LINEAR_MASK, CHECKED_LINEAR_MASK);
    runtime.setState64(ACCESS_BASE + SEGMENT_DS * 8, 0x3_0000n);
    runtime.setState64(ACCESS_BASE + SEGMENT_ES * 8, 0x5_0080n);
    fillRandomly(0x3_0000, 0x1_0000);
    address(ADDRESS_16, SEGMENT_DS);
    start(0xaaaa_0020, 0xbbbb_fff0, 0xcccc_1000);
    strings.repMovs(RECORD, 1);
    expect([register(RCX), register(RSI), register(RDI)]).toEqual([0xaaaa_0000n, 0xbbbb_0010n, 0xcccc_1020n]);
    const expected = [...bytes(0x3_fff0, 16), ...bytes(0x3_0000, 16)];
    expect([...bytes(0x5_1080, 32)]).toEqual(expected);
  });
});

describe('REP CMPS and SCAS', () => {
  /** ZF and CF. */
  function flags(): { zero: boolean; carry: boolean } {
    return { zero: runtime.state64(FLAG_RESULT) === 0n, carry: runtime.state32(FLAG_AUX) < 0 };
  }

  it.each(SIZES)('stops after the first difference of elements of %i bytes, pages later', (size) => {
    fillRandomly(0x1_0000, 0x4000);
    bytes(0x2_0000, 0x4000).set(bytes(0x1_0000, 0x4000));
    const different = 0x2a00;
    bytes(0x1_0000 + different, 1)[0] = 1;
    bytes(0x2_0000 + different, 1)[0] = 2;
    start(0x3000 / size, 0x1_0000, 0x2_0000);
    strings.repCmps(RECORD, size, 1);
    expect(register(RSI)).toBe(BigInt(0x1_0000 + different + size));
    expect(register(RCX)).toBe(BigInt((0x3000 - different) / size - 1));
    expect(flags()).toEqual({ zero: false, carry: true });
  });

  it('finds an element', () => {
    bytes(0x1_0000, 0x3000).fill(7);
    bytes(0x1_1234, 1)[0] = 0;
    setRegister(RAX, 0x1234_5600);
    start(-1n & 0xffff_ffff_ffff_ffffn, 0, 0x1_0003);
    strings.repScas(RECORD, 1, 0);
    expect(register(RDI)).toBe(0x1_1235n);
    expect(flags()).toEqual({ zero: true, carry: false });
  });

  it('leaves the flags alone when a fault interrupts it', () => {
    runtime.enableLongMode();
    runtime.map(0x40_0000n, 0x1_0000n, P | W | U);
    runtime.setState64(FLAG_RESULT, 0x1234n);
    start(0x2000, 0x40_0000, 0x40_0000);
    const event = runtime.event(() => strings.repCmps(RECORD, 1, 1));
    expect(event.cr2).toBe(0x40_1000n);
    expect(register(RCX)).toBe(0x1000n);
    expect(runtime.state64(FLAG_RESULT)).toBe(0x1234n);
  });
});

describe('REP LODS', () => {
  it.each([
    [1, 0xaaaa_aaaa_aaaa_aa88n],
    [2, 0xaaaa_aaaa_aaaa_8877n],
    [4, 0x8877_6655n],
    [8, 0x8877_6655_4433_2211n],
  ])('leaves the last element of %i bytes', (size, expected) => {
    bytes(0x1_1ff8, 8).set([0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88]);
    setRegister(RAX, 0xaaaa_aaaa_aaaa_aaaan);
    start(0x1000 / size, 0x1_1000, 0);
    strings.repLods(RECORD, size);
    expect(register(RAX)).toBe(expected);
    expect([register(RCX), register(RSI)]).toEqual([0n, 0x1_2000n]);
  });
});

describe('REP INS and OUTS', () => {
  it('moves elements between a port and memory', () => {
    const written: number[] = [];
    let next = 0x101;
    runtime.readPort = (port, size) => (port === 0x1f0 && size === 2 ? next++ : 0);
    runtime.writePort = (port, _size, value) => written.push(port, value);
    setRegister(RDX, 0xdead_01f0);
    start(3, 0, 0x1_0fff);
    strings.repIns(RECORD, 2);
    expect([...bytes(0x1_0fff, 6)]).toEqual([1, 1, 2, 1, 3, 1]);
    expect([register(RCX), register(RDI)]).toEqual([0n, 0x1_1005n]);
    direction(true);
    start(2, 0x1_1001, 0);
    strings.repOuts(RECORD, 2);
    expect(written).toEqual([0x1f0, 0x102, 0x1f0, 0x101]);
    expect(register(RSI)).toBe(0x1_0ffdn);
  });
});

describe('what a region does at once', () => {
  const [FROM, TO] = [0x1_0000n, 0x2_0000n];
  const ENDS = 0x1000n;

  /** Everything is RAM, and its pages are in the TLB. */
  function touch(): void {
    for (const page of [FROM, FROM + ENDS, TO, TO + ENDS]) {
      runtime.exports.fillRead(page, 1);
      runtime.exports.fillWrite(page, 1);
    }
  }

  it.each(SIZES)('is what the instruction does with elements of %i bytes', (size) => {
    touch();
    const base = Number(FROM);
    for (let count = 0; count <= 64; count++) {
      for (const distance of [-3, 1, size, 3 * size + 1, 0x600]) {
        fillRandomly(base, 0x1000);
        const before = bytes(base, 0x1000).slice();
        start(count, base + 0x11, base + 0x11 + distance);
        strings.repMovs(RECORD, size);
        const expected = bytes(base, 0x1000).slice();
        bytes(base, 0x1000).set(before);
        expect(strings.moveFew(FROM + 0x11n + BigInt(distance), FROM + 0x11n, BigInt(count), size)).toBe(1);
        expect(Buffer.compare(bytes(base, 0x1000), expected), `${count} ${distance}`).toBe(0);
      }
      bytes(base, 0x1000).fill(0xee);
      start(count, 0, base + 7);
      setRegister(RAX, 0x8877_6655_4433_2211n);
      strings.repStos(RECORD, size);
      const expected = bytes(base, 0x1000).slice();
      bytes(base, 0x1000).fill(0xee);
      expect(strings.fillFew(FROM + 7n, 0x8877_6655_4433_2211n, BigInt(count), size)).toBe(1);
      expect(Buffer.compare(bytes(base, 0x1000), expected), `${count}`).toBe(0);
    }
  });

  it('is nothing where the instruction costs more, goes down, or ends in a page that is not there', () => {
    const both = (to: bigint, from: bigint, count: bigint): number[] => [
      strings.moveFew(to, from, count, 8),
      strings.fillFew(to, 1n, count, 8),
    ];
    expect(both(TO, FROM, 1n)).toEqual([0, 0]);
    touch();
    bytes(Number(FROM), 0x1000).fill(0xee);
    bytes(Number(TO), 0x2000).fill(0);
    expect(both(TO, FROM, 65n)).toEqual([0, 0]);
    expect(both(TO, FROM, 1n << 32n)).toEqual([0, 0]);
    expect(both(TO + 0xff9n, FROM, 1n)).toEqual([0, 0]);
    expect(strings.moveFew(TO, FROM + 0xff9n, 1n, 8)).toBe(0);
    for (const flag of [DF, TF]) {
      runtime.setState32(SYSTEM_FLAGS, 2 | flag);
      expect(both(TO, FROM, 1n)).toEqual([0, 0]);
    }
    direction(false);
    runtime.lookupAt(TO);
    expect(both(TO + 0x800n, FROM, 1n)).toEqual([0, 0]);
    expect(bytes(Number(TO), 0x2000).every((byte) => byte === 0)).toBe(true);
  });
});
