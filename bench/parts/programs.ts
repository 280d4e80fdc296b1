/** Commands of the initramfs' busybox. */
import { BOOT_SECONDS, type Part, roundsOf } from '../run/part.ts';
import { BUSYBOX_COMMANDS, programsScript } from './guest-programs.ts';
import { measurePrograms } from './timed-programs.ts';

const ROUNDS = 2;
/** About how long the programs take together. */
const SECONDS = 10;

export const PROGRAMS: Part = {
  title: 'programs of busybox',
  means: true,
  needs: ['qemu'],
  seconds: (bench) => 2 * roundsOf(bench, ROUNDS) * (SECONDS + BOOT_SECONDS),
  measure: (bench) => {
    const script = Buffer.from(programsScript(BUSYBOX_COMMANDS, 'discarded')).toString('base64');
    const names = Object.keys(BUSYBOX_COMMANDS);
    return measurePrograms(bench, roundsOf(bench, ROUNDS), {
      title: 'programs',
      files: bench.guest,
      script,
      names,
    });
  },
};
