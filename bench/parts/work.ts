/** A part that runs the programs of a folder of bench/c/ natively, in QEMU TCG, in longmode, and if of 32 bits in v86. */
import { runs32BitPrograms } from '../../scripts/native-32.ts';
import type { PartResult } from '../report/comparison.ts';
import { type Bits, buildCProgram, listedPrograms } from '../run/c-program.ts';
import { runChild } from '../run/child.ts';
import { BOOT_TIMEOUT, debianGuest, LONGMODE, QEMU, QEMU_Q35, runLongmode, runQemu } from '../run/guest.ts';
import { type Bench, BOOT_SECONDS, type Part } from '../run/part.ts';
import { progress } from '../run/progress.ts';
import { runInTurn, type TurnTaker } from '../run/turns.ts';
import { runV86, V86, whyNoV86 } from '../run/v86.ts';
import { compareWork, type WorkRound } from './compare-work.ts';
import { parseWork, type WorkOutput } from './work-output.ts';

const NATIVE = 'native';
/** Has the programs wait for their turns (bench/c/harness.h). */
const IN_TURN = 'in-turn';
/** At most, each of which waits for the others. */
const CONTESTANTS = 4;
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
    const commandLine = `console=ttyS0 quiet -- ${marks.join(',')} ${IN_TURN}`;
    const timeout = CONTESTANTS * (BOOT_TIMEOUT + 3 * programSeconds(marks));
    const contestants = new Map<string, TurnTaker>();
    if (bench.qemu)
      contestants.set(QEMU, (started) => runQemu(QEMU_Q35, files, commandLine, timeout, started));
    if (is32 && !leftOut.has(V86))
      contestants.set(V86, (started) => runV86(files, commandLine, timeout, started));
    if (!leftOut.has(NATIVE)) {
      const args = [String(NATIVE_MARK), IN_TURN];
      contestants.set(NATIVE, (started) => runChild(executable, args, timeout, started));
    }
    contestants.set(LONGMODE, (started) => runLongmode(bench.cli, files, commandLine, [], timeout, started));
    const runs = await runInTurn(names, contestants, (name) => progress(`${title}: ${name}`));
    const peers = new Map([...runs].map(([name, { lines }]) => [name, parseWork(lines)]));
    const longmode = peers.get(LONGMODE) as WorkOutput;
    peers.delete(LONGMODE);
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
