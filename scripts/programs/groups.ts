/** Which programs of the list are run, and which of them share a guest. */
import { InputError } from '../../src/boot/input-error.ts';
import type { ClockKind } from '../../src/machine/clock.ts';
import type { Program } from './program.ts';
import type { Architecture } from './root.ts';

/** Programs that one guest runs, one after the other. */
export interface Group {
  readonly architecture: Architecture;
  /** Value of --cpu. */
  readonly cpu: string;
  /** Value of --clock. */
  readonly clock: ClockKind;
  readonly programs: readonly Program[];
}

/**
 * The programs with these names, in the list's order; all of them if there are no names.
 * @param names each a name, or the beginning of names with `*` behind it.
 * @throws InputError for a name that no program has.
 */
export function selectPrograms(programs: readonly Program[], names: readonly string[]): readonly Program[] {
  if (names.length === 0) return programs;
  const fits = (wanted: string, name: string) =>
    wanted.endsWith('*') ? name.startsWith(wanted.slice(0, -1)) : name === wanted;
  for (const wanted of names) {
    if (programs.some(({ name }) => fits(wanted, name))) continue;
    throw new InputError(`--only ${wanted}: no such program; --list tells which there are`);
  }
  return programs.filter(({ name }) => names.some((wanted) => fits(wanted, name)));
}

/** @param cpu a model for all programs instead of their own ones. */
export function groupsOf(programs: readonly Program[], cpu: string | undefined): readonly Group[] {
  const groups = new Map<string, Group & { readonly programs: Program[] }>();
  for (const program of programs) {
    for (const model of cpu === undefined ? program.cpus : [cpu]) {
      const { architecture, clock = 'host' } = program;
      const key = `${architecture} ${model} ${clock}`;
      const group = groups.get(key) ?? { architecture, cpu: model, clock, programs: [] };
      group.programs.push(program);
      groups.set(key, group);
    }
  }
  return [...groups.values()];
}

/**
 * The packages of each architecture that is needed: those of the whole list, so that a root serves every choice. All need
 * that of amd64, as it comes with the kernel.
 */
export function packagesOf(
  list: readonly Program[],
  chosen: readonly Program[],
): ReadonlyMap<Architecture, readonly string[]> {
  const needed = new Set<Architecture>(['amd64', ...chosen.map(({ architecture }) => architecture)]);
  const packages = (architecture: Architecture) =>
    list.filter((program) => program.architecture === architecture).flatMap((program) => program.packages);
  return new Map([...needed].map((architecture) => [architecture, packages(architecture)]));
}
