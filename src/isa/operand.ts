/**
 * Operands in the notation of the Intel SDM (Vol. 2, "Key to Abbreviations" of the opcode map): a letter for
 * where the operand is encoded, a letter for its width.
 */
import { RAX, RBX } from '../layout/architecture.ts';

/**
 * Width codes. b w d q dq qq: 1, 2, 4, 8, 16, 32 bytes. x: the length of the instruction's vectors, 16 or 32; xh xq xe:
 * half, a quarter, an eighth of it. v: 2, 4 or 8 by operand size. z: 2 or 4 (4 for operand size 8).
 * y: 4 or 8. e: 2, 4 or 8 where 64-bit mode makes 8 the default (stack operations). f: 8 in 64-bit mode, else 4.
 * n: 8 in 64-bit mode, else 2 or 4 by operand size (near branches).
 */
export type Width =
  | 'b'
  | 'w'
  | 'd'
  | 'q'
  | 'dq'
  | 'qq'
  | 'x'
  | 'xh'
  | 'xq'
  | 'xe'
  | 'v'
  | 'z'
  | 'y'
  | 'e'
  | 'f'
  | 'n';

/**
 * rm: ModRM.rm register or memory. memory: ModRM.rm, memory only. register: ModRM.rm, register only.
 * reg: ModRM.reg. opcode: low three bits of the opcode. vex: VEX.vvvv. is4: bits 4 to 7 of an immediate byte.
 * fixed: a given register. vsib: memory whose index register is a vector.
 * immediate, signedImmediate (sign-extended to the operand size). relative: branch displacement.
 * offset: absolute address in the instruction. source: [rSI]. destination: [rDI]. implicit: at the register `register`.
 */
export type Place =
  | 'rm'
  | 'memory'
  | 'register'
  | 'reg'
  | 'opcode'
  | 'vex'
  | 'is4'
  | 'vsib'
  | 'fixed'
  | 'immediate'
  | 'signedImmediate'
  | 'relative'
  | 'offset'
  | 'source'
  | 'destination'
  | 'implicit';

export type RegisterFile = 'general' | 'xmm' | 'mmx' | 'x87' | 'segment' | 'control' | 'debug';

export interface Operand {
  readonly name: string;
  readonly place: Place;
  readonly width: Width;
  readonly file: RegisterFile;
  /** Register number of a fixed operand. */
  readonly register: number;
  /** As memory it must lie at a multiple of its size: #GP(0) otherwise. */
  readonly aligned: boolean;
}

function operand(
  name: string,
  place: Place,
  width: Width,
  file: RegisterFile = 'general',
  register = 0,
): Operand {
  return { name, place, width, file, register, aligned: false };
}

/** A memory operand of a legacy SSE instruction: aligned to its size. */
function alignedVector(name: string, place: 'rm' | 'memory', width: Width = 'x'): Operand {
  return { ...operand(name, place, width, 'xmm'), aligned: true };
}

export const Eb = operand('Eb', 'rm', 'b');
export const Ew = operand('Ew', 'rm', 'w');
export const Ed = operand('Ed', 'rm', 'd');
export const Ev = operand('Ev', 'rm', 'v');
export const Ey = operand('Ey', 'rm', 'y');
/** Stack-sized: 64 bits by default in 64-bit mode. */
export const Ee = operand('Ee', 'rm', 'e');
/** Near branch target. */
export const En = operand('En', 'rm', 'n');

export const Gb = operand('Gb', 'reg', 'b');
export const Gw = operand('Gw', 'reg', 'w');
export const Gd = operand('Gd', 'reg', 'd');
export const Gv = operand('Gv', 'reg', 'v');
export const Gy = operand('Gy', 'reg', 'y');
/** As wide as the mode. */
export const Gf = operand('Gf', 'reg', 'f');

/** VEX.vvvv. */
export const By = operand('By', 'vex', 'y');

export const Zb = operand('Zb', 'opcode', 'b');
export const Zv = operand('Zv', 'opcode', 'v');
export const Ze = operand('Ze', 'opcode', 'e');

export const Rd = operand('Rd', 'register', 'd');
export const Rv = operand('Rv', 'register', 'v');
export const Ry = operand('Ry', 'register', 'y');
/** Full general register of the mode: MOV to and from control and debug registers. */
export const Rf = operand('Rf', 'register', 'f');

export const M = operand('M', 'memory', 'b');
export const Mb = operand('Mb', 'memory', 'b');
export const Mw = operand('Mw', 'memory', 'w');
export const Md = operand('Md', 'memory', 'd');
export const Mq = operand('Mq', 'memory', 'q');
/** A vector, aligned. */
export const Mx = alignedVector('Mx', 'memory');
/** A vector at any address. */
export const Mu = operand('Mu', 'memory', 'x', 'xmm');
export const Mdq = operand('Mdq', 'memory', 'dq', 'xmm');
/** Memory with a vector of indices; the elements have 4 or 8 bytes. */
export const MVd = operand('MVd', 'vsib', 'd', 'xmm');
export const MVq = operand('MVq', 'vsib', 'q', 'xmm');
export const Mv = operand('Mv', 'memory', 'v');
export const My = operand('My', 'memory', 'y');

export const Ib = operand('Ib', 'immediate', 'b');
export const Iw = operand('Iw', 'immediate', 'w');
/** Two bytes, the first the low one: length and index of a field. */
export const Ibb = operand('Ibb', 'immediate', 'w');
/** Three bytes: the Iw, Ib of ENTER. */
export const Iwb = operand('Iwb', 'immediate', 'd');
/** Far pointer: an offset as wide as the operand, then a selector; read as 8 bytes with the selector in the upper half. */
export const Ap = operand('Ap', 'immediate', 'q');
export const Iz = operand('Iz', 'signedImmediate', 'z');
/** As wide as the operand: MOV r64, imm64. */
export const Iv = operand('Iv', 'immediate', 'v');
export const sIb = operand('sIb', 'signedImmediate', 'b');

export const Jb = operand('Jb', 'relative', 'b');
export const Jz = operand('Jz', 'relative', 'z');

export const Ob = operand('Ob', 'offset', 'b');
export const Ov = operand('Ov', 'offset', 'v');

export const Xb = operand('Xb', 'source', 'b');
export const Xv = operand('Xv', 'source', 'v');
export const Xz = operand('Xz', 'source', 'z');
export const Yb = operand('Yb', 'destination', 'b');
export const Yv = operand('Yv', 'destination', 'v');
export const Yz = operand('Yz', 'destination', 'z');
/** The 16 bytes at [rDI] of MASKMOVDQU. */
export const Yx = operand('Yx', 'destination', 'x');
/** The 8 bytes of MASKMOVQ. */
export const Yq = operand('Yq', 'destination', 'q');

/** Base of the table of XLAT, [rBX]; and [rAX]. */
export const BBb = operand('BBb', 'implicit', 'b', 'general', RBX);
export const BAb = operand('BAb', 'implicit', 'b', 'general', RAX);

export const Sw = operand('Sw', 'reg', 'w', 'segment');
export const ES = operand('ES', 'fixed', 'w', 'segment', 0);
export const CS = operand('CS', 'fixed', 'w', 'segment', 1);
export const SS = operand('SS', 'fixed', 'w', 'segment', 2);
export const DS = operand('DS', 'fixed', 'w', 'segment', 3);
export const FS = operand('FS', 'fixed', 'w', 'segment', 4);
export const GS = operand('GS', 'fixed', 'w', 'segment', 5);
export const Cf = operand('Cf', 'reg', 'f', 'control');
export const Df = operand('Df', 'reg', 'f', 'debug');

export const Vx = operand('Vx', 'reg', 'x', 'xmm');
/** The low 4 or 8 bytes of an XMM register. */
export const Vd = operand('Vd', 'reg', 'd', 'xmm');
export const Vq = operand('Vq', 'reg', 'q', 'xmm');
export const Vy = operand('Vy', 'reg', 'y', 'xmm');
export const Vxh = operand('Vxh', 'reg', 'xh', 'xmm');
export const Vdq = operand('Vdq', 'reg', 'dq', 'xmm');
export const Vqq = operand('Vqq', 'reg', 'qq', 'xmm');
/**
 * VEX.vvvv: the first source. Legacy encodings have none of it, and their destination is the first source: a row in both
 * encodings (sse-row.ts) is written with it.
 */
export const Hx = operand('Hx', 'vex', 'x', 'xmm');
export const Hxh = operand('Hxh', 'vex', 'xh', 'xmm');
export const Hd = operand('Hd', 'vex', 'd', 'xmm');
export const Hq = operand('Hq', 'vex', 'q', 'xmm');
export const Hdq = operand('Hdq', 'vex', 'dq', 'xmm');
export const Hqq = operand('Hqq', 'vex', 'qq', 'xmm');
/** The fourth register of the blends with a mask. */
export const Lx = operand('Lx', 'is4', 'x', 'xmm');
/** A vector; aligned if it is in memory. */
export const Wx = alignedVector('Wx', 'rm');
/** Like Wx, without the alignment check of memory operands. */
export const Wu = operand('Wu', 'rm', 'x', 'xmm');
export const Wd = operand('Wd', 'rm', 'd', 'xmm');
export const Wq = operand('Wq', 'rm', 'q', 'xmm');
export const Ww = operand('Ww', 'rm', 'w', 'xmm');
export const Wb = operand('Wb', 'rm', 'b', 'xmm');
/** 16 bytes whatever the length of vectors, aligned; or at any address. */
export const Wdq = alignedVector('Wdq', 'rm', 'dq');
export const Wudq = operand('Wudq', 'rm', 'dq', 'xmm');
export const Wqq = operand('Wqq', 'rm', 'qq', 'xmm');
/** Sources of widening: as many elements as the destination has. */
export const Wxh = operand('Wxh', 'rm', 'xh', 'xmm');
export const Wxq = operand('Wxq', 'rm', 'xq', 'xmm');
export const Wxe = operand('Wxe', 'rm', 'xe', 'xmm');
export const Ux = operand('Ux', 'register', 'x', 'xmm');
/** 16 bytes whatever the length of vectors. */
export const Udq = operand('Udq', 'register', 'dq', 'xmm');
export const Ud = operand('Ud', 'register', 'd', 'xmm');
export const Uq = operand('Uq', 'register', 'q', 'xmm');

export const AL = operand('AL', 'fixed', 'b', 'general', 0);
export const CL = operand('CL', 'fixed', 'b', 'general', 1);
export const AX = operand('AX', 'fixed', 'w', 'general', 0);
export const DX = operand('DX', 'fixed', 'w', 'general', 2);
export const rAX = operand('rAX', 'fixed', 'v', 'general', 0);
export const eAX = operand('eAX', 'fixed', 'z', 'general', 0);

/** MMX registers by ModRM.reg; by ModRM.rm, or memory; by ModRM.rm only. */
export const Pq = operand('Pq', 'reg', 'q', 'mmx');
/** The low 4 or all 8 bytes. */
export const Py = operand('Py', 'reg', 'y', 'mmx');
export const Qq = operand('Qq', 'rm', 'q', 'mmx');
/** The low doubleword: PUNPCKL does not read the rest. */
export const Qd = operand('Qd', 'rm', 'd', 'mmx');
export const Nq = operand('Nq', 'register', 'q', 'mmx');

/** Top of the x87 stack, and the stack register ModRM.rm names. */
export const ST = operand('ST', 'fixed', 'd', 'x87');
export const STi = operand('STi', 'register', 'd', 'x87');
