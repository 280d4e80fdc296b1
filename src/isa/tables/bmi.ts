import { By, Ey, Gy, Ib } from '../operand.ts';
import { type Row, row, vex } from '../row.ts';
import * as bmi from '../semantics/bmi.ts';

export const bmiRows: Row[] = [
  row(vex('L0', 2, 'none', 0xf2), 'andn', [Gy, By, Ey], bmi.andn),
  row(vex('L0', 2, 'none', 0xf3, { extension: 1 }), 'blsr', [By, Ey], bmi.blsr),
  row(vex('L0', 2, 'none', 0xf3, { extension: 2 }), 'blsmsk', [By, Ey], bmi.blsmsk),
  row(vex('L0', 2, 'none', 0xf3, { extension: 3 }), 'blsi', [By, Ey], bmi.blsi),
  row(vex('L0', 2, 'none', 0xf5), 'bzhi', [Gy, Ey, By], bmi.bzhi),
  row(vex('L0', 2, 'f3', 0xf5), 'pext', [Gy, By, Ey], bmi.pext),
  row(vex('L0', 2, 'f2', 0xf5), 'pdep', [Gy, By, Ey], bmi.pdep),
  row(vex('L0', 2, 'f2', 0xf6), 'mulx', [Gy, By, Ey], bmi.mulx),
  row(vex('L0', 2, 'none', 0xf7), 'bextr', [Gy, Ey, By], bmi.bextr),
  row(vex('L0', 2, '66', 0xf7), 'shlx', [Gy, Ey, By], bmi.shlx),
  row(vex('L0', 2, 'f3', 0xf7), 'sarx', [Gy, Ey, By], bmi.sarx),
  row(vex('L0', 2, 'f2', 0xf7), 'shrx', [Gy, Ey, By], bmi.shrx),
  row(vex('L0', 3, 'f2', 0xf0), 'rorx', [Gy, Ey, Ib], bmi.rorx),
];
