/** Instructions that move numbers: loads, stores, conversions, constants, FXCH and FCMOVcc. */
import {
  finishWrite,
  probeDataWrite,
  readData16,
  readData32,
  readData64,
  slowWrite,
  writeData16,
  writeData32,
  writeData64,
} from '../memory/mmu';
import { quietNaN } from './arithmetic';
import { extendDouble, extendSingle, narrow, wasDenormal } from './float';
import { INDEFINITE_HEAD, INDEFINITE_SIGNIFICAND, INTEGER_BIT, isNotANumber, resultHead } from './format';
import { bcdTop, fromBcd, packInteger, toBcd, toInteger } from './integer';
import {
  begin,
  beginMemory,
  C1,
  DENORMAL,
  finish,
  headOf,
  INVALID,
  isEmpty,
  OVERFLOW,
  pop,
  push,
  ROUND_DOWN,
  ROUND_UP,
  ROUND_ZERO,
  roundingControl,
  setIndefinite,
  setRegister,
  signal,
  significandOf,
  stackOverflow,
  stackUnderflow,
  statusFlags,
  trapped,
  UNDERFLOW,
} from './status';
import { endPopping, isUsual } from './usual';
import {
  copyTop,
  exchange,
  pushDouble,
  pushNumber,
  pushRegister,
  pushSingle,
  storeFlags,
  topAsDouble,
  topAsSingle,
} from './usual-transfer';

const SINGLE_INDEFINITE: u32 = 0xffc0_0000;
const DOUBLE_INDEFINITE: u64 = 0xfff8_0000_0000_0000;
const BCD_INDEFINITE_TOP: u32 = 0xffff;
const BCD_INDEFINITE: u64 = 0xc000_0000_0000_0000;

/** Pushes a number converted from memory: a signaling NaN becomes quiet; a denormal is signalled. */
function pushConverted(record: u32, significand: u64): void {
  if (wasDenormal) signal(DENORMAL);
  if (isNotANumber(resultHead, significand)) significand = quietNaN(resultHead, significand);
  if (!trapped(INVALID)) push(resultHead, significand);
  finish(record);
}

/** FLD m32fp. */
export function fld32(record: u32, la: u64): void {
  beginMemory(record, la);
  const bits = <u32>readData32(record, la);
  if (pushSingle(record, bits)) return;
  if (!stackOverflow(record)) pushConverted(record, extendSingle(bits));
}

/** FLD m64fp. */
export function fld64(record: u32, la: u64): void {
  beginMemory(record, la);
  const bits = <u64>readData64(record, la);
  if (pushDouble(record, bits)) return;
  if (!stackOverflow(record)) pushConverted(record, extendDouble(bits));
}

/** FLD m80fp: no conversion, so no exceptions but stack overflow. */
export function fld80(record: u32, la: u64): void {
  beginMemory(record, la);
  const significand = <u64>readData64(record, la);
  const head = <i32>readData16(record, la + 8);
  if (pushNumber(record, head, significand) || stackOverflow(record)) return;
  push(head, significand);
  finish(record);
}

/** FLD ST(i). */
export function fldSt(record: u32, i: i32): void {
  if (pushRegister(record, i)) return;
  begin(record);
  if (stackOverflow(record)) return;
  if (isEmpty(i)) {
    if (stackUnderflow()) push(INDEFINITE_HEAD, INDEFINITE_SIGNIFICAND);
  } else {
    push(headOf(i), significandOf(i));
  }
  finish(record);
}

function pushInteger(record: u32, value: i64): void {
  const significand = packInteger(value);
  if (pushNumber(record, resultHead, significand) || stackOverflow(record)) return;
  push(resultHead, significand);
  finish(record);
}

/** FILD m16int. */
export function fild16(record: u32, la: u64): void {
  beginMemory(record, la);
  pushInteger(record, <i64>(<i16>readData16(record, la)));
}

/** FILD m32int. */
export function fild32(record: u32, la: u64): void {
  beginMemory(record, la);
  pushInteger(record, <i64>(<i32>readData32(record, la)));
}

/** FILD m64int. */
export function fild64(record: u32, la: u64): void {
  beginMemory(record, la);
  pushInteger(record, <i64>readData64(record, la));
}

/** FBLD m80bcd. */
export function fbld(record: u32, la: u64): void {
  beginMemory(record, la);
  const low = <u64>readData64(record, la);
  const top = <u32>readData16(record, la + 8);
  if (stackOverflow(record)) return;
  const significand = fromBcd(low, top);
  push(resultHead, significand);
  finish(record);
}

/** Ends the instruction if its result must not go to memory, which faults nevertheless where it could not be written (on a Zen 4). */
function storeSuppressed(record: u32, la: u64, size: i32): bool {
  if (!trapped(INVALID | OVERFLOW | UNDERFLOW)) return false;
  probeDataWrite(record, la, size);
  finish(record);
  return true;
}

/** Ends a store that was made. */
function finishStore(record: u32, pops: i32): void {
  finish(record);
  if (pops !== 0) pop();
}

/** FST m32fp; FSTP with `pops` 1. */
export function fst32(record: u32, la: u64, pops: i32): void {
  beginMemory(record, la);
  const usual = topAsSingle();
  if (storeFlags >= 0 && isUsual(record)) {
    const flags = storeFlags;
    writeData32(record, la, usual);
    endPopping(record, flags, pops);
    return;
  }
  let bits = SINGLE_INDEFINITE;
  if (isEmpty(0)) stackUnderflow();
  else bits = <u32>narrow(headOf(0), significandOf(0), 24);
  if (storeSuppressed(record, la, 4)) return;
  writeData32(record, la, bits);
  finishStore(record, pops);
}

/** FST m64fp; FSTP with `pops` 1. */
export function fst64(record: u32, la: u64, pops: i32): void {
  beginMemory(record, la);
  const usual = topAsDouble();
  if (storeFlags >= 0 && isUsual(record)) {
    const flags = storeFlags;
    writeData64(record, la, usual);
    endPopping(record, flags, pops);
    return;
  }
  let bits = DOUBLE_INDEFINITE;
  if (isEmpty(0)) stackUnderflow();
  else bits = narrow(headOf(0), significandOf(0), 53);
  if (storeSuppressed(record, la, 8)) return;
  writeData64(record, la, bits);
  finishStore(record, pops);
}

/** Stores ten bytes, or faults before the first. */
function write80(record: u32, la: u64, low: u64, top: u32): void {
  const host = slowWrite(record, la, 10);
  store<u64>(host, low);
  store<u16>(host + 8, <u16>top);
  finishWrite();
}

/** FSTP m80fp. */
export function fstp80(record: u32, la: u64): void {
  beginMemory(record, la);
  let head: u32 = INDEFINITE_HEAD;
  let significand = INDEFINITE_SIGNIFICAND;
  if (isEmpty(0)) {
    stackUnderflow();
  } else {
    head = headOf(0);
    significand = significandOf(0);
  }
  if (storeSuppressed(record, la, 10)) return;
  write80(record, la, significand, head);
  finishStore(record, 1);
}

/** FST ST(i); FSTP with `pops` 1. */
export function fstSt(record: u32, i: i32, pops: i32): void {
  if (copyTop(record, i, pops)) return;
  begin(record);
  if (isEmpty(0)) {
    if (!stackUnderflow()) {
      finish(record);
      return;
    }
    setIndefinite(i);
  } else {
    setRegister(i, headOf(0), significandOf(0));
  }
  finishStore(record, pops);
}

/** D9 D8+i: FSTP ST(i) that only pops where st(0) is empty, and signals nothing. */
export function fstp1(record: u32, i: i32): void {
  begin(record);
  if (!isEmpty(0)) setRegister(i, headOf(0), significandOf(0));
  finishStore(record, 1);
}

/** st(0) as an integer of `bits` bits, rounded by `mode` (ROUND_*). */
function storedInteger(bits: i32, mode: i32): i64 {
  if (!isEmpty(0)) return toInteger(headOf(0), significandOf(0), bits, mode);
  stackUnderflow();
  return <i64>(0 - ((<u64>1) << u64(bits - 1)));
}

function storeInteger16(record: u32, la: u64, mode: i32, pops: i32): void {
  const value = storedInteger(16, mode);
  if (storeSuppressed(record, la, 2)) return;
  writeData16(record, la, <u32>value & 0xffff);
  finishStore(record, pops);
}

function storeInteger32(record: u32, la: u64, mode: i32, pops: i32): void {
  const value = storedInteger(32, mode);
  if (storeSuppressed(record, la, 4)) return;
  writeData32(record, la, <u32>value);
  finishStore(record, pops);
}

function storeInteger64(record: u32, la: u64, mode: i32, pops: i32): void {
  const value = storedInteger(64, mode);
  if (storeSuppressed(record, la, 8)) return;
  writeData64(record, la, <u64>value);
  finishStore(record, pops);
}

/** FIST m16int; FISTP with `pops` 1. */
export function fist16(record: u32, la: u64, pops: i32): void {
  beginMemory(record, la);
  storeInteger16(record, la, roundingControl(), pops);
}

/** FIST m32int; FISTP with `pops` 1. */
export function fist32(record: u32, la: u64, pops: i32): void {
  beginMemory(record, la);
  storeInteger32(record, la, roundingControl(), pops);
}

/** FISTP m64int. */
export function fistp64(record: u32, la: u64): void {
  beginMemory(record, la);
  storeInteger64(record, la, roundingControl(), 1);
}

/** FISTTP m16int. */
export function fisttp16(record: u32, la: u64): void {
  beginMemory(record, la);
  storeInteger16(record, la, ROUND_ZERO, 1);
}

/** FISTTP m32int. */
export function fisttp32(record: u32, la: u64): void {
  beginMemory(record, la);
  storeInteger32(record, la, ROUND_ZERO, 1);
}

/** FISTTP m64int. */
export function fisttp64(record: u32, la: u64): void {
  beginMemory(record, la);
  storeInteger64(record, la, ROUND_ZERO, 1);
}

/** FBSTP m80bcd. */
export function fbstp(record: u32, la: u64): void {
  beginMemory(record, la);
  let low = BCD_INDEFINITE;
  let top = BCD_INDEFINITE_TOP;
  if (isEmpty(0)) {
    stackUnderflow();
  } else {
    low = toBcd(headOf(0), significandOf(0));
    top = bcdTop;
  }
  if (storeSuppressed(record, la, 10)) return;
  write80(record, la, low, top);
  finishStore(record, 1);
}

/**
 * FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2, FLDZ: `index` 0 to 6, in the order of their opcodes D9 E8 to
 * D9 EE. Precise values lie between two numbers; rounding control chooses.
 */
export function fldConstant(record: u32, index: i32): void {
  begin(record);
  if (stackOverflow(record)) return;
  const mode = roundingControl();
  const up = u64(mode === ROUND_UP);
  const down = u64(mode === ROUND_DOWN || mode === ROUND_ZERO);
  if (index === 0) push(0x3fff, INTEGER_BIT);
  else if (index === 1) push(0x4000, 0xd49a_784b_cd1b_8afe + up);
  else if (index === 2) push(0x3fff, 0xb8aa_3b29_5c17_f0bc - down);
  else if (index === 3) push(0x4000, 0xc90f_daa2_2168_c235 - down);
  else if (index === 4) push(0x3ffd, 0x9a20_9a84_fbcf_f799 - down);
  else if (index === 5) push(0x3ffe, 0xb172_17f7_d1cf_79ac - down);
  else push(0, 0);
  finish(record);
}

/** FXCH ST(i). An empty register is first given the indefinite, if stack underflow is masked. */
export function fxch(record: u32, i: i32): void {
  if (exchange(record, i)) return;
  begin(record);
  if (isEmpty(0) || isEmpty(i)) {
    if (!stackUnderflow()) {
      finish(record);
      return;
    }
    if (isEmpty(0)) setIndefinite(0);
    if (isEmpty(i)) setIndefinite(i);
  }
  const head = headOf(0);
  const significand = significandOf(0);
  setRegister(0, headOf(i), significandOf(i));
  setRegister(i, head, significand);
  finish(record);
}

/** FCMOVcc ST(0), ST(i), with the condition evaluated by the caller. Empty registers fault either way. */
export function fcmov(record: u32, i: i32, condition: i32): void {
  begin(record);
  if (isEmpty(0) || isEmpty(i)) {
    if (stackUnderflow()) setIndefinite(0);
  } else {
    if (condition !== 0) setRegister(0, headOf(i), significandOf(i));
    // C1 tells underflow and otherwise stays.
    signal(statusFlags() & C1);
  }
  finish(record);
}
