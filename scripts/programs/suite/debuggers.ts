/** Debuggers use what other programs do not: breakpoints of the processor, single steps, a tracer's view of registers. */
import { DEFAULT_CPU } from '../../../src/machine/cpu-models.ts';
import { type Program, sameLines } from '../program.ts';

const COMMON = { architecture: 'amd64', cpus: [DEFAULT_CPU], limit: 300, isNative: true } as const;

export const GDB: Program = {
  ...COMMON,
  name: 'gdb',
  packages: ['gdb', 'gcc', 'libc6-dev'],
  about: 'watch, rwatch, awatch, hbreak, steps, registers, recording backwards',
  run: 'bash test.sh',
  compare: sameLines(),
};

export const STRACE: Program = {
  ...COMMON,
  name: 'strace',
  packages: ['strace', 'coreutils'],
  about: 'system calls, signals and children of small programs',
  run: 'bash test.sh',
  compare: sameLines(),
};
