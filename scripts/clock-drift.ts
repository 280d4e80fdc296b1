/**
 * Compares the guest's clock with the host's after the guest has slept, computed, and slept again. Fails when it is off
 * by more than 50 ms after a sleep; how much a guest that computes is behind depends on how busy the host is.
 * Usage: node scripts/clock-drift.ts [--seconds 60] [--append <kernel words>]
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fetchGuest } from '../src/host/node/guest.ts';
import { NodeHost } from '../src/host/node/host.ts';
import { Machine } from '../src/machine/machine.ts';

/** Milliseconds. */
const MOST_AFTER_SLEEP = 50;

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, append: { type: 'string', default: '' } },
});
const seconds = Number(values.seconds);

/** Each mark has the guest's own monotonic clock in nanoseconds. */
const SCRIPT = `
mark() { echo "mark $1 $(grep -m 1 '^now at' /proc/timer_list | cut -d ' ' -f 3)"; }
compute() { end=$(($(date +%s) + $1)); while [ $(date +%s) -lt $end ]; do :; done; }
mark start
sleep ${seconds}; mark slept
compute ${seconds}; mark computed
sleep ${seconds}; mark slept
`;

const guest = await fetchGuest({
  cacheFolder: fileURLToPath(new URL('../.cache/guest', import.meta.url)),
  progress: (message) => console.error(message),
});
let started: number | undefined;
let line = '';

function readMark(text: string): void {
  const [, phase, nanoseconds] = /^mark (\w+) (\d+)/.exec(text) ?? [];
  if (phase === undefined) return;
  const { wallMilliseconds, guestMilliseconds } = machine.statistics();
  const behind = wallMilliseconds - guestMilliseconds;
  // The kernel starts to count later than the machine, and its mark takes a while to arrive.
  const kernel = guestMilliseconds - Number(nanoseconds) / 1e6;
  started ??= kernel;
  console.log(
    `${phase} at ${(wallMilliseconds / 1000).toFixed(1)} s: the machine's time is ${behind} ms behind the host's, ` +
      `the kernel's ${(kernel - started).toFixed(0)} ms behind the machine's since the start`,
  );
  if (phase === 'slept' && Math.abs(behind) > MOST_AFTER_SLEEP) process.exitCode = 1;
}

const machine = await Machine.create({
  host: new NodeHost(),
  kernel: readFileSync(guest.kernel),
  initrd: readFileSync(guest.initrd),
  commandLine: `console=ttyS0 longmode.script=${Buffer.from(SCRIPT).toString('base64')} ${values.append}`,
  onSerialOutput: (bytes) => {
    line += Buffer.from(bytes).toString('latin1');
    const lines = line.split('\r\n');
    line = lines.pop() as string;
    lines.forEach(readMark);
  },
});
const ending = await machine.run();
await machine.close();
if (ending.kind !== 'power off') throw new Error(`the guest ended: ${ending.kind}`);
