import { Mq, Mx } from '../operand.ts';
import { type Row, row, two } from '../row.ts';
import { cmpxchg8b, cmpxchg16b } from '../semantics/exchange.ts';

export const exchange: Row[] = [
  row(two(0xc7, 1), 'cmpxchg8b', [Mq], cmpxchg8b),
  row({ ...two(0xc7, 1), w: 1 }, 'cmpxchg16b', [Mx], cmpxchg16b, { modes: 'only64' }),
];
