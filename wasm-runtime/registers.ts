/** Addresses of the general registers in the processor's state. */
import {
  CPU_STATE,
  GPR,
  R11 as NUMBER_R11,
  RAX as NUMBER_RAX,
  RBP as NUMBER_RBP,
  RBX as NUMBER_RBX,
  RCX as NUMBER_RCX,
  RDI as NUMBER_RDI,
  RDX as NUMBER_RDX,
  RSI as NUMBER_RSI,
  RSP as NUMBER_RSP,
} from './generated/layout';

export const RAX: u32 = CPU_STATE + GPR + NUMBER_RAX * 8;
export const RCX: u32 = CPU_STATE + GPR + NUMBER_RCX * 8;
export const RDX: u32 = CPU_STATE + GPR + NUMBER_RDX * 8;
export const RBX: u32 = CPU_STATE + GPR + NUMBER_RBX * 8;
export const RSP: u32 = CPU_STATE + GPR + NUMBER_RSP * 8;
export const RBP: u32 = CPU_STATE + GPR + NUMBER_RBP * 8;
export const RSI: u32 = CPU_STATE + GPR + NUMBER_RSI * 8;
export const RDI: u32 = CPU_STATE + GPR + NUMBER_RDI * 8;
export const R11: u32 = CPU_STATE + GPR + NUMBER_R11 * 8;
