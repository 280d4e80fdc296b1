/**
 * FNSTENV, FLDENV, FNSAVE and FRSTOR in their four layouts (Intel SDM Vol. 1 "Saving the x87 FPU's State with
 * FSTENV/FNSTENV and FSAVE/FNSAVE"): 16 or 32 bits, protected or real-address mode. 64-bit mode uses the 32-bit
 * protected layout. FCS and FDS are saved as zero (CPUID.7.EBX[13]).
 */
import { CPU_STATE, FPU_DP, FPU_IP, FPU_OPCODE, FPU_TAG, MODE, MODE_REAL } from '../generated/layout';
import { initialiseFpu } from './control';
import { EXPONENT_MAX } from './format';
import { IMAGE, probeImage, readImage, writeImage } from './image';
import {
  checkPending,
  controlWord,
  headOf,
  isEmpty,
  loadRegister,
  loadStatusWord,
  requireAvailable,
  setControl,
  significandOf,
  statusWord,
} from './status';

const REGISTERS_SIZE: u32 = 80;
const OPCODE_BITS: u32 = 0x7ff;
const ALL_MASKED: i32 = 0x3f;

/** FSTENV's tag of st(i): 0 valid, 1 zero, 2 special, 3 empty. */
function tagOf(i: i32): u32 {
  if (isEmpty(i)) return 3;
  const exponent = headOf(i) & EXPONENT_MAX;
  const significand = significandOf(i);
  if (exponent === 0 && significand === 0) return 1;
  return exponent === 0 || exponent === EXPONENT_MAX || <i64>significand >= 0 ? 2 : 0;
}

/** The tag word, registers in physical order. */
function tagWord(): u32 {
  const top = (statusWord() >> 11) & 7;
  let word: u32 = 0;
  for (let i = 0; i < 8; i++) word |= tagOf(i) << (((top + i) & 7) * 2);
  return word;
}

/** Size of the environment for an operand size of 2, 4 or 8 bytes. */
function environmentSize(operandSize: i32): u32 {
  return operandSize === 2 ? 14 : 28;
}

function isRealFormat(): bool {
  return (load<i32>(CPU_STATE + MODE) & MODE_REAL) !== 0;
}

/** Puts the environment at the start of IMAGE. */
function composeEnvironment(operandSize: i32): void {
  const ip = load<u64>(CPU_STATE + FPU_IP);
  const dp = load<u64>(CPU_STATE + FPU_DP);
  const opcode = <u32>load<u16>(CPU_STATE + FPU_OPCODE) & OPCODE_BITS;
  if (operandSize === 2) {
    const real = isRealFormat();
    store<u16>(IMAGE, <u16>controlWord());
    store<u16>(IMAGE + 2, <u16>statusWord());
    store<u16>(IMAGE + 4, <u16>tagWord());
    store<u16>(IMAGE + 6, <u16>ip);
    store<u16>(IMAGE + 8, real ? <u16>(((<u32>ip >> 4) & 0xf000) | opcode) : 0);
    store<u16>(IMAGE + 10, <u16>dp);
    store<u16>(IMAGE + 12, real ? <u16>((<u32>dp >> 4) & 0xf000) : 0);
    return;
  }
  // Reserved halves are stored as ones.
  store<u32>(IMAGE, 0xffff_0000 | controlWord());
  store<u32>(IMAGE + 4, 0xffff_0000 | statusWord());
  store<u32>(IMAGE + 8, 0xffff_0000 | tagWord());
  if (isRealFormat()) {
    store<u32>(IMAGE + 12, 0xffff_0000 | <u32>(ip & 0xffff));
    store<u32>(IMAGE + 16, ((<u32>ip >> 4) & 0x0fff_f000) | opcode);
    store<u32>(IMAGE + 20, 0xffff_0000 | <u32>(dp & 0xffff));
    store<u32>(IMAGE + 24, (<u32>dp >> 4) & 0x0fff_f000);
  } else {
    store<u32>(IMAGE + 12, <u32>ip);
    store<u32>(IMAGE + 16, opcode << 16);
    store<u32>(IMAGE + 20, <u32>dp);
    store<u32>(IMAGE + 24, 0xffff_0000);
  }
}

/** Loads the environment at the start of IMAGE. A register is empty or not: its value tells the rest of the tag. */
function loadEnvironment(operandSize: i32): void {
  const word: u32 = operandSize === 2 ? 2 : 4;
  let ip: u64;
  let dp: u64;
  let opcode: u32;
  if (operandSize === 2) {
    ip = load<u16>(IMAGE + 6);
    dp = load<u16>(IMAGE + 10);
    opcode = load<u16>(IMAGE + 8);
    if (isRealFormat()) {
      ip |= (<u64>(opcode & 0xf000)) << 4;
      dp |= (<u64>load<u16>(IMAGE + 12) & 0xf000) << 4;
    } else {
      opcode = load<u16>(CPU_STATE + FPU_OPCODE);
    }
  } else if (isRealFormat()) {
    opcode = load<u32>(IMAGE + 16);
    ip = <u64>load<u16>(IMAGE + 12) | ((<u64>opcode & 0x0fff_f000) << 4);
    dp = <u64>load<u16>(IMAGE + 20) | ((<u64>load<u32>(IMAGE + 24) & 0x0fff_f000) << 4);
  } else {
    ip = load<u32>(IMAGE + 12);
    opcode = load<u16>(IMAGE + 18);
    dp = load<u32>(IMAGE + 20);
  }
  const tags = <u32>load<u16>(IMAGE + 2 * word);
  // Both bits of an empty register's tag are set.
  const empty = tags & (tags >> 1) & 0x5555;
  store<u16>(CPU_STATE + FPU_TAG, <u16>(empty * 3));
  store<u16>(CPU_STATE + FPU_OPCODE, <u16>(opcode & OPCODE_BITS));
  store<u64>(CPU_STATE + FPU_IP, ip);
  store<u64>(CPU_STATE + FPU_DP, dp);
  loadStatusWord(load<u16>(IMAGE + word));
  setControl(load<u16>(IMAGE));
}

/** FNSTENV; `operandSize` in bytes. Masks all exceptions afterwards. */
export function fnstenv(record: u32, la: u64, operandSize: i32): void {
  requireAvailable(record);
  const size = environmentSize(operandSize);
  composeEnvironment(operandSize);
  probeImage(record, la, size);
  writeImage(record, la, 0, size);
  setControl(controlWord() | ALL_MASKED);
}

/** FLDENV. */
export function fldenv(record: u32, la: u64, operandSize: i32): void {
  requireAvailable(record);
  checkPending(record);
  readImage(record, la, 0, environmentSize(operandSize));
  loadEnvironment(operandSize);
}

/** FNSAVE: the environment and the registers from st(0) on, ten bytes each; then as FNINIT. */
export function fnsave(record: u32, la: u64, operandSize: i32): void {
  requireAvailable(record);
  const size = environmentSize(operandSize);
  composeEnvironment(operandSize);
  for (let i = 0; i < 8; i++) {
    const slot = IMAGE + size + i * 10;
    store<u64>(slot, significandOf(i));
    store<u16>(slot + 8, <u16>headOf(i));
  }
  probeImage(record, la, size + REGISTERS_SIZE);
  writeImage(record, la, 0, size + REGISTERS_SIZE);
  initialiseFpu();
}

/** FRSTOR. */
export function frstor(record: u32, la: u64, operandSize: i32): void {
  requireAvailable(record);
  checkPending(record);
  const size = environmentSize(operandSize);
  readImage(record, la, 0, size + REGISTERS_SIZE);
  loadEnvironment(operandSize);
  for (let i = 0; i < 8; i++) {
    const slot = IMAGE + size + i * 10;
    loadRegister(i, load<u16>(slot + 8), load<u64>(slot));
  }
}
