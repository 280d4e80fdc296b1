/** Boots the stock kernel to power-off in QEMU TCG's machines and in longmode, in turn. */
import type { PartResult } from '../report/comparison.ts';
import { QEMU_MICROVM, QEMU_Q35, runLongmode, runQemu, tscParameter } from '../run/guest.ts';
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
  LONGMODE,
} from './compare-boots.ts';

const ROUNDS = 5;

async function measure(bench: Bench): Promise<PartResult> {
  const { guest } = bench;
  const rounds = roundsOf(bench, ROUNDS);
  const longmode: Contestant = { name: LONGMODE, boot: () => runLongmode(bench.cli, guest, BOOT_LINE) };
  const contestants = [longmode];
  progress('boot: warming up');
  await boot(longmode);
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
  progress('boot: longmode with a profiler');
  const timeline = await bootTimeline(bench.cli, guest, BOOT_LINE);
  return {
    comparisons: compareBoots(runs, (name) => ({ name, peer: 'QEMU TCG' })),
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
    const contestants = bench.qemu ? 2 + QEMU_MICROVM.length : 1;
    return contestants * (roundsOf(bench, ROUNDS) + 1) * BOOT_SECONDS;
  },
  measure,
};
