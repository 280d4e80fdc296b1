/** What segments permit: limits, expand-down, types, null selectors, and the end of the code segment. */
import { beforeEach, describe, expect, it } from 'vitest';
import { SEGMENT_CS, SEGMENT_DS, SEGMENT_ES, SEGMENT_FS, SEGMENT_SS } from '../../src/layout/cpu-state.ts';
import { createTieredMachine, ROUNDS, runToHalt, type TieredMachine } from '../code-cache/tiered-machine.ts';
import { BACK_ENDS } from '../support/back-ends.ts';
import {
  CODE,
  DATA,
  HANDLERS,
  IDT,
  INNER_STACK,
  KERNEL_CS,
  KERNEL_SS,
  type SystemMachine,
  TSS,
} from './system-machine.ts';

const RAX = 0;
const RCX = 1;
const RBX = 3;
const RSP = 4;
const RSI = 6;
const RDI = 7;

const GP = 13;
const SS = 12;

const CODE_32 = 0xc09b;
const CODE_16 = 0x809b;
const EXECUTE_ONLY = 0xc099;
const DATA_32 = 0xc093;
const READ_ONLY = 0xc091;
const EXPAND_DOWN_32 = 0xc097;
const EXPAND_DOWN_16 = 0x8097;
const STACK_16 = 0x8093;
const NULL = 0;
const FLAT = 0xffff_ffff;

const bytesOf = (hex: string): number[] => [...Buffer.from(hex.replaceAll(' ', ''), 'hex')];

type Segment = readonly [rights: number, limit: number];
type Outcome = number | 'ends';

describe.each(['interpreter', 'compiled'] as const)('%s', (tier) => {
  let machine: SystemMachine;
  let tiering: TieredMachine['tiering'];

  beforeEach(() => {
    ({ machine, tiering } = createTieredMachine(tier, undefined, BACK_ENDS.writer));
    // The handlers have a stack of their own, wherever RSP is.
    machine.write64(TSS + 36, INNER_STACK);
    for (const vector of [SS, GP]) machine.write(IDT + vector * 16 + 4, [1]);
  });

  function set(number: number, [rights, limit]: Segment, base = DATA): void {
    const selector = number === SEGMENT_CS ? KERNEL_CS : rights === NULL ? 0 : KERNEL_SS;
    machine.processor.runtime.setSegment(number, selector, BigInt(base), limit, rights);
  }

  /**
   * Runs code several times with the segments and registers; how it ended each time: at its HLT, or by an exception, whose
   * error code is 0 and which found RIP at `faultAt` of the code.
   */
  function run(
    hex: string,
    segments: Readonly<Record<number, Segment>>,
    registers: Readonly<Record<number, number>>,
    { code = [CODE_32, FLAT] as Segment, faultAt = 0, codeBase = 0 } = {},
  ): Outcome {
    const { processor } = machine;
    const bytes = [...bytesOf(hex), 0xf4];
    machine.write(CODE, bytes);
    const outcomes = new Set<Outcome>();
    for (let round = 0; round < ROUNDS; round++) {
      machine.toKernel();
      set(SEGMENT_CS, code, codeBase);
      set(SEGMENT_SS, [DATA_32, FLAT], 0);
      for (const index of [SEGMENT_ES, SEGMENT_DS, SEGMENT_FS]) set(index, [NULL, 0], 0);
      for (const [number, segment] of Object.entries(segments)) set(Number(number), segment);
      processor.runtime.updateMode();
      for (const [number, value] of Object.entries(registers))
        processor.setGpr(Number(number), BigInt(value));
      processor.rip = BigInt(CODE - codeBase);
      runToHalt({ machine, tiering });
      const vector = (Number(processor.rip) - 1 - HANDLERS) / 16;
      if (!Number.isInteger(vector)) {
        expect(Number(processor.rip)).toBe(CODE - codeBase + bytes.length);
        outcomes.add('ends');
        continue;
      }
      const frame = processor.gpr(RSP);
      expect([machine.read64(frame), machine.read64(frame + 8n)]).toEqual([
        0n,
        BigInt(CODE - codeBase + faultAt),
      ]);
      outcomes.add(vector);
    }
    expect(outcomes.size).toBe(1);
    return [...outcomes][0] as Outcome;
  }

  const READ = '8b 03'; // mov eax, [ebx]
  const WRITE = '89 03'; // mov [ebx], eax
  const CHANGE = 'ff 03'; // inc dword ptr [ebx]
  const FROM_FS = '64 8b 03'; // mov eax, fs:[ebx]

  it.each<[string, Segment, number, Outcome]>([
    [READ, [DATA_32, 0xfff], 0xffc, 'ends'],
    [READ, [DATA_32, 0xfff], 0xffd, GP],
    [READ, [DATA_32, 0xfff], 0x1000, GP],
    [READ, [DATA_32, 0xfff], 0xffff_fffe, GP],
    [WRITE, [DATA_32, 0xfff], 0xffc, 'ends'],
    [WRITE, [DATA_32, 0xfff], 0xffd, GP],
    [CHANGE, [DATA_32, 0xfff], 0xffc, 'ends'],
    [CHANGE, [DATA_32, 0xfff], 0xffd, GP],
    ['8a 03', [DATA_32, 0xfff], 0xfff, 'ends'], // mov al, [ebx]
    ['0f 6f 03', [DATA_32, 0xfff], 0xff8, 'ends'], // movq mm0, [ebx]
    ['0f 6f 03', [DATA_32, 0xfff], 0xff9, GP],
    ['dd 03', [DATA_32, 0xfff], 0xff9, GP], // fld qword ptr [ebx]
    ['62 03', [DATA_32, 0xfff], 0xffc, GP], // bound eax, [ebx]: the second word
    ['c5 03', [DATA_32, 0xfff], 0xffc, GP], // lds eax, [ebx]: the selector
    [READ, [READ_ONLY, FLAT], 8, 'ends'],
    [WRITE, [READ_ONLY, FLAT], 8, GP],
    [CHANGE, [READ_ONLY, FLAT], 8, GP],
    [READ, [CODE_32, FLAT], 8, 'ends'],
    [WRITE, [CODE_32, FLAT], 8, GP],
    [READ, [EXECUTE_ONLY, FLAT], 8, GP],
    [READ, [NULL, 0], 8, GP],
    [READ, [EXPAND_DOWN_32, 0xfff], 0xffc, GP],
    [READ, [EXPAND_DOWN_32, 0xfff], 0xfff, GP],
    [READ, [EXPAND_DOWN_32, 0xfff], 0x1000, 'ends'],
    [WRITE, [EXPAND_DOWN_32, 0xfff], 0x2000, 'ends'],
    [READ, [EXPAND_DOWN_16, 0xfff], 0xfffc, 'ends'],
    [READ, [EXPAND_DOWN_16, 0xfff], 0xfffd, GP],
    [READ, [EXPAND_DOWN_16, 0xfff], 0x1_0000, GP],
  ])('%s of DS %j at %i: %s', (hex, segment, offset, outcome) => {
    expect(run(hex, { [SEGMENT_DS]: segment }, { [RBX]: offset })).toBe(outcome);
    if (tier === 'compiled' && hex !== '62 03' && hex !== 'c5 03') {
      expect(tiering.statistics.regions).toBeGreaterThan(0);
    }
  });

  it('other segments than DS are checked on their own', () => {
    const flat: Segment = [DATA_32, FLAT];
    const all = { [SEGMENT_DS]: flat, [SEGMENT_ES]: flat };
    expect(run(READ, all, { [RBX]: 0x5_0000 })).toBe('ends');
    expect(run(FROM_FS, all, { [RBX]: 0 })).toBe(GP);
    expect(run(FROM_FS, { ...all, [SEGMENT_FS]: [DATA_32, 0xff] }, { [RBX]: 0xfc })).toBe('ends');
    expect(run(FROM_FS, { ...all, [SEGMENT_FS]: [DATA_32, 0xff] }, { [RBX]: 0x100 })).toBe(GP);
    // mov cs:[ebx], eax
    expect(run('2e 89 03', all, { [RBX]: DATA })).toBe(GP);
    expect(run('2e 8b 03', all, { [RBX]: DATA })).toBe('ends');
    // mov eax, [esp + 10h]; mov eax, ds:[esp]
    expect(run('8b 44 24 10', { ...all, [SEGMENT_SS]: [DATA_32, 0xfff] }, { [RSP]: 0xff0 })).toBe(SS);
    expect(run('3e 8b 04 24', { ...all, [SEGMENT_SS]: [DATA_32, 0xfff] }, { [RSP]: 0x2000 })).toBe('ends');
  });

  it.each<[string, Segment, number, Outcome]>([
    ['50', [DATA_32, 0xfff], 0x1000, 'ends'], // push eax
    ['50', [DATA_32, 0xfff], 0x1001, SS],
    ['50', [DATA_32, 0xfff], 0, SS],
    ['58', [DATA_32, 0xfff], 0xffc, 'ends'], // pop eax
    ['58', [DATA_32, 0xfff], 0xffd, SS],
    ['c3', [DATA_32, 0xfff], 0x1000, SS], // ret
    ['e8 00 00 00 00', [DATA_32, 0xfff], 2, SS], // call
    ['60', [DATA_32, 0xfff], 0x1c, SS], // pusha
    ['c8 04 00 00', [DATA_32, 0xfff], 2, SS], // enter
    ['9c', [DATA_32, 0xfff], 2, SS], // pushf
    ['cb', [DATA_32, 0xfff], 0xffc, SS], // retf
    ['50', [EXPAND_DOWN_32, 0xfff], 0x1004, 'ends'],
    ['50', [EXPAND_DOWN_32, 0xfff], 0x1000, SS],
    ['50', [STACK_16, 0xffff], 0x1234_0004, 'ends'],
    ['50', [STACK_16, 0xffff], 0x1234_0002, SS],
  ])('%s on a stack %j at %i: %s', (hex, segment, offset, outcome) => {
    expect(run(hex, { [SEGMENT_SS]: segment }, { [RSP]: offset })).toBe(outcome);
  });

  it('strings are checked at both ends', () => {
    const segments = { [SEGMENT_DS]: [DATA_32, 0xff], [SEGMENT_ES]: [DATA_32, 0xffff] } as const;
    expect(run('a5', segments, { [RSI]: 0xfc, [RDI]: 0x200 })).toBe('ends'); // movsd
    expect(run('a5', segments, { [RSI]: 0x100, [RDI]: 0x200 })).toBe(GP);
    expect(run('a5', segments, { [RSI]: 0, [RDI]: 0x1_0000 })).toBe(GP);
    expect(run('f3 a4', segments, { [RSI]: 0xf0, [RDI]: 0x200, [RCX]: 16 })).toBe('ends');
    expect(run('f3 a4', segments, { [RSI]: 0xf0, [RDI]: 0x200, [RCX]: 17 })).toBe(GP);
    // What fits has been moved.
    expect([machine.processor.gpr(RSI), machine.processor.gpr(RCX)]).toEqual([0x100n, 1n]);
    expect(run('f3 ab', segments, { [RDI]: 0xfff8, [RCX]: 4, [RAX]: 0 })).toBe(GP);
    expect(machine.processor.gpr(RCX)).toBe(2n);
  });

  it('effective addresses of 16 bits wrap before the limit is looked at', () => {
    const segments = { [SEGMENT_DS]: [DATA_32, 0xffff] } as const;
    // mov ax, [bx + si]; mov ax, [bx]
    expect(run('66 67 8b 00', segments, { [RBX]: 0xfff0, [RSI]: 0x20 })).toBe('ends');
    expect(run('66 67 8b 07', segments, { [RBX]: 0xffff })).toBe(GP);
  });

  it('a change of a segment in a loop is noticed', () => {
    // The second turn of the loop has a null selector in DS: mov eax, [ebx]; mov ds, cx; jmp back
    const outcome = run('8b 03 8e d9 eb fa', { [SEGMENT_DS]: [DATA_32, FLAT] }, { [RBX]: DATA, [RCX]: 0 });
    expect(outcome).toBe(GP);
  });

  describe('the code segment', () => {
    const base = CODE - 0x100;
    const atLimit = (limit: number, rights = CODE_32) => ({
      code: [rights, limit] as Segment,
      codeBase: base,
    });

    it.each<[string, number, number, number, Outcome]>([
      ['90 90 90', CODE_32, 0x103, 0, 'ends'],
      ['90 90 90', CODE_32, 0x102, 3, GP],
      ['90 b8 01 02 03 04', CODE_32, 0x104, 1, GP], // mov eax, imm32 reaches beyond
      ['eb 01 90', CODE_32, 0x102, 0, GP], // jmp beyond
      ['90 ff e3', CODE_32, 0x102, 1, GP], // jmp ebx
      ['90 90', CODE_16, 0x101, 2, GP],
    ])('%s, rights %i, limit %i', (hex, rights, limit, faultAt, outcome) => {
      const options = { ...atLimit(limit, rights), faultAt };
      expect(run(hex, {}, { [RBX]: 0x1000, [RSP]: 0x3_0000 }, options)).toBe(outcome);
    });

    it('the same code with another limit', () => {
      for (const [limit, outcome] of [
        [0x103, 'ends'],
        [0x102, GP],
        [FLAT, 'ends'],
        [0x101, GP],
      ] as const) {
        const faultAt = limit === 0x101 ? 2 : 3;
        expect(run('90 90 90', {}, {}, { ...atLimit(limit), faultAt })).toBe(outcome);
      }
    });
  });
});
