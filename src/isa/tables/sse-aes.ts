import { Hx, Ib, Vx, Wx } from '../operand.ts';
import type { Row } from '../row.ts';
import * as aes from '../semantics/sse-aes.ts';
import { escape3a, escape38, type SseOptions, sseRow } from './sse-row.ts';

const short: SseOptions = { vex: 'L0' };

export const sseAes: Row[] = [
  sseRow(escape38('66', 0xdb), 'aesimc', [Vx, Wx], aes.aesimc, short),
  sseRow(escape38('66', 0xdc), 'aesenc', [Vx, Hx, Wx], aes.aesenc),
  sseRow(escape38('66', 0xdd), 'aesenclast', [Vx, Hx, Wx], aes.aesenclast),
  sseRow(escape38('66', 0xde), 'aesdec', [Vx, Hx, Wx], aes.aesdec),
  sseRow(escape38('66', 0xdf), 'aesdeclast', [Vx, Hx, Wx], aes.aesdeclast),
  sseRow(escape3a('66', 0xdf), 'aeskeygenassist', [Vx, Wx, Ib], aes.aeskeygenassist, short),
  sseRow(escape3a('66', 0x44), 'pclmulqdq', [Vx, Hx, Wx, Ib], aes.pclmulqdq),
].flat();
