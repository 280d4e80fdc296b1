/** What the parts of longmode cost, each by itself. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Statistics } from '../../src/machine/statistics.ts';
import { extractVmlinux } from '../../test/boot-linux/extract-vmlinux.ts';
import type { Measurement, PartResult } from '../report/comparison.ts';
import { buildCProgram } from '../run/c-program.ts';
import { runChild } from '../run/child.ts';
import { BOOT_TIMEOUT, QEMU, QEMU_Q35, runLongmode, runQemu } from '../run/guest.ts';
import { type Bench, BOOT_SECONDS, type Part } from '../run/part.ts';
import { progress } from '../run/progress.ts';
import { BOOT_LINE } from './compare-boots.ts';
import { compileCosts } from './micro-compile.ts';
import { nanosecondsPerDecode } from './micro-decode.ts';
import { parseWork } from './work-output.ts';

/** Milliseconds for which each program of bench/c/micro/ runs: the last second of it counts. */
const MARKS = [1000, 2000];
const PROGRAMS: Readonly<Record<string, string>> = {
  tlb_hit: 'load of the last load’s address, TLB hit',
  tlb_miss: 'the same from one of 32,768 pages, TLB miss',
  region_entry: 'compiled code left for LAHF’s handler, and entered again',
};
const INTERPRETER_TIMEOUT = 600;
/** Seconds of everything but the programs. */
const OTHER_SECONDS = 40;

/** Nanoseconds of one operation in the last second of each program; its result is how many a unit does. */
export function operationTimes(lines: Parameters<typeof parseWork>[0]): Map<string, number> {
  const times = new Map<string, number>();
  const { work } = parseWork(lines);
  for (const name of new Set(work.map((one) => one.name))) {
    const [from, to] = work.filter((one) => one.name === name).slice(-2);
    if (from === undefined || to === undefined) throw new Error(`no times of ${name}`);
    const operations = (to.units - from.units) * Number(to.result);
    times.set(name, ((to.hostSeconds - from.hostSeconds) * 1e9) / operations);
  }
  return times;
}

async function measurePrograms(bench: Bench): Promise<Measurement[]> {
  const { executable, initrd } = buildCProgram('micro', ['system.c', 'harness.c', 'micro']);
  const files = { kernel: bench.guest.kernel, initrd };
  const commandLine = `console=ttyS0 quiet -- ${MARKS}`;
  progress('micro: programs');
  const native = operationTimes((await runChild(executable, [String(MARKS)], BOOT_TIMEOUT)).lines);
  const longmode = operationTimes((await runLongmode(bench.cli, files, commandLine)).lines);
  const qemu = bench.qemu ? operationTimes((await runQemu(QEMU_Q35, files, commandLine)).lines) : undefined;
  return Object.entries(PROGRAMS).map(([name, title]) => {
    // The others have no compiled code that is left for an instruction.
    const isOwn = name === 'region_entry';
    return {
      name: title,
      unit: 'ns',
      value: longmode.get(name) as number,
      peers: isOwn ? {} : { native: native.get(name), [QEMU]: qemu?.get(name) },
    };
  });
}

/** Instructions of a boot over its time, all of them interpreted. */
async function measureHandlers(bench: Bench): Promise<Measurement> {
  const folder = mkdtempSync(join(tmpdir(), 'longmode-micro-'));
  try {
    progress('micro: a boot in the interpreter');
    const file = join(folder, 'stats.json');
    const options = ['--tier', 'interpreter', '--stats', file];
    await runLongmode(bench.cli, bench.guest, BOOT_LINE, options, INTERPRETER_TIMEOUT);
    const { instructions, wallMilliseconds, idleMilliseconds } = JSON.parse(
      readFileSync(file, 'utf8'),
    ) as Statistics;
    const value = instructions.total / 1000 / (wallMilliseconds - idleMilliseconds);
    return { name: 'handlers, over a boot of Linux', unit: 'M instructions/s', value };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measure(bench: Bench): Promise<PartResult> {
  progress('micro: decoder');
  const decode = nanosecondsPerDecode(extractVmlinux(readFileSync(bench.guest.kernel)));
  const measurements: Measurement[] = [
    { name: 'decoding, the kernel’s code', unit: 'ns an instruction', value: decode },
    await measureHandlers(bench),
    ...(await measurePrograms(bench)),
  ];
  progress('micro: a boot whose regions are kept');
  measurements.push(...(await compileCosts(bench.guest)));
  return { comparisons: [], measurements, errors: [], notes: [], details: {} };
}

export const MICRO: Part = {
  title: 'parts of longmode',
  means: false,
  needs: ['gcc'],
  seconds: (bench) => {
    const programs = (Object.keys(PROGRAMS).length * (MARKS.at(-1) as number)) / 1000;
    return OTHER_SECONDS + (bench.qemu ? 3 : 2) * (programs + BOOT_SECONDS);
  },
  measure,
};
