/** Real mode: limits of 64 KiB, larger ones that protected mode has left behind, and what has no place there. */
import { beforeEach, describe, expect, it } from 'vitest';
import {
  CPL,
  CR0,
  CR4,
  IDTR_BASE,
  IDTR_LIMIT,
  MSR_EFER,
  SEGMENT_BASE,
  SEGMENT_CS,
  SEGMENT_DS,
  SEGMENT_ES,
  SEGMENT_FS,
  SEGMENT_GS,
  SEGMENT_SS,
} from '../../src/layout/cpu-state.ts';
import { createTieredMachine, ROUNDS, runToHalt, type TieredMachine } from '../code-cache/tiered-machine.ts';
import { BACK_ENDS } from '../support/back-ends.ts';
import type { SystemMachine } from './system-machine.ts';

const RAX = 0;
const RBX = 3;
const RSP = 4;
const RSI = 6;
const RDI = 7;
const RCX = 1;

const UD = 6;
const SS = 12;
const GP = 13;

/** Linear addresses of the segments. */
const CODE = 0x1_0000;
const DATA = 0x2_0000;
const STACK = 0x4_0000;
/** Handler of vector n: HLT at 0000:8000 + n * 16. */
const HANDLERS = 0x8000;
const FLAT = 0xffff_ffff;

type Outcome = number | 'ends';

interface Options {
  readonly registers?: Readonly<Record<number, number>>;
  /** Limit of DS, where it is not 64 KiB. */
  readonly limit?: number;
  /** Offset of the code in its segment. */
  readonly at?: number;
  /** Offset of the instruction that faults. */
  readonly faultAt?: number;
}

describe.each(['interpreter', 'compiled'] as const)('%s', (tier) => {
  let machine: SystemMachine;
  let tiering: TieredMachine['tiering'];

  beforeEach(() => {
    ({ machine, tiering } = createTieredMachine(tier, undefined, BACK_ENDS.writer));
    const { processor } = machine;
    processor.setU64(CR0, 0x10n);
    processor.setU64(CR4, 0n);
    processor.setU64(MSR_EFER, 0n);
    processor.setU64(IDTR_BASE, 0n);
    processor.setU32(IDTR_LIMIT, 0x3ff);
    for (let vector = 0; vector < 256; vector++) {
      machine.write(vector * 4, [(HANDLERS + vector * 16) & 0xff, (HANDLERS + vector * 16) >> 8, 0, 0]);
    }
  });

  /** Runs code several times; how it ended each time: at its HLT, or by an exception of the instruction at `faultAt`. */
  function run(
    hex: string,
    { registers = {}, limit = 0xffff, at = 0x100, faultAt = at }: Options = {},
  ): Outcome {
    const { processor } = machine;
    const { runtime } = processor;
    const bytes = [...Buffer.from(hex.replaceAll(' ', ''), 'hex')];
    machine.write(CODE + at, [...bytes, 0xf4]);
    const outcomes = new Set<Outcome>();
    for (let round = 0; round < ROUNDS; round++) {
      const set = (index: number, base: number, bytesLimit = 0xffff, rights = 0x93): void =>
        runtime.setSegment(index, base >> 4, BigInt(base), bytesLimit, rights);
      set(SEGMENT_CS, CODE, 0xffff, 0x9b);
      set(SEGMENT_SS, STACK);
      set(SEGMENT_DS, DATA, limit);
      for (const index of [SEGMENT_ES, SEGMENT_FS, SEGMENT_GS]) set(index, DATA);
      processor.setU32(CPL, 0);
      processor.flags = 2;
      runtime.updateMode();
      processor.setGpr(RSP, 0x1000n);
      for (const [number, value] of Object.entries(registers))
        processor.setGpr(Number(number), BigInt(value));
      processor.rip = BigInt(at);
      runToHalt({ machine, tiering });
      if (processor.u64(SEGMENT_BASE + SEGMENT_CS * 8) === BigInt(CODE)) {
        outcomes.add('ends');
        continue;
      }
      const sp = Number(processor.gpr(RSP) & 0xffffn);
      // IP, CS, FLAGS, and no error code.
      expect(Number(machine.read64(STACK + sp) & 0xffff_ffffn)).toBe(faultAt | ((CODE >> 4) << 16));
      outcomes.add((Number(processor.rip) - 1 - HANDLERS) / 16);
    }
    expect(outcomes.size).toBe(1);
    return [...outcomes][0] as Outcome;
  }

  it.each<[string, string, number, Outcome]>([
    ['mov ax,[bx]', '8b 07', 0xfffe, 'ends'],
    ['mov ax,[bx]', '8b 07', 0xffff, GP],
    ['mov al,[bx]', '8a 07', 0xffff, 'ends'],
    ['mov [bx],eax', '66 89 07', 0xfffc, 'ends'],
    ['mov [bx],eax', '66 89 07', 0xfffd, GP],
    ['mov ax,ss:[bx]', '36 8b 07', 0xffff, SS],
    ['mov cs:[bx],ax', '2e 89 07', 0x3000, 'ends'],
    ['mov ax,[ebx]', '67 8b 03', 0x1_0000, GP],
  ])('%s: %s at %i: %s', (_text, hex, offset, outcome) => {
    expect(run(hex, { registers: { [RBX]: offset } })).toBe(outcome);
    if (tier === 'compiled') expect(tiering.statistics.regions).toBeGreaterThan(0);
  });

  it('a limit of 4 GiB that protected mode has left behind stays when the segment is loaded', () => {
    machine.write64(0x10_0000, 0x1234n);
    // mov ds,si; mov ax,[ebx]
    const options = { registers: { [RBX]: 0x10_0000, [RSI]: 0 }, limit: FLAT };
    expect(run('8e de 67 8b 03', options)).toBe('ends');
    expect(machine.processor.gpr(RAX) & 0xffffn).toBe(0x1234n);
    expect(run('8e de 67 8b 03', { ...options, limit: 0xffff, faultAt: 0x102 })).toBe(GP);
  });

  it('strings wrap at 64 KiB, and an element that does not fit faults', () => {
    const registers = { [RSI]: 0xfffe, [RDI]: 0x100, [RCX]: 3 };
    // rep movsw; rep movsd
    expect(run('f3 a5', { registers })).toBe('ends');
    expect(machine.processor.gpr(RSI) & 0xffffn).toBe(4n);
    expect(run('66 f3 a5', { registers })).toBe(GP);
  });

  it('jumps stay within 64 KiB; execution does not run on past the end', () => {
    // jmp over the end to offset 0100h, with 16 bits
    machine.write(CODE + 0x20, [0xf4]);
    expect(run('eb 2e', { at: 0xfff0 })).toBe('ends');
    // The same with 32 bits; jmp ebx.
    expect(run('66 e9 2a 00 00 00', { at: 0xfff0 })).toBe(GP);
    expect(run('66 ff e3', { registers: { [RBX]: 0x1_0000 } })).toBe(GP);
    // The offset is 10000H, of which 16 bits are pushed.
    expect(run('90 90 90', { at: 0xfffd, faultAt: 0 })).toBe(GP);
  });

  it.each([
    ['lldt ax', '0f 00 d0'],
    ['ltr ax', '0f 00 d8'],
    ['sldt ax', '0f 00 c0'],
    ['str ax', '0f 00 c8'],
    ['verr ax', '0f 00 e0'],
    ['lar ax,ax', '0f 02 c0'],
    ['lsl ax,ax', '0f 03 c0'],
    ['arpl ax,ax', '63 c0'],
  ])('%s is undefined', (_text, hex) => {
    expect(run(hex)).toBe(UD);
  });

  it('interrupts, far calls and returns move CS and IP', () => {
    // int 80h, whose handler is not the HLT but an IRET at 0000:9000; then call 1000:0200, which returns by RETF 2.
    machine.write(0x80 * 4, [0x00, 0x90, 0x00, 0x00]);
    machine.write(0x9000, [0xcf]);
    machine.write(CODE + 0x200, [0x43, 0xca, 0x02, 0x00]);
    expect(run('50 cd 80 9a 00 02 00 10', { registers: { [RBX]: 6 } })).toBe('ends');
    expect([machine.processor.gpr(RBX), machine.processor.gpr(RSP)]).toEqual([7n, 0x1000n]);
  });
});
