import { Hd, Hq, Hx, Ib, Vd, Vq, Vx, Wd, Wq, Wu, Wxh } from '../operand.ts';
import { type Row, vex } from '../row.ts';
import * as fma from '../semantics/fma.ts';
import { byLanes } from '../semantics/vector.ts';
import { avxRow } from './avx.ts';

const W0 = { w: 0 } as const;
const W1 = { w: 1 } as const;
const amd = { vendor: 'AuthenticAMD' } as const;

/** The four rows of an operation in one order of operands: packed and scalar, in both precisions. */
function fusedRows(byte: number, mnemonic: string, order: fma.FusedOrder, negations: number): Row[] {
  const name = `v${mnemonic}${order}`;
  return [
    ...packedRows(byte, mnemonic, order, negations),
    avxRow(
      vex('LIG', 2, '66', byte + 1, W0),
      `${name}ss`,
      [Vd, Hd, Wd],
      fma.fusedScalar(4, order, negations),
    ),
    avxRow(
      vex('LIG', 2, '66', byte + 1, W1),
      `${name}sd`,
      [Vq, Hq, Wq],
      fma.fusedScalar(8, order, negations),
    ),
  ];
}

function packedRows(byte: number, mnemonic: string, order: fma.FusedOrder, negations: number): Row[] {
  const name = `v${mnemonic}${order}`;
  return [
    avxRow(vex('any', 2, '66', byte, W0), `${name}ps`, [Vx, Hx, Wu], fma.fusedPacked(4, order, negations)),
    avxRow(vex('any', 2, '66', byte, W1), `${name}pd`, [Vx, Hx, Wu], fma.fusedPacked(8, order, negations)),
  ];
}

const ORDERS: readonly (readonly [fma.FusedOrder, number])[] = [
  [132, 0x90],
  [213, 0xa0],
  [231, 0xb0],
];

export const fmaRows: Row[] = ORDERS.flatMap(([order, first]) => [
  ...packedRows(first + 6, 'fmaddsub', order, fma.FMADDSUB),
  ...packedRows(first + 7, 'fmsubadd', order, fma.FMSUBADD),
  ...fusedRows(first + 8, 'fmadd', order, fma.FMADD),
  ...fusedRows(first + 10, 'fmsub', order, fma.FMSUB),
  ...fusedRows(first + 12, 'fnmadd', order, fma.FNMADD),
  ...fusedRows(first + 14, 'fnmsub', order, fma.FNMSUB),
]);

export const f16cRows: Row[] = [
  avxRow(vex('any', 2, '66', 0x13, W0), 'vcvtph2ps', [Vx, Wxh], byLanes(fma.vcvtph2ps)),
  avxRow(vex('any', 3, '66', 0x1d, W0), 'vcvtps2ph', [Wxh, Vx, Ib], fma.vcvtps2ph(false)),
  avxRow(vex('any', 3, '66', 0x1d, W0), 'vcvtps2ph', [Wxh, Vx, Ib], fma.vcvtps2ph(true), amd),
];
