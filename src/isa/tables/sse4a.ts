/** SSE4a, of AMD's processors. */
import { Ibb, Md, Mq, Udq, Uq, Vd, Vdq, Vq } from '../operand.ts';
import { type Row, twoPrefix } from '../row.ts';
import { mov } from '../semantics/move.ts';
import { extrq, extrqImmediate, insertq, insertqImmediate } from '../semantics/sse4a.ts';
import { type SseOptions, sseRow } from './sse-row.ts';

const legacy: SseOptions = { vex: 'none' };

export const sse4a: Row[] = [
  sseRow(twoPrefix('f3', 0x2b), 'movntss', [Md, Vd], mov, legacy),
  sseRow(twoPrefix('f2', 0x2b), 'movntsd', [Mq, Vq], mov, legacy),
  sseRow(twoPrefix('66', 0x78, 0), 'extrq', [Udq, Ibb], extrqImmediate, legacy),
  sseRow(twoPrefix('66', 0x79), 'extrq', [Vdq, Uq], extrq, legacy),
  sseRow(twoPrefix('f2', 0x78), 'insertq', [Vdq, Uq, Ibb], insertqImmediate, legacy),
  sseRow(twoPrefix('f2', 0x79), 'insertq', [Vdq, Udq], insertq, legacy),
].flat();
