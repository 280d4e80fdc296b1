import { Hqq, Hx, Ib, Lx, Mdq, Mu, Vqq, Vx, Wd, Wq, Wqq, Wu, Wudq } from '../operand.ts';
import { type Opcode, type Row, type RowOptions, row, type Semantics, vex } from '../row.ts';
import * as avx from '../semantics/avx.ts';
import { movddupLane } from '../semantics/sse-move.ts';
import { blendvpd, blendvps, pblendvb, pshufd } from '../semantics/sse-shuffle.ts';
import { byLanes, avx as requireAvx } from '../semantics/vector.ts';

const W0 = { w: 0 } as const;

/** A row whose instruction needs AVX to be enabled. */
export function avxRow(
  code: Opcode,
  mnemonic: string,
  operands: Row['operands'],
  semantics: Semantics,
  options: RowOptions = {},
): Row {
  return row(code, mnemonic, operands, requireAvx(semantics), options);
}

export const avxRows: Row[] = [
  avxRow(vex('L0', 1, 'none', 0x77), 'vzeroupper', [], avx.vzeroupper(16), { modes: 'only64' }),
  avxRow(vex('L0', 1, 'none', 0x77), 'vzeroupper', [], avx.vzeroupper(8), { modes: 'not64' }),
  avxRow(vex('L1', 1, 'none', 0x77), 'vzeroall', [], avx.vzeroall(16), { modes: 'only64' }),
  avxRow(vex('L1', 1, 'none', 0x77), 'vzeroall', [], avx.vzeroall(8), { modes: 'not64' }),
  avxRow(vex('L1', 1, 'f2', 0x12), 'vmovddup', [Vqq, Wqq], byLanes(movddupLane)),
  avxRow(vex('any', 2, '66', 0x0c, W0), 'vpermilps', [Vx, Hx, Wu], byLanes(avx.vpermilps)),
  avxRow(vex('any', 2, '66', 0x0d, W0), 'vpermilpd', [Vx, Hx, Wu], byLanes(avx.vpermilpd)),
  avxRow(vex('any', 3, '66', 0x04, W0), 'vpermilps', [Vx, Wu, Ib], byLanes(pshufd)),
  avxRow(vex('any', 3, '66', 0x05, W0), 'vpermilpd', [Vx, Wu, Ib], byLanes(avx.vpermilpdByImmediate, 2)),
  avxRow(vex('any', 2, '66', 0x0e, W0), 'vtestps', [Vx, Wu], avx.vtestps),
  avxRow(vex('any', 2, '66', 0x0f, W0), 'vtestpd', [Vx, Wu], avx.vtestpd),
  avxRow(vex('any', 2, '66', 0x18, W0), 'vbroadcastss', [Vx, Wd], avx.broadcast(4)),
  avxRow(vex('L1', 2, '66', 0x19, W0), 'vbroadcastsd', [Vqq, Wq], avx.broadcast(8)),
  avxRow(vex('L1', 2, '66', 0x1a, W0), 'vbroadcastf128', [Vqq, Mdq], avx.broadcast128),
  avxRow(vex('L1', 3, '66', 0x06, W0), 'vperm2f128', [Vqq, Hqq, Wqq, Ib], avx.vperm2x128),
  avxRow(vex('L1', 3, '66', 0x18, W0), 'vinsertf128', [Vqq, Hqq, Wudq, Ib], avx.vinsert128),
  avxRow(vex('L1', 3, '66', 0x19, W0), 'vextractf128', [Wudq, Vqq, Ib], avx.vextract128),
  avxRow(vex('any', 2, '66', 0x2c, W0), 'vmaskmovps', [Vx, Hx, Mu], avx.loadMasked(4)),
  avxRow(vex('any', 2, '66', 0x2d, W0), 'vmaskmovpd', [Vx, Hx, Mu], avx.loadMasked(8)),
  avxRow(vex('any', 2, '66', 0x2e, W0), 'vmaskmovps', [Mu, Hx, Vx], avx.storeMasked(4)),
  avxRow(vex('any', 2, '66', 0x2f, W0), 'vmaskmovpd', [Mu, Hx, Vx], avx.storeMasked(8)),
  avxRow(vex('any', 3, '66', 0x4a, W0), 'vblendvps', [Vx, Hx, Wu, Lx], byLanes(blendvps)),
  avxRow(vex('any', 3, '66', 0x4b, W0), 'vblendvpd', [Vx, Hx, Wu, Lx], byLanes(blendvpd)),
  avxRow(vex('any', 3, '66', 0x4c, W0), 'vpblendvb', [Vx, Hx, Wu, Lx], byLanes(pblendvb)),
];
