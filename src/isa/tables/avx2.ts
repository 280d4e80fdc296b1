import {
  Hqq,
  Hx,
  Hxh,
  Ib,
  Mdq,
  Mu,
  MVd,
  MVq,
  Vqq,
  Vx,
  Vxh,
  Wb,
  Wd,
  Wq,
  Wqq,
  Wu,
  Wudq,
  Ww,
} from '../operand.ts';
import { type Row, vex } from '../row.ts';
import * as avx from '../semantics/avx.ts';
import { blendps } from '../semantics/sse-shuffle.ts';
import { byLanes } from '../semantics/vector.ts';
import { avxRow } from './avx.ts';

const W0 = { w: 0 } as const;
const W1 = { w: 1 } as const;
const { shiftVariable } = avx;

export const avx2Rows: Row[] = [
  avxRow(vex('any', 2, '66', 0x78, W0), 'vpbroadcastb', [Vx, Wb], avx.broadcast(1)),
  avxRow(vex('any', 2, '66', 0x79, W0), 'vpbroadcastw', [Vx, Ww], avx.broadcast(2)),
  avxRow(vex('any', 2, '66', 0x58, W0), 'vpbroadcastd', [Vx, Wd], avx.broadcast(4)),
  avxRow(vex('any', 2, '66', 0x59, W0), 'vpbroadcastq', [Vx, Wq], avx.broadcast(8)),
  avxRow(vex('L1', 2, '66', 0x5a, W0), 'vbroadcasti128', [Vqq, Mdq], avx.broadcast128),
  avxRow(vex('L1', 3, '66', 0x46, W0), 'vperm2i128', [Vqq, Hqq, Wqq, Ib], avx.vperm2x128),
  avxRow(vex('L1', 3, '66', 0x38, W0), 'vinserti128', [Vqq, Hqq, Wudq, Ib], avx.vinsert128),
  avxRow(vex('L1', 3, '66', 0x39, W0), 'vextracti128', [Wudq, Vqq, Ib], avx.vextract128),
  avxRow(vex('L1', 2, '66', 0x36, W0), 'vpermd', [Vqq, Hqq, Wqq], avx.vpermd),
  avxRow(vex('L1', 2, '66', 0x16, W0), 'vpermps', [Vqq, Hqq, Wqq], avx.vpermd),
  avxRow(vex('L1', 3, '66', 0x00, W1), 'vpermq', [Vqq, Wqq, Ib], avx.vpermq),
  avxRow(vex('L1', 3, '66', 0x01, W1), 'vpermpd', [Vqq, Wqq, Ib], avx.vpermq),
  avxRow(vex('any', 3, '66', 0x02, W0), 'vpblendd', [Vx, Hx, Wu, Ib], byLanes(blendps, 4)),
  avxRow(vex('any', 2, '66', 0x45, W0), 'vpsrlvd', [Vx, Hx, Wu], byLanes(shiftVariable(4, 'shr_u'))),
  avxRow(vex('any', 2, '66', 0x45, W1), 'vpsrlvq', [Vx, Hx, Wu], byLanes(shiftVariable(8, 'shr_u'))),
  avxRow(vex('any', 2, '66', 0x46, W0), 'vpsravd', [Vx, Hx, Wu], byLanes(shiftVariable(4, 'shr_s'))),
  avxRow(vex('any', 2, '66', 0x47, W0), 'vpsllvd', [Vx, Hx, Wu], byLanes(shiftVariable(4, 'shl'))),
  avxRow(vex('any', 2, '66', 0x47, W1), 'vpsllvq', [Vx, Hx, Wu], byLanes(shiftVariable(8, 'shl'))),
  avxRow(vex('any', 2, '66', 0x8c, W0), 'vpmaskmovd', [Vx, Hx, Mu], avx.loadMasked(4)),
  avxRow(vex('any', 2, '66', 0x8c, W1), 'vpmaskmovq', [Vx, Hx, Mu], avx.loadMasked(8)),
  avxRow(vex('any', 2, '66', 0x8e, W0), 'vpmaskmovd', [Mu, Hx, Vx], avx.storeMasked(4)),
  avxRow(vex('any', 2, '66', 0x8e, W1), 'vpmaskmovq', [Mu, Hx, Vx], avx.storeMasked(8)),
  avxRow(vex('any', 2, '66', 0x90, W0), 'vpgatherdd', [Vx, MVd, Hx], avx.gather(4, 4)),
  avxRow(vex('any', 2, '66', 0x90, W1), 'vpgatherdq', [Vx, MVq, Hx], avx.gather(8, 4)),
  avxRow(vex('any', 2, '66', 0x91, W0), 'vpgatherqd', [Vxh, MVd, Hxh], avx.gather(4, 8)),
  avxRow(vex('any', 2, '66', 0x91, W1), 'vpgatherqq', [Vx, MVq, Hx], avx.gather(8, 8)),
  avxRow(vex('any', 2, '66', 0x92, W0), 'vgatherdps', [Vx, MVd, Hx], avx.gather(4, 4)),
  avxRow(vex('any', 2, '66', 0x92, W1), 'vgatherdpd', [Vx, MVq, Hx], avx.gather(8, 4)),
  avxRow(vex('any', 2, '66', 0x93, W0), 'vgatherqps', [Vxh, MVd, Hxh], avx.gather(4, 8)),
  avxRow(vex('any', 2, '66', 0x93, W1), 'vgatherqpd', [Vx, MVq, Hx], avx.gather(8, 8)),
];
