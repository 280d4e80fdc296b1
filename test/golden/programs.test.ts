/**
 * What small programs (test/filetests) do in regions: how often they come in, where they leave to, how much code there
 * is. `npm run golden` writes programs.txt anew; the change is reviewed like code.
 */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type LocalCompiler, Tiering } from '../../src/code-cache/tiering.ts';
import { compileRegions } from '../../src/compile/compiler.ts';
import {
  COUNTER_INTERPRETED_INSTRUCTIONS,
  COUNTER_LOOKUPS,
  COUNTER_TLB_MISSES,
} from '../../src/layout/runtime-state.ts';
import { filetestStart, parseFiletest } from '../filetests/filetest.ts';
import { UserMachine } from '../isa/user-machine.ts';
import { countModule } from './module-text.ts';
import { Transitions } from './transitions.ts';

const PROGRAMS = ['call-other-page', 'fault-in-loop', 'jump-table', 'late-flags', 'patched-loop'];
/** Slices, so that regions also leave because their instructions are used up. */
const SLICE = 50;

async function describeRun(name: string): Promise<string[]> {
  const filetest = parseFiletest(readFileSync(`${import.meta.dirname}/../filetests/${name}.txt`, 'utf8'));
  const modules: Uint8Array[] = [];
  let blocks = 0;
  const compile: LocalCompiler = (regions) => {
    for (const region of regions) blocks += region.blocks.length;
    const module = compileRegions(regions, undefined, true, true);
    modules.push(module);
    return module;
  };
  let tiering: Tiering | undefined;
  const machine = new UserMachine({
    requestCompile: (head) => tiering?.request(head),
    blockDropped: (head) => tiering?.drop(head),
  });
  const { processor } = machine;
  tiering = new Tiering(processor, 'compiled', undefined, compile, () => 0);
  const transitions = await Transitions.watch(processor);
  machine.load(filetestStart(filetest));
  while (!machine.ended) {
    processor.run(SLICE);
    transitions.returned();
    tiering.poll();
    transitions.watchNew();
  }
  const counts = await Promise.all(modules.map(countModule));
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const values: [string, number][] = [
    ['instructions', processor.instructions],
    ['interpreted', processor.counter(COUNTER_INTERPRETED_INSTRUCTIONS)],
    ['regions', modules.length],
    ['blocks in them', blocks],
    ['bytes of wasm', sum(modules.map((module) => module.length))],
    ['operations', sum(counts.map(({ operations }) => operations))],
    ['probes', sum(counts.map(({ probes }) => probes))],
    ['TLB misses', processor.counter(COUNTER_TLB_MISSES)],
    ['lookups', processor.counter(COUNTER_LOOKUPS)],
    ...[...transitions.counts].filter(([transition]) => transition.includes('region')).sort(),
  ];
  return [`${name}:`, ...values.map(([what, count]) => `  ${what.padEnd(20)} ${String(count).padStart(6)}`)];
}

it('small programs in regions', async () => {
  const runs: string[][] = [];
  for (const name of PROGRAMS) runs.push(await describeRun(name));
  await expect(`${runs.map((lines) => lines.join('\n')).join('\n\n')}\n`).toMatchFileSnapshot('programs.txt');
}, 120_000);
