/** Hardware breakpoints (Intel SDM Vol. 3 "Debug Exceptions"), in both tiers and in slices of any length. */
import { describe, expect, it } from 'vitest';
import { compileRegions } from '../../src/compile/compiler.ts';
import { DR, MSR_DEBUGCTL } from '../../src/layout/cpu-state.ts';
import { createTieredMachine } from '../code-cache/tiered-machine.ts';
import { CODE, DATA, HANDLERS, STACK } from '../isa/system-machine.ts';
import { assemble } from '../support/assembler.ts';

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
/** What every program begins with. */
const ARM = 'mov dr0,rax; mov dr7,rdx';
const START = CODE + 6;

/** The handler notes RIP, DR6 and RCX at R9, clears DR6 and sets RF in the flags that it returns to. */
const NOTE = `
  push rax
  mov rax,QWORD PTR [rsp+8]
  mov QWORD PTR [r9],rax
  mov rax,dr6
  mov QWORD PTR [r9+8],rax
  mov QWORD PTR [r9+16],rcx
  xor eax,eax
  mov dr6,rax
  add r9,24
  pop rax
  or DWORD PTR [rsp+16],0x10000
  iretq
`;

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
  machine.write(HANDLERS + 16, [...assemble(`jmp ${HANDLER}`, HANDLERS + 16)]);
  machine.write(HANDLER, [...assemble(NOTE)]);
  machine.write(CODE, [...assemble(`${ARM}; ${code}; hlt`)]);
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

const LOOP = 'mov ecx,40; again: inc r10d; nop; dec ecx; jne again';

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
    // Armed inside the loop by its third round, disarmed by its sixth.
    const code = `
      xor edx,edx
      xor ecx,ecx
      again: nop
      inc ecx
      cmp ecx,3
      jne armed
      mov edx,1
      armed: cmp ecx,6
      jne disarmed
      xor edx,edx
      disarmed: mov dr7,rdx
      cmp ecx,10
      jne again
    `;
    for (const tier of ['interpreter', 'compiled'] as const) {
      const { traps: hits } = run({ code, dr0: START + 4, dr7: 0n }, tier);
      expect(hits.map(({ rcx }) => rcx)).toEqual([3, 4, 5]);
    }
  });

  it('hits again after more others than are remembered', () => {
    // RSI is where `f` begins, whose NOP has run each time before the breakpoint is armed there.
    const code = `
      lea rsi,[rip + f]
      mov eax,0x800
      again: ${'mov dr0,rax; inc rax; nop; '.repeat(20)}
      call f
      mov dr0,rsi
      call f
      inc ecx
      cmp ecx,2
      jne again
      hlt
      f: nop
      ret
    `;
    expect(run({ code, dr0: 0, dr7: EXECUTE }).traps.map(({ rcx }) => rcx)).toEqual([0, 1]);
  });

  it('on a repetition hits once, however often that is interrupted', () => {
    const { traps: hits } = run(
      { code: 'mov ecx,400; rep stos BYTE PTR es:[rdi],al; nop', dr0: START + 5, dr7: EXECUTE },
      'interpreter',
      1,
    );
    expect(hits).toEqual([{ at: 5, dr6: 1, rcx: 400 }]);
  });
});

describe('a data breakpoint', () => {
  const at = DATA + 4;

  it.each([
    ['mov DWORD PTR [rbx+4],7', 7],
    ['mov QWORD PTR [rbx+1],rax', 4],
    ['add DWORD PTR [rbx+4],eax', 3],
    ['mov BYTE PTR [rbx+7],1', 4],
    ['push QWORD PTR [rbx+4]; pop QWORD PTR [rbx+4]', 6],
  ])('of writes hits %s, behind it', (code, end) => {
    expect(run({ code: `${code}; nop`, dr0: at, dr7: write(4) }).traps).toEqual([
      { at: end, dr6: 1, rcx: 0 },
    ]);
  });

  it.each([
    ['a read', 'mov eax,DWORD PTR [rbx+4]'],
    ['a write before it', 'mov DWORD PTR [rbx],7'],
    ['a write behind it', 'mov BYTE PTR [rbx+8],1'],
    ['a store into the same page', 'mov DWORD PTR [rbx+32],7'],
  ])('of writes does not hit %s', (_, code) => {
    expect(traps({ code: `${code}; nop`, dr0: at, dr7: write(4) })).toEqual([]);
  });

  it('of accesses hits reads too, in any place that reads', () => {
    const code = `
      mov eax,DWORD PTR [rbx+4]
      mov eax,DWORD PTR [rbx]
      cmp BYTE PTR [rbx+7],1
      fild DWORD PTR [rbx+4]
      mov r10,QWORD PTR [rbx-4]
      nop
    `;
    expect(traps({ code, dr0: at, dr7: access(4) })).toEqual([3, 9, 12]);
  });

  it('ignores the low bits of its address, by its length', () => {
    const code = 'mov BYTE PTR [rbx+1],1; nop';
    expect(traps({ code, dr0: DATA + 3, dr7: write(8) })).toEqual([4]);
    expect(traps({ code, dr0: DATA + 3, dr7: write(1) })).toEqual([]);
  });

  it('traps at the target of a call that pushes to it, and behind a return', () => {
    // It pushes to DATA, and the frame of #DB lies below.
    const call = 'lea rsp,[rbx+8]; call behind; nop; behind: nop';
    expect(traps({ code: call, dr0: DATA, dr7: write(8) })).toEqual([10]);
    const back = `lea rsp,[rbx+8]; push ${START + 10}; ret; nop; nop`;
    expect(traps({ code: back, dr0: DATA, dr7: access(8) })).toEqual([9, 10]);
  });

  it('is one of four; DR6 tells of all that are hit, and LE and GE mean nothing', () => {
    const all = [0n, 1n, 2n, 3n].map(
      (n) => (1n << (2n * n)) | (1n << (16n + 4n * n)) | (3n << (18n + 4n * n)),
    );
    const dr7 = all.reduce((sum, bits) => sum | bits);
    const code = `
      lea rax,[rbx+8]; mov dr1,rax; mov dr3,rax
      lea rax,[rbx+12]; mov dr2,rax
      mov DWORD PTR [rbx+4],1
      mov DWORD PTR [rbx+8],1
      mov DWORD PTR [rbx+12],1
      mov QWORD PTR [rbx+4],1
      mov DWORD PTR [rbx+16],1
    `;
    for (const exact of [0n, 0x300n]) {
      const { traps: hits } = run({ code, dr0: at, dr7: dr7 | exact });
      expect(hits.map(({ dr6 }) => dr6)).toEqual([0b0001, 0b1010, 0b0100, 0b1011]);
    }
  });

  it('does not trap behind an instruction that faults', () => {
    // POP reads what is watched, and then has nowhere to write to: #PF, of which the handler halts.
    const code = 'push rax; mov edi,0x40000000; pop QWORD PTR [rdi]; nop';
    expect(traps({ code, dr0: Number(STACK) - 8, dr7: access(8) })).toEqual([1]);
  });

  it('in a repetition traps after the iteration', () => {
    const code = 'mov ecx,200; rep movs BYTE PTR es:[rdi],BYTE PTR ds:[rsi]; nop';
    const test = { code, dr0: DATA + 0x200 + 70, dr7: write(2) };
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
    const code = 'mov ecx,40; again: inc DWORD PTR [rbx+rcx*4]; dec ecx; jne again';
    const test = { code, dr0: DATA + 20 * 4, dr7: write(4) };
    const { regions, ...compiled } = run(test, 'compiled');
    const { regions: _, ...interpreted } = run(test);
    expect(regions).toBeGreaterThan(0);
    expect(compiled).toEqual(interpreted);
    expect(compiled.traps).toEqual([{ at: 8, dr6: 1, rcx: 20 }]);
  });

  it('comes together with the single-step trap', () => {
    const code = 'mov DWORD PTR [rbx+4],7; nop';
    const { traps: hits } = run({ code, dr0: at, dr7: write(4), flags: FLAG_TF | 2 });
    expect(hits[0]).toEqual({ at: 7, dr6: 0x4001, rcx: 0 });
    expect(hits[1]).toEqual({ at: 8, dr6: 0x4000, rcx: 0 });
  });
});

describe('an I/O breakpoint', () => {
  it('traps behind accesses to its ports', () => {
    const code = 'out 0x80,al; in al,0x82; in eax,0x7e; out 0x84,al; nop';
    expect(traps({ code, dr0: 0x80, dr7: port(1) })).toEqual([2, 6]);
    expect(traps({ code, dr0: 0x80, dr7: port(4) })).toEqual([2, 4, 6]);
  });

  it('in REP OUTS traps after each element', () => {
    const code = 'mov ecx,3; mov edx,0x80; rep outs BYTE PTR ds:[rsi]; nop';
    const { traps: hits } = run({ code, dr0: 0x80, dr7: port(1) });
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
