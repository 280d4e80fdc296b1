/** Repeated string instructions: what they cost, where they stop, and that nobody can tell where a slice ended. */
import { describe, expect, it } from 'vitest';
import { compileRegions } from '../../src/compile/compiler.ts';
import { createTieredMachine } from '../code-cache/tiered-machine.ts';
import { CODE, DATA, HANDLERS, PAGE_DIRECTORY, STACK, SystemMachine } from '../isa/system-machine.ts';
import { assemble } from '../support/assembler.ts';

const RAX = 0;
const RCX = 1;
const RSP = 4;
const RSI = 6;
const RDI = 7;
const FLAG_TF = 0x100;
const PAGE_FAULT = 14;
const DB = 1;
const INTERRUPT = 0x30;
/** 2 MiB that are no RAM, mapped by prepare(). */
const DEVICE = 0x40_0000;
/** A page table for the 2 MiB from 200000H on: page n is DATA + n pages, and pages from FIRST_ABSENT on are missing. */
const PAGE_TABLE = 0x4_8000;
const FIRST_ABSENT = 4;
const DATA_BYTES = 0x8000;
const FAR_MORE = 1 << 24;

function bytes(code: string, address?: number): number[] {
  return [...assemble(code, address)];
}

/** The page fault handler: maps the page and counts it in R8. */
const MAP_PAGE = `
  push rax
  push rcx
  mov rax,cr2
  shr rax,12
  and eax,0x1ff
  mov ecx,eax
  shl ecx,12
  add ecx,${DATA + 0x67}
  mov DWORD PTR [rax*8+${PAGE_TABLE}],ecx
  inc r8
  pop rcx
  pop rax
  add rsp,8
  iretq
`;
const MAP_PAGE_AT = 0x1_2000;
/** A function that is run before its page is overwritten: RET. */
const FUNCTION = DATA + 0x7100;

function prepare(machine: SystemMachine): void {
  for (let at = 0; at < DATA_BYTES; at += 8) {
    machine.write64(DATA + at, BigInt(at) * 0x9e37_79b9_7f4a_7c15n);
  }
  machine.write64(PAGE_DIRECTORY + 8, BigInt(PAGE_TABLE) | 7n);
  for (let page = 0; page < FIRST_ABSENT; page++) {
    machine.write64(PAGE_TABLE + page * 8, BigInt(DATA + page * 0x1000) | 0x67n);
  }
  // The page before the device.
  machine.write64(PAGE_TABLE + 511 * 8, BigInt(DATA + 0x6000) | 0x67n);
  machine.write64(PAGE_DIRECTORY + 16, BigInt(DEVICE) | 0x83n);
  // The vectors' handlers have 16 bytes.
  const handler = HANDLERS + PAGE_FAULT * 16;
  machine.write(handler, bytes(`jmp ${MAP_PAGE_AT}`, handler));
  machine.write(MAP_PAGE_AT, bytes(MAP_PAGE));
  machine.write(FUNCTION, [0xc3]);
}

type Tier = 'interpreter' | 'compiled';

/** Everything that the guest or a device can see of a program that ends with HLT, run in slices of at most `slice`. */
function outcome(tier: Tier, code: string, slice: number) {
  const { machine, tiering } = createTieredMachine(tier, undefined, compileRegions);
  const { processor } = machine;
  prepare(machine);
  machine.write(CODE, [...bytes(code), 0xf4]);
  processor.rip = BigInt(CODE);
  let reason = processor.run(slice);
  while (reason === 'budget') {
    // A slice of one must not go on for ever without a step.
    const { requests } = tiering.statistics;
    tiering.poll();
    const before = processor.instructions;
    reason = processor.run(slice);
    // A request to compile ends it sooner.
    if (reason === 'budget' && tiering.statistics.requests === requests)
      expect(processor.instructions - before).toBe(slice);
    expect(processor.instructions).toBeGreaterThan(before);
  }
  expect(reason).toBe('halt');
  return {
    registers: Array.from({ length: 16 }, (_, register) => processor.gpr(register)),
    flags: processor.flags,
    rip: processor.rip,
    instructions: processor.instructions,
    instants: machine.instants,
    ports: machine.log,
    data: Array.from({ length: DATA_BYTES / 8 }, (_, index) => machine.read64(DATA + index * 8)),
  };
}

/** What is to be repeated, and where. */
function start(count: number, source: number, destination: number): string {
  return `mov edi,${destination}; mov esi,${source}; mov ecx,${count}`;
}

/** The string instructions as they are written here. */
const MOVSB = 'rep movs BYTE PTR es:[rdi],BYTE PTR ds:[rsi]';
const MOVSW = 'rep movs WORD PTR es:[rdi],WORD PTR ds:[rsi]';
const MOVSD = 'rep movs DWORD PTR es:[rdi],DWORD PTR ds:[rsi]';
const MOVSQ = 'rep movs QWORD PTR es:[rdi],QWORD PTR ds:[rsi]';
const STOSB = 'rep stos BYTE PTR es:[rdi],al';
const STOSD = 'rep stos DWORD PTR es:[rdi],eax';
const STOSQ = 'rep stos QWORD PTR es:[rdi],rax';
const LODSB = 'rep lods al,BYTE PTR ds:[rsi]';
const LODSW = 'rep lods ax,WORD PTR ds:[rsi]';
const OUTSB = 'rep outs BYTE PTR ds:[rsi]';
const INSW = 'rep ins WORD PTR es:[rdi]';
const CMPSB = 'rep cmps BYTE PTR ds:[rsi],BYTE PTR es:[rdi]';
const CMPSD = 'rep cmps DWORD PTR ds:[rsi],DWORD PTR es:[rdi]';
const SCASB = 'repne scas al,BYTE PTR es:[rdi]';

const PROGRAMS: Record<string, string> = {
  'rep movsb over pages': `${start(0x1234, 0x20_0123, 0x20_1ff0)}; ${MOVSB}`,
  'rep movsb within a page': `${start(300, 0x20_0123, 0x20_1000)}; ${MOVSB}`,
  'rep movsq, overlapping': `${start(700, 0x20_0003, 0x20_000b)}; ${MOVSQ}`,
  'rep movsw downwards': `std; ${start(0x900, 0x20_17f1, 0x20_3001)}; ${MOVSW}; cld`,
  'rep stosd over pages that are mapped on the way': `${start(0xa00, 0, 0x20_3002)}; ${STOSD}`,
  'rep movsb into and from pages that are mapped on the way': `${start(0x2001, 0x20_3f83, 0x20_4fc1)}; ${MOVSB}`,
  'rep lodsw': `${start(1000, 0x20_0001, 0)}; ${LODSW}`,
  'repe cmpsb': `${start(0x1800, 0x20_0100, 0x20_0100)}; ${CMPSB}; sete al`,
  'repne scasb that finds': `xor eax,eax; ${start(0x1800, 0, 0x20_0101)}; ${SCASB}; setb al`,
  'repe cmpsd over a page that is mapped on the way': `${start(0x500, 0x20_3ff0, 0x20_3ff0)}; ${CMPSD}; seta al`,
  'rep stosb to a device': `${start(150, 0, DEVICE)}; ${STOSB}`,
  'rep movsd from RAM to RAM and a device': `${start(100, 0x20_0000, DEVICE - 0x100)}; ${MOVSD}`,
  'rep lodsb from a device': `${start(70, DEVICE + 8, 0)}; ${LODSB}`,
  'rep outsb': `${start(130, 0x20_0ff0, 0)}; ${OUTSB}`,
  'rep insw over pages that are mapped on the way': `${start(200, 0, 0x20_3f01)}; ${INSW}`,
  'a loop around small ones': `
    mov edx,40
    again: ${start(65, 0x20_0123, 0x20_2ff0)}
    ${MOVSB}
    mov ecx,3
    ${STOSD}
    add eax,edi
    xor edx,1
    xor edx,1
    dec edx
    jne again
  `,
  'a loop around few, of all sizes and up to 66 elements': `
    xor edx,edx
    again: lea edi,[rdx*8+0x202e00]
    lea esi,[rdx*4+0x200001]
    mov ecx,edx
    ${MOVSQ}
    lea ecx,[rdx+1]
    ${MOVSB}
    mov ecx,edx
    lea edi,[rsi+3]
    ${MOVSW}
    add eax,esi
    imul rax,rdx,0x1020305
    lea ecx,[rdx-1]
    and ecx,31
    ${STOSD}
    mov ecx,edx
    ${STOSB}
    add rbx,rcx
    add rbx,rsi
    inc edx
    cmp edx,67
    jne again
  `,
  'a loop around few that fault, go down, and end at a device': `
    mov edx,30
    again: ${start(7, 0x20_3ff0, 0x20_4ff8)}
    ${MOVSD}
    ${start(5, 0, DEVICE - 0x10)}
    ${STOSD}
    std
    ${start(9, 0x20_0123, 0x20_2040)}
    ${MOVSB}
    cld
    ${start(12, 0x20_0123, 0x20_0124)}
    ${MOVSB}
    lea edi,[rdx*8+0x205ff0]
    mov ecx,3
    ${STOSQ}
    mov rax,rdi
    dec edx
    jne again
  `,
  'a loop around few with addresses of 32 bits': `
    mov edx,30
    mov r8,0x700000000
    again: ${start(7, 0x20_0123, 0x20_2ff0)}
    or rcx,r8
    or rsi,r8
    or rdi,r8
    rep movs DWORD PTR es:[edi],DWORD PTR ds:[esi]
    add rbx,rsi
    or rcx,r8
    rep stos BYTE PTR es:[edi],al
    add rbx,rcx
    dec edx
    jne again
  `,
  'few over the function that is called next': `
    mov edx,30
    mov ebx,${FUNCTION}
    again: call rbx
    mov eax,0xc3
    ${start(1, 0, FUNCTION)}
    ${STOSB}
    xor eax,edx
    dec edx
    jne again
  `,
  'rep movsb over translated code': `
    mov ebx,${FUNCTION}
    call rbx
    ${start(0x300, 0x20_0123, DATA + 0x7050)}
    ${MOVSB}
  `,
};

describe.each(Object.entries(PROGRAMS))('%s', (_, code) => {
  const whole = outcome('interpreter', code, FAR_MORE);

  it('is the same for every length of slice', () => {
    for (const slice of [1, 2, 5, 64, 65]) {
      expect(outcome('interpreter', code, slice), `slices of ${slice}`).toEqual(whole);
    }
  });

  it('is the same in compiled code', () => {
    for (const slice of [1, 17, FAR_MORE]) {
      expect(outcome('compiled', code, slice), `slices of ${slice}`).toEqual(whole);
    }
  });
});

describe('what a repetition costs', () => {
  function cost(code: string, count: number, source = 0x20_0000, destination = 0x20_2000): number {
    return outcome('interpreter', `${start(count, source, destination)}; ${code}`, FAR_MORE).instructions - 4;
  }

  it('an instruction for 64 elements begun, of any size', () => {
    expect([0, 1, 64, 65, 128, 129, 4096].map((count) => cost(MOVSB, count))).toEqual([1, 1, 1, 2, 2, 3, 64]);
    expect([64, 65, 129].map((count) => cost(STOSQ, count, 0, 0x20_1ff8))).toEqual([1, 2, 3]);
    expect([64, 65, 5000].map((count) => cost(LODSB, count))).toEqual([1, 2, 79]);
  });

  it('an instruction for each element of a port or a device', () => {
    expect(cost(OUTSB, 100)).toBe(100);
    expect(cost(STOSB, 100, 0, DEVICE)).toBe(100);
    // 40 elements of RAM up to a multiple of 64, 20 more, and 40 of the device, the first in the step of the 20.
    expect(cost(MOVSB, 100, 0x20_0000, DEVICE - 60)).toBe(41);
  });

  it('nothing more when a page fault interrupts it', () => {
    // Faults: one for each page from 204000h on.
    expect(cost(STOSB, 0x1000, 0, 0x20_3800)).toBe(64 + 1 + 15);
  });
});

describe('a repetition that is stopped', () => {
  function begin(code: string, count: bigint): SystemMachine {
    const machine = new SystemMachine();
    prepare(machine);
    const { processor } = machine;
    machine.write(CODE, [...bytes(code), 0xf4]);
    processor.rip = BigInt(CODE);
    processor.setGpr(RCX, count);
    processor.setGpr(RSI, 0x20_0000n);
    processor.setGpr(RDI, 0x20_2000n);
    return machine;
  }

  it('is at the instruction, with its registers as far as it came', () => {
    const { processor } = begin(MOVSB, 1000n);
    expect(processor.run(3)).toBe('budget');
    expect(processor.rip).toBe(BigInt(CODE));
    // Steps end where a multiple of 64 is left.
    expect(processor.gpr(RCX)).toBe(832n);
    expect(processor.gpr(RSI)).toBe(0x20_00a8n);
    expect(processor.gpr(RDI)).toBe(0x20_20a8n);
  });

  it('never by the largest count, whatever it does', () => {
    for (const code of [LODSB, STOSB, MOVSB, OUTSB]) {
      const { processor } = begin(code.replaceAll('[r', '[e'), 0xffff_ffffn);
      processor.setGpr(RDI, BigInt(DEVICE));
      processor.setGpr(RSI, BigInt(DEVICE));
      expect(processor.run(100), code).toBe('budget');
      expect(processor.instructions).toBe(100);
      expect(processor.rip).toBe(BigInt(CODE));
    }
    const { processor } = begin(LODSB, 0xffff_ffff_ffff_ffffn);
    processor.setGpr(RSI, BigInt(DEVICE));
    expect(processor.run(3)).toBe('budget');
    expect(processor.gpr(RCX)).toBe(0xffff_ffff_ffff_fffcn);
  });

  it('takes an interrupt and goes on after it', () => {
    const machine = begin(STOSQ, 1000n);
    const { processor } = machine;
    machine.write(HANDLERS + INTERRUPT * 16, bytes('inc r9d; iretq'));
    processor.setGpr(RAX, 0x1122_3344_5566_7788n);
    expect(processor.run(5)).toBe('budget');
    processor.interrupt(INTERRUPT);
    expect(machine.read64(processor.gpr(RSP))).toBe(BigInt(CODE));
    expect(processor.gpr(RCX)).toBe(704n);
    expect(processor.run(1000)).toBe('halt');
    expect(processor.gpr(9)).toBe(1n);
    expect(processor.gpr(RCX)).toBe(0n);
    expect(processor.gpr(RDI)).toBe(0x20_2000n + 8000n);
    expect(machine.read64(DATA + 0x2000 + 7992)).toBe(0x1122_3344_5566_7788n);
    // 16 steps, the handler's two instructions and HLT.
    expect(processor.instructions).toBe(19);
  });

  it('stops after the element at which a device ends the slice', () => {
    const ending: SystemMachine = begin(OUTSB, 100n);
    const { processor } = ending;
    ending.onPortWrite = () => {
      if (ending.log.length === 10) processor.endSlice();
    };
    expect(processor.run(50)).toBe('budget');
    expect(processor.gpr(RCX)).toBe(90n);
    expect(processor.rip).toBe(BigInt(CODE));
    expect(processor.run(1000)).toBe('halt');
    expect(ending.log.length).toBe(100);
    expect(processor.instructions).toBe(101);
  });

  it.each([
    [STOSB, 16n, 16],
    [MOVSB, 3n, 3],
    [LODSB, 0n, 1],
    [CMPSB, 10n, 4],
  ])('%s: a single step is an iteration', (code, count, traps) => {
    const machine = begin(code, count);
    const { processor } = machine;
    machine.write(DATA, [1, 2, 3, 4]);
    machine.write(DATA + 0x2000, [1, 2, 3, 5]);
    const flags = FLAG_TF | 0x96;
    processor.flags = flags;
    let steps = 0;
    while (processor.rip === BigInt(CODE)) {
      processor.singleStep();
      expect(processor.rip).toBe(BigInt(HANDLERS + DB * 16));
      const frame = processor.gpr(RSP);
      steps += 1;
      processor.rip = machine.read64(frame);
      // Comparisons show their flags when they are done.
      if (processor.rip === BigInt(CODE)) expect(Number(machine.read64(frame + 16n)) & 0xffff).toBe(flags);
      processor.setGpr(RSP, STACK);
      processor.flags = flags;
    }
    expect(steps).toBe(traps);
    expect(processor.rip).toBe(BigInt(CODE + 2));
  });
});
