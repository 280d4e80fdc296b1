/** stress-ng checks its own results where --verify has it do so; how much it did is a matter of speed. */
import { DEFAULT_CPU } from '../../../src/machine/cpu-models.ts';
import type { Outcome, Program } from '../program.ts';

/** What a run complains of. */
function complaints({ status, output }: Outcome): string[] {
  const lines = output
    .split('\n')
    .filter(
      (line) => /fail|error:|mismatch|corrupt|skipp/i.test(line) && !/failed: 0$|skipped: 0$/.test(line),
    );
  if (status !== 0) lines.unshift(`ended with status ${status}: ${output.trimEnd().slice(-300)}`);
  else if (!/successful run completed/.test(output)) lines.unshift('did not say that it was successful');
  return lines;
}

function stress(name: string, about: string, options: string): Program {
  return {
    name: `stress-${name}`,
    architecture: 'amd64',
    packages: ['stress-ng'],
    about: `\`stress-ng --verify\`: ${about}`,
    cpus: [DEFAULT_CPU],
    run: `cd /tmp; stress-ng --verify --metrics-brief --no-rand-seed --oomable --timeout 100 ${options}`,
    limit: 300,
    isNative: true,
    compare: (guest, native) => [
      ...complaints(guest).map((line) => `in the guest: ${line}`),
      ...(native === undefined ? [] : complaints(native)).map((line) => `natively: ${line}`),
    ],
  };
}

export const STRESS: readonly Program[] = [
  stress('cpu', 'every method of cpu', '--cpu 1 --cpu-method all --cpu-ops 80'),
  stress('fp', 'every method of fp', '--fp 1 --fp-method all --fp-ops 30'),
  stress('fp-error', 'fp-error', '--fp-error 1 --fp-error-ops 20000'),
  stress('vecmath', 'vecmath and vecwide', '--vecmath 1 --vecmath-ops 500 --vecwide 1 --vecwide-ops 300'),
  stress(
    'memory',
    'vm, memcpy, mmap, malloc',
    '--vm 1 --vm-bytes 32M --vm-method all --vm-ops 1000 --memcpy 1 --memcpy-ops 50 --mmap 1 --mmap-bytes 16M --mmap-ops 10 --malloc 1 --malloc-ops 20000',
  ),
  stress(
    'signal',
    'signals that are sent, and those of faults',
    '--signal 1 --signal-ops 20000 --sigsegv 1 --sigsegv-ops 2000 --sigfpe 1 --sigfpe-ops 2000 --sigtrap 1 --sigtrap-ops 1000',
  ),
  stress(
    'fork',
    'fork, vfork, clone, pthread',
    '--fork 1 --fork-ops 500 --vfork 1 --vfork-ops 500 --clone 1 --clone-ops 100 --pthread 1 --pthread-ops 300',
  ),
];
