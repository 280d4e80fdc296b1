/**
 * Boots the downloaded guest many times, each in a process of its own, and compares what it says. With the
 * instruction clock all logs must be the same, byte for byte; with either clock every boot must reach power-off
 * without a complaint of the kernel. The boots can be made hard: several at once, and stopped again and again.
 * Usage: node scripts/boot-loop.ts [--boots 20] [--parallel 1] [--tier auto|interpreter|compiled]
 *        [--clock instructions|host] [--seed 1] [--append <kernel words>] [--keep <folder for logs that differ>]
 *        [--stop-duty <milliseconds stopped>/<period>|random] [--stop-until <text that the guest prints>]
 */
import { fork } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fetchGuest } from '../src/host/node/guest.ts';
import { complaints } from '../test/boot-linux/kernel-log.ts';
import type { Boot, BootMessage, BootOptions } from './boot-loop/one-boot.ts';
import { applyStopDuty, parseStopDuty } from './boot-loop/stop-duty.ts';

const { values } = parseArgs({
  options: {
    boots: { type: 'string', default: '20' },
    parallel: { type: 'string', default: '1' },
    tier: { type: 'string', default: 'auto' },
    clock: { type: 'string', default: 'instructions' },
    seed: { type: 'string', default: '1' },
    append: { type: 'string', default: 'longmode.run=poweroff' },
    keep: { type: 'string' },
    'stop-duty': { type: 'string' },
    'stop-until': { type: 'string' },
  },
});
const stopDuty = values['stop-duty'] === undefined ? undefined : parseStopDuty(values['stop-duty']);

const guest = await fetchGuest({
  cacheFolder: fileURLToPath(new URL('../.cache/guest', import.meta.url)),
  progress: (message) => console.error(message),
});
const options: BootOptions = {
  kernel: guest.kernel,
  initrd: guest.initrd,
  commandLine: `console=ttyS0 ${values.append}`,
  tier: values.tier as BootOptions['tier'],
  clock: values.clock as BootOptions['clock'],
  seed: Number(values.seed),
  landmark: values['stop-until'],
};

/** Throws if the process ends without a result. */
function boot(): Promise<Boot> {
  const program = fileURLToPath(new URL('./boot-loop/one-boot.ts', import.meta.url));
  const child = fork(program, [JSON.stringify(options)]);
  const release = stopDuty === undefined ? undefined : applyStopDuty(child, stopDuty);
  return new Promise((resolve, reject) => {
    let result: Boot | undefined;
    child.on('message', (message: BootMessage) => {
      if (message.kind === 'landmark') release?.();
      else result = message.boot;
    });
    child.once('exit', (code, signal) => {
      if (result === undefined) reject(new Error(`a boot ended with ${signal ?? code}`));
      else resolve(result);
    });
  });
}

/** The first line that is not the same, of each. */
function firstDifference(a: string, b: string): string {
  const [left, right] = [a.split('\r\n'), b.split('\r\n')];
  const line = left.findIndex((text, index) => text !== right[index]);
  return `line ${line + 1}: ${JSON.stringify(left[line])} became ${JSON.stringify(right[line])}`;
}

/** What is wrong with a boot, compared to the first one. */
function faults(first: Boot, { ending, log, instructions, interrupts }: Boot): string[] {
  const found = complaints(log).map((line) => `the kernel complains: ${line}`);
  if (ending.kind !== 'power off') found.push(`ended with ${JSON.stringify(ending)}`);
  if (values.clock === 'host') return found;
  if (log !== first.log) found.push(firstDifference(first.log, log));
  if (instructions !== first.instructions)
    found.push(`${first.instructions} instructions became ${instructions}`);
  if (interrupts !== first.interrupts) found.push(`${first.interrupts} interrupts became ${interrupts}`);
  return found;
}

const seconds: number[] = [];
let first: Boot | undefined;
let good = 0;
let started = 0;

async function bootOneAfterTheOther(): Promise<void> {
  while (started < Number(values.boots)) {
    const number = ++started;
    const result = await boot();
    first ??= result;
    seconds.push(result.seconds);
    const found = faults(first, result);
    if (found.length === 0) good += 1;
    console.log(
      `boot ${number}: ${result.seconds.toFixed(1)} s, ${result.accesses} device accesses, ` +
        `${found.length === 0 ? 'good' : found.join('; ')}`,
    );
    if (values.keep !== undefined && (result === first || found.length > 0)) {
      mkdirSync(values.keep, { recursive: true });
      writeFileSync(join(values.keep, `boot-${number}.log`), result.log, 'latin1');
    }
  }
}

await Promise.all(Array.from({ length: Number(values.parallel) }, bootOneAfterTheOther));
seconds.sort((a, b) => a - b);
const [median, least, most] = [seconds[seconds.length >> 1], seconds[0], seconds.at(-1)];
console.log(
  `${good} of ${seconds.length} boots good (${values.tier}, ${values.clock} clock); ` +
    `${median?.toFixed(1)} s (${least?.toFixed(1)} to ${most?.toFixed(1)})`,
);
if (good < seconds.length) process.exitCode = 1;
