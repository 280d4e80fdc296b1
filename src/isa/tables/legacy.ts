/** What 64-bit mode has dropped: decimal arithmetic, BOUND, ARPL. */
import { Ew, Gv, Gw, Ib, M } from '../operand.ts';
import { one, type Row, systemRow } from '../row.ts';
import { aad, aam, adjust, arpl, bound } from '../semantics/legacy.ts';

const outside64 = { modes: 'not64' } as const;

export const legacy: Row[] = [
  systemRow(one(0x27), 'daa', [], adjust('adjustPacked', false), outside64),
  systemRow(one(0x2f), 'das', [], adjust('adjustPacked', true), outside64),
  systemRow(one(0x37), 'aaa', [], adjust('adjustUnpacked', false), outside64),
  systemRow(one(0x3f), 'aas', [], adjust('adjustUnpacked', true), outside64),
  systemRow(one(0xd4), 'aam', [Ib], aam, outside64),
  systemRow(one(0xd5), 'aad', [Ib], aad, outside64),
  systemRow(one(0x62), 'bound', [Gv, M], bound, outside64),
  systemRow(one(0x63), 'arpl', [Ew, Gw], arpl, outside64),
];
