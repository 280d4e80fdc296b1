/** Boots the stock kernel to power-off in QEMU TCG's machines and in longmode, without and with a code cache, in turn. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { PartResult } from '../report/comparison.ts';
import { LONGMODE, QEMU, QEMU_MICROVM, QEMU_Q35, runLongmode, runQemu, tscParameter } from '../run/guest.ts';
import { type Bench, BOOT_SECONDS, type Part, roundsOf } from '../run/part.ts';
import { progress } from '../run/progress.ts';
import { bootTimeline } from '../timeline/boot-timeline.ts';
import {
  BOOT_LINE,
  boot,
  bootInTurn,
  bootResults,
  type Contestant,
  compareBoots,
  LONGMODE_CACHED,
} from './compare-boots.ts';

const ROUNDS = 5;
/** Until the code cache is what it stays: boots, and milliseconds after each in which a process of its own writes. */
const FILLING_BOOTS = 3;
const WRITING_TIME = 2000;

async function measure(bench: Bench): Promise<PartResult> {
  const { guest } = bench;
  const rounds = roundsOf(bench, ROUNDS);
  const longmode: Contestant = { name: LONGMODE, boot: () => runLongmode(bench.cli, guest, BOOT_LINE) };
  const folder = await mkdtemp(join(tmpdir(), 'longmode-bench-'));
  const cached: Contestant = {
    name: LONGMODE_CACHED,
    boot: () => runLongmode(bench.cli, guest, BOOT_LINE, ['--code-cache', folder]),
  };
  const contestants = [longmode, cached];
  progress('boot: warming up');
  await boot(longmode);
  for (let i = 0; i < FILLING_BOOTS; i++) {
    await boot(cached);
    await setTimeout(WRITING_TIME);
  }
  if (bench.qemu) {
    const q35 = { name: QEMU_Q35.name, boot: () => runQemu(QEMU_Q35, guest, BOOT_LINE) };
    const tsc = tscParameter((await boot(q35)).output);
    const microvms = QEMU_MICROVM.map((machine) => ({
      name: machine.name,
      boot: () => runQemu(machine, guest, `${BOOT_LINE} ${tsc}`),
    }));
    contestants.unshift(q35, ...microvms);
  }
  const runs = await bootInTurn(contestants, rounds);
  await rm(folder, { recursive: true });
  progress('boot: longmode with a profiler');
  const timeline = await bootTimeline(bench.cli, guest, BOOT_LINE);
  return {
    comparisons: compareBoots(runs, (name) => ({ name, peer: QEMU })),
    errors: [],
    notes: [],
    timeline,
    details: { commandLine: BOOT_LINE, rounds, results: bootResults(runs) },
  };
}

export const BOOT: Part = {
  title: 'boot to power-off',
  means: false,
  needs: [],
  seconds: (bench) => {
    const contestants = bench.qemu ? 3 + QEMU_MICROVM.length : 2;
    return (contestants * (roundsOf(bench, ROUNDS) + 1) + FILLING_BOOTS) * BOOT_SECONDS;
  },
  measure,
};
