import { Hx, Ib, Vx, Wx } from '../operand.ts';
import type { Row } from '../row.ts';
import * as sha from '../semantics/sse-sha.ts';
import { escape3a, escape38, type SseOptions, sseRow } from './sse-row.ts';

const legacy: SseOptions = { vex: 'none' };
const wide: SseOptions = { vexW: 1 };

export const sseSha: Row[] = [
  sseRow(escape38('none', 0xc8), 'sha1nexte', [Vx, Wx], sha.sha1nexte, legacy),
  sseRow(escape38('none', 0xc9), 'sha1msg1', [Vx, Wx], sha.sha1msg1, legacy),
  sseRow(escape38('none', 0xca), 'sha1msg2', [Vx, Wx], sha.sha1msg2, legacy),
  sseRow(escape38('none', 0xcb), 'sha256rnds2', [Vx, Wx], sha.sha256rnds2, legacy),
  sseRow(escape38('none', 0xcc), 'sha256msg1', [Vx, Wx], sha.sha256msg1, legacy),
  sseRow(escape38('none', 0xcd), 'sha256msg2', [Vx, Wx], sha.sha256msg2, legacy),
  sseRow(escape3a('none', 0xcc), 'sha1rnds4', [Vx, Wx, Ib], sha.sha1rnds4, legacy),
  sseRow(escape38('66', 0xcf), 'gf2p8mulb', [Vx, Hx, Wx], sha.gf2p8mulb, { vexW: 0 }),
  sseRow(escape3a('66', 0xce), 'gf2p8affineqb', [Vx, Hx, Wx, Ib], sha.gf2p8affineqb, wide),
  sseRow(escape3a('66', 0xcf), 'gf2p8affineinvqb', [Vx, Hx, Wx, Ib], sha.gf2p8affineinvqb, wide),
].flat();
