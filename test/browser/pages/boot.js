/** Boots the guest and talks to it; leaves what happened in `globalThis.result`, a promise. */
import { Machine } from './longmode/index.browser.js';

async function boot({ thread, words }) {
  const stages = [];
  await using machine = await Machine.create({
    kernel: 'vmlinuz',
    initrd: new URL('initrd.cpio', location.href),
    commandLine: `console=ttyS0 ${words}`,
    thread,
    onProgress: ({ stage }) => {
      if (stages.at(-1) !== stage) stages.push(stage);
    },
  });
  const running = machine.run();
  await machine.waitForText('# ');
  await machine.console.write('echo $((6 * 7))\n');
  const answer = await machine.waitForText(/\n42\r/);
  await machine.console.write('exit\n');
  const ending = await running;
  const { regions } = await machine.statistics();
  return { stages, answer, ending, compiled: regions.regions > 0, isolated: crossOriginIsolated };
}

globalThis.boot = boot;
