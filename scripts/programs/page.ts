/** docs/programs.md: what the programs gave when they were last run, one row for each program and processor. */
import type { Program } from './program.ts';

/** The last run of a program with a model of --cpu. Texts are free of `|`. */
export interface Result {
  readonly name: string;
  readonly cpu: string;
  /** Version of its first package. */
  readonly version: string;
  readonly isSame: boolean;
  readonly guestSeconds: number;
  /** Undefined for what only a guest has. */
  readonly nativeSeconds: number | undefined;
}

const HEAD = `# Real programs

\`npm run programs\` runs programs from Debian packages in a guest and on the host, in the same root file system, and compares
what they write. It needs x86-64 Linux, root, \`debootstrap\` and \`apt\`. It installs the packages once, into \`.cache/programs\`, and
boots one guest for all programs of an architecture and a processor. The i386 ones are left out where the host runs no 32-bit programs. \`--only NAME\` runs some of them, \`--cpu MODEL\` with another
processor, \`--list\` tells their names, \`--help\` the rest. The exit status is 1 if anything differs; both outputs of what differed are then in
\`.cache/programs/outputs\`. It writes the rows of what it has run into this page.

A program is a file of \`scripts/programs/suite/\`: the packages, a text for bash, what to compare, and a limit in seconds. Where the host's
processor has more than the guest's, the programs are told natively to do without (\`scripts/programs/native-features.ts\`). Tests that sleep and
wait with time limits have a guest whose clock counts instructions (\`Program.clock\`), so that it does not matter how busy the host is.

Times are of one run on a machine that had other things to do, and tell only what to expect.

| program | version | processor | what is run | result | guest, s | host, s |
|---|---|---|---|---|---|---|
`;

function cells(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

const unquoted = (cell: string): string => cell.replaceAll('`', '');

/** The results that a page tells. */
export function resultsOf(page: string): Result[] {
  const lines = page.split('\n').filter((line) => /^\| `/.test(line));
  return lines.map((line) => {
    const [name = '', version = '', cpu = '', , result, guest, native] = cells(line);
    return {
      name: unquoted(name),
      cpu: unquoted(cpu),
      version,
      isSame: result === 'the same',
      guestSeconds: Number(guest),
      nativeSeconds: native === '' ? undefined : Number(native),
    };
  });
}

/** Says which runs of the list there are no results of, a line for each processor. */
function missing(programs: readonly Program[], results: readonly Result[]): string {
  const cpus = [...new Set(programs.flatMap((program) => program.cpus))];
  return cpus
    .map((cpu) => {
      const known = new Set(results.filter((result) => result.cpu === cpu).map(({ name }) => name));
      const left = programs.filter((program) => program.cpus.includes(cpu) && !known.has(program.name));
      const names = left.map(({ name }) => `\`${name}\``).join(', ');
      return names === '' ? '' : `\nNo result yet with \`${cpu}\`: ${names}.\n`;
    })
    .join('');
}

/** The page for these results, in the list's order; what is no longer in the list is left out. */
export function pageOf(programs: readonly Program[], results: readonly Result[]): string {
  const rows = programs.flatMap(({ name, about, architecture }) =>
    results
      .filter((result) => result.name === name)
      .map(({ cpu, version, isSame, guestSeconds, nativeSeconds }) => {
        const what = architecture === 'i386' ? `${about} (i386)` : about;
        const times = [guestSeconds.toFixed(1), nativeSeconds?.toFixed(1) ?? ''];
        const row = [
          `\`${name}\``,
          version,
          `\`${cpu}\``,
          what,
          isSame ? 'the same' : '**differs**',
          ...times,
        ];
        return `| ${row.join(' | ')} |\n`;
      }),
  );
  return HEAD + rows.join('') + missing(programs, results);
}

/** Results with newer ones in the place of those of the same program and processor, by processor within a program. */
export function mergeResults(old: readonly Result[], newer: readonly Result[]): Result[] {
  const key = ({ name, cpu }: Result) => `${name} ${cpu}`;
  const byKey = new Map([...old, ...newer].map((result) => [key(result), result]));
  return [...byKey.values()].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
