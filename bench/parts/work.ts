/** A part that runs the programs of a folder of bench/c/ natively, in QEMU TCG and in longmode. */
import type { PartResult } from '../report/comparison.ts';
import { buildCProgram, listedPrograms } from '../run/c-program.ts';
import { type ChildRun, runChild } from '../run/child.ts';
import { BOOT_TIMEOUT, QEMU_Q35, runLongmode, runQemu } from '../run/guest.ts';
import { type Bench, BOOT_SECONDS, type Part } from '../run/part.ts';
import { progress } from '../run/progress.ts';
import { compareWork, type WorkRound } from './compare-work.ts';
import { parseWork, type WorkOutput } from './work-output.ts';

const QEMU = 'QEMU TCG';
/** Milliseconds for which a program runs natively: it is as fast from the start. */
const NATIVE_MARK = 500;

export interface WorkFolder {
  readonly title: string;
  /** Folder of bench/c/; its programs.h lists the programs. */
  readonly folder: string;
  /** Milliseconds of a program's time at which its work is told: of the first round, and of each other one. */
  readonly firstMarks: readonly number[];
  readonly otherMarks: readonly number[];
  readonly rounds: number;
}

/** What a smoke run takes instead. */
const QUICK = { firstMarks: [500, 1000], rounds: 1 };

export function workPart(folder: WorkFolder): Part {
  const { title } = folder;
  const names = listedPrograms(folder.folder);
  const plan = (bench: Bench) => {
    const { firstMarks, rounds } = bench.quick ? QUICK : folder;
    return Array.from({ length: bench.rounds ?? rounds }, (_, i) =>
      i === 0 ? firstMarks : folder.otherMarks,
    );
  };
  const programSeconds = (marks: readonly number[]) => (names.length * (marks.at(-1) ?? 0)) / 1000;

  async function runRound(bench: Bench, marks: readonly number[]): Promise<WorkRound> {
    const { executable, initrd } = buildCProgram(folder.folder, ['system.c', 'harness.c', folder.folder]);
    const files = { kernel: bench.guest.kernel, initrd };
    const commandLine = `console=ttyS0 quiet -- ${marks.join(',')}`;
    const timeout = BOOT_TIMEOUT + 3 * programSeconds(marks);
    const peers = new Map<string, WorkOutput>();
    const read = ({ lines }: ChildRun) => parseWork(lines);
    if (bench.qemu) {
      progress(`${title}: ${QEMU}, ${marks.join(', ')} ms`);
      peers.set(QEMU, read(await runQemu(QEMU_Q35, files, commandLine, timeout)));
    }
    progress(`${title}: native`);
    peers.set('native', read(await runChild(executable, [String(NATIVE_MARK)], timeout)));
    progress(`${title}: longmode`);
    const longmode = read(await runLongmode(bench.cli, files, commandLine, [], timeout));
    return { longmode, peers };
  }

  return {
    title,
    means: true,
    needs: ['gcc'],
    seconds: (bench) =>
      plan(bench).reduce(
        (sum, marks) => sum + 2 * (programSeconds(marks) + BOOT_SECONDS) + programSeconds([NATIVE_MARK]),
        0,
      ),
    async measure(bench): Promise<PartResult> {
      const rounds: WorkRound[] = [];
      for (const marks of plan(bench)) rounds.push(await runRound(bench, marks));
      const details = rounds.map(({ longmode, peers }) => ({
        longmode: longmode.work,
        ...Object.fromEntries([...peers].map(([peer, { work }]) => [peer, work])),
      }));
      return { ...compareWork(names, rounds), details: { rounds: details } };
    },
  };
}
