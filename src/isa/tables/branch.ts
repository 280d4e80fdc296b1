import { CONDITION_NAMES } from '../condition.ts';
import { En, Ew, Iw, Jb, Jz, sIb } from '../operand.ts';
import { type Opcode, one, type Row, row, systemRow, two } from '../row.ts';
import {
  call,
  callIndirect,
  jcc,
  jmp,
  jmpIndirect,
  jrcxz,
  loop,
  ret,
  retImmediate,
} from '../semantics/branch.ts';
import {
  call16,
  callIndirect16,
  jcc16,
  jmp16,
  jmpIndirect16,
  jrcxz16,
  loop16,
  ret16,
} from '../semantics/branch-16.ts';

const conditions = Array.from({ length: 16 }, (_, code) => code);
const direct = { ending: 'jump', sizeOf: 'n' } as const;
const conditional = { ending: 'branch', sizeOf: 'n' } as const;
const called = { ending: 'call', sizeOf: 'n' } as const;
const returns = { ending: 'return', sizeOf: 'n' } as const;
const indirect = { ending: 'indirectJump', sizeOf: 'n' } as const;
const calledIndirect = { ending: 'indirectCall', sizeOf: 'n' } as const;

/** With 66 in 64-bit mode (layout/vendor.ts); displacements are immediates. */
const amd = { ending: 'dispatch', modes: 'only64', vendor: 'AuthenticAMD' } as const;
const short = (code: Opcode): Opcode => ({ ...code, prefix: 'o16', w: 0 });

export const branch: Row[] = [
  row(one(0xeb), 'jmp', [Jb], jmp, direct),
  row(one(0xe9), 'jmp', [Jz], jmp, direct),
  row(one(0xff, 4), 'jmp', [En], jmpIndirect, indirect),
  ...conditions.map((code) =>
    row(one(0x70 + code), `j${CONDITION_NAMES[code]}`, [Jb], jcc(code), conditional),
  ),
  ...conditions.map((code) =>
    row(two(0x80 + code), `j${CONDITION_NAMES[code]}`, [Jz], jcc(code), conditional),
  ),
  row(one(0xe8), 'call', [Jz], call, called),
  row(one(0xff, 2), 'call', [En], callIndirect, calledIndirect),
  row(one(0xc3), 'ret', [], ret, returns),
  row(one(0xc2), 'ret', [Iw], retImmediate, returns),
  row(one(0xe0), 'loopne', [Jb], loop('notEqual'), conditional),
  row(one(0xe1), 'loope', [Jb], loop('equal'), conditional),
  row(one(0xe2), 'loop', [Jb], loop('always'), conditional),
  row(one(0xe3), 'jrcxz', [Jb], jrcxz, conditional),

  systemRow(short(one(0xeb)), 'jmp', [sIb], jmp16, amd),
  systemRow(short(one(0xe9)), 'jmp', [Iw], jmp16, amd),
  systemRow(short(one(0xff, 4)), 'jmp', [Ew], jmpIndirect16, amd),
  ...conditions.flatMap((code) => [
    systemRow(short(one(0x70 + code)), `j${CONDITION_NAMES[code]}`, [sIb], jcc16(code), amd),
    systemRow(short(two(0x80 + code)), `j${CONDITION_NAMES[code]}`, [Iw], jcc16(code), amd),
  ]),
  systemRow(short(one(0xe8)), 'call', [Iw], call16, amd),
  systemRow(short(one(0xff, 2)), 'call', [Ew], callIndirect16, amd),
  systemRow(short(one(0xc3)), 'ret', [], ret16, amd),
  systemRow(short(one(0xc2)), 'ret', [Iw], ret16, amd),
  systemRow(short(one(0xe0)), 'loopne', [sIb], loop16('notEqual'), amd),
  systemRow(short(one(0xe1)), 'loope', [sIb], loop16('equal'), amd),
  systemRow(short(one(0xe2)), 'loop', [sIb], loop16('always'), amd),
  systemRow(short(one(0xe3)), 'jrcxz', [sIb], jrcxz16, amd),
];
