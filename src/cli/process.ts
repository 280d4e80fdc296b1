/** What the process does before it loads the command line: it chooses the engine's settings, and starts the compile worker. */
import { prepareCompiler } from '../host/node/compiler-thread.ts';
import { chooseFlags } from '../host/node/engine-flags.ts';
import { letThreadsGiveWay } from '../host/node/engine-threads.ts';

/** Arguments of runs in which no worker compiles. */
const NO_COMPILER = /^(-h|--help|(--tier=)?(interpreter|compiled))$/;

/** Whether arguments, what follows the program's name, are as those of a guest that needs the compile worker: a guess, made before they are parsed. */
export function wantsCompiler(args: readonly string[]): boolean {
  return args[0] === 'boot' && !args.some((arg) => NO_COMPILER.test(arg));
}

/** Node makes it when it is first asked for. */
function makeInput(): unknown {
  return process.stdin;
}

/** The compile worker takes as long to start as all the rest, so it comes first. @param args what follows the program's name. */
export function prepareProcess(args: readonly string[]): void {
  chooseFlags(import.meta.url);
  letThreadsGiveWay();
  if (!wantsCompiler(args)) return;
  prepareCompiler();
  // While V8 takes Node's code for what it is made of: the worker sets flags as soon as it has started (chooseFlags()). The output is a worker's, too.
  makeInput();
}
