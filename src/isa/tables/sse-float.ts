import { Hd, Hq, Hx, Ib, Vd, Vq, Vx, Wd, Wq, Wx } from '../operand.ts';
import { type Row, twoPrefix } from '../row.ts';
import { cmp, comi, ucomi, vcmp } from '../semantics/sse-compare.ts';
import * as float from '../semantics/sse-float.ts';
import { pand, pandn, por, pxor } from '../semantics/sse-integer.ts';
import { rcp, rsqrt } from '../semantics/sse-reciprocal.ts';
import { escape3a, floatRows, packedRow, sseRow, unaryRow } from './sse-row.ts';

export const sseFloat: Row[] = [
  floatRows(0x58, 'add', float.add),
  floatRows(0x5c, 'sub', float.sub),
  floatRows(0x59, 'mul', float.mul),
  floatRows(0x5e, 'div', float.div),
  floatRows(0x5d, 'min', float.min),
  floatRows(0x5f, 'max', float.max),
  sseRow(twoPrefix('none', 0x51), 'sqrtps', [Vx, Wx], float.sqrt.ps),
  unaryRow(0x51, 'sqrtpd', float.sqrt.pd),
  sseRow(twoPrefix('f3', 0x51), 'sqrtss', [Vd, Hd, Wd], float.sqrt.ss),
  sseRow(twoPrefix('f2', 0x51), 'sqrtsd', [Vq, Hq, Wq], float.sqrt.sd),
  floatRows(0xc2, 'cmp', cmp, { immediate: [Ib], vex: vcmp }),
  sseRow(twoPrefix('none', 0x53), 'rcpps', [Vx, Wx], rcp.ps),
  sseRow(twoPrefix('f3', 0x53), 'rcpss', [Vd, Hd, Wd], rcp.ss),
  sseRow(twoPrefix('none', 0x52), 'rsqrtps', [Vx, Wx], rsqrt.ps),
  sseRow(twoPrefix('f3', 0x52), 'rsqrtss', [Vd, Hd, Wd], rsqrt.ss),
  sseRow(twoPrefix('none', 0x2e), 'ucomiss', [Vd, Wd], ucomi),
  sseRow(twoPrefix('66', 0x2e), 'ucomisd', [Vq, Wq], ucomi),
  sseRow(twoPrefix('none', 0x2f), 'comiss', [Vd, Wd], comi),
  sseRow(twoPrefix('66', 0x2f), 'comisd', [Vq, Wq], comi),
  sseRow(twoPrefix('none', 0x54), 'andps', [Vx, Hx, Wx], pand),
  sseRow(twoPrefix('none', 0x55), 'andnps', [Vx, Hx, Wx], pandn),
  sseRow(twoPrefix('none', 0x56), 'orps', [Vx, Hx, Wx], por),
  sseRow(twoPrefix('none', 0x57), 'xorps', [Vx, Hx, Wx], pxor),
  packedRow(0x54, 'andpd', pand),
  packedRow(0x55, 'andnpd', pandn),
  packedRow(0x56, 'orpd', por),
  packedRow(0x57, 'xorpd', pxor),
  sseRow(twoPrefix('f2', 0x7c), 'haddps', [Vx, Hx, Wx], float.haddps),
  packedRow(0x7c, 'haddpd', float.haddpd),
  sseRow(twoPrefix('f2', 0x7d), 'hsubps', [Vx, Hx, Wx], float.hsubps),
  packedRow(0x7d, 'hsubpd', float.hsubpd),
  sseRow(twoPrefix('f2', 0xd0), 'addsubps', [Vx, Hx, Wx], float.addsubps),
  packedRow(0xd0, 'addsubpd', float.addsubpd),
  sseRow(escape3a('66', 0x08), 'roundps', [Vx, Wx, Ib], float.round.ps),
  sseRow(escape3a('66', 0x09), 'roundpd', [Vx, Wx, Ib], float.round.pd),
  sseRow(escape3a('66', 0x0a), 'roundss', [Vd, Hd, Wd, Ib], float.round.ss),
  sseRow(escape3a('66', 0x0b), 'roundsd', [Vq, Hq, Wq, Ib], float.round.sd),
  sseRow(escape3a('66', 0x40), 'dpps', [Vx, Hx, Wx, Ib], float.dotProduct(4)),
  sseRow(escape3a('66', 0x41), 'dppd', [Vx, Hx, Wx, Ib], float.dotProduct(8), { vex: 'L0' }),
].flat();
