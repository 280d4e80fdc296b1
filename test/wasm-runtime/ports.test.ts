import { beforeEach, describe, expect, test } from 'vitest';
import { SEGMENT_LIMIT } from '../../src/layout/cpu-state.ts';
import { GP, PF, ProcessorRuntime, RDX, TSS } from './processor-runtime.ts';

const GP0 = { vector: GP, error: 0 };

let cpu: ProcessorRuntime;
beforeEach(() => {
  cpu = ProcessorRuntime.create();
});

describe('ports', () => {
  test('are free at CPL 0', () => {
    expect(Number(cpu.exports.readPort(cpu.record(), 0x60, 1))).toBe(0xa5);
    cpu.exports.writePort(cpu.record(), 0x3f8, 2, 0x12345);
    expect(cpu.log).toEqual(['in 60 1', 'out 3f8 2 2345']);
  });

  test('at CPL 3 need IOPL or clear bits in the I/O permission bitmap', () => {
    cpu.enterUser();
    const read = (port: number, size: number) =>
      cpu.event(() => cpu.exports.readPort(cpu.record(), port, size));
    // The bitmap lies behind the limit.
    cpu.write64(BigInt(TSS + 0x60), 0x0068_0000_0000_0000n);
    expect(read(0x10, 1)).toEqual(GP0);
    cpu.setState32(SEGMENT_LIMIT + 7 * 4, 0x68 + 4);
    cpu.write64(BigInt(TSS + 0x68), 0x0040_0000n);
    expect(read(0x10, 4)).toBeUndefined();
    expect(read(0x16, 1)).toEqual(GP0);
    expect(read(0x15, 1)).toBeUndefined();
    expect(read(0x15, 2)).toEqual(GP0);
    // The byte after the last one must be within the limit too.
    expect(read(0x20, 1)).toEqual(GP0);
    cpu.flags = 0x3000;
    expect(read(0x16, 1)).toBeUndefined();
  });

  test('INS reads the port only if the store will succeed', () => {
    cpu.setGpr(RDX, 0xffff_0170n);
    expect(cpu.event(() => cpu.exports.inputElement(cpu.record(), 0x7000_0000n, 2))?.vector).toBe(PF);
    expect(cpu.log).toEqual([]);
    cpu.write64(0x9000n, 0n);
    cpu.exports.inputElement(cpu.record(), 0x9000n, 2);
    expect(cpu.log).toEqual(['in 170 2']);
    expect(cpu.read64(0x9000n)).toBe(0xa5a5n);
    cpu.exports.outputElement(cpu.record(), 0x9000n, 1);
    expect(cpu.log[1]).toBe('out 170 1 a5');
  });
});
