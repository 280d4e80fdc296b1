/** MMX, and what SSE, SSE2 and SSSE3 added to it. The MMX registers are the significands of the x87's. */

import type { StackRegister } from '../../../test/vectors/layout.ts';
import { type Case, Input } from '../case.ts';
import { anyValue80, setStack } from '../extended.ts';
import { anyMxcsr, type Lane, MXCSR_DEFAULT, vectorValue } from '../lanes.ts';
import { AddressingCycle, at, DATA, memory, type Operand, register } from '../operands.ts';
import { anyValue, Random } from '../values.ts';
import type { Pair } from './forms.ts';
import { UNMAPPED } from './forms.ts';
import { SHUFFLES } from './sse.ts';
import { words } from './sse2.ts';
import { narrow, xmm } from './vectors.ts';

const INTEGER: Record<'i8' | 'i16' | 'i32' | 'i64', string> = {
  i8: `paddb paddsb paddusb psubb psubsb psubusb pcmpeqb pcmpgtb punpcklbw punpckhbw pand pandn por pxor
    pavgb pmaxub pminub psadbw pshufb pabsb psignb pmaddubsw`,
  i16: `paddw paddsw paddusw psubw psubsw psubusw pcmpeqw pcmpgtw pmullw pmulhw pmulhuw pmaddwd punpcklwd punpckhwd
    packsswb packuswb psllw psrlw psraw pavgw pmaxsw pminsw phaddw phsubsw pmulhrsw`,
  i32: 'paddd psubd pcmpeqd pcmpgtd punpckldq punpckhdq packssdw pslld psrld psrad pmuludq',
  i64: 'paddq psubq psllq psrlq',
};

/** An MMX register, in a state in which TOP is zero and all registers are valid. */
function mm(number: number): Operand {
  return {
    text: `mm${number}`,
    size: 64,
    assign: (input, value) => {
      input.registers.set(`st${number}` as StackRegister, (0xffffn << 64n) | value);
      input.registers.set('ftw', 0xffn);
    },
  };
}

const PAIRS: readonly Pair[] = [
  [mm(0), mm(1)],
  [mm(7), mm(4)],
  [mm(3), mm(3)],
];

function mmxCase(asm: string, values: readonly [Operand, bigint][], mxcsr = MXCSR_DEFAULT): Case {
  const input = new Input();
  for (const [operand, value] of values) operand.assign(input, value);
  if (mxcsr !== MXCSR_DEFAULT) input.set('mxcsr', mxcsr);
  return { asm, input };
}

function* binary(op: string, lane: Lane, cycle: AddressingCycle, suffix = ''): Generator<Case> {
  const random = new Random(`${op} mm`);
  // The low halves' interleaving reads no more than it needs.
  const place = narrow(memory(cycle.next(), op.startsWith('punpckl') ? 32 : 64));
  for (const [first, second] of [...PAIRS, [mm(2), place] as Pair]) {
    for (let i = 0; i < 2; i++) {
      const shift = /^ps[lr]/.test(op) && i === 0;
      const count = shift ? BigInt(random.below(70)) : vectorValue(random, lane, 64);
      const values: [Operand, bigint][] = [
        [first, vectorValue(random, lane, 64)],
        [second, count],
      ];
      yield mmxCase(`${op} ${first.text}, ${second.text}${suffix}`, values);
    }
  }
}

function* moves(cycle: AddressingCycle): Generator<Case> {
  const random = new Random('movq mm');
  for (const size of [32, 64] as const) {
    const op = size === 32 ? 'movd' : 'movq';
    for (const operand of [register(0, size), register(10, size), memory(cycle.next(), size)]) {
      const values: [Operand, bigint][] = [
        [operand, anyValue(random, size)],
        [mm(5), random.bits(64)],
      ];
      yield mmxCase(`${op} mm5, ${operand.text}`, values);
      yield mmxCase(`${op} ${operand.text}, mm5`, values);
    }
  }
  yield mmxCase('movq mm1, mm6', [[mm(6), random.bits(64)]]);
  yield mmxCase('{store} movq mm1, mm6', [[mm(6), random.bits(64)]]);
  const place = memory(at(DATA), 64);
  yield mmxCase('movntq qword ptr [rbx], mm2', [
    [mm(2), random.bits(64)],
    [place, 0n],
  ]);
  yield mmxCase('movdq2q mm3, xmm9', [[xmm(9), random.bits(64)]]);
  yield mmxCase('movq2dq xmm9, mm3', [[mm(3), random.bits(64)]]);
  yield mmxCase('pmovmskb eax, mm4', [[mm(4), random.bits(64)]]);
  for (const element of [0, 2, 3, 0xff]) {
    yield mmxCase(`pinsrw mm1, ecx, ${element}`, [[mm(1), random.bits(64)]]);
    yield mmxCase(`pextrw r9d, mm1, ${element}`, [[mm(1), random.bits(64)]]);
  }
  const masked = mmxCase('maskmovq mm1, mm2', [
    [mm(1), random.bits(64)],
    [mm(2), random.bits(64)],
  ]);
  masked.input.set('rdi', BigInt(DATA));
  yield masked;
  yield { asm: 'movq mm0, qword ptr [rbx]', input: new Input().set('rbx', BigInt(UNMAPPED)) };
}

/** MMX instructions take over the x87: TOP becomes zero and every register valid, EMMS empties them. */
function* transitions(): Generator<Case> {
  const random = new Random('emms');
  for (const asm of [
    'emms',
    'paddb mm1, mm2',
    'movq mm3, qword ptr [rsp]',
    'movd eax, mm6',
    'cvtpi2pd xmm0, qword ptr [rsp]',
  ]) {
    for (const depth of [0, 3]) {
      const values = Array.from({ length: depth }, () => anyValue80(random));
      yield { asm, input: setStack(new Input(), values) };
    }
  }
  // A pending x87 exception is reported by MMX instructions too.
  for (const asm of ['emms', 'paddb mm1, mm2']) {
    yield { asm, input: setStack(new Input(), [1n], 0x8081n).set('fcw', 0x37en) };
  }
}

function* conversions(cycle: AddressingCycle): Generator<Case> {
  const random = new Random('cvtpi2ps');
  for (const op of ['cvtpi2ps', 'cvtpi2pd']) {
    for (const source of [mm(1), mm(6), memory(cycle.next(), 64)]) {
      for (let i = 0; i < 3; i++) {
        yield mmxCase(
          `${op} xmm3, ${source.text}`,
          [[source, vectorValue(random, 'i32', 64)]],
          anyMxcsr(random),
        );
      }
    }
  }
  for (const [op, lane, bits] of [
    ['cvtps2pi', 'f32', 64],
    ['cvttps2pi', 'f32', 64],
    ['cvtpd2pi', 'f64', 128],
    ['cvttpd2pi', 'f64', 128],
  ] as [string, Lane, number][]) {
    for (const source of [xmm(1), xmm(12), memory(cycle.next(), bits)]) {
      for (let i = 0; i < 6; i++) {
        yield mmxCase(
          `${op} mm2, ${source.text}`,
          [[source, vectorValue(random, lane, bits)]],
          anyMxcsr(random),
        );
      }
    }
  }
}

export function* mmx(): Generator<Case> {
  const cycle = new AddressingCycle();
  for (const [lane, list] of Object.entries(INTEGER)) {
    for (const op of words(list)) yield* binary(op, lane as Lane, cycle);
  }
  for (const selector of SHUFFLES) yield* binary('pshufw', 'i16', cycle, `, ${selector}`);
  for (const distance of [0, 3, 8, 11, 16, 0xff]) yield* binary('palignr', 'i8', cycle, `, ${distance}`);
  const random = new Random('psllw imm');
  for (const op of ['psllw', 'pslld', 'psllq', 'psrlw', 'psrld', 'psrlq', 'psraw', 'psrad']) {
    for (const count of [0, 1, 15, 16, 31, 32, 63, 64, 0xff]) {
      yield mmxCase(`${op} mm4, ${count}`, [[mm(4), random.bits(64)]]);
    }
  }
  yield* moves(cycle);
  yield* transitions();
  yield* conversions(cycle);
}
