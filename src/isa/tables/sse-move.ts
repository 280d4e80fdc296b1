import {
  Ed, Ew, Ey, Gd, Gy, Ib, Mb, Md, Mq, Mu, Mw, Mx, My, Rd, Ud, Uq, Ux, Vd, Vq, Vx, Vy, Wd, Wq, Wu, Wx, Yx,
} from '../operand.ts';
import { type Row, twoPrefix } from '../row.ts';
import { mov } from '../semantics/move.ts';
import {
  insertps, loadHigh, loadLow, maskmovdqu, movddup, movmskpd, movmskps, movshdup, movsldup, pextr, pinsr, pmovmskb,
  storeHigh,
} from '../semantics/sse-move.ts';
import { escape38, escape3a, sseRow } from './sse-row.ts';

const none = (byte: number) => twoPrefix('none', byte);
const p66 = (byte: number) => twoPrefix('66', byte);
const f3 = (byte: number) => twoPrefix('f3', byte);
const f2 = (byte: number) => twoPrefix('f2', byte);

export const sseMove: Row[] = [
  sseRow(none(0x28), 'movaps', [Vx, Wx], mov),
  sseRow(none(0x29), 'movaps', [Wx, Vx], mov),
  sseRow(p66(0x28), 'movapd', [Vx, Wx], mov),
  sseRow(p66(0x29), 'movapd', [Wx, Vx], mov),
  sseRow(p66(0x6f), 'movdqa', [Vx, Wx], mov),
  sseRow(p66(0x7f), 'movdqa', [Wx, Vx], mov),
  sseRow(none(0x10), 'movups', [Vx, Wu], mov),
  sseRow(none(0x11), 'movups', [Wu, Vx], mov),
  sseRow(p66(0x10), 'movupd', [Vx, Wu], mov),
  sseRow(p66(0x11), 'movupd', [Wu, Vx], mov),
  sseRow(f3(0x6f), 'movdqu', [Vx, Wu], mov),
  sseRow(f3(0x7f), 'movdqu', [Wu, Vx], mov),
  sseRow(f2(0xf0), 'lddqu', [Vx, Mu], mov),
  // Scalars from memory clear the rest of the register, from a register they leave it.
  sseRow(f3(0x10), 'movss', [Vd, Ud], mov),
  sseRow(f3(0x10), 'movss', [Vx, Md], loadLow),
  sseRow(f3(0x11), 'movss', [Wd, Vd], mov),
  sseRow(f2(0x10), 'movsd', [Vq, Uq], mov),
  sseRow(f2(0x10), 'movsd', [Vx, Mq], loadLow),
  sseRow(f2(0x11), 'movsd', [Wq, Vq], mov),
  sseRow(p66(0x6e), 'movd', [Vx, Ey], loadLow),
  sseRow(p66(0x7e), 'movd', [Ey, Vy], mov),
  sseRow(f3(0x7e), 'movq', [Vx, Wq], loadLow),
  sseRow(p66(0xd6), 'movq', [Ux, Vq], loadLow),
  sseRow(p66(0xd6), 'movq', [Mq, Vq], mov),
  sseRow(none(0x12), 'movlps', [Vq, Mq], mov),
  sseRow(none(0x12), 'movhlps', [Vq, Ux], storeHigh),
  sseRow(p66(0x12), 'movlpd', [Vq, Mq], mov),
  sseRow(none(0x13), 'movlps', [Mq, Vq], mov),
  sseRow(p66(0x13), 'movlpd', [Mq, Vq], mov),
  sseRow(none(0x16), 'movhps', [Vx, Mq], loadHigh),
  sseRow(none(0x16), 'movlhps', [Vx, Uq], loadHigh),
  sseRow(p66(0x16), 'movhpd', [Vx, Mq], loadHigh),
  sseRow(none(0x17), 'movhps', [Mq, Vx], storeHigh),
  sseRow(p66(0x17), 'movhpd', [Mq, Vx], storeHigh),
  sseRow(f2(0x12), 'movddup', [Vx, Wq], movddup),
  sseRow(f3(0x12), 'movsldup', [Vx, Wx], movsldup),
  sseRow(f3(0x16), 'movshdup', [Vx, Wx], movshdup),
  // Non-temporal hints mean nothing here.
  sseRow(none(0x2b), 'movntps', [Mx, Vx], mov),
  sseRow(p66(0x2b), 'movntpd', [Mx, Vx], mov),
  sseRow(p66(0xe7), 'movntdq', [Mx, Vx], mov),
  sseRow(escape38('66', 0x2a), 'movntdqa', [Vx, Mx], mov),
  sseRow(none(0xc3), 'movnti', [My, Gy], mov),
  sseRow(none(0x50), 'movmskps', [Gd, Ux], movmskps),
  sseRow(p66(0x50), 'movmskpd', [Gd, Ux], movmskpd),
  sseRow(p66(0xd7), 'pmovmskb', [Gd, Ux], pmovmskb),
  sseRow(p66(0xf7), 'maskmovdqu', [Yx, Vx, Ux], maskmovdqu),
  sseRow(p66(0xc4), 'pinsrw', [Vx, Ew, Ib], pinsr(2)),
  sseRow(escape3a('66', 0x20), 'pinsrb', [Vx, Rd, Ib], pinsr(1)),
  sseRow(escape3a('66', 0x20), 'pinsrb', [Vx, Mb, Ib], pinsr(1)),
  sseRow(escape3a('66', 0x22), 'pinsr', [Vx, Ey, Ib], pinsr(0)),
  sseRow(escape3a('66', 0x21), 'insertps', [Vx, Ux, Ib], insertps),
  sseRow(escape3a('66', 0x21), 'insertps', [Vx, Md, Ib], insertps),
  sseRow(p66(0xc5), 'pextrw', [Gd, Ux, Ib], pextr(2)),
  sseRow(escape3a('66', 0x14), 'pextrb', [Rd, Vx, Ib], pextr(1)),
  sseRow(escape3a('66', 0x14), 'pextrb', [Mb, Vx, Ib], pextr(1)),
  sseRow(escape3a('66', 0x15), 'pextrw', [Rd, Vx, Ib], pextr(2)),
  sseRow(escape3a('66', 0x15), 'pextrw', [Mw, Vx, Ib], pextr(2)),
  sseRow(escape3a('66', 0x16), 'pextr', [Ey, Vx, Ib], pextr(0)),
  sseRow(escape3a('66', 0x17), 'extractps', [Ed, Vx, Ib], pextr(4)),
];
