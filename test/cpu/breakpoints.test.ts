/** Hardware breakpoints (Intel SDM Vol. 3 "Debug Exceptions"), in both tiers and in slices of any length. */
import { describe, expect, it } from 'vitest';
import { compileRegions } from '../../src/compile/compiler.ts';
import { DR, MSR_DEBUGCTL } from '../../src/layout/cpu-state.ts';
import { createTieredMachine } from '../code-cache/tiered-machine.ts';
import { CODE, DATA, HANDLERS } from '../isa/system-machine.ts';

const RAX = 0;
const RCX = 1;
const RDX = 2;
const RBX = 3;
const RSI = 6;
const RDI = 7;
const R9 = 9;
const LOG = DATA + 0x4000;
const HANDLER = 0x1_2000;
const CR4_DE = 8n;
const FLAG_TF = 0x100;
const ENTRY_BYTES = 24;
/** mov dr0, rax; mov dr7, rdx: what every program begins with. */
const ARM = '0f23c0 0f23fa';
const START = CODE + 6;

/** The handler notes RIP, DR6 and RCX at R9, clears DR6 and sets RF in the flags that it returns to. */
const NOTE =
  '50 488b442408 498901 0f21f0 49894108 49894910' + // push rax; mov rax, [rsp + 8]; mov [r9], rax; mov rax, dr6; ...
  '31c0 0f23f0 4983c118 58' + // xor eax, eax; mov dr6, rax; add r9, 24; pop rax
  '814c241000000100 48cf'; // or dword [rsp + 16], 10000h; iretq

/** DR7 of a breakpoint in DR0. */
const EXECUTE = 1n;
const write = (bytes: 1 | 2 | 4 | 8) => 1n | (1n << 16n) | lengthOf(bytes);
const access = (bytes: 1 | 2 | 4 | 8) => 1n | (3n << 16n) | lengthOf(bytes);
const port = (bytes: 1 | 2 | 4) => 1n | (2n << 16n) | lengthOf(bytes);
function lengthOf(bytes: 1 | 2 | 4 | 8): bigint {
  return { 1: 0n, 2: 1n, 4: 3n, 8: 2n }[bytes] << 18n;
}

interface Case {
  readonly code: string;
  readonly dr0: number;
  readonly dr7: bigint;
  readonly flags?: number;
}

type Tier = 'interpreter' | 'compiled';

function run({ code, dr0, dr7, flags }: Case, tier: Tier = 'interpreter', slice = 1 << 20) {
  const { machine, tiering } = createTieredMachine(tier, undefined, compileRegions);
  const { processor } = machine;
  const hex = (text: string) => [...Buffer.from(text.replaceAll(' ', ''), 'hex')];
  machine.write(HANDLERS + 16, hex('e9eb9f0000')); // jmp HANDLER
  machine.write(HANDLER, hex(NOTE));
  machine.write(CODE, [...hex(ARM), ...hex(code), 0xf4]);
  machine.setCr4(CR4_DE);
  for (const [register, value] of [
    [RAX, dr0],
    [RDX, Number(dr7)],
    [RBX, DATA],
    [RSI, DATA + 0x100],
    [RDI, DATA + 0x200],
    [R9, LOG],
  ] as const) {
    processor.setGpr(register, BigInt(value));
  }
  processor.rip = BigInt(CODE);
  // Whatever has run before has been translated, and compiled.
  machine.write64(DATA + 0x1000, 0n);
  let reason = processor.run(2);
  expect(reason).toBe('budget');
  if (flags !== undefined) processor.flags = flags;
  for (let slices = 0; reason !== 'halt'; slices++) {
    expect(slices, 'slices').toBeLessThan(5000);
    tiering.poll();
    reason = processor.trapFlag ? processor.singleStep() : processor.run(slice);
  }
  const hits = (Number(processor.gpr(R9)) - LOG) / ENTRY_BYTES;
  return {
    traps: Array.from({ length: hits }, (_, hit) => ({
      at: Number(machine.read64(LOG + hit * ENTRY_BYTES)) - START,
      dr6: Number(machine.read64(LOG + hit * ENTRY_BYTES + 8) & 0xe00fn),
      rcx: Number(machine.read64(LOG + hit * ENTRY_BYTES + 16)),
    })),
    registers: Array.from({ length: 16 }, (_, register) => processor.gpr(register)),
    instructions: processor.instructions,
    regions: tiering.statistics.regions,
  };
}

/** Offsets from START at which #DB was delivered. */
function traps(test: Case): number[] {
  return run(test).traps.map(({ at }) => at);
}

/** mov ecx, 40; L: inc r10d; nop; dec ecx; jnz L */
const LOOP = 'b928000000 41ffc2 90 ffc9 75f8';

describe('an instruction breakpoint', () => {
  const nop = { code: LOOP, dr0: START + 8, dr7: EXECUTE };

  it('is a fault before the instruction, each time', () => {
    const { traps: hits, registers } = run(nop);
    expect(hits).toEqual(Array.from({ length: 40 }, (_, n) => ({ at: 8, dr6: 1, rcx: 40 - n })));
    expect(registers[10]).toBe(40n);
  });

  it('hits as often in slices and in compiled code', () => {
    const { regions: _, ...whole } = run(nop);
    for (const tier of ['interpreter', 'compiled'] as const) {
      for (const slice of [1, 2, 3, 7]) {
        const { regions, ...sliced } = run(nop, tier, slice);
        expect(sliced, `${tier}, slices of ${slice}`).toEqual(whole);
      }
    }
  });

  it('that is elsewhere leaves code compiled', () => {
    const { traps: hits, regions } = run({ ...nop, dr0: START + 0x1008 - 0x800 }, 'compiled');
    expect(hits).toEqual([]);
    expect(regions).toBeGreaterThan(0);
  });

  it('needs to be at the first byte, and enabled', () => {
    expect(traps({ ...nop, dr0: START + 6 })).toEqual([]);
    expect(traps({ ...nop, dr7: 0n })).toEqual([]);
    expect(traps({ ...nop, dr7: 2n }).length).toBe(40);
  });

  it('hits code that has run, and no more once it is disarmed', () => {
    // xor edx, edx; L: nop; cmp r9, LOG; jne over; mov dr7, rdx of 1; ...: armed inside the loop by its third round.
    const code =
      '31d2 31c9' + // xor edx, edx; xor ecx, ecx
      '90 ffc1' + // L: nop; inc ecx
      '83f903 7505 ba01000000' + // cmp ecx, 3; jne +5; mov edx, 1
      '83f906 7502 31d2' + // cmp ecx, 6; jne +2; xor edx, edx
      '0f23fa 83f90a 75e4'; // mov dr7, rdx; cmp ecx, 10; jne L
    for (const tier of ['interpreter', 'compiled'] as const) {
      const { traps: hits } = run({ code, dr0: START + 4, dr7: 0n }, tier);
      expect(hits.map(({ rcx }) => rcx)).toEqual([3, 4, 5]);
    }
  });

  it('on a repetition hits once, however often that is interrupted', () => {
    const { traps: hits } = run(
      { code: 'b9 90010000 f3aa 90', dr0: START + 5, dr7: EXECUTE },
      'interpreter',
      1,
    );
    expect(hits).toEqual([{ at: 5, dr6: 1, rcx: 400 }]);
  });
});

describe('a data breakpoint', () => {
  const at = DATA + 4;

  it.each([
    ['mov dword [rbx + 4], 7', 'c7430407000000', 7],
    ['mov [rbx + 1], rax', '48894301', 4],
    ['add [rbx + 4], eax', '014304', 3],
    ['mov byte [rbx + 7], 1', 'c6430701', 4],
    ['push and pop to it', 'ff73048f4304', 6],
  ])('of writes hits %s, behind it', (_, code, end) => {
    expect(run({ code: `${code} 90`, dr0: at, dr7: write(4) }).traps).toEqual([{ at: end, dr6: 1, rcx: 0 }]);
  });

  it.each([
    ['a read', '8b4304'],
    ['a write before it', 'c7030700 0000'],
    ['a write behind it', 'c6430801'],
    ['a store into the same page', 'c7432007000000'],
  ])('of writes does not hit %s', (_, code) => {
    expect(traps({ code: `${code} 90`, dr0: at, dr7: write(4) })).toEqual([]);
  });

  it('of accesses hits reads too, in any place that reads', () => {
    // mov eax, [rbx + 4]; mov eax, [rbx]; cmp byte [rbx + 7], 1; fild dword [rbx + 4]; mov r10, [rbx - 4]
    const code = '8b4304 8b03 807b0701 db4304 4c8b53fc';
    expect(traps({ code: `${code} 90`, dr0: at, dr7: access(4) })).toEqual([3, 9, 12]);
  });

  it('ignores the low bits of its address, by its length', () => {
    expect(traps({ code: 'c6430101 90', dr0: DATA + 3, dr7: write(8) })).toEqual([4]);
    expect(traps({ code: 'c6430101 90', dr0: DATA + 3, dr7: write(1) })).toEqual([]);
  });

  it('traps at the target of a call that pushes to it, and behind a return', () => {
    // lea rsp, [rbx + 8]; call +1; nop; nop: pushes to DATA, and the frame of #DB lies below
    expect(traps({ code: '488d6308 e801000000 90 90', dr0: DATA, dr7: write(8) })).toEqual([10]);
    // lea rsp, [rbx + 8]; push START + 10; ret
    expect(traps({ code: '488d6308 6810000100 c3 9090', dr0: DATA, dr7: access(8) })).toEqual([9, 10]);
  });

  it('in a repetition traps after the iteration', () => {
    // mov ecx, 200; rep movsb from DATA + 100h to DATA + 200h
    const test = { code: 'b9c8000000 f3a4 90', dr0: DATA + 0x200 + 70, dr7: write(2) };
    const { instructions: _, regions: __, ...whole } = run(test);
    expect(whole.traps).toEqual([
      { at: 5, dr6: 1, rcx: 129 },
      { at: 5, dr6: 1, rcx: 128 },
    ]);
    expect(whole.registers[RCX]).toBe(0n);
    for (const slice of [1, 2, 3]) {
      const { instructions, regions, ...sliced } = run(test, 'interpreter', slice);
      expect(sliced).toEqual(whole);
    }
  });

  it('hits in compiled loops', () => {
    // mov ecx, 40; L: inc dword [rbx + rcx * 4]; dec ecx; jnz L
    const test = { code: 'b928000000 ff048b ffc9 75f9', dr0: DATA + 20 * 4, dr7: write(4) };
    const { regions, ...compiled } = run(test, 'compiled');
    const { regions: _, ...interpreted } = run(test);
    expect(regions).toBeGreaterThan(0);
    expect(compiled).toEqual(interpreted);
    expect(compiled.traps).toEqual([{ at: 8, dr6: 1, rcx: 20 }]);
  });

  it('comes together with the single-step trap', () => {
    const { traps: hits } = run({ code: 'c7430407000000 90', dr0: at, dr7: write(4), flags: FLAG_TF | 2 });
    expect(hits[0]).toEqual({ at: 7, dr6: 0x4001, rcx: 0 });
    expect(hits[1]).toEqual({ at: 8, dr6: 0x4000, rcx: 0 });
  });
});

describe('an I/O breakpoint', () => {
  it('traps behind accesses to its ports', () => {
    // out 80h, al; in al, 82h; in eax, 7eh; out 84h, al
    const code = 'e680 e482 e57e e684 90';
    expect(traps({ code, dr0: 0x80, dr7: port(1) })).toEqual([2, 6]);
    expect(traps({ code, dr0: 0x80, dr7: port(4) })).toEqual([2, 4, 6]);
  });

  it('in REP OUTS traps after each element', () => {
    const { traps: hits } = run({ code: 'b903000000 ba80000000 f36e 90', dr0: 0x80, dr7: port(1) });
    expect(hits.map(({ at, rcx }) => [at, rcx])).toEqual([
      [10, 2],
      [10, 1],
      [12, 0],
    ]);
  });
});

it('delivery of any #DB clears DR7.GD', () => {
  const { machine } = createTieredMachine('interpreter', undefined, compileRegions);
  const { processor } = machine;
  processor.setU64(DR + 7 * 8, 0x2400n);
  processor.setU64(MSR_DEBUGCTL, 3n);
  expect(machine.run('int1')).toBe(1);
  expect(processor.u64(DR + 7 * 8)).toBe(0x400n);
  expect(processor.u64(MSR_DEBUGCTL)).toBe(0n);
});
