/** Programs of Debian's i386 packages, under a 64-bit kernel. */
import { DEFAULT_CPU } from '../../../src/machine/cpu-models.ts';
import { type Program, sameLines } from '../program.ts';
import { BASH } from './bash.ts';
import { GCC } from './gcc.ts';
import { PERL } from './perl.ts';

const I386 = { architecture: 'i386', cpus: [DEFAULT_CPU] } as const;

/** The same program of the other architecture. */
function asI386(program: Program): Program {
  return { ...program, ...I386, name: `i386-${program.name}`, files: program.name };
}

export const I386_PROGRAMS: readonly Program[] = [
  {
    ...I386,
    name: 'i386-hello',
    packages: ['hello', 'file'],
    about: 'GNU hello, and which machine programs find',
    run: 'hello; hello -g "32 bits"; file -L /usr/bin/hello; getconf LONG_BIT; getconf GNU_LIBC_VERSION; dpkg --print-architecture',
    limit: 60,
    isNative: true,
    compare: sameLines(),
  },
  asI386(BASH),
  asI386(PERL),
  asI386(GCC),
];
