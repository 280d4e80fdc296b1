/** Privileged and identification instructions. INS and OUTS are string instructions. */
import { AL, BAb, Cf, Df, DX, Ew, eAX, Gf, Ib, M, Mb, Mu, Mw, Rf, Rv } from '../operand.ts';
import { type Opcode, one, opcode, type Row, row, systemRow, two, twoPrefix } from '../row.ts';
import { nop } from '../semantics/move.ts';
import {
  cli,
  clzero,
  cpuid,
  flushCaches,
  flushLine,
  hlt,
  input,
  invlpg,
  invpcid,
  lmsw,
  loadTable,
  monitor,
  movFromControl,
  movFromDebug,
  movToControl,
  movToDebug,
  mwait,
  output,
  perform,
  random,
  rdmsr,
  rdpid,
  rdpkru,
  rdtsc,
  rdtscp,
  setAlignmentCheck,
  smsw,
  sti,
  storeTable,
  wrmsr,
} from '../semantics/system.ts';

const endsBlock = { ending: 'dispatch' } as const;
/** SGDT and kin: 10 bytes in 64-bit mode whatever the prefixes say; outside it loads heed the operand size. */
const tableSize = { sizeOf: 'f' } as const;
const tableSize64 = { sizeOf: 'f', modes: 'only64' } as const;
const tableSizeLegacy = { sizeOf: 'v', modes: 'not64' } as const;

/** An opcode whose ModRM byte is fixed. */
function fixed(code: Opcode, rm: number): Opcode {
  return { ...code, rm };
}

/** The fences: any register in ModRM.rm. */
function fence(mnemonic: string, extension: number): Row[] {
  return Array.from({ length: 8 }, (_, rm) =>
    row(fixed(twoPrefix('none', 0xae, extension), rm), mnemonic, [], nop),
  );
}

export const system: Row[] = [
  row(one(0xfa), 'cli', [], cli),
  row(one(0xfb), 'sti', [], sti),
  systemRow(one(0xf4), 'hlt', [], hlt, endsBlock),
  systemRow(fixed(twoPrefix('none', 0x01, 1), 0), 'monitor', [BAb], monitor),
  systemRow(fixed(twoPrefix('none', 0x01, 1), 1), 'mwait', [], mwait, endsBlock),
  row(fixed(twoPrefix('none', 0x01, 1), 2), 'clac', [], setAlignmentCheck(0), { tier: 'both' }),
  row(fixed(twoPrefix('none', 0x01, 1), 3), 'stac', [], setAlignmentCheck(1), { tier: 'both' }),

  row(two(0x20), 'mov', [Rf, Cf], movFromControl),
  systemRow(two(0x22), 'mov', [Cf, Rf], movToControl, endsBlock),
  systemRow(two(0x21), 'mov', [Rf, Df], movFromDebug),
  systemRow(two(0x23), 'mov', [Df, Rf], movToDebug),
  systemRow(two(0x01, 4), 'smsw', [Rv], smsw),
  systemRow(two(0x01, 4), 'smsw', [Mw], smsw),
  systemRow(two(0x01, 6), 'lmsw', [Ew], lmsw, endsBlock),
  systemRow(two(0x06), 'clts', [], perform('clts')),
  systemRow(fixed(twoPrefix('none', 0x01, 2), 0), 'xgetbv', [], perform('xgetbv')),
  systemRow(fixed(twoPrefix('none', 0x01, 2), 1), 'xsetbv', [], perform('xsetbv')),
  row(fixed(twoPrefix('none', 0x01, 5), 6), 'rdpkru', [], rdpkru),
  systemRow(fixed(twoPrefix('none', 0x01, 5), 7), 'wrpkru', [], perform('wrpkru')),

  systemRow(two(0x01, 0), 'sgdt', [M], storeTable('gdt'), tableSize),
  systemRow(two(0x01, 1), 'sidt', [M], storeTable('idt'), tableSize),
  systemRow(two(0x01, 2), 'lgdt', [M], loadTable('gdt'), tableSize64),
  systemRow(two(0x01, 2), 'lgdt', [M], loadTable('gdt'), tableSizeLegacy),
  systemRow(two(0x01, 3), 'lidt', [M], loadTable('idt'), tableSize64),
  systemRow(two(0x01, 3), 'lidt', [M], loadTable('idt'), tableSizeLegacy),

  systemRow(two(0x01, 7), 'invlpg', [Mb], invlpg, endsBlock),
  systemRow({ ...opcode(2, 0x82), prefix: '66' }, 'invpcid', [Gf, Mu], invpcid, endsBlock),
  systemRow(two(0x08), 'invd', [], flushCaches),
  systemRow(two(0x09), 'wbinvd', [], flushCaches),
  systemRow(twoPrefix('f3', 0x09), 'wbnoinvd', [], flushCaches),
  row(twoPrefix('none', 0xae, 7), 'clflush', [Mb], flushLine),
  row(twoPrefix('66', 0xae, 7), 'clflushopt', [Mb], flushLine),
  row(twoPrefix('66', 0xae, 6), 'clwb', [Mb], flushLine),
  row(fixed(twoPrefix('none', 0x01, 7), 4), 'clzero', [BAb], clzero),
  ...fence('lfence', 5),
  ...fence('mfence', 6),
  ...fence('sfence', 7),
  // Nothing of an instruction is left to do when the next one begins.
  row(fixed(twoPrefix('none', 0x01, 5), 0), 'serialize', [], nop),

  systemRow(two(0xa2), 'cpuid', [], cpuid),
  systemRow(two(0x32), 'rdmsr', [], rdmsr),
  systemRow(two(0x30), 'wrmsr', [], wrmsr),
  row(two(0x31), 'rdtsc', [], rdtsc, { tier: 'both' }),
  row(fixed(two(0x01, 7), 1), 'rdtscp', [], rdtscp, { tier: 'both' }),
  systemRow(two(0x33), 'rdpmc', [], perform('rdpmc')),
  row(twoPrefix('f3', 0xc7, 7), 'rdpid', [Rf], rdpid),
  systemRow(two(0xc7, 6), 'rdrand', [Rv], random),
  systemRow(two(0xc7, 7), 'rdseed', [Rv], random),

  systemRow(one(0xe4), 'in', [AL, Ib], input),
  systemRow(one(0xe5), 'in', [eAX, Ib], input),
  systemRow(one(0xec), 'in', [AL, DX], input),
  systemRow(one(0xed), 'in', [eAX, DX], input),
  systemRow(one(0xe6), 'out', [Ib, AL], output),
  systemRow(one(0xe7), 'out', [Ib, eAX], output),
  systemRow(one(0xee), 'out', [DX, AL], output),
  systemRow(one(0xef), 'out', [DX, eAX], output),
];
