/** When which thread did what. */
import { mkdir } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { timelineOf } from '../../bench/timeline/boot-timeline.ts';
import { unbundled } from '../../bench/timeline/bundle-modules.ts';
import { activities, type CpuProfile } from '../../bench/timeline/cpu-profile.ts';
import { parseSchedstat } from '../../bench/timeline/thread-times.ts';
import { Layers } from '../../bench/timeline/timeline.ts';
import { useFolder } from '../cli/run-cli.ts';

const folder = useFolder();

const frame = (id: number, functionName: string, url: string, lineNumber = 0) => ({
  id,
  callFrame: { functionName, url, lineNumber },
});

const PROFILE: CpuProfile = {
  nodes: [
    frame(1, '(root)', ''),
    frame(2, 'wasm-runtime/memory/page-walk/walk', 'wasm://wasm/0a'),
    frame(3, 'mov_Gv_Ev_64_memory_30', 'wasm://wasm/0a'),
    frame(4, 'wasm-function[7]', 'wasm://wasm/0b'),
    frame(5, 'decode', 'file:///home/me/longmode/dist/isa/decoder.js'),
    frame(6, 'write', 'file:///home/me/longmode/dist/devices/uart-16550a.js'),
    frame(7, 'Instance', ''),
    frame(8, '(idle)', ''),
    frame(9, 'readFileSync', 'node:fs'),
    frame(10, 'wasm-runtime/code/code-cache/lookupJump', 'wasm://wasm/0a'),
  ],
  startTime: 1_000_000,
  endTime: 4_000_000,
  samples: [4, 3],
  timeDeltas: [0, 1_000_000],
};

describe('activities', () => {
  it('tell the runtime from regions, and the package by its folders', () => {
    expect([...activities(PROFILE).values()]).toEqual([
      'starting, everything else',
      'page walks, TLB misses',
      'interpreting',
      'compiled code',
      'decoding, collecting regions',
      'devices, clock',
      'handing over, installing code',
      'waiting, idle',
      'starting, everything else',
      'finding code',
    ]);
  });
});

describe('a bundle', () => {
  it('tells the modules of its functions', async () => {
    await mkdir(folder.path('program'));
    const bundle = await folder.write(
      'program/chunk.js',
      Buffer.from(
        '#!/usr/bin/env node\n// isa/decoder.js\nfunction decode() {}\n// devices/hpet.js\n// of a comment\nfunction read() {}\n',
      ),
    );
    const { href: url } = pathToFileURL(bundle);
    const nodes = [
      frame(1, '(anonymous)', url, 0),
      frame(2, 'decode', url, 2),
      frame(3, 'read', url, 5),
      frame(4, 'readFileSync', 'node:fs', 5),
    ];
    const addresses = unbundled({ ...PROFILE, nodes }).nodes.map(({ callFrame }) => callFrame.url);
    expect(addresses).toEqual([
      url,
      url.replace('program/chunk.js', 'isa/decoder.js'),
      url.replace('program/chunk.js', 'devices/hpet.js'),
      'node:fs',
    ]);
  });
});

describe('Layers', () => {
  it('spread time over the steps it covers', () => {
    const layers = new Layers(['a', 'never'], 4);
    layers.add('a', 0.125, 0.625, 2);
    layers.add('a', 0.9, 0.9, 1);
    expect(layers.layers()).toEqual([{ name: 'a', seconds: [0.5, 1, 0.5, 1] }]);
    expect(() => layers.add('b', 0, 1, 1)).toThrow('no layer b');
  });

  it('lose nothing at the ends', () => {
    const layers = new Layers(['a'], 4);
    layers.add('a', -0.5, 0.25, 3);
    layers.add('a', 0.75, 1.5, 5);
    const [layer] = layers.layers();
    expect(layer?.seconds.reduce((sum, value) => sum + value)).toBeCloseTo(8);
  });
});

describe('timelineOf', () => {
  const step = { from: 1_000_000, to: 2_000_000, running: 0.5, waiting: 0.25 };
  const { threads, stepSeconds } = timelineOf({
    start: 0,
    end: 4_000_000,
    profile: PROFILE,
    guestThread: 10,
    steps: [
      { ...step, thread: 10, name: 'node-MainThread' },
      { ...step, thread: 11, name: 'node-V8Worker' },
      { ...step, thread: 12, name: 'node-V8Worker' },
      { ...step, thread: 13, name: 'WorkerThread' },
    ],
  });
  const seconds = (thread: string, layer: string) =>
    threads
      .find(({ name }) => name === thread)
      ?.layers.find(({ name }) => name === layer)
      ?.seconds.reduce((sum, value) => sum + value);

  it('takes the guest thread from the profile', () => {
    expect(seconds('guest thread', 'compiled code')).toBeCloseTo(1);
    expect(seconds('guest thread', 'interpreting')).toBeCloseTo(2);
    const compiled = threads[0]?.layers[0]?.seconds ?? [];
    expect(compiled.findIndex((value) => value > 0) * stepSeconds).toBeCloseTo(1);
  });

  it('adds up other threads of a kind', () => {
    expect(seconds("V8's threads", 'running')).toBeCloseTo(1);
    expect(seconds('compiler thread', 'waiting for a processor')).toBeCloseTo(0.25);
    expect(threads.map(({ name }) => name)).toEqual(['guest thread', 'compiler thread', "V8's threads"]);
  });
});

describe('parseSchedstat', () => {
  it('reads nanoseconds', () => {
    expect(parseSchedstat('2500000000 1000000 17\n')).toEqual({ running: 2.5, waiting: 0.001 });
    expect(() => parseSchedstat('')).toThrow('not a schedstat line');
  });
});
