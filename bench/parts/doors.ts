/** Every way into a kernel, to its first process or its first words: longmode in both tiers beside QEMU TCG. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { extractVmlinux } from '../../test/boot-linux/extract-vmlinux.ts';
import type { Comparison, PartResult } from '../report/comparison.ts';
import { median, milli, spread } from '../report/statistics.ts';
import { runChild } from '../run/child.ts';
import { debianGuest, type GuestFiles } from '../run/guest.ts';
import { type Bench, BOOT_SECONDS, type Part } from '../run/part.ts';
import { progress } from '../run/progress.ts';
import { runUntil } from '../run/until.ts';

const BUILD = fileURLToPath(new URL('../../build/bench/doors/', import.meta.url));
const COMMAND_LINE = 'console=ttyS0 longmode.run=poweroff';
/** What the guests' first process says. */
const UP = 'longmode: up';
const MEMTEST_UP = 'Errors: ';
const MEMTEST_LINE = 'console=ttyS0,115200 nopause nobench';
const ROUNDS = 5;
/** The interpreter on a busy machine takes its time. */
const TIMEOUT = 600;

const SEABIOS = '/usr/share/seabios/bios-256k.bin';
const OVMF = '/usr/share/OVMF/OVMF_CODE.fd';
/** With variables in the same file, for QEMU. */
const OVMF_WHOLE = '/usr/share/ovmf/OVMF.fd';
const MEMTEST = '/boot/memtest86+x64';

/** One way in. */
export interface Way {
  readonly name: string;
  /** Arguments of `longmode boot`, and of QEMU. */
  readonly longmode: readonly string[];
  readonly qemu: readonly string[];
  /** What it says when it is there. */
  readonly shows: string;
  /** Whether it powers off afterwards. */
  readonly ends: boolean;
}

/** A kernel of Debian by several ways. */
function linux(name: string, files: GuestFiles, entries: readonly string[]): Way[] {
  const guest = ['-kernel', files.kernel, '-initrd', files.initrd, '-append', COMMAND_LINE];
  const longmode = guest.map((word) => (/^-[a-z]/.test(word) ? `-${word}` : word));
  return entries.map((entry) => ({
    name: `${name}, ${entry}`,
    longmode: [...longmode, '--entry', entry],
    qemu: [...guest, ...(entry === 'efi' ? ['-bios', OVMF_WHOLE] : [])],
    shows: UP,
    ends: true,
  }));
}

function memtest(suffix: string, entry: string): Way {
  const kernel = `${MEMTEST}${suffix}`;
  return {
    name: `memtest86+, ${entry}`,
    longmode: ['--kernel', kernel, '--append', MEMTEST_LINE, '--entry', entry],
    qemu: ['-kernel', kernel, '-append', MEMTEST_LINE, ...(entry === 'efi' ? ['-bios', OVMF_WHOLE] : [])],
    shows: MEMTEST_UP,
    ends: false,
  };
}

/** A Multiboot kernel that counts to 400 million and says that it is there. */
export function multibootProgram(): Uint8Array {
  const [magic, flags, address, entry] = [0x1badb002, 0x10000, 0x100000, 0x20];
  const header = [magic, flags, -(magic + flags), address, address, 0, 0, address + entry];
  // mov ecx, 400000000; again: dec ecx; jnz again; mov dx, 3f8h; then mov al, ...; out dx, al; at last halt: hlt; jmp halt
  const code = [0xb9, 0x00, 0x84, 0xd7, 0x17, 0x49, 0x75, 0xfd, 0x66, 0xba, 0xf8, 0x03];
  for (const character of `${UP}\n`) code.push(0xb0, character.charCodeAt(0), 0xee);
  code.push(0xf4, 0xeb, 0xfd);
  const file = new Uint8Array(entry + code.length);
  file.set(new Uint8Array(Uint32Array.from(header).buffer));
  file.set(code, entry);
  return file;
}

/** Puts a file where it stays. Returns its path. */
function place(name: string, bytes: Uint8Array): string {
  mkdirSync(BUILD, { recursive: true });
  const path = join(BUILD, name);
  writeFileSync(path, bytes);
  return path;
}

async function findWays(stock: GuestFiles): Promise<{ ways: Way[]; notes: string[] }> {
  const notes: string[] = [];
  const ways = linux('cloud', stock, ['64', '32', '16', 'efi']);
  const vmlinux = place('vmlinux', extractVmlinux(readFileSync(stock.kernel)));
  ways.push(...linux('cloud vmlinux', { ...stock, kernel: vmlinux }, ['64', 'pvh']));
  const others: readonly (readonly [Parameters<typeof debianGuest>[0], readonly string[]])[] = [
    ['generic', ['64', '32', '16', 'efi']],
    ['686', ['32', '16']],
    ['686-pae', ['32', '16']],
  ];
  for (const [kind, entries] of others) {
    try {
      const files = await debianGuest(kind);
      ways.push(...linux(kind, files, entries));
    } catch (error) {
      notes.push(`left out: the kernel ${kind}: ${(error as Error).message}`);
    }
  }
  const [cloud] = linux('cloud', stock, ['auto']) as [Way];
  for (const [name, image, theirs] of [
    ['SeaBIOS', SEABIOS, SEABIOS],
    ['OVMF', OVMF, OVMF_WHOLE],
  ] as const) {
    if (!existsSync(image)) notes.push(`left out: there is no ${image}`);
    else {
      const longmode = [...cloud.longmode.slice(0, -2), '--bios', image];
      ways.push({ ...cloud, name: `cloud, ${name}`, longmode, qemu: [...cloud.qemu, '-bios', theirs] });
    }
  }
  if (existsSync(`${MEMTEST}.bin`)) {
    ways.push(...['16', '32', '64'].map((entry) => memtest('.bin', entry)), memtest('.efi', 'efi'));
  } else notes.push(`left out: there is no ${MEMTEST}.bin`);
  const program = place('multiboot', multibootProgram());
  ways.push({
    name: 'a Multiboot program',
    longmode: ['--kernel', program],
    qemu: ['-kernel', program],
    shows: UP,
    ends: false,
  });
  return { ways, notes };
}

/** Seconds until it is there. */
async function secondsTo(program: string, args: readonly string[], { shows, ends }: Way): Promise<number> {
  if (!ends) return await runUntil(program, args, shows, TIMEOUT);
  const { lines, output } = await runChild(program, args, TIMEOUT);
  const line = lines.find(({ text }) => text.includes(shows));
  if (line === undefined) throw new Error(`it did not say "${shows}":\n${output.slice(-2000)}`);
  return line.seconds;
}

const longmodeArgs = (cli: string, way: Way, more: readonly string[]): string[] => [
  ...[cli, 'boot', '--memory', '512M', '--no-reboot'],
  ...way.longmode,
  ...more,
];
const qemuArgs = ({ qemu }: Way): string[] => [
  ...['-M', 'q35', '-accel', 'tcg', '-cpu', 'max', '-m', '512M', '-nographic', '-net', 'none'],
  ...['-no-reboot', ...qemu],
];

/** Runs of one way, in seconds. */
interface Times {
  readonly qemu: number[];
  readonly auto: number[];
}

class Doors {
  readonly errors: string[] = [];
  private readonly bench: Bench;

  constructor(bench: Bench) {
    this.bench = bench;
  }

  /** A way that fails does not take the others with it. */
  private async attempt<T>(what: string, run: () => Promise<T>): Promise<T | undefined> {
    try {
      return await run();
    } catch (error) {
      this.errors.push(`${what}: ${(error as Error).message}`);
      return undefined;
    }
  }

  async longmode(way: Way, more: readonly string[] = []): Promise<number | undefined> {
    const what = ['doors', way.name, ...more].join(' ');
    const args = longmodeArgs(this.bench.cli, way, more);
    const seconds = await this.attempt(what, () => secondsTo(process.execPath, args, way));
    if (seconds !== undefined) progress(`${what}: ${seconds.toFixed(2)} s`);
    return seconds;
  }

  async qemu(way: Way): Promise<number | undefined> {
    const seconds = await this.attempt(`${way.name} in QEMU`, () =>
      secondsTo('qemu-system-x86_64', qemuArgs(way), way),
    );
    if (seconds !== undefined) progress(`doors ${way.name} in QEMU TCG: ${seconds.toFixed(2)} s`);
    return seconds;
  }

  /** With the instruction clock the two tiers say the same, to the nanosecond. Returns the interpreter's seconds. */
  async compareTiers(way: Way): Promise<number | undefined> {
    const run = async (tier: string) => {
      const args = longmodeArgs(this.bench.cli, way, ['--clock', 'instructions', '--tier', tier]);
      return await this.attempt(`${way.name}, --tier ${tier}`, () =>
        runChild(process.execPath, args, TIMEOUT),
      );
    };
    const [auto, interpreter] = [await run('auto'), await run('interpreter')];
    if (auto === undefined || interpreter === undefined) return undefined;
    if (auto.output !== interpreter.output) this.errors.push(`${way.name}: the logs of the tiers differ`);
    progress(`doors ${way.name}, interpreter: ${interpreter.seconds.toFixed(2)} s`);
    return interpreter.lines.find(({ text }) => text.includes(way.shows))?.seconds;
  }
}

/** Runs all ways in turn, as often as there are rounds. */
async function measureWays(
  doors: Doors,
  ways: readonly Way[],
  rounds: number,
  qemu: boolean,
): Promise<Map<Way, Times>> {
  const times = new Map<Way, Times>(ways.map((way) => [way, { qemu: [], auto: [] }]));
  for (let round = 1; round <= rounds; round++) {
    // QEMU has one way for several of ours.
    const peers = new Map<string, number | undefined>();
    for (const way of ways) {
      const key = way.qemu.join('\0');
      if (qemu && !peers.has(key)) peers.set(key, await doors.qemu(way));
      const [theirs, ours] = [peers.get(key), await doors.longmode(way)];
      if (ours === undefined) continue;
      const own = times.get(way) as Times;
      own.auto.push(ours);
      if (theirs !== undefined) own.qemu.push(theirs);
    }
  }
  return times;
}

/** The same kernel with 5-level and with 4-level page tables. */
async function compareLevels(doors: Doors, way: Way, rounds: number): Promise<Comparison[]> {
  const speeds: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const four = await doors.longmode(way, ['--cpu', 'max,-la57']);
    const five = await doors.longmode(way, ['--cpu', 'max']);
    if (four !== undefined && five !== undefined) speeds.push(four / five);
  }
  if (speeds.length === 0) return [];
  return [
    { name: `${way.name}, 5-level paging`, measure: '', peer: '4-level paging', speed: spread(speeds) },
  ];
}

async function measure(bench: Bench): Promise<PartResult> {
  const rounds = bench.rounds ?? (bench.quick ? 1 : ROUNDS);
  const doors = new Doors(bench);
  const { ways, notes } = await findWays(bench.guest);
  const times = await measureWays(doors, ways, rounds, bench.qemu);
  const comparisons: Comparison[] = [];
  const results: object[] = [];
  for (const [way, { qemu, auto }] of times) {
    const interpreter = way.ends ? await doors.compareTiers(way) : undefined;
    const middle = (values: readonly number[]) => (values.length === 0 ? undefined : milli(median(values)));
    results.push({ name: way.name, qemu: middle(qemu), auto: middle(auto), interpreter });
    if (qemu.length === 0 || qemu.length !== auto.length) continue;
    const compare = (measure: string, speeds: readonly number[]): void => {
      comparisons.push({ name: way.name, measure, peer: 'QEMU TCG', speed: spread(speeds) });
    };
    compare(
      'to the shell',
      qemu.map((theirs, index) => theirs / (auto[index] as number)),
    );
    if (interpreter !== undefined) compare('interpreter, instruction clock', [median(qemu) / interpreter]);
  }
  comparisons.push(...(await compareLevels(doors, ways[0] as Way, rounds)));
  return {
    comparisons,
    errors: doors.errors,
    notes,
    details: { commandLine: COMMAND_LINE, rounds, results },
  };
}

const WAYS = 21;
/** Instruction clock in both tiers, the interpreter's being the longest. */
const TIER_RUNS = 5;

export const DOORS_PART: Part = {
  title: 'ways into a kernel',
  means: false,
  needs: [],
  seconds: (bench) => WAYS * (2 * (bench.rounds ?? (bench.quick ? 1 : ROUNDS)) + TIER_RUNS) * BOOT_SECONDS,
  measure,
};
