/**
 * Keeps what V8 has compiled of the command line and the compile worker when they have run a guest (warm-guest.ts): a script that
 * comes with such code is neither parsed nor compiled. Both run in this thread, and leave V8's flags alone, since code is taken only
 * by a process whose flags have been set to the same values, and as often.
 * Usage: node scripts/compile-programs.ts
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { CompileResult } from '../src/code-cache/tiering.ts';
import { chooseFlags, setChosenFlags } from '../src/host/node/engine-flags.ts';
import { codeFile, type Program } from '../src/host/node/load-program.ts';
import { BUNDLES } from './bundle-programs.ts';
import { DONE, DONE_PORT, warmGuest } from './warm-guest.ts';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const require = createRequire(import.meta.url);

class Bundle {
  private readonly file: string;
  private readonly script: Script;

  constructor(name: string) {
    this.file = join(dist, BUNDLES, `${name}.cjs`);
    this.script = new Script(readFileSync(this.file, 'latin1'), { filename: this.file });
  }

  /** @param modules stand in for those of Node. */
  run(modules: Readonly<Record<string, unknown>>): void {
    const program: Program = this.script.runInThisContext();
    const load = (name: string): unknown => modules[name] ?? require(name);
    program(load as NodeJS.Require, pathToFileURL(this.file).href, (address) => import(address));
  }

  keep(): void {
    writeFileSync(codeFile(this.file), this.script.createCachedData());
  }
}

/** Flags stay as they are. */
const v8 = { ...require('node:v8'), setFlagsFromString: () => {} };

const worker = new Bundle('compile-worker');

/** How many the worker has compiled. */
let modules = 0;

/** In place of a thread. */
class WorkerHere {
  private readonly port: MessagePort;

  constructor(_file: URL, { workerData }: { workerData: unknown }) {
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    worker.run({ 'node:v8': v8, 'node:worker_threads': { parentPort: port2, workerData } });
  }

  on(event: string, listener: (value: unknown) => void): void {
    if (event !== 'message') return;
    this.port.on('message', (value: CompileResult) => {
      if (value.kind === 'compiled') modules++;
      listener(value);
    });
  }
  postMessage(message: unknown): void {
    this.port.postMessage(message);
  }
  ref(): void {}
  unref(): void {}
}

const folder = mkdtempSync(join(tmpdir(), 'longmode-build-'));
const file = (name: string): string => join(folder, name);
writeFileSync(file('kernel'), warmGuest());
writeFileSync(file('initrd'), 'none');
const cli = new Bundle('cli');

process.on('exit', (code) => {
  rmSync(folder, { recursive: true });
  if (code !== ((DONE << 1) | 1)) return;
  if (modules === 0) {
    console.error('compile-programs: the guest was done before the worker had compiled anything of it');
    return;
  }
  process.exitCode = 0;
  cli.keep();
  // As the worker's own file does before it loads the bundle.
  chooseFlags(import.meta.url.replace(/ts$/, 'js'));
  setChosenFlags();
  worker.keep();
});
const args = ['boot', '--kernel', file('kernel'), '--initrd', file('initrd'), '--code-cache', file('code')];
const machine = ['--debug-exit', `${DONE_PORT}`, '--memory', '512M', '--seed', '1'];
process.argv.splice(2, process.argv.length, ...args, ...machine);
cli.run({ 'node:v8': v8, 'node:worker_threads': { Worker: WorkerHere } });
