/** Programs of the host's Debian packages: they and what they work on are added to the guest's initramfs. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeCpio } from '../../src/boot/cpio.ts';
import type { PartResult } from '../report/comparison.ts';
import type { GuestFiles } from '../run/guest.ts';
import { addProgram, entriesOf, type Files, whyNoProgram } from '../run/host-programs.ts';
import { type Bench, BOOT_SECONDS, type Part, roundsOf } from '../run/part.ts';
import { makeLines, makePeople } from '../run/texts.ts';
import { APPLICATIONS } from './application-list.ts';
import { programsScript } from './guest-programs.ts';
import { measurePrograms } from './timed-programs.ts';

const ROUNDS = 1;
/** About how long the programs take together. */
const SECONDS = 30;
const SOURCES = fileURLToPath(new URL('../applications/', import.meta.url));
const BUILD = fileURLToPath(new URL('../../build/bench/applications/', import.meta.url));
/** Where the guest has the sources, the data and the script. */
const FOLDER = '/applications';
const SCRIPT = `${FOLDER}/script`;
/** Python's hashes are otherwise others in each process; openssl tells that it has no configuration. */
const ENVIRONMENT = 'PYTHONHASHSEED=0 PYTHONDONTWRITEBYTECODE=1 OPENSSL_CONF=/dev/null';
const LINES = 80_000;
const PEOPLE = 8000;
const OPENSSL = '/usr/bin/openssl';
const KEY_BITS = '4096';

/** The guest's initramfs with these applications and what they need. */
function makeInitrd({ initrd }: GuestFiles, names: readonly string[]): string {
  const files: Files = new Map();
  const chosen = names.map((name) => [name, APPLICATIONS[name] as (typeof APPLICATIONS)[string]] as const);
  for (const program of new Set(chosen.map(([, { program }]) => program))) addProgram(files, program);
  for (const name of readdirSync(SOURCES)) files.set(`${FOLDER}/${name}`, readFileSync(join(SOURCES, name)));
  const commands = Object.fromEntries(chosen.map(([name, { command }]) => [name, command]));
  const script = `cd ${FOLDER}; export ${ENVIRONMENT}\n${programsScript(commands, 'kept')}`;
  files.set(SCRIPT, Buffer.from(script));
  files.set(`${FOLDER}/words`, Buffer.from(makeLines(LINES)));
  files.set(`${FOLDER}/people.json`, Buffer.from(makePeople(PEOPLE)));
  if (files.has(OPENSSL)) {
    // Dots on standard error while it looks for primes.
    const key = execFileSync(OPENSSL, ['genrsa', KEY_BITS], { stdio: ['ignore', 'pipe', 'ignore'] });
    files.set(`${FOLDER}/key`, key);
  }
  mkdirSync(BUILD, { recursive: true });
  const path = join(BUILD, 'initrd.cpio');
  writeFileSync(path, Buffer.concat([readFileSync(initrd), writeCpio(entriesOf(files))]));
  return path;
}

async function measure(bench: Bench): Promise<PartResult> {
  const reasons = new Map(
    Object.entries(APPLICATIONS).map(([name, { program }]) => [name, whyNoProgram(program)]),
  );
  const names = [...reasons.keys()].filter((name) => reasons.get(name) === undefined);
  const notes = [...reasons].flatMap(([name, reason]) =>
    reason === undefined ? [] : `left out: ${name}: ${reason}`,
  );
  if (names.length === 0) return { comparisons: [], errors: [], notes, details: {} };
  const files = { kernel: bench.guest.kernel, initrd: makeInitrd(bench.guest, names) };
  const count = roundsOf(bench, ROUNDS);
  const result = await measurePrograms(bench, count, { title: 'applications', files, script: SCRIPT, names });
  return { ...result, notes: [...notes, ...result.notes] };
}

export const APPLICATIONS_PART: Part = {
  title: 'applications',
  means: true,
  needs: ['qemu'],
  seconds: (bench) => 2 * roundsOf(bench, ROUNDS) * (SECONDS + BOOT_SECONDS),
  measure,
};
