import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { expect, it } from 'vitest';

const SOURCE = new URL('../../../src/host/node/engine-threads.ts', import.meta.url);

it.runIf(process.platform === 'linux')(
  'lets the threads that there are give way, and not those to come',
  () => {
    const code = `${stripTypeScriptTypes(readFileSync(SOURCE, 'utf8'))}
    import { Worker } from 'node:worker_threads';
    const others = () => readdirSync('/proc/self/task').map(Number).filter((thread) => thread !== process.pid);
    const before = others();
    letThreadsGiveWay();
    const worker = new Worker('setInterval(() => {}, 1000)', { eval: true });
    await new Promise((resolve) => worker.once('online', resolve));
    const lowered = others().filter((thread) => getPriority(thread) === Math.min(19, getPriority(0) + 10));
    console.log(before.length > 0, lowered.length === before.length, before.every((thread) => lowered.includes(thread)));
    process.exit();`;
    const child = ['--input-type=module', '-e', code];
    expect(execFileSync(process.execPath, child, { encoding: 'utf8' })).toBe('true true true\n');
  },
);
