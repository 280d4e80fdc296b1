/** A part that runs the programs of a folder of bench/c/ natively, in QEMU TCG, in longmode, and if of 32 bits in v86. */
import { runs32BitPrograms } from '../../scripts/native-32.ts';
import type { PartResult } from '../report/comparison.ts';
import { type Bits, buildCProgram, listedPrograms } from '../run/c-program.ts';
import { type ChildRun, runChild } from '../run/child.ts';
import { BOOT_TIMEOUT, debianGuest, QEMU, QEMU_Q35, runLongmode, runQemu } from '../run/guest.ts';
import { type Bench, BOOT_SECONDS, type Part } from '../run/part.ts';
import { progress } from '../run/progress.ts';
import { runV86, V86, whyNoV86 } from '../run/v86.ts';
import { compareWork, type WorkRound } from './compare-work.ts';
import { parseWork, type WorkOutput } from './work-output.ts';

const NATIVE = 'native';
/** Milliseconds for which a program runs natively: it is as fast from the start. */
const NATIVE_MARK = 500;

export interface WorkFolder {
  readonly title: string;
  /** Folder of bench/c/; its programs.h lists the programs. */
  readonly folder: string;
  /** Of the programs and of the kernel. */
  readonly bits: Bits;
  /** Milliseconds of a program's time at which its work is told: of the first round, and of each other one. */
  readonly firstMarks: readonly number[];
  readonly otherMarks: readonly number[];
  readonly rounds: number;
}

/** What a smoke run takes instead. */
const QUICK = { firstMarks: [500, 1000], rounds: 1 };

/** Peers of 32-bit programs that this machine has not, each with the reason. */
async function missing32BitPeers(): Promise<ReadonlyMap<string, string>> {
  const missing = new Map<string, string>();
  const noV86 = await whyNoV86();
  if (noV86 !== undefined) missing.set(V86, noV86);
  if (!runs32BitPrograms()) missing.set(NATIVE, 'this machine runs no 32-bit programs');
  return missing;
}

export function workPart(folder: WorkFolder): Part {
  const { title } = folder;
  const names = listedPrograms(folder.folder);
  const is32 = folder.bits === 32;
  const plan = (bench: Bench) => {
    const { firstMarks, rounds } = bench.quick ? QUICK : folder;
    return Array.from({ length: bench.rounds ?? rounds }, (_, i) =>
      i === 0 ? firstMarks : folder.otherMarks,
    );
  };
  const programSeconds = (marks: readonly number[]) => (names.length * (marks.at(-1) ?? 0)) / 1000;

  async function runRound(
    bench: Bench,
    kernel: string,
    leftOut: ReadonlyMap<string, string>,
    marks: readonly number[],
  ): Promise<WorkRound> {
    const sources = ['system.c', 'harness.c', folder.folder];
    const { executable, initrd } = buildCProgram(`${folder.folder}-${folder.bits}`, sources, folder.bits);
    const files = { kernel, initrd };
    const commandLine = `console=ttyS0 quiet -- ${marks.join(',')}`;
    const timeout = BOOT_TIMEOUT + 3 * programSeconds(marks);
    const peers = new Map<string, WorkOutput>();
    const read = ({ lines }: ChildRun) => parseWork(lines);
    if (bench.qemu) {
      progress(`${title}: ${QEMU}, ${marks.join(', ')} ms`);
      peers.set(QEMU, read(await runQemu(QEMU_Q35, files, commandLine, timeout)));
    }
    if (is32 && !leftOut.has(V86)) {
      progress(`${title}: ${V86}`);
      peers.set(V86, read(await runV86(files, commandLine, timeout)));
    }
    if (!leftOut.has(NATIVE)) {
      progress(`${title}: ${NATIVE}`);
      peers.set(NATIVE, read(await runChild(executable, [String(NATIVE_MARK)], timeout)));
    }
    progress(`${title}: longmode`);
    const longmode = read(await runLongmode(bench.cli, files, commandLine, [], timeout));
    return { longmode, peers };
  }

  return {
    title,
    means: true,
    needs: is32 ? ['gcc', 'gcc32'] : ['gcc'],
    seconds: (bench) =>
      plan(bench).reduce(
        (sum, marks) =>
          sum + (is32 ? 3 : 2) * (programSeconds(marks) + BOOT_SECONDS) + programSeconds([NATIVE_MARK]),
        0,
      ),
    async measure(bench): Promise<PartResult> {
      const rounds: WorkRound[] = [];
      const { kernel } = is32 ? await debianGuest('686') : bench.guest;
      const leftOut = is32 ? await missing32BitPeers() : new Map<string, string>();
      for (const marks of plan(bench)) rounds.push(await runRound(bench, kernel, leftOut, marks));
      const details = rounds.map(({ longmode, peers }) => ({
        longmode: longmode.work,
        ...Object.fromEntries([...peers].map(([peer, { work }]) => [peer, work])),
      }));
      const work = compareWork(names, rounds);
      const notes = [...leftOut].map(([peer, reason]) => `left out: ${peer}: ${reason}`);
      return { ...work, notes: [...notes, ...work.notes], details: { rounds: details } };
    },
  };
}
