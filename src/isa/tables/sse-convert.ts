import { Ey, Gy, Hd, Hq, Md, Vd, Vdq, Vq, Vx, Wd, Wq, Wx, Wxh } from '../operand.ts';
import { type Row, twoPrefix } from '../row.ts';
import { ldmxcsr, stmxcsr } from '../semantics/sse-control.ts';
import * as convert from '../semantics/sse-convert.ts';
import { sseRow, unaryRow } from './sse-row.ts';

const none = (byte: number) => twoPrefix('none', byte);
const p66 = (byte: number) => twoPrefix('66', byte);
const f3 = (byte: number) => twoPrefix('f3', byte);
const f2 = (byte: number) => twoPrefix('f2', byte);

export const sseConvert: Row[] = [
  sseRow(f3(0x2a), 'cvtsi2ss', [Vd, Hd, Ey], convert.fromInteger),
  sseRow(f2(0x2a), 'cvtsi2sd', [Vq, Hq, Ey], convert.fromInteger),
  sseRow(f3(0x2c), 'cvttss2si', [Gy, Wd], convert.cvtt2si),
  sseRow(f2(0x2c), 'cvttsd2si', [Gy, Wq], convert.cvtt2si),
  sseRow(f3(0x2d), 'cvtss2si', [Gy, Wd], convert.cvt2si),
  sseRow(f2(0x2d), 'cvtsd2si', [Gy, Wq], convert.cvt2si),
  sseRow(f3(0x5a), 'cvtss2sd', [Vq, Hq, Wd], convert.cvtss2sd),
  sseRow(f2(0x5a), 'cvtsd2ss', [Vd, Hd, Wq], convert.cvtsd2ss),
  sseRow(none(0x5a), 'cvtps2pd', [Vx, Wxh], convert.cvtps2pd),
  sseRow(p66(0x5a), 'cvtpd2ps', [Vdq, Wx], convert.cvtpd2ps),
  sseRow(none(0x5b), 'cvtdq2ps', [Vx, Wx], convert.cvtdq2ps),
  unaryRow(0x5b, 'cvtps2dq', convert.cvtps2dq),
  sseRow(f3(0x5b), 'cvttps2dq', [Vx, Wx], convert.cvttps2dq),
  sseRow(f3(0xe6), 'cvtdq2pd', [Vx, Wxh], convert.cvtdq2pd),
  sseRow(f2(0xe6), 'cvtpd2dq', [Vdq, Wx], convert.cvtpd2dq),
  sseRow(p66(0xe6), 'cvttpd2dq', [Vdq, Wx], convert.cvttpd2dq),
  sseRow({ ...none(0xae), extension: 2 }, 'ldmxcsr', [Md], ldmxcsr, { vex: 'L0' }),
  sseRow({ ...none(0xae), extension: 3 }, 'stmxcsr', [Md], stmxcsr, { vex: 'L0' }),
].flat();
