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

/**
 * Runs a guest until as many regions have been compiled as are worth keeping, and again and again, if some of them are to be
 * found: this guest may have all of them anew before they are read, so it begins later each time.
 */
async function keep(isFound) {
  for (let delay = 0; ; delay = 2 * delay + 50) {
    const machine = await Machine.create({ kernel: 'loops', memorySize: 2 ** 26, codeCache: 'code' });
    await sleep(delay);
    void machine.run();
    let regions;
    do {
      await sleep(5);
      regions = (await machine.statistics()).regions;
    } while (regions.regions <= 64 && regions.saved.regions === 0);
    await machine.close();
    if (!isFound || regions.saved.regions > 0) return (await (await caches.open('code')).keys()).length;
  }
}

function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

globalThis.workersStarted = workersStarted;
globalThis.two = two;
globalThis.spin = spin;
globalThis.keep = keep;
