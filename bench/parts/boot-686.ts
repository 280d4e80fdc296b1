/** Boots Debian's 32-bit kernel to power-off in v86, in QEMU TCG and in longmode, in turn. */
import type { PartResult } from '../report/comparison.ts';
import { debianGuest, LONGMODE, QEMU, QEMU_Q35, runLongmode, runQemu } from '../run/guest.ts';
import { type Bench, BOOT_SECONDS, type Part, roundsOf } from '../run/part.ts';
import { progress } from '../run/progress.ts';
import { runV86, V86, whyNoV86 } from '../run/v86.ts';
import { BOOT_LINE, boot, bootInTurn, bootResults, type Contestant, compareBoots } from './compare-boots.ts';

const ROUNDS = 5;
/** About how long v86 takes. */
const V86_SECONDS = 15;

async function measure(bench: Bench): Promise<PartResult> {
  const guest = await debianGuest('686');
  const rounds = roundsOf(bench, ROUNDS);
  const notes: string[] = [];
  const longmode: Contestant = { name: LONGMODE, boot: () => runLongmode(bench.cli, guest, BOOT_LINE) };
  const contestants = [longmode];
  const noV86 = await whyNoV86();
  if (noV86 === undefined) contestants.unshift({ name: V86, boot: () => runV86(guest, BOOT_LINE) });
  else notes.push(`left out: ${V86}: ${noV86}`);
  if (bench.qemu) contestants.unshift({ name: QEMU, boot: () => runQemu(QEMU_Q35, guest, BOOT_LINE) });
  progress('boot of 686: warming up');
  await boot(longmode);
  const runs = await bootInTurn(contestants, rounds);
  return {
    comparisons: compareBoots(runs, (peer) => ({ name: guest.kernelVersion, peer })),
    errors: [],
    notes,
    details: { commandLine: BOOT_LINE, rounds, results: bootResults(runs) },
  };
}

export const BOOT_686: Part = {
  title: 'boot of a 32-bit kernel',
  means: false,
  needs: [],
  seconds: (bench) =>
    BOOT_SECONDS + roundsOf(bench, ROUNDS) * (V86_SECONDS + (bench.qemu ? 2 : 1) * BOOT_SECONDS),
  measure,
};
