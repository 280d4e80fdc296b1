/**
 * The state in which a processor enters what a door has loaded. Everything that is not named here is as after
 * power-up (Intel SDM Vol. 3 "Processor State After Reset"), with interrupts off.
 */

import type { Firmware } from './firmware.ts';

/** General registers by their number. */
export const Register = {
  ax: 0,
  cx: 1,
  dx: 2,
  bx: 3,
  sp: 4,
  bp: 5,
  si: 6,
  di: 7,
  r8: 8,
  r9: 9,
  r10: 10,
  r11: 11,
  r12: 12,
  r13: 13,
  r14: 14,
  r15: 15,
} as const;
export type RegisterName = keyof typeof Register;

/** Segment registers by their number. */
export const SegmentRegister = { es: 0, cs: 1, ss: 2, ds: 3, fs: 4, gs: 5 } as const;
export type SegmentName = keyof typeof SegmentRegister;

export interface Segment {
  readonly selector: number;
  readonly base: number;
  /** The last byte's offset. */
  readonly limit: number;
  /** Bits 40-55 of the descriptor, limit bits zero. */
  readonly rights: number;
}

/** Guest-physical base and limit (bytes less one) of a descriptor table. */
export interface DescriptorTable {
  readonly base: number;
  readonly limit: number;
}

export interface StartState {
  readonly cr0: bigint;
  readonly cr3: bigint;
  readonly cr4: bigint;
  readonly efer: bigint;
  readonly code: Segment;
  /** DS, ES, FS, GS and SS. */
  readonly data: Segment;
  /** Task register; as after power-up if not given. */
  readonly task?: Segment;
  readonly gdt: DescriptorTable;
  readonly rip: number;
  /** What answers calls at the firmware's port, where the guest is given such entry points. */
  readonly firmware?: Firmware;
  /** Those that are not named are 0. */
  readonly registers: { readonly [name in RegisterName]?: number };
}

/** ET, which is always set. */
const CR0_REAL = 0x10n;
/** PE, MP, ET and NE. */
const CR0_PROTECTED = 0x33n;
const CR0_PAGING = 1n << 31n;
const CR4_PAE = 1n << 5n;
/** LME and LMA. */
const EFER_LONG_MODE = (1n << 8n) | (1n << 10n);

/** Present, DPL 0, accessed: 64-bit code and 32-bit code, execute/read; data, read/write. */
const CODE_64_RIGHTS = 0xa09b;
const CODE_32_RIGHTS = 0xc09b;
const DATA_RIGHTS = 0xc093;
/** The same of 16 bits, as after power-up. */
const REAL_CODE_RIGHTS = 0x9b;
const REAL_DATA_RIGHTS = 0x93;
const REAL_LIMIT = 0xffff;
const FLAT_LIMIT = 0xffff_ffff;

const flat = (selector: number, rights: number): Segment => ({
  selector,
  base: 0,
  limit: FLAT_LIMIT,
  rights,
});

type Entry = Pick<StartState, 'gdt' | 'rip' | 'registers'> & {
  readonly selectors: { readonly code: number; readonly data: number };
};

/** 64-bit mode with 4-level page tables at `pageTables`. */
export function longModeStart({ selectors, ...entry }: Entry, pageTables: number): StartState {
  return {
    cr0: CR0_PROTECTED | CR0_PAGING,
    cr3: BigInt(pageTables),
    cr4: CR4_PAE,
    efer: EFER_LONG_MODE,
    code: flat(selectors.code, CODE_64_RIGHTS),
    data: flat(selectors.data, DATA_RIGHTS),
    ...entry,
  };
}

/** 32-bit protected mode with flat segments and paging off. */
export function protectedModeStart({ selectors, ...entry }: Entry): StartState {
  return {
    cr0: CR0_PROTECTED,
    cr3: 0n,
    cr4: 0n,
    efer: 0n,
    code: flat(selectors.code, CODE_32_RIGHTS),
    data: flat(selectors.data, DATA_RIGHTS),
    ...entry,
  };
}

/** Real mode. @param segments paragraph numbers. */
export function realModeStart({
  segments,
  ...entry
}: Pick<StartState, 'rip' | 'registers' | 'firmware'> & {
  readonly segments: { readonly code: number; readonly data: number };
}): StartState {
  const real = (selector: number, rights: number): Segment => ({
    selector,
    base: selector * 16,
    limit: REAL_LIMIT,
    rights,
  });
  return {
    cr0: CR0_REAL,
    cr3: 0n,
    cr4: 0n,
    efer: 0n,
    code: real(segments.code, REAL_CODE_RIGHTS),
    data: real(segments.data, REAL_DATA_RIGHTS),
    gdt: { base: 0, limit: REAL_LIMIT },
    ...entry,
  };
}
