import { Eb, Ev, Ey, Gb, Gv, Gy, Iz, sIb, Zv } from '../operand.ts';
import { one, opcode, type Row, row, rowPerRegister, two } from '../row.ts';
import {
  adc, adcx, add, adox, cmp, cmpxchg, dec, div, idiv, imul2, imul3, imulAccumulator,
  inc, mul, neg, sbb, sub, xadd,
} from '../semantics/arithmetic.ts';
import { binaryRows } from './logic.ts';

export const arithmetic: Row[] = [
  ...binaryRows(0x00, 0, 'add', add),
  ...binaryRows(0x10, 2, 'adc', adc),
  ...binaryRows(0x18, 3, 'sbb', sbb),
  ...binaryRows(0x28, 5, 'sub', sub),
  ...binaryRows(0x38, 7, 'cmp', cmp),
  ...rowPerRegister(one(0x40), 'inc', [Zv], inc, { modes: 'not64' }),
  ...rowPerRegister(one(0x48), 'dec', [Zv], dec, { modes: 'not64' }),
  row(one(0xfe, 0), 'inc', [Eb], inc),
  row(one(0xff, 0), 'inc', [Ev], inc),
  row(one(0xfe, 1), 'dec', [Eb], dec),
  row(one(0xff, 1), 'dec', [Ev], dec),
  row(one(0xf6, 3), 'neg', [Eb], neg),
  row(one(0xf7, 3), 'neg', [Ev], neg),
  row(one(0xf6, 4), 'mul', [Eb], mul),
  row(one(0xf7, 4), 'mul', [Ev], mul),
  row(one(0xf6, 5), 'imul', [Eb], imulAccumulator),
  row(one(0xf7, 5), 'imul', [Ev], imulAccumulator),
  row(two(0xaf), 'imul', [Gv, Ev], imul2),
  row(one(0x69), 'imul', [Gv, Ev, Iz], imul3),
  row(one(0x6b), 'imul', [Gv, Ev, sIb], imul3),
  row(one(0xf6, 6), 'div', [Eb], div),
  row(one(0xf7, 6), 'div', [Ev], div),
  row(one(0xf6, 7), 'idiv', [Eb], idiv),
  row(one(0xf7, 7), 'idiv', [Ev], idiv),
  row({ ...opcode(2, 0xf6), prefix: '66' }, 'adcx', [Gy, Ey], adcx),
  row({ ...opcode(2, 0xf6), prefix: 'f3' }, 'adox', [Gy, Ey], adox),
  row(two(0xc0), 'xadd', [Eb, Gb], xadd),
  row(two(0xc1), 'xadd', [Ev, Gv], xadd),
  row(two(0xb0), 'cmpxchg', [Eb, Gb], cmpxchg),
  row(two(0xb1), 'cmpxchg', [Ev, Gv], cmpxchg),
];
