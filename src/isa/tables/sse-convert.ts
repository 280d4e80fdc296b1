import { Ey, Gy, Md, Vd, Vq, Vx, Wd, Wq, Wx } from '../operand.ts';
import { type Row, twoPrefix } from '../row.ts';
import { ldmxcsr, stmxcsr } from '../semantics/sse-control.ts';
import * as convert from '../semantics/sse-convert.ts';
import { packedRow, sseRow } from './sse-row.ts';

const none = (byte: number) => twoPrefix('none', byte);
const f3 = (byte: number) => twoPrefix('f3', byte);
const f2 = (byte: number) => twoPrefix('f2', byte);

export const sseConvert: Row[] = [
  sseRow(f3(0x2a), 'cvtsi2ss', [Vd, Ey], convert.fromInteger),
  sseRow(f2(0x2a), 'cvtsi2sd', [Vq, Ey], convert.fromInteger),
  sseRow(f3(0x2c), 'cvttss2si', [Gy, Wd], convert.cvtt2si),
  sseRow(f2(0x2c), 'cvttsd2si', [Gy, Wq], convert.cvtt2si),
  sseRow(f3(0x2d), 'cvtss2si', [Gy, Wd], convert.cvt2si),
  sseRow(f2(0x2d), 'cvtsd2si', [Gy, Wq], convert.cvt2si),
  sseRow(f3(0x5a), 'cvtss2sd', [Vq, Wd], convert.cvtss2sd),
  sseRow(f2(0x5a), 'cvtsd2ss', [Vd, Wq], convert.cvtsd2ss),
  sseRow(none(0x5a), 'cvtps2pd', [Vx, Wq], convert.cvtps2pd),
  packedRow(0x5a, 'cvtpd2ps', convert.cvtpd2ps),
  sseRow(none(0x5b), 'cvtdq2ps', [Vx, Wx], convert.cvtdq2ps),
  packedRow(0x5b, 'cvtps2dq', convert.cvtps2dq),
  sseRow(f3(0x5b), 'cvttps2dq', [Vx, Wx], convert.cvttps2dq),
  sseRow(f3(0xe6), 'cvtdq2pd', [Vx, Wq], convert.cvtdq2pd),
  sseRow(f2(0xe6), 'cvtpd2dq', [Vx, Wx], convert.cvtpd2dq),
  packedRow(0xe6, 'cvttpd2dq', convert.cvttpd2dq),
  sseRow({ ...none(0xae), extension: 2 }, 'ldmxcsr', [Md], ldmxcsr, { tier: 'handler' }),
  sseRow({ ...none(0xae), extension: 3 }, 'stmxcsr', [Md], stmxcsr),
];
