/** When guest code leaves to the host loop, single-stepping, and the count of instructions. */
import { beforeEach, describe, expect, it } from 'vitest';
import {
  DR,
  IDTR_LIMIT,
  MSR_DEBUGCTL,
  MSR_FMASK,
  MSR_LSTAR,
  MSR_STAR,
  NMI_BLOCKED,
} from '../../src/layout/cpu-state.ts';
import { BRANCH_SITE_RECORD } from '../../src/layout/linear-memory.ts';
import { RECORD_HINT_TAKEN, RECORD_LINK_TAKEN, RECORD_SIZE } from '../../src/layout/record.ts';
import {
  COUNTER_EXCEPTIONS,
  EVENT_CODE_WRITE,
  EVENT_KIND,
  INTERRUPT_MASKABLE,
  INTERRUPT_NMI,
  INTERRUPT_PENDING,
} from '../../src/layout/runtime-state.ts';
import {
  CODE,
  DATA,
  HANDLERS,
  IDT,
  KERNEL_CS,
  KERNEL_SS,
  PAGE_DIRECTORY,
  STACK,
  SystemMachine,
  USER_CODE,
} from '../isa/system-machine.ts';
import { assemble } from '../support/assembler.ts';

const RAX = 0;
const RDX = 2;
const RBX = 3;
const RSP = 4;
const FLAG_TF = 0x100;
const DB = 1;

let machine: SystemMachine;
beforeEach(() => {
  machine = new SystemMachine();
  machine.processor.setGpr(RBX, BigInt(DATA));
});

/** What IRETQ at CODE goes to: CODE + 0x100 with `flags`. */
function pushFrame(flags: number): void {
  const frame = [BigInt(CODE + 0x100), BigInt(KERNEL_CS), BigInt(flags), STACK, BigInt(KERNEL_SS)];
  frame.forEach((value, index) => {
    machine.write64(Number(STACK) + index * 8, value);
  });
}

describe('leaving after an instruction', () => {
  it('IRETQ that ends the blocking of a waiting NMI', () => {
    const { processor } = machine;
    processor.setU32(NMI_BLOCKED, 1);
    processor.setU32(INTERRUPT_PENDING, INTERRUPT_NMI);
    pushFrame(2);
    expect(machine.run('iretq')).toBe('event');
    expect(processor.rip).toBe(BigInt(CODE + 0x100));
    expect(processor.nmiBlocked).toBe(false);
  });

  it('not while the NMI stays blocked', () => {
    const { processor } = machine;
    processor.setU32(NMI_BLOCKED, 1);
    processor.setU32(INTERRUPT_PENDING, INTERRUPT_NMI);
    // pushf; popf
    expect(machine.run('pushfq; popfq')).toBe('halt');
  });

  it('POPF and IRETQ that set TF', () => {
    const { processor } = machine;
    machine.write64(Number(STACK), BigInt(FLAG_TF | 2));
    expect(machine.run('popfq')).toBe('event');
    expect(processor.rip).toBe(BigInt(CODE + 1));
    processor.flags = 2;
    processor.setGpr(RSP, STACK);
    pushFrame(FLAG_TF | 2);
    expect(machine.run('iretq')).toBe('event');
    expect(processor.rip).toBe(BigInt(CODE + 0x100));
  });
});

describe('single step', () => {
  function step(code: string, flags = FLAG_TF | 2): void {
    const { processor } = machine;
    const at = processor.cpl === 3 ? USER_CODE : CODE;
    machine.write(at, [...assemble(code, at), 0xf4]);
    processor.rip = BigInt(at);
    processor.flags = flags;
    processor.singleStep();
  }
  const handler = (vector: number) => BigInt(HANDLERS + vector * 16);

  it('is a #DB after the instruction, with DR6.BS', () => {
    step('nop; nop');
    expect(machine.processor.rip).toBe(handler(DB));
    expect(machine.processor.u64(DR + 6 * 8) & 0x4000n).toBe(0x4000n);
    // The return address, and TF in the flags to return to but not in the handler's.
    expect(machine.read64(machine.processor.gpr(RSP))).toBe(BigInt(CODE + 1));
    expect(machine.read64(machine.processor.gpr(RSP) + 16n) & BigInt(FLAG_TF)).toBe(BigInt(FLAG_TF));
    expect(machine.processor.trapFlag).toBe(false);
  });

  it('also after the POPF that clears TF, and after HLT', () => {
    machine.write64(Number(STACK), 2n);
    step('popfq');
    expect(machine.processor.rip).toBe(handler(DB));
    machine.processor.setGpr(RSP, STACK);
    step('hlt');
    expect(machine.processor.rip).toBe(handler(DB));
  });

  it('not after a fault or INT n: entering the handler clears TF', () => {
    step('ud2');
    expect(machine.processor.rip).toBe(handler(6));
    machine.processor.setGpr(RSP, STACK);
    step('int 0x80');
    expect(machine.processor.rip).toBe(handler(0x80));
  });

  it('not after MOV SS and POP SS, but after STI and the instruction that follows them', () => {
    const { processor } = machine;
    processor.setGpr(RAX, BigInt(KERNEL_SS));
    step('mov ss,ax; nop');
    expect(processor.rip).toBe(BigInt(CODE + 2));
    processor.singleStep();
    expect(processor.rip).toBe(handler(DB));
    expect(machine.read64(processor.gpr(RSP))).toBe(BigInt(CODE + 3));
    processor.setGpr(RSP, STACK);
    processor.setU32(INTERRUPT_PENDING, INTERRUPT_MASKABLE);
    step('sti; nop');
    expect(processor.rip).toBe(handler(DB));
    expect(machine.read64(processor.gpr(RSP))).toBe(BigInt(CODE + 1));
  });

  it('with DEBUGCTL.BTF only after branches that are taken; delivery clears BTF and DR7.GD', () => {
    const { processor } = machine;
    const BTF = 2n;
    processor.setU64(MSR_DEBUGCTL, BTF);
    processor.setU64(DR + 7 * 8, 0x2400n);
    step('xor eax,eax; jne over; over: rep stos BYTE PTR es:[rdi],al; je end; nop; nop; end:');
    processor.setGpr(1, 2n);
    processor.setGpr(7, BigInt(DATA));
    while (processor.rip < BigInt(CODE + 6)) processor.singleStep();
    expect(processor.gpr(1)).toBe(0n);
    expect(processor.u64(MSR_DEBUGCTL)).toBe(BTF);
    processor.singleStep();
    expect(processor.rip).toBe(handler(DB));
    expect(machine.read64(processor.gpr(RSP))).toBe(BigInt(CODE + 10));
    expect(processor.u64(MSR_DEBUGCTL)).toBe(0n);
    expect(processor.u64(DR + 7 * 8)).toBe(0x400n);
  });

  it('not after a SYSCALL that masks TF', () => {
    const { processor } = machine;
    processor.setU64(MSR_STAR, BigInt(KERNEL_CS) << 32n);
    processor.setU64(MSR_LSTAR, BigInt(CODE + 0x300));
    processor.setU64(MSR_FMASK, BigInt(FLAG_TF));
    machine.toUser(FLAG_TF | 2);
    step('syscall');
    expect(processor.rip).toBe(BigInt(CODE + 0x300));
  });
});

describe('exceptions', () => {
  it('cost an instruction each, so that a handler that begins with one comes to the end of the budget', () => {
    const { processor } = machine;
    machine.write(HANDLERS + 6 * 16, [...assemble('ud2')]);
    expect(machine.run('nop; ud2')).toBe('budget');
    expect(processor.instructions).toBe(1000);
    expect(processor.run(1)).toBe('budget');
    expect(processor.instructions).toBe(1001);
    expect(processor.rip).toBe(BigInt(HANDLERS + 6 * 16));
  });

  it('whose handler cannot be fetched do so too', () => {
    const { processor } = machine;
    // The handler of #PF is where no page is.
    machine.write64(IDT + 14 * 16, (BigInt(KERNEL_CS) << 16n) | (0x8en << 40n) | (0x60n << 48n));
    processor.setGpr(RBX, 0x80_0000n);
    expect(machine.run('mov eax,DWORD PTR [rbx]')).toBe('budget');
    expect(processor.instructions).toBe(1000);
    expect(processor.rip).toBe(0x60_0000n);
  });

  it('end a slice when there are many: they take long', () => {
    const { processor } = machine;
    machine.write(HANDLERS + 6 * 16, [...assemble('add rsp,40; ud2')]);
    machine.write(CODE, [...assemble('ud2')]);
    processor.rip = BigInt(CODE);
    expect(processor.run(1_000_000)).toBe('budget');
    expect(processor.instructions).toBeLessThan(100_000);
  });

  it('on the way to an interrupt handler count', () => {
    const { processor } = machine;
    processor.setU32(IDTR_LIMIT, 0x2ff);
    processor.interrupt(0x30);
    expect(processor.rip).toBe(BigInt(HANDLERS + 13 * 16));
    expect(processor.instructions).toBe(1);
  });
});

describe('instructions executed, seen by a device', () => {
  // 2 MiB at 0x400000 are no RAM.
  beforeEach(() => {
    machine.write64(PAGE_DIRECTORY + 16, 0x40_0083n);
    machine.processor.setGpr(RBX, 0x40_0000n);
  });

  it.each([
    ['in al,0x10'],
    ['out 0x10,al'],
    ['ins BYTE PTR es:[rdi]'],
    ['outs BYTE PTR ds:[rsi]'],
    ['mov eax,DWORD PTR [rbx]'],
    ['mov DWORD PTR [rbx],eax'],
    ['fild DWORD PTR [rbx]'],
  ])('%s', (code) => {
    machine.processor.setGpr(6, BigInt(DATA));
    machine.processor.setGpr(7, BigInt(DATA));
    // Three instructions before it, two after it and HLT.
    expect(machine.run(`nop; nop; nop; ${code}; nop; nop`)).toBe('halt');
    expect(machine.instants).toEqual([3]);
    expect(machine.processor.instructions).toBe(7);
  });

  it('add [rbx], eax: at its read and its write', () => {
    expect(machine.run('nop; add DWORD PTR [rbx],eax; nop')).toBe('halt');
    expect(machine.instants).toEqual([1, 1]);
  });

  it('rep outsb: each element is an instruction', () => {
    machine.processor.setGpr(6, BigInt(DATA));
    machine.processor.setGpr(1, 3n);
    expect(machine.run('nop; rep outs BYTE PTR ds:[rsi]')).toBe('halt');
    expect(machine.instants).toEqual([1, 2, 3]);
    expect(machine.processor.instructions).toBe(5);
  });
});

/** Stores where there is nothing, if RBX is ABSENT. */
const STORES = 'mov rdi,rbx; mov ecx,3; rep stos BYTE PTR es:[rdi],al';
const ABSENT = 0x4000_0000;
const PAGE_FAULT = 14;

describe('is delivered without a throw', () => {
  /** Runs code with RBX = ABSENT, and counts what is thrown. */
  function run(code: string): { outcome: unknown; thrown: number } {
    const signalled = machine.processor as unknown as { deliver: () => void };
    const { deliver } = signalled;
    let thrown = 0;
    signalled.deliver = () => {
      thrown++;
      deliver();
    };
    machine.processor.setGpr(RBX, BigInt(ABSENT));
    return { outcome: machine.run(code), thrown };
  }

  it.each([
    ['a fault of a fetch', 'nop; jmp rbx', ABSENT, 2],
    ['a fault of a fetch behind a direct branch', `nop; jmp ${ABSENT}`, ABSENT, 2],
    ['a fault of a repeated store', STORES, CODE + 8, 2],
    [
      'a fault of a repeated load',
      `mov rsi,rbx; mov ecx,3; rep movs BYTE PTR es:[rdi],BYTE PTR ds:[rsi]`,
      CODE + 8,
      2,
    ],
  ])('%s', (_, code, rip, before) => {
    expect(run(code)).toEqual({ outcome: PAGE_FAULT, thrown: 0 });
    expect(machine.read64(machine.processor.gpr(RSP) + 8n)).toBe(BigInt(rip));
    // The exception and the HLT of its handler count one each.
    expect(machine.processor.instructions).toBe(before + 2);
  });

  it('but not a fault of the fetch of its handler', () => {
    machine.write64(
      IDT + PAGE_FAULT * 16,
      (BigInt(KERNEL_CS) << 16n) | ((0x8en | (BigInt(ABSENT) >> 8n)) << 40n),
    );
    const { outcome, thrown } = run('nop; jmp rbx');
    // Page fault by page fault to the end of the slice.
    expect(outcome).toBe('budget');
    expect(thrown).toBeGreaterThan(100);
  });

  it('and its handler is not taken for what the branch leads to', () => {
    const { processor } = machine;
    expect(run(`jmp ${ABSENT}`).outcome).toBe(PAGE_FAULT);
    const { views, runtime, mode } = processor;
    const record = runtime.findRegistered(CODE >> 12, CODE & 0xfff, mode) + RECORD_SIZE;
    expect(views.u32[(record + RECORD_HINT_TAKEN) >> 2]).toBe(0);
    machine.toKernel();
    expect(run('jmp rbx').outcome).toBe(PAGE_FAULT);
    const indirect = runtime.findRegistered(CODE >> 12, CODE & 0xfff, mode) + RECORD_SIZE;
    expect(views.u32[(runtime.branchSite(indirect) + BRANCH_SITE_RECORD) >> 2]).not.toBe(indirect);
  });
});

it('a slice ends after 10,000 exceptions, thrown or not', () => {
  const { processor } = machine;
  // The handlers return to the instruction.
  machine.write(HANDLERS + 14 * 16, [...assemble('add rsp,8; iretq')]);
  machine.write(HANDLERS + 6 * 16, [...assemble('iretq')]);
  processor.setGpr(RBX, 0x4000_0000n);
  for (const code of ['mov eax,DWORD PTR [rbx]', 'ud2', 'jmp rbx', STORES]) {
    machine.write(CODE, [...assemble(code)]);
    processor.rip = BigInt(CODE);
    const before = processor.counter(COUNTER_EXCEPTIONS);
    expect(processor.run(1 << 20)).toBe('budget');
    expect(processor.counter(COUNTER_EXCEPTIONS) - before, code).toBe(10_000);
  }
});

it('a jump to another page leads to the code that has overwritten a block there', () => {
  const { processor } = machine;
  const target = CODE + 0x1080;
  machine.write(target, [...assemble('nop; hlt')]);
  machine.run(`jmp ${target}`);
  processor.runtime.invalidateCode(BigInt(target), 1);
  processor.rip = BigInt(CODE);
  expect(processor.run(1000)).toBe('halt');
  expect(processor.rip).toBe(BigInt(target + 2));
});

describe('a link to a block that has been overwritten', () => {
  const target = CODE + 0x80;

  /** The record of the jump at CODE, once it has been run, and where it is linked to. */
  function jump() {
    const { views, runtime, mode } = machine.processor;
    const record = runtime.findRegistered(CODE >> 12, CODE & 0xfff, mode) + RECORD_SIZE;
    const link = views.u32[(record + RECORD_LINK_TAKEN) >> 2] as number;
    return { record, link, current: runtime.findRegistered(target >> 12, target & 0xfff, mode) };
  }

  function runAgain(): void {
    machine.processor.rip = BigInt(CODE);
    machine.processor.run(1000);
  }

  const followLink = (record: number) =>
    (machine.processor.runtime as unknown as { followLink(record: number, link: number): void }).followLink(
      record,
      RECORD_LINK_TAKEN,
    );

  it.each([
    ['the interpreter', runAgain],
    ['a region', () => followLink(jump().record)],
  ])('is renewed, by %s', (_, run) => {
    machine.write(target, [...assemble('hlt')]);
    machine.run(`jmp ${target}`);
    const { link: old, current } = jump();
    expect(old).toBe(current);
    machine.processor.runtime.invalidateCode(BigInt(target), 1);
    // The first time the jump cache still has the old one.
    for (let n = 0; n < 2; n++) run();
    const { link, current: renewed } = jump();
    expect(renewed).not.toBe(old);
    expect(link).toBe(renewed);
  });
});

describe('a store over translated code', () => {
  const target = CODE + 0x80;
  const STORES = [
    ['MOV', (at: number) => `mov edi,${at}; mov BYTE PTR [rdi],2`],
    ['REP STOS', (at: number) => `mov edi,${at}; mov eax,2; mov ecx,1; rep stos BYTE PTR es:[rdi],al`],
  ] as const;

  function kindOfEvent(code: string): number {
    machine.processor.setU32(EVENT_KIND, 0);
    expect(machine.run(code)).toBe('halt');
    return machine.processor.u32(EVENT_KIND);
  }

  it.each(STORES)('of another block goes on: %s', (_, store) => {
    machine.write(target, [...assemble('mov edx,1; ret')]);
    expect(kindOfEvent(`call ${target}; ${store(target + 1)}; call ${target}`)).not.toBe(EVENT_CODE_WRITE);
    expect(machine.processor.gpr(RDX)).toBe(2n);
  });

  it('of its own block is made alone: MOV, over what follows it', () => {
    const store = (at: number): string => `mov edi,${at}; mov BYTE PTR [rdi],2`;
    const immediate = CODE + assemble(store(CODE)).length + 1;
    expect(kindOfEvent(`${store(immediate)}; mov edx,1`)).toBe(EVENT_CODE_WRITE);
    expect(machine.processor.gpr(RDX)).toBe(2n);
  });

  it('of its own block is made alone: REP STOS, which ends a block', () => {
    const code = `mov edx,1; mov edi,${CODE + 1}; mov eax,2; mov ecx,1; rep stos BYTE PTR es:[rdi],al`;
    expect(kindOfEvent(code)).toBe(EVENT_CODE_WRITE);
    expect(machine.read64(BigInt(CODE + 1)) & 0xffn).toBe(2n);
  });
});
