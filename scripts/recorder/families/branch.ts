/** JMP, Jcc, CALL, RET, SETcc, LOOP, LOOPE, LOOPNE, JRCXZ and JECXZ. */

import { CODE, CODE_SIZE, SCRATCH } from '../../../test/vectors/layout.ts';
import { type Case, Input } from '../case.ts';
import { AddressingCycle, memory, type Operand, register } from '../operands.ts';
import { anyFlags, Random, rflags, STATUS_FLAGS, ZF } from '../values.ts';
import { BOUNDARY, makeCase, NOT_CANONICAL, registers, UNMAPPED } from './forms.ts';
import { CONDITIONS } from './move.ts';

/** A place in the code area that indirect branches go to. */
const TARGET = BigInt(CODE + 0x1234);

function* conditional(): Generator<Case> {
  const random = new Random('jcc');
  for (const condition of CONDITIONS) {
    for (const displacement of ['.+0x10', '.+0x81', '.-0x7e', '.-0x700', '.+0x1700']) {
      for (let i = 0; i < 6; i++) {
        const input = new Input().set('rflags', rflags([0, STATUS_FLAGS][i] ?? random.next() & STATUS_FLAGS));
        yield { asm: `j${condition} ${displacement}`, input };
        if (i < 2) yield { asm: `{disp32} j${condition} .+0x20`, input };
      }
    }
  }
}

function* sets(): Generator<Case> {
  const cycle = new AddressingCycle();
  const random = new Random('setcc');
  for (const condition of CONDITIONS) {
    const operands = [...registers(8), memory(cycle.next(), 8)];
    const chosen = [operands[0], random.pick(operands), random.pick(operands), operands[operands.length - 1]];
    for (const operand of chosen) {
      const text = `set${condition} ${operand.text.replace('byte ptr ', 'byte ptr ')}`;
      for (let i = 0; i < 6; i++) yield makeCase(text, [[operand, random.bits(8)]], random);
    }
  }
  for (const value of [BigInt(UNMAPPED), NOT_CANONICAL]) {
    yield makeCase('sete byte ptr [rbx]', [[register(3, 64), value]], random);
  }
}

function* loops(): Generator<Case> {
  const random = new Random('loop');
  const counters = [
    0n,
    1n,
    2n,
    0x1_0000_0000n,
    0x1_0000_0001n,
    0xffff_ffff_0000_0001n,
    0xffff_ffff_ffff_ffffn,
  ];
  for (const op of [
    'loop',
    'loope',
    'loopne',
    'jrcxz',
    'addr32 loop',
    'addr32 loope',
    'addr32 loopne',
    'jecxz',
  ]) {
    for (const rcx of counters) {
      for (const flags of [0, ZF, STATUS_FLAGS, random.next() & STATUS_FLAGS]) {
        const displacement = random.pick(['.+0x20', '.-0x20']);
        yield {
          asm: `${op} ${displacement}`,
          input: new Input().set('rcx', rcx).set('rflags', rflags(flags)),
        };
      }
    }
  }
}

/** JMP and CALL by every kind of target. */
function* unconditional(): Generator<Case> {
  const random = new Random('jmp');
  for (const asm of [
    'jmp .+0x10',
    'jmp .-0x10',
    'jmp .+0x1000',
    'jmp .-0x400',
    '{disp32} jmp .+8',
    'call .+0x20',
    'call .-0x300',
    'call .+5',
  ]) {
    yield { asm, input: new Input().set('rflags', anyFlags(random)) };
  }
  const cycle = new AddressingCycle();
  for (const op of ['jmp', 'call']) {
    for (let number = 0; number < 16; number++) {
      if (number === 4) continue;
      yield makeCase(`${op} ${register(number, 64).text}`, [[register(number, 64), TARGET]], random);
    }
    for (let i = 0; i < 19; i++) {
      for (const operand of [memory(cycle.next(), 64), memory(cycle.next(), 64)]) {
        yield makeCase(`${op} ${operand.text}`, [[operand, TARGET - BigInt(i)]], random);
      }
    }
    for (const address of [BigInt(UNMAPPED), NOT_CANONICAL]) {
      yield makeCase(`${op} qword ptr [rbx]`, [[register(3, 64), address]], random);
    }
    // The branch itself succeeds; fetching from its target faults.
    const unmapped: [Operand, bigint] = [register(0, 64), BigInt(CODE + CODE_SIZE)];
    yield makeCase(`${op} rax`, [unmapped], random, { steps: 2 });
    yield makeCase(`${op} rax`, [[register(0, 64), NOT_CANONICAL]], random);
  }
  yield makeCase('call rsp', [[register(4, 64), BigInt(SCRATCH + 0x1800)]], random, { steps: 2 });
  for (const asm of ['call .+0x20', 'call rax', 'call qword ptr [rbx]']) {
    for (const rsp of [SCRATCH, BOUNDARY, BOUNDARY + 4, UNMAPPED + 8, UNMAPPED + 4]) {
      const test = makeCase(
        asm,
        [
          [register(0, 64), TARGET],
          [register(4, 64), BigInt(rsp)],
        ],
        random,
      );
      test.input.set('rbx', BigInt(SCRATCH + 0x200)).store(SCRATCH + 0x200, 64, TARGET);
      yield test;
    }
    const test = makeCase(
      asm,
      [
        [register(0, 64), TARGET],
        [register(4, 64), NOT_CANONICAL + 8n],
      ],
      random,
    );
    test.input.set('rbx', BigInt(SCRATCH + 0x200)).store(SCRATCH + 0x200, 64, TARGET);
    yield test;
  }
}

function* returns(): Generator<Case> {
  const random = new Random('ret');
  for (const asm of ['ret', 'ret 0', 'ret 8', 'ret 0x1234', 'ret 0xfff8', '.byte 0xf3, 0xc3']) {
    for (const rsp of [SCRATCH + 0x1800, BOUNDARY - 4]) {
      const test = makeCase(asm, [[register(4, 64), BigInt(rsp)]], random);
      test.input.store(rsp, 64, TARGET);
      yield test;
    }
    for (const rsp of [BigInt(UNMAPPED), BigInt(UNMAPPED - 4), NOT_CANONICAL]) {
      yield makeCase(asm, [[register(4, 64), rsp]], random);
    }
    const away = makeCase(asm, [], random);
    away.input.store(SCRATCH + 0x1800, 64, NOT_CANONICAL);
    yield away;
  }
}

/** Short sequences in which one branch meets another. */
function* sequences(): Generator<Case> {
  const random = new Random('branch sequences');
  const texts: [string, number][] = [
    ['call 1f; 1: pop rax', 2],
    ['jmp 1f; nop; 1: call 2f; jmp 3f; 2: ret; nop; 3: inc rax', 5],
    ['cmp rax, rcx; jb 1f; inc rdx; 1: dec rdi', 3],
    ['mov ecx, 3; 1: add rax, rcx; loop 1b', 7],
    ['mov ecx, 4; 1: add rax, rdx; dec ecx; jnz 1b', 13],
    ['push rcx; lea rax, [rip+1f]; push rax; ret; nop; 1: pop rdx', 5],
  ];
  for (const [asm, steps] of texts) {
    for (let i = 0; i < 4; i++) {
      // Equal operands, so that the number of instructions does not depend on the values.
      const operands = [0, 2, 7].map((number): [Operand, bigint] => [register(number, 64), random.bits(64)]);
      yield makeCase(asm, [...operands, [register(1, 64), operands[0][1]]], random, {
        steps: asm.includes('jb') ? 4 : steps,
      });
    }
  }
}

/** Instructions that lie across the page boundary of the code area, and that reach beyond its end. */
function* fetches(): Generator<Case> {
  const random = new Random('fetch');
  for (const asm of [
    'movabs rax, 0x1122334455667788',
    'add ecx, 0x12345678',
    'jmp .-0x80',
    'call .-0x200',
    'nop',
  ]) {
    for (const rip of [
      CODE + 0xfff,
      CODE + 0xffe,
      CODE + 0x1000,
      CODE + CODE_SIZE - 1,
      CODE + CODE_SIZE - 2,
    ]) {
      const input = new Input().set('rip', BigInt(rip)).set('rflags', anyFlags(random));
      yield { asm, input, ...(rip + 1 >= CODE + CODE_SIZE && asm === 'nop' ? { steps: 2 } : {}) };
    }
  }
}

export function* branch(): Generator<Case> {
  yield* conditional();
  yield* unconditional();
  yield* returns();
  yield* loops();
  yield* sets();
  yield* sequences();
  yield* fetches();
}
