/** Instructions of the system that are part of regions, and what they leave to their handlers. */
import { beforeEach, describe, expect, it } from 'vitest';
import { FLAG_IF, VECTOR_GP } from '../../src/layout/architecture.ts';
import {
  INTERRUPT_SHADOW,
  MSR_KERNEL_GS_BASE,
  SEGMENT_BASE,
  SEGMENT_GS,
  SHADOW_STI,
} from '../../src/layout/cpu-state.ts';
import { MODE_CODE_64 } from '../../src/layout/mode.ts';
import { ACCESS_BASE } from '../../src/layout/runtime-state.ts';
import { createTieredMachine, runRounds, type TieredMachine } from '../code-cache/tiered-machine.ts';
import { assemble } from '../support/assembler.ts';
import { BACK_ENDS } from '../support/back-ends.ts';
import { linesOf } from '../support/listing.ts';
import { CODE, DATA, HANDLERS, STACK, type SystemMachine, USER_CODE } from './system-machine.ts';

const RAX = 0;
const RCX = 1;
const RBX = 3;
const RSP = 4;

describe.each(['interpreter', 'compiled'] as const)('%s', (tier) => {
  let machine: SystemMachine;
  let tiering: TieredMachine['tiering'];

  beforeEach(() => {
    ({ machine, tiering } = createTieredMachine(tier, undefined, BACK_ENDS.writer));
  });

  /** To the HLT behind the program or of a handler, often enough to be compiled. */
  function warmUp(start: number, prepare: () => void): void {
    const { processor } = machine;
    runRounds({ machine, tiering }, tier, () => {
      prepare();
      processor.setGpr(RCX, 0n);
      processor.rip = BigInt(start);
    });
  }

  const interruptsEnabled = (): boolean => (machine.processor.flags & FLAG_IF) !== 0;

  it('STI and CLI set and clear IF', () => {
    machine.write(CODE, [...assemble('inc rcx\nsti', CODE), 0xf4]);
    warmUp(CODE, () => machine.toKernel());
    expect(interruptsEnabled()).toBe(true);
    machine.write(DATA, [...assemble('inc rcx\ncli', DATA), 0xf4]);
    warmUp(DATA, () => {
      machine.toKernel();
      machine.processor.flags = 2 | FLAG_IF;
    });
    expect(interruptsEnabled()).toBe(false);
  });

  it('PUSHF pushes IF and what the last operation left', () => {
    const { processor } = machine;
    machine.write(CODE, [
      ...assemble('inc rcx\nsti\ncmp rax, rbx', CODE),
      ...linesOf(MODE_CODE_64, ['9c', 'pushfq']),
      0xf4,
    ]);
    const values: readonly (readonly [bigint, bigint])[] = [
      [0x12n, 0x03n],
      [5n, 5n],
      [3n, 4n],
      [1n << 63n, 1n],
    ];
    for (const [a, b] of values) {
      warmUp(CODE, () => {
        machine.toKernel();
        processor.setGpr(RAX, a);
        processor.setGpr(RBX, b);
      });
      expect(processor.gpr(RSP)).toBe(STACK - 8n);
      expect(machine.read64(STACK - 8n)).toBe(BigInt(processor.flags));
      expect(processor.flags & FLAG_IF).toBe(FLAG_IF);
    }
  });

  it('STI leaves to the host if an interrupt waits, one instruction before that is let in', () => {
    const { processor } = machine;
    const before = assemble('inc rcx\nsti', CODE);
    machine.write(CODE, [...before, ...assemble('inc rcx', CODE), 0xf4]);
    warmUp(CODE, () => machine.toKernel());
    machine.toKernel();
    processor.setGpr(RCX, 0n);
    processor.rip = BigInt(CODE);
    processor.setInterruptPending(true, false);
    const start = processor.instructions;
    expect(processor.run(1000)).toBe('event');
    expect(processor.instructions - start).toBe(2);
    expect([processor.rip, processor.gpr(RCX)]).toEqual([BigInt(CODE + before.length), 1n]);
    expect(interruptsEnabled()).toBe(true);
    expect(processor.i32(INTERRUPT_SHADOW)).toBe(SHADOW_STI);
  });

  it.each(['sti', 'cli', 'swapgs', 'mov rax,cr2'])('%s is not for programs', (name) => {
    const { processor } = machine;
    machine.write(USER_CODE, [...assemble(`inc rcx\n${name}`, USER_CODE), 0xf4]);
    warmUp(USER_CODE, () => machine.toUser());
    expect(Number(processor.rip)).toBe(HANDLERS + VECTOR_GP * 16 + 1);
    // Above the error code.
    expect(machine.read64(processor.gpr(RSP) + 8n)).toBe(BigInt(USER_CODE + 3));
    expect(processor.gpr(RCX)).toBe(1n);
  });

  it('SWAPGS: accesses behind it have the other base', () => {
    const { processor } = machine;
    const read = ['65 48 8b 03', 'mov rax,QWORD PTR gs:[rbx]'] as const;
    const add = ['65 48 03 03', 'add rax,QWORD PTR gs:[rbx]'] as const;
    const swap = ['0f 01 f8', 'swapgs'] as const;
    machine.write(CODE, [...linesOf(MODE_CODE_64, read, swap, add), 0xf4]);
    machine.write64(DATA + 8, 3n);
    machine.write64(DATA + 0x108, 40n);
    warmUp(CODE, () => {
      machine.toKernel();
      processor.setU64(SEGMENT_BASE + SEGMENT_GS * 8, BigInt(DATA));
      processor.setU64(ACCESS_BASE + SEGMENT_GS * 8, BigInt(DATA));
      processor.setU64(MSR_KERNEL_GS_BASE, BigInt(DATA + 0x100));
      processor.setGpr(RBX, 8n);
    });
    expect(processor.gpr(RAX)).toBe(43n);
    expect(processor.u64(SEGMENT_BASE + SEGMENT_GS * 8)).toBe(BigInt(DATA + 0x100));
    expect(processor.u64(MSR_KERNEL_GS_BASE)).toBe(BigInt(DATA));
  });
});
