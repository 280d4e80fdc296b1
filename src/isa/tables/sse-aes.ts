import { Ib, Vx, Wx } from '../operand.ts';
import type { Row, RowOptions } from '../row.ts';
import * as aes from '../semantics/sse-aes.ts';
import { escape3a, escape38, sseRow } from './sse-row.ts';

const handler: RowOptions = { tier: 'handler' };

export const sseAes: Row[] = [
  sseRow(escape38('66', 0xdb), 'aesimc', [Vx, Wx], aes.aesimc, handler),
  sseRow(escape38('66', 0xdc), 'aesenc', [Vx, Wx], aes.aesenc, handler),
  sseRow(escape38('66', 0xdd), 'aesenclast', [Vx, Wx], aes.aesenclast, handler),
  sseRow(escape38('66', 0xde), 'aesdec', [Vx, Wx], aes.aesdec, handler),
  sseRow(escape38('66', 0xdf), 'aesdeclast', [Vx, Wx], aes.aesdeclast, handler),
  sseRow(escape3a('66', 0xdf), 'aeskeygenassist', [Vx, Wx, Ib], aes.aeskeygenassist, handler),
  sseRow(escape3a('66', 0x44), 'pclmulqdq', [Vx, Wx, Ib], aes.pclmulqdq, handler),
];
