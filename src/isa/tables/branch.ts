import { CONDITION_NAMES } from '../condition.ts';
import { En, Iw, Jb, Jz } from '../operand.ts';
import { one, type Row, row, two } from '../row.ts';
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

const conditions = Array.from({ length: 16 }, (_, code) => code);
const direct = { ending: 'jump', sizeOf: 'n' } as const;
const conditional = { ending: 'branch', sizeOf: 'n' } as const;
const called = { ending: 'call', sizeOf: 'n' } as const;
const returns = { ending: 'return', sizeOf: 'n' } as const;
const indirect = { ending: 'indirectJump', sizeOf: 'n' } as const;
const calledIndirect = { ending: 'indirectCall', sizeOf: 'n' } as const;

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
];
