import { Ib, Vx, Wu, Wx } from '../operand.ts';
import type { Row, RowOptions } from '../row.ts';
import { compareExplicit, compareImplicit, mpsadbw, phminposuw } from '../semantics/sse-string.ts';
import { escape3a, escape38, sseRow } from './sse-row.ts';

const handler: RowOptions = { tier: 'handler' };
const sized: RowOptions = { tier: 'handler', sizeOf: 'y' };

export const sseString: Row[] = [
  sseRow(escape3a('66', 0x60), 'pcmpestrm', [Vx, Wu, Ib], compareExplicit(true), sized),
  sseRow(escape3a('66', 0x61), 'pcmpestri', [Vx, Wu, Ib], compareExplicit(false), sized),
  sseRow(escape3a('66', 0x62), 'pcmpistrm', [Vx, Wu, Ib], compareImplicit(true), handler),
  sseRow(escape3a('66', 0x63), 'pcmpistri', [Vx, Wu, Ib], compareImplicit(false), handler),
  sseRow(escape38('66', 0x41), 'phminposuw', [Vx, Wx], phminposuw, handler),
  sseRow(escape3a('66', 0x42), 'mpsadbw', [Vx, Wx, Ib], mpsadbw, handler),
];
