/** PUSH, POP, PUSHF, POPF, ENTER and LEAVE; their vectors belong to the `move` family. */

import { type GeneralRegister, SCRATCH } from '../../../test/vectors/layout.ts';
import { type Case, Input } from '../case.ts';
import { AddressingCycle, at, DATA, memory, type Operand, register } from '../operands.ts';
import { DF, PF, Random, rflags, STATUS_FLAGS, ZF } from '../values.ts';
import { BOUNDARY, makeCase, NOT_CANONICAL, plainCase, randomValues, UNMAPPED } from './forms.ts';

/** Flags that POPF may change outside the kernel, besides the arithmetic ones: NT, AC and ID. */
const NT = 1 << 14;
const AC = 1 << 18;
const ID = 1 << 21;

function atStack(
  asm: string,
  rsp: number | bigint,
  random: Random,
  extra: [GeneralRegister, bigint][] = [],
): Case {
  const test = makeCase(asm, [], random);
  test.input.set('rsp', BigInt(rsp));
  for (const [name, value] of extra) test.input.set(name, value);
  return test;
}

function* pushAndPop(): Generator<Case> {
  const cycle = new AddressingCycle();
  const random = new Random('push');
  for (let number = 0; number < 16; number++) {
    for (const size of [16, 64] as const) {
      const operand = register(number, size);
      const values = number === 4 ? [] : randomValues(random, [operand]);
      yield makeCase(`push ${operand.text}`, values, random);
      yield makeCase(`pop ${operand.text}`, [], random);
    }
  }
  for (const value of ['0', '1', '-1', '0x7f', '-0x80', '0x80', '0x12345678', '-0x80000000']) {
    yield makeCase(`push ${value}`, [], random);
  }
  for (const bytes of ['0x66, 0x6a, 0xfe', '0x66, 0x68, 0x34, 0x92'])
    yield makeCase(`.byte ${bytes}`, [], random);
  for (let i = 0; i < 20; i++) {
    const operand = memory(cycle.next(), i % 2 ? 16 : 64);
    yield makeCase(`push ${operand.text}`, randomValues(random, [operand]), random);
    yield makeCase(`pop ${operand.text}`, randomValues(random, [operand]), random);
  }
  // POP computes an address based on rsp after it has incremented it; PUSH before it decrements.
  for (const asm of [
    'push qword ptr [rsp]',
    'pop qword ptr [rsp]',
    'push qword ptr [rsp+8]',
    'pop qword ptr [rsp-0x10]',
  ]) {
    yield makeCase(asm, [], random);
    yield atStack(asm, BOUNDARY - 4, random);
  }
  for (const asm of ['push rax', 'pop rcx', 'push cx', 'pop dx', 'push -2', 'pushfq', 'popfq']) {
    for (const rsp of [
      BOUNDARY,
      BOUNDARY + 4,
      BOUNDARY - 4,
      SCRATCH,
      UNMAPPED,
      UNMAPPED - 4,
      NOT_CANONICAL,
    ]) {
      if (asm === 'popfq' && rsp < UNMAPPED - 4 && rsp >= SCRATCH) continue;
      yield atStack(asm, rsp, random);
    }
  }
  // Both operands may fault: nothing may have changed.
  yield atStack('push qword ptr [rbx]', SCRATCH, random, [['rbx', BigInt(DATA)]]);
  yield atStack('pop qword ptr [rbx]', SCRATCH + 0x100, random, [['rbx', BigInt(UNMAPPED)]]);
  yield atStack('pop qword ptr [rbx]', SCRATCH + 0x100, random, [['rbx', NOT_CANONICAL]]);
}

function* flags(): Generator<Case> {
  const random = new Random('popf');
  const stackTop: Operand = memory(at(SCRATCH + 0x1800, 'rsp'), 64);
  for (const value of [0, STATUS_FLAGS, DF, NT, AC, ID, 0x3000, 0x200, 0xfffe_8e3f, 0x10000, PF | ZF]) {
    // TF, RF, VM, VIF and VIP stay out of it.
    const image = BigInt(value & ~0x1b_0100) & 0xffff_ffffn;
    for (const asm of ['popfq', 'popfw']) {
      yield plainCase(asm, [[stackTop, image]]);
      yield makeCase(asm, [[stackTop, image]], random);
    }
  }
  for (const asm of ['pushfq', 'pushfw']) {
    for (const value of [0, STATUS_FLAGS, DF, STATUS_FLAGS | DF, 0x41, 0x884]) {
      yield { asm, input: new Input().set('rflags', rflags(value)) };
    }
  }
}

function* frames(): Generator<Case> {
  const random = new Random('enter');
  const rbp = BigInt(SCRATCH + 0x1900);
  for (const asm of [
    'enter 0, 0',
    'enter 0x20, 0',
    'enter 0x123, 1',
    'enter 8, 2',
    'enter 0x10, 5',
    'enter 0, 31',
    'enter 0, 33',
  ]) {
    yield atStack(asm, SCRATCH + 0x1800, random, [['rbp', rbp]]);
    yield atStack(asm, SCRATCH + 4, random, [['rbp', rbp]]);
  }
  // A fault in the middle may leave behind what was pushed before.
  const stopped = atStack('enter 8, 3', SCRATCH + 0x1800, random, [['rbp', BigInt(SCRATCH + 8)]]);
  yield { ...stopped, undefinedMemory: [[SCRATCH + 0x17e0, 0x20]] };
  yield atStack('.byte 0x66, 0xc8, 0x10, 0x00, 0x00', SCRATCH + 0x1800, random, [['rbp', rbp]]);
  yield atStack('.byte 0x66, 0xc8, 0x10, 0x00, 0x02', SCRATCH + 0x1800, random, [['rbp', rbp]]);
  for (const asm of ['leave', 'leavew']) {
    for (const base of [rbp, BigInt(SCRATCH), BigInt(UNMAPPED - 4), BigInt(UNMAPPED), NOT_CANONICAL]) {
      yield atStack(asm, SCRATCH + 0x800, random, [['rbp', base]]);
    }
  }
}

export function* stack(): Generator<Case> {
  yield* pushAndPop();
  yield* flags();
  yield* frames();
}
