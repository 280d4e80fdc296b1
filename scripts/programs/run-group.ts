/** Runs a group of programs natively, then in a guest, and compares what each gave as soon as it has ended. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClockKind } from '../../src/machine/clock.ts';
import type { Group } from './groups.ts';
import { nativeEnvironment } from './native-features.ts';
import type { Result } from './page.ts';
import { packPlan, planFiles, writePlan } from './plan.ts';
import type { Outcome, Program } from './program.ts';
import type { Root, Roots } from './root.ts';
import { runInGuest, runNatively } from './run.ts';

/** Seconds that a guest may take besides its programs. */
const BOOT_LIMIT = 300;
/** Most of the host's seconds that a guest's second takes: a busy host; and a billion instructions, a nanosecond each. */
const HOST_SECONDS: Record<ClockKind, number> = { host: 3, instructions: 60 };

export interface GroupOptions {
  readonly roots: Roots;
  /** Path of the command line program. */
  readonly cli: string;
  /** Folder for files that are needed while it runs. */
  readonly work: string;
  /** Folder where both outputs of a program that differs are kept; made when there is one. */
  readonly outputs: string;
  progress(message: string): void;
  /** Told of each program that ended. @param differences empty if there are none. */
  ended(result: Result, differences: readonly string[]): void;
  /** Told of what is wrong with the guest as such. */
  complain(message: string): void;
}

/** The version of each program's first package in a root. */
function versionsOf(root: Root, programs: readonly Program[]): ReadonlyMap<string, string> {
  const names = [...new Set(programs.map(({ packages }) => packages[0]))];
  const args = [`--admindir=${root.folder}/var/lib/dpkg`, '-W', ...names];
  const lines = execFileSync('dpkg-query', args, { encoding: 'utf8' }).trimEnd().split('\n');
  return new Map(lines.map((line) => line.split(/(?::\w+)?\t/) as [string, string]));
}

function keepOutputs(folder: string, name: string, guest: Outcome, host: Outcome | undefined): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${name}.guest`), guest.output);
  if (host !== undefined) writeFileSync(join(folder, `${name}.host`), host.output);
}

/** @throws InputError if the programs cannot be run natively. */
export async function runGroup(group: Group, options: GroupOptions): Promise<void> {
  const { architecture, cpu, clock, programs } = group;
  const { roots, cli, work, outputs, progress, ended, complain } = options;
  const root = roots.of.get(architecture) as Root;
  const limit = programs.reduce((sum, program) => sum + program.limit, 0);
  const versions = versionsOf(root, programs);

  const native = programs.filter(({ isNative }) => isNative);
  const folder = join(work, 'native');
  await rm(folder, { recursive: true, force: true });
  await writePlan(folder, planFiles(native));
  progress(`on the host: ${native.map(({ name }) => name).join(', ')}`);
  const { outcomes } = await runNatively(root, folder, nativeEnvironment(cpu), limit + BOOT_LIMIT);

  const plan = join(work, 'plan.cpio');
  await writeFile(plan, packPlan(planFiles(programs)));
  const judge = (name: string, guest: Outcome): void => {
    const { compare, packages } = programs.find((program) => program.name === name) as Program;
    const host = outcomes.get(name);
    const differences = compare(guest, host);
    if (differences.length > 0) keepOutputs(outputs, `${name}.${cpu}`, guest, host);
    const result = {
      name,
      cpu,
      version: versions.get(packages[0]) ?? '',
      isSame: differences.length === 0,
      guestSeconds: guest.seconds,
      nativeSeconds: host?.seconds,
    };
    ended(result, differences);
  };
  progress(`booting a guest, ${architecture} with ${cpu}, for the same`);
  const { transcript, kernelLines, failure } = await runInGuest(
    { cli, kernel: roots.kernel, root, plan },
    { cpu, clock },
    BOOT_LIMIT + limit * HOST_SECONDS[clock],
    { begun: (name) => progress(`${name} (${cpu}) ...`), ended: judge },
  );
  if (failure !== undefined) complain(failure);
  for (const { name } of programs)
    if (!transcript.outcomes.has(name)) complain(`${name} (${cpu}): the guest did not come to its end`);
  if (kernelLines.length > 0) complain(`the kernel said (${cpu}):\n  ${kernelLines.join('\n  ')}`);
}
