/** Two machines at once, which send back what is typed: each has to answer with its own. */
import { Machine } from './longmode/index.browser.js';

/** Names of the workers that this page has started. */
const workersStarted = [];
globalThis.Worker = class extends Worker {
  constructor(url, options) {
    super(url, options);
    workersStarted.push(options.name);
  }
};

async function two(threads) {
  const stages = new Set();
  const onProgress = ({ stage }) => stages.add(stage);
  const machines = await Promise.all(
    threads.map((thread) => Machine.create({ kernel: 'echo', memorySize: 2 ** 26, thread, onProgress })),
  );
  const endings = machines.map((machine) => machine.run());
  const answers = await Promise.all(
    machines.map(async (machine, i) => {
      await machine.console.write(`machine ${i}.`);
      return await machine.waitForText('.');
    }),
  );
  await Promise.all(machines.map((machine) => machine.close()));
  return {
    answers,
    endings: await Promise.all(endings),
    stages: [...stages],
    // What needs special headers of the host.
    isolated: crossOriginIsolated,
  };
}

/** Starts a machine that never ends. */
async function spin() {
  const machine = await Machine.create({ kernel: 'spin', memorySize: 2 ** 26 });
  void machine.run();
  return (await machine.statistics()).instructions.total >= 0;
}

/** Runs a guest until as many regions have been compiled as are worth keeping, or some of them found again. */
async function keep(isFound) {
  const machine = await Machine.create({ kernel: 'loops', memorySize: 2 ** 26, codeCache: 'code' });
  void machine.run();
  for (;;) {
    const { regions } = await machine.statistics();
    if (isFound ? regions.saved.regions > 0 : regions.regions > 64) break;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await machine.close();
  return (await (await caches.open('code')).keys()).length;
}

globalThis.workersStarted = workersStarted;
globalThis.two = two;
globalThis.spin = spin;
globalThis.keep = keep;
