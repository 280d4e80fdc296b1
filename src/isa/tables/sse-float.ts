import { Ib, Vd, Vq, Vx, Wd, Wq, Wx } from '../operand.ts';
import { type Row, twoPrefix } from '../row.ts';
import { cmp, comi, ucomi } from '../semantics/sse-compare.ts';
import * as float from '../semantics/sse-float.ts';
import { pand, pandn, por, pxor } from '../semantics/sse-integer.ts';
import { rcp, rsqrt } from '../semantics/sse-reciprocal.ts';
import { escape3a, floatRows, packedRow, sseRow } from './sse-row.ts';

export const sseFloat: Row[] = [
  ...floatRows(0x58, 'add', float.add),
  ...floatRows(0x5c, 'sub', float.sub),
  ...floatRows(0x59, 'mul', float.mul),
  ...floatRows(0x5e, 'div', float.div),
  ...floatRows(0x5d, 'min', float.min),
  ...floatRows(0x5f, 'max', float.max),
  ...floatRows(0x51, 'sqrt', float.sqrt),
  ...floatRows(0xc2, 'cmp', cmp, [Ib]),
  sseRow(twoPrefix('none', 0x53), 'rcpps', [Vx, Wx], rcp.ps),
  sseRow(twoPrefix('f3', 0x53), 'rcpss', [Vd, Wd], rcp.ss),
  sseRow(twoPrefix('none', 0x52), 'rsqrtps', [Vx, Wx], rsqrt.ps),
  sseRow(twoPrefix('f3', 0x52), 'rsqrtss', [Vd, Wd], rsqrt.ss),
  sseRow(twoPrefix('none', 0x2e), 'ucomiss', [Vd, Wd], ucomi),
  sseRow(twoPrefix('66', 0x2e), 'ucomisd', [Vq, Wq], ucomi),
  sseRow(twoPrefix('none', 0x2f), 'comiss', [Vd, Wd], comi),
  sseRow(twoPrefix('66', 0x2f), 'comisd', [Vq, Wq], comi),
  sseRow(twoPrefix('none', 0x54), 'andps', [Vx, Wx], pand),
  sseRow(twoPrefix('none', 0x55), 'andnps', [Vx, Wx], pandn),
  sseRow(twoPrefix('none', 0x56), 'orps', [Vx, Wx], por),
  sseRow(twoPrefix('none', 0x57), 'xorps', [Vx, Wx], pxor),
  packedRow(0x54, 'andpd', pand),
  packedRow(0x55, 'andnpd', pandn),
  packedRow(0x56, 'orpd', por),
  packedRow(0x57, 'xorpd', pxor),
  sseRow(twoPrefix('f2', 0x7c), 'haddps', [Vx, Wx], float.haddps),
  packedRow(0x7c, 'haddpd', float.haddpd),
  sseRow(twoPrefix('f2', 0x7d), 'hsubps', [Vx, Wx], float.hsubps),
  packedRow(0x7d, 'hsubpd', float.hsubpd),
  sseRow(twoPrefix('f2', 0xd0), 'addsubps', [Vx, Wx], float.addsubps),
  packedRow(0xd0, 'addsubpd', float.addsubpd),
  sseRow(escape3a('66', 0x08), 'roundps', [Vx, Wx, Ib], float.round.ps),
  sseRow(escape3a('66', 0x09), 'roundpd', [Vx, Wx, Ib], float.round.pd),
  sseRow(escape3a('66', 0x0a), 'roundss', [Vd, Wd, Ib], float.round.ss),
  sseRow(escape3a('66', 0x0b), 'roundsd', [Vq, Wq, Ib], float.round.sd),
  sseRow(escape3a('66', 0x40), 'dpps', [Vx, Wx, Ib], float.dotProduct(4), { tier: 'handler' }),
  sseRow(escape3a('66', 0x41), 'dppd', [Vx, Wx, Ib], float.dotProduct(8), { tier: 'handler' }),
];
