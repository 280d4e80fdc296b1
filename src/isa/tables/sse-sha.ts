import { Hx, Ib, type Operand, Vx, Wx } from '../operand.ts';
import type { Opcode, Row, Semantics } from '../row.ts';
import * as sha from '../semantics/sse-sha.ts';
import { escape3a, escape38, type SseOptions, sseRow } from './sse-row.ts';

const wide: SseOptions = { vexW: 1 };

/** Without a VEX encoding. AMD's processors take memory at any address (layout/vendor.ts). */
function shaRow(code: Opcode, mnemonic: string, operands: readonly Operand[], semantics: Semantics): Row[] {
  const unaligned = operands.map((operand) => ({ ...operand, aligned: false }));
  return [
    ...sseRow(code, mnemonic, operands, semantics, { vex: 'none' }),
    ...sseRow(code, mnemonic, unaligned, semantics, { vex: 'none', vendor: 'AuthenticAMD' }),
  ];
}

export const sseSha: Row[] = [
  shaRow(escape38('none', 0xc8), 'sha1nexte', [Vx, Wx], sha.sha1nexte),
  shaRow(escape38('none', 0xc9), 'sha1msg1', [Vx, Wx], sha.sha1msg1),
  shaRow(escape38('none', 0xca), 'sha1msg2', [Vx, Wx], sha.sha1msg2),
  shaRow(escape38('none', 0xcb), 'sha256rnds2', [Vx, Wx], sha.sha256rnds2),
  shaRow(escape38('none', 0xcc), 'sha256msg1', [Vx, Wx], sha.sha256msg1),
  shaRow(escape38('none', 0xcd), 'sha256msg2', [Vx, Wx], sha.sha256msg2),
  shaRow(escape3a('none', 0xcc), 'sha1rnds4', [Vx, Wx, Ib], sha.sha1rnds4),
  sseRow(escape38('66', 0xcf), 'gf2p8mulb', [Vx, Hx, Wx], sha.gf2p8mulb, { vexW: 0 }),
  sseRow(escape3a('66', 0xce), 'gf2p8affineqb', [Vx, Hx, Wx, Ib], sha.gf2p8affineqb, wide),
  sseRow(escape3a('66', 0xcf), 'gf2p8affineinvqb', [Vx, Hx, Wx, Ib], sha.gf2p8affineinvqb, wide),
].flat();
