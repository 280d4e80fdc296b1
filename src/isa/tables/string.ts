import type { RuntimeFunction } from '../../layout/generated/runtime-function.ts';
import { AL, type Operand, rAX, Xb, Xv, Xz, Yb, Yv, Yz } from '../operand.ts';
import { one, onePrefix, type Row, row, type Semantics } from '../row.ts';
import {
  cmps,
  ins,
  lods,
  movs,
  outs,
  repeat,
  repeatWhile,
  repMovs,
  repStos,
  scas,
  stos,
} from '../semantics/string.ts';

interface StringInstruction {
  readonly mnemonic: string;
  /** Opcode of the byte form; that of the other sizes follows it. */
  readonly byte: number;
  readonly operands: readonly [byte: readonly Operand[], wide: readonly Operand[]];
  readonly semantics: Semantics;
  readonly repe: Semantics;
  readonly repne: Semantics;
  /** Tier of these two. */
  readonly repeated: Row['tier'];
}

/** Without prefix, with F3 and with F2; each for bytes and for words. */
function stringRows({
  mnemonic,
  byte,
  operands,
  semantics,
  repe,
  repne,
  repeated,
}: StringInstruction): Row[] {
  return operands.flatMap((list, wide) => [
    row(one(byte + wide), mnemonic, list, semantics),
    row(onePrefix('f3', byte + wide), `rep ${mnemonic}`, list, repe, { tier: repeated }),
    row(onePrefix('f2', byte + wide), `repne ${mnemonic}`, list, repne, { tier: repeated }),
  ]);
}

/** F2 repeats these just as F3 does. */
function moveRows(
  mnemonic: string,
  byte: number,
  operands: StringInstruction['operands'],
  semantics: Semantics,
  rep: Semantics,
  repeated: Row['tier'] = 'handler',
): Row[] {
  return stringRows({ mnemonic, byte, operands, semantics, repe: rep, repne: rep, repeated });
}

function compareRows(
  mnemonic: string,
  byte: number,
  operands: StringInstruction['operands'],
  semantics: Semantics,
  name: RuntimeFunction,
): Row[] {
  return stringRows({
    mnemonic,
    byte,
    operands,
    semantics,
    repe: repeatWhile(name, true),
    repne: repeatWhile(name, false),
    repeated: 'handler',
  });
}

/** INS and OUTS call the runtime even when they are not repeated. */
function handlerOnly(line: Row): Row {
  return { ...line, tier: 'handler' };
}

export const string: Row[] = [
  ...moveRows(
    'movs',
    0xa4,
    [
      [Yb, Xb],
      [Yv, Xv],
    ],
    movs,
    repMovs,
    'both',
  ),
  ...moveRows(
    'stos',
    0xaa,
    [
      [Yb, AL],
      [Yv, rAX],
    ],
    stos,
    repStos,
    'both',
  ),
  ...moveRows(
    'lods',
    0xac,
    [
      [AL, Xb],
      [rAX, Xv],
    ],
    lods,
    repeat('repLods'),
  ),
  ...compareRows(
    'cmps',
    0xa6,
    [
      [Xb, Yb],
      [Xv, Yv],
    ],
    cmps,
    'repCmps',
  ),
  ...compareRows(
    'scas',
    0xae,
    [
      [AL, Yb],
      [rAX, Yv],
    ],
    scas,
    'repScas',
  ),
  ...moveRows('ins', 0x6c, [[Yb], [Yz]], ins, repeat('repIns')).map(handlerOnly),
  ...moveRows('outs', 0x6e, [[Xb], [Xz]], outs, repeat('repOuts')).map(handlerOnly),
];
