/** Division, CRC-32C and ENTER against arithmetic on BigInts and what the manual says. */
import { beforeAll, describe, expect, it } from 'vitest';
import { GPR } from '../../src/layout/cpu-state.ts';
import { SCRATCH_RECORDS } from '../../src/layout/linear-memory.ts';
import { MemoryRuntime, P, U, W } from './memory-runtime.ts';

interface ArithmeticExports {
  crc32c(crc: number, value: bigint, size: number): number;
  enterFrame(record: number, size: number, immediate: number): void;
}
type Division = (record: number, divisor: bigint) => void;

const RECORD = SCRATCH_RECORDS;
const RAX = 0;
const RDX = 2;
const RSP = 4;
const RBP = 5;

let runtime: MemoryRuntime;
let arithmetic: ArithmeticExports;

beforeAll(() => {
  runtime = MemoryRuntime.create();
  arithmetic = runtime.exports as unknown as ArithmeticExports;
});

function register(number: number): bigint {
  return runtime.state64(GPR + number * 8);
}

function setRegister(number: number, value: bigint): void {
  runtime.setState64(GPR + number * 8, value);
}

let seed = 12345n;
function random(bits: number): bigint {
  let value = 0n;
  for (let i = 0; i < bits; i += 16) {
    seed = (seed * 6364136223846793005n + 1442695040888963407n) & 0xffff_ffff_ffff_ffffn;
    value = (value << 16n) | (seed >> 48n);
  }
  return value & ((1n << BigInt(bits)) - 1n);
}

/** Values whose digits are near the limits, where an estimated quotient digit is wrong. */
function operand(bits: number): bigint {
  const half = BigInt(bits / 2);
  switch (Number(random(4))) {
    case 0:
      return (1n << BigInt(bits)) - 1n - random(2);
    case 1:
      return random(3);
    case 2:
      return (1n << BigInt(bits - 1)) + random(2);
    case 3:
      return (random(bits / 2) << half) | ((1n << half) - 1n);
    case 4:
      return ((1n << (half - 1n)) << half) | random(bits / 2);
    case 5:
      return random(bits) >> (random(6) % BigInt(bits));
    default:
      return random(bits);
  }
}

describe.each([16, 32, 64])('division of %i bits', (bits) => {
  it.each([
    ['div', false],
    ['idiv', true],
  ])('%s agrees with exact arithmetic', (name, signed) => {
    const divide = (runtime.exports as unknown as Record<string, Division>)[`${name}${bits}`] as Division;
    const interpret = (value: bigint, width: number): bigint =>
      signed ? BigInt.asIntN(width, value) : value;
    for (let i = 0; i < 20_000; i++) {
      const divisor = operand(bits);
      let high = operand(bits);
      // Mostly quotients that fit.
      if (divisor !== 0n && random(2) !== 0n) high = signed ? (high % divisor) >> 1n : high % divisor;
      if (signed && random(1) !== 0n) high = BigInt.asUintN(bits, -high);
      const low = operand(bits);
      setRegister(RAX, low);
      setRegister(RDX, high);
      const dividend = interpret((high << BigInt(bits)) | low, 2 * bits);
      const by = interpret(divisor, bits);
      const quotient = by === 0n ? undefined : dividend / by;
      const context = `${high.toString(16)}:${low.toString(16)} / ${divisor.toString(16)}`;
      if (quotient === undefined || interpret(BigInt.asUintN(bits, quotient), bits) !== quotient) {
        const event = runtime.event(() => divide(RECORD, divisor));
        expect([event.vector, event.errorCode], context).toEqual([0, -1]);
        expect([register(RAX), register(RDX)], context).toEqual([low, high]);
      } else {
        divide(RECORD, divisor);
        expect([register(RAX), register(RDX)], context).toEqual([
          BigInt.asUintN(bits, quotient),
          BigInt.asUintN(bits, dividend % by),
        ]);
      }
    }
  });
});

describe('crc32c', () => {
  it('gives the check value of the standard in pieces of every size', () => {
    const text = [...new TextEncoder().encode('123456789')];
    for (const pieces of [
      [8, 1],
      [1, 8],
      [4, 4, 1],
      [2, 4, 2, 1],
      [1, 1, 1, 1, 1, 1, 1, 1, 1],
    ]) {
      let crc = 0xffff_ffff;
      let at = 0;
      for (const size of pieces) {
        const value = text.slice(at, at + size).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
        crc = arithmetic.crc32c(crc, value, size);
        at += size;
      }
      expect(~crc >>> 0).toBe(0xe306_9283);
    }
  });
});

describe('ENTER', () => {
  it('with 16-bit operands changes only the low word of RBP', () => {
    setRegister(RSP, 0x1_0800n);
    setRegister(RBP, 0x1111_2222_0001_0900n);
    arithmetic.enterFrame(RECORD, 2, 8);
    expect([register(RSP), register(RBP)]).toEqual([0x1_07f6n, 0x1111_2222_0001_07fen]);
  });

  it('faults if the new stack pointer cannot be written through', () => {
    runtime.enableLongMode();
    runtime.map(0x40_0000n, 0x1_0000n, P | W | U);
    setRegister(RSP, 0x40_0010n);
    setRegister(RBP, 1n);
    const event = runtime.event(() => arithmetic.enterFrame(RECORD, 8, 0x20));
    expect([event.vector, event.cr2]).toEqual([14, 0x3f_ffe8n]);
    expect([register(RSP), register(RBP)]).toEqual([0x40_0010n, 1n]);
  });
});
