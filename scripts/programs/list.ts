/** The programs, in the order in which they are run. */
import type { Program } from './program.ts';
import { BASH } from './suite/bash.ts';
import { COMPRESSORS } from './suite/compressors.ts';
import { GDB, STRACE } from './suite/debuggers.ts';
import { GCC } from './suite/gcc.ts';
import { I386_PROGRAMS } from './suite/i386.ts';
import { KERNEL_CRYPTO } from './suite/kernel-crypto.ts';
import { LUAJIT } from './suite/luajit.ts';
import { NODE } from './suite/node.ts';
import { OPENSSL } from './suite/openssl.ts';
import { PERL } from './suite/perl.ts';
import { PYTHON } from './suite/python.ts';
import { SQLITE } from './suite/sqlite.ts';
import { STRESS } from './suite/stress.ts';

export const PROGRAMS: readonly Program[] = [
  KERNEL_CRYPTO,
  BASH,
  PERL,
  SQLITE,
  COMPRESSORS,
  LUAJIT,
  NODE,
  GCC,
  GDB,
  STRACE,
  ...PYTHON,
  ...STRESS,
  ...OPENSSL,
  ...I386_PROGRAMS,
];
