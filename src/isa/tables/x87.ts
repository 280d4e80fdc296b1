/** The x87 FPU (D8 to DF, 9B), and saving its state together with that of SSE and AVX (0F AE, 0F C7). */
import { AX, M, Md, Mq, Mw, ST, STi } from '../operand.ts';
import { one, type Row, type RowOptions, row, type Semantics, systemRow, twoPrefix } from '../row.ts';
import { nop } from '../semantics/move.ts';
import {
  arithmeticToStack,
  arithmeticToTop,
  compareToFlags,
  control,
  environment,
  extendedState,
  fabs,
  fchs,
  fcmov,
  fild,
  fld,
  fld80,
  fldConstant,
  fldRegister,
  floatArithmetic,
  fsqrt,
  fst,
  fstp80,
  fstRegister,
  fxch,
  integerArithmetic,
  load,
  plain,
  stack,
  store,
  storeWord,
} from '../semantics/x87.ts';

/** ModRM.reg of D8: the operation of st(0) with the other operand. */
const OPERATIONS = ['add', 'mul', 'com', 'comp', 'sub', 'subr', 'div', 'divr'];
/** Of those, the comparisons have no forms that write ST(i). The others' runtime functions are called as they are. */
const ARITHMETIC = [
  [0, 'fadd'],
  [1, 'fmul'],
  [4, 'fsub'],
  [5, 'fsubr'],
  [6, 'fdiv'],
  [7, 'fdivr'],
] as const;
/**
 * With ST(i) as the destination the mnemonic names ST(i) as the left operand, but the encoding still has st(0)
 * there: /4 is FSUBR.
 */
const TO_STACK = ['add', 'mul', '', '', 'subr', 'sub', 'divr', 'div'];

/** The four memory forms and three register forms of the basic operations. */
function arithmeticRows(): Row[] {
  return [
    ...OPERATIONS.flatMap((name, i) => [
      row(one(0xd8, i), `f${name}`, [Md], floatArithmetic('fpuArithmetic32', 4, i)),
      row(one(0xdc, i), `f${name}`, [Mq], floatArithmetic('fpuArithmetic64', 8, i)),
      row(one(0xda, i), `fi${name}`, [Md], integerArithmetic('fpuArithmeticInteger32', 4, i)),
      row(one(0xde, i), `fi${name}`, [Mw], integerArithmetic('fpuArithmeticInteger16', 2, i)),
    ]),
    ...ARITHMETIC.flatMap(([i, name]) => [
      row(one(0xd8, i), name, [ST, STi], arithmeticToTop(name, i)),
      row(one(0xdc, i), `f${TO_STACK[i]}`, [STi, ST], arithmeticToStack(name, i, 0)),
      row(one(0xde, i), `f${TO_STACK[i]}p`, [STi, ST], arithmeticToStack(name, i, 1)),
    ]),
  ];
}

/** An instruction without operands: both the ModRM byte's fields are part of the opcode. */
function fixed(
  byte: number,
  modrm: number,
  mnemonic: string,
  semantics: Semantics,
  options: RowOptions = {},
): Row {
  return row({ ...one(byte, (modrm >> 3) & 7), rm: modrm & 7 }, mnemonic, [], semantics, options);
}

const CONSTANTS = ['fld1', 'fldl2t', 'fldl2e', 'fldpi', 'fldlg2', 'fldln2', 'fldz'];

const compareRows: Row[] = [
  row(one(0xd8, 2), 'fcom', [STi], stack('fcom', 0, 0, 0)),
  row(one(0xd8, 3), 'fcomp', [STi], stack('fcom', 0, 0, 1)),
  fixed(0xde, 0xd9, 'fcompp', plain('fcom', 1, 0, 2)),
  row(one(0xdd, 4), 'fucom', [STi], stack('fcom', 0, 1, 0)),
  row(one(0xdd, 5), 'fucomp', [STi], stack('fcom', 0, 1, 1)),
  fixed(0xda, 0xe9, 'fucompp', plain('fcom', 1, 1, 2)),
  row(one(0xdb, 6), 'fcomi', [ST, STi], compareToFlags(0, 0)),
  row(one(0xdf, 6), 'fcomip', [ST, STi], compareToFlags(0, 1)),
  row(one(0xdb, 5), 'fucomi', [ST, STi], compareToFlags(1, 0)),
  row(one(0xdf, 5), 'fucomip', [ST, STi], compareToFlags(1, 1)),
  fixed(0xd9, 0xe4, 'ftst', plain('ftst')),
  fixed(0xd9, 0xe5, 'fxam', plain('fxam')),
];

/** Encodings that do what another one does, as every processor has them (Intel SDM Vol. 2 shows them as reserved). */
const aliasRows: Row[] = [
  row(one(0xdc, 2), 'fcom', [STi], stack('fcom', 0, 0, 0)),
  row(one(0xdc, 3), 'fcomp', [STi], stack('fcom', 0, 0, 1)),
  row(one(0xde, 2), 'fcomp', [STi], stack('fcom', 0, 0, 1)),
  row(one(0xdd, 1), 'fxch', [STi], fxch),
  row(one(0xdf, 1), 'fxch', [STi], fxch),
  row(one(0xd9, 3), 'fstp1', [STi], stack('fstp1', 0)),
  row(one(0xdf, 2), 'fstp', [STi], fstRegister(1)),
  row(one(0xdf, 3), 'fstp', [STi], fstRegister(1)),
];

const transferRows: Row[] = [
  row(one(0xd9, 0), 'fld', [Md], fld('fld32', 4)),
  row(one(0xdd, 0), 'fld', [Mq], fld('fld64', 8)),
  row(one(0xdb, 5), 'fld', [M], fld80),
  row(one(0xd9, 0), 'fld', [STi], fldRegister),
  row(one(0xdf, 0), 'fild', [Mw], fild('fild16', 2)),
  row(one(0xdb, 0), 'fild', [Md], fild('fild32', 4)),
  row(one(0xdf, 5), 'fild', [Mq], fild('fild64', 8)),
  row(one(0xdf, 4), 'fbld', [M], load('fbld', 10)),
  ...CONSTANTS.map((mnemonic, i) => fixed(0xd9, 0xe8 + i, mnemonic, fldConstant(i))),

  row(one(0xd9, 2), 'fst', [Md], fst('fst32', 4, 0)),
  row(one(0xd9, 3), 'fstp', [Md], fst('fst32', 4, 1)),
  row(one(0xdd, 2), 'fst', [Mq], fst('fst64', 8, 0)),
  row(one(0xdd, 3), 'fstp', [Mq], fst('fst64', 8, 1)),
  row(one(0xdb, 7), 'fstp', [M], fstp80),
  row(one(0xdd, 2), 'fst', [STi], fstRegister(0)),
  row(one(0xdd, 3), 'fstp', [STi], fstRegister(1)),
  row(one(0xdf, 2), 'fist', [Mw], store('fist16', 2, 0)),
  row(one(0xdf, 3), 'fistp', [Mw], store('fist16', 2, 1)),
  row(one(0xdb, 2), 'fist', [Md], store('fist32', 4, 0)),
  row(one(0xdb, 3), 'fistp', [Md], store('fist32', 4, 1)),
  row(one(0xdf, 7), 'fistp', [Mq], store('fistp64', 8)),
  row(one(0xdf, 1), 'fisttp', [Mw], store('fisttp16', 2)),
  row(one(0xdb, 1), 'fisttp', [Md], store('fisttp32', 4)),
  row(one(0xdd, 1), 'fisttp', [Mq], store('fisttp64', 8)),
  row(one(0xdf, 6), 'fbstp', [M], store('fbstp', 10)),

  row(one(0xd9, 1), 'fxch', [STi], fxch),
  row(one(0xda, 0), 'fcmovb', [ST, STi], fcmov('b', false)),
  row(one(0xda, 1), 'fcmove', [ST, STi], fcmov('z', false)),
  row(one(0xda, 2), 'fcmovbe', [ST, STi], fcmov('be', false)),
  row(one(0xda, 3), 'fcmovu', [ST, STi], fcmov('p', false)),
  row(one(0xdb, 0), 'fcmovnb', [ST, STi], fcmov('b', true)),
  row(one(0xdb, 1), 'fcmovne', [ST, STi], fcmov('z', true)),
  row(one(0xdb, 2), 'fcmovnbe', [ST, STi], fcmov('be', true)),
  row(one(0xdb, 3), 'fcmovnu', [ST, STi], fcmov('p', true)),
];

const functionRows: Row[] = [
  fixed(0xd9, 0xe0, 'fchs', fchs),
  fixed(0xd9, 0xe1, 'fabs', fabs),
  fixed(0xd9, 0xf0, 'f2xm1', plain('f2xm1')),
  fixed(0xd9, 0xf1, 'fyl2x', plain('fyl2x')),
  fixed(0xd9, 0xf2, 'fptan', plain('fptan')),
  fixed(0xd9, 0xf3, 'fpatan', plain('fpatan')),
  fixed(0xd9, 0xf4, 'fxtract', plain('fxtract')),
  fixed(0xd9, 0xf5, 'fprem1', plain('fprem', 1)),
  fixed(0xd9, 0xf8, 'fprem', plain('fprem', 0)),
  fixed(0xd9, 0xf9, 'fyl2xp1', plain('fyl2xp1')),
  fixed(0xd9, 0xfa, 'fsqrt', fsqrt),
  fixed(0xd9, 0xfb, 'fsincos', plain('fsincos')),
  fixed(0xd9, 0xfc, 'frndint', plain('frndint')),
  fixed(0xd9, 0xfd, 'fscale', plain('fscale')),
  fixed(0xd9, 0xfe, 'fsin', plain('fsin')),
  fixed(0xd9, 0xff, 'fcos', plain('fcos')),
];

const controlRows: Row[] = [
  row(one(0x9b), 'fwait', [], plain('fwait')),
  fixed(0xd9, 0xd0, 'fnop', plain('fnop')),
  fixed(0xd9, 0xf6, 'fdecstp', plain('rotateFpuStack', -1)),
  fixed(0xd9, 0xf7, 'fincstp', plain('rotateFpuStack', 1)),
  row(one(0xdd, 0), 'ffree', [STi], stack('ffree', 0, 0)),
  row(one(0xdf, 0), 'ffreep', [STi], stack('ffree', 0, 1)),
  fixed(0xdb, 0xe2, 'fnclex', control('fnclex'), { tier: 'handler' }),
  fixed(0xdb, 0xe3, 'fninit', control('fninit'), { tier: 'handler' }),
  // Of the 8087 and the 80287; they have not done anything since.
  fixed(0xdb, 0xe0, 'fneni', nop),
  fixed(0xdb, 0xe1, 'fndisi', nop),
  fixed(0xdb, 0xe4, 'fnsetpm', nop),
  systemRow(one(0xd9, 5), 'fldcw', [Mw], control('fldcw')),
  row(one(0xd9, 7), 'fnstcw', [Mw], storeWord('fpuControlWord')),
  row(one(0xdd, 7), 'fnstsw', [Mw], storeWord('fpuStatusWord')),
  row({ ...one(0xdf, 4), rm: 0 }, 'fnstsw', [AX], storeWord('fpuStatusWord')),
  systemRow(one(0xd9, 4), 'fldenv', [M], environment('fldenv'), { sizeOf: 'v' }),
  systemRow(one(0xd9, 6), 'fnstenv', [M], environment('fnstenv'), { sizeOf: 'v' }),
  systemRow(one(0xdd, 4), 'frstor', [M], environment('frstor'), { sizeOf: 'v' }),
  systemRow(one(0xdd, 6), 'fnsave', [M], environment('fnsave'), { sizeOf: 'v' }),
];

const stateRows: Row[] = [
  systemRow(twoPrefix('none', 0xae, 0), 'fxsave', [M], environment('fxsave'), { sizeOf: 'y' }),
  systemRow(twoPrefix('none', 0xae, 1), 'fxrstor', [M], environment('fxrstor'), { sizeOf: 'y' }),
  systemRow(twoPrefix('none', 0xae, 4), 'xsave', [M], extendedState('xsave'), { sizeOf: 'y' }),
  systemRow(twoPrefix('none', 0xae, 5), 'xrstor', [M], extendedState('xrstor'), { sizeOf: 'y' }),
  systemRow(twoPrefix('none', 0xae, 6), 'xsaveopt', [M], extendedState('xsaveopt'), { sizeOf: 'y' }),
  systemRow(twoPrefix('none', 0xc7, 3), 'xrstors', [M], extendedState('xrstors'), { sizeOf: 'y' }),
  systemRow(twoPrefix('none', 0xc7, 4), 'xsavec', [M], extendedState('xsavec'), { sizeOf: 'y' }),
  systemRow(twoPrefix('none', 0xc7, 5), 'xsaves', [M], extendedState('xsaves'), { sizeOf: 'y' }),
];

export const x87: Row[] = [
  ...transferRows,
  ...arithmeticRows(),
  ...compareRows,
  ...aliasRows,
  ...functionRows,
  ...controlRows,
  ...stateRows,
];
