/** Interrupts on purpose, far transfers and fast system calls. */
import { Ap, Ed, Gd, Ib, Iw, M } from '../operand.ts';
import { type Opcode, one, type Row, systemRow, two } from '../row.ts';
import {
  farReturn,
  farTransfer,
  farTransferImmediate,
  int,
  int1,
  int3,
  into,
  transfer,
  undefinedOpcode,
} from '../semantics/far.ts';

const plain = { ending: 'dispatch' } as const;
/** By operand size, 32 bits unless a prefix says otherwise. */
const sized = { ending: 'dispatch', sizeOf: 'v' } as const;
/** An offset of 32 bits in spite of REX.W. */
const amd = { ending: 'dispatch', vendor: 'AuthenticAMD' } as const;
const wide = (code: Opcode): Opcode => ({ ...code, w: 1 });
/** To 64-bit code with REX.W, else to 32-bit code. */
const toLongMode = { ending: 'dispatch', sizeOf: 'y' } as const;

export const far: Row[] = [
  systemRow(one(0xcc), 'int3', [], int3, plain),
  systemRow(one(0xcd), 'int', [Ib], int, plain),
  systemRow(one(0xce), 'into', [], into, { modes: 'not64' }),
  systemRow(one(0xf1), 'int1', [], int1, plain),
  systemRow(two(0xff), 'ud0', [Gd, Ed], undefinedOpcode, plain),
  systemRow(two(0xb9), 'ud1', [Gd, Ed], undefinedOpcode, plain),
  systemRow(two(0x0b), 'ud2', [], undefinedOpcode, plain),

  systemRow(one(0xcf), 'iret', [], transfer('iret', true), sized),
  systemRow(one(0xff, 3), 'call far', [M], farTransfer('farCall'), sized),
  systemRow(one(0xff, 5), 'jmp far', [M], farTransfer('farJump'), sized),
  systemRow(wide(one(0xff, 3)), 'call far', [M], farTransfer('farCall', 8), amd),
  systemRow(wide(one(0xff, 5)), 'jmp far', [M], farTransfer('farJump'), amd),
  systemRow(one(0x9a), 'call far', [Ap], farTransferImmediate('farCall'), { ...sized, modes: 'not64' }),
  systemRow(one(0xea), 'jmp far', [Ap], farTransferImmediate('farJump'), { ...sized, modes: 'not64' }),
  systemRow(one(0xca), 'retf', [Iw], farReturn, sized),
  systemRow(one(0xcb), 'retf', [], farReturn, sized),

  systemRow(two(0x05), 'syscall', [], transfer('syscall', false), plain),
  systemRow(two(0x07), 'sysret', [], transfer('sysret', true), toLongMode),
  systemRow(two(0x34), 'sysenter', [], transfer('sysenter', false), plain),
  systemRow(two(0x35), 'sysexit', [], transfer('sysexit', true), toLongMode),
];
