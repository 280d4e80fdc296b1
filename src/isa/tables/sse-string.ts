import { Hx, Ib, Vx, Wu, Wx } from '../operand.ts';
import type { Row } from '../row.ts';
import {
  clearingAbove,
  compareExplicit,
  compareImplicit,
  mpsadbw,
  phminposuw,
} from '../semantics/sse-string.ts';
import { escape3a, escape38, type SseOptions, sseRow } from './sse-row.ts';

const short: SseOptions = { vex: 'L0' };
const sized: SseOptions = { ...short, sizeOf: 'y' };

const explicitMask = compareExplicit(true);
const implicitMask = compareImplicit(true);

export const sseString: Row[] = [
  sseRow(escape3a('66', 0x60), 'pcmpestrm', [Vx, Wu, Ib], explicitMask, {
    ...sized,
    vexSemantics: clearingAbove(explicitMask),
  }),
  sseRow(escape3a('66', 0x61), 'pcmpestri', [Vx, Wu, Ib], compareExplicit(false), sized),
  sseRow(escape3a('66', 0x62), 'pcmpistrm', [Vx, Wu, Ib], implicitMask, {
    ...short,
    vexSemantics: clearingAbove(implicitMask),
  }),
  sseRow(escape3a('66', 0x63), 'pcmpistri', [Vx, Wu, Ib], compareImplicit(false), short),
  sseRow(escape38('66', 0x41), 'phminposuw', [Vx, Wx], phminposuw, short),
  sseRow(escape3a('66', 0x42), 'mpsadbw', [Vx, Hx, Wx, Ib], mpsadbw, { immediateBits: 3 }),
].flat();
