import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { SAFETY_LIMIT } from './test/safety-limit.ts';
import { LongestFirst } from './test/sequencer.ts';

/** Folders whose tests leave nothing behind in their process, so that the next file has the code that is hot already. */
const PARTS = [
  'boot',
  'code-cache',
  'compile',
  'cpu',
  'devices',
  'filetests',
  'isa',
  'machine',
  'support',
  'vectors',
  'wasm',
  'wasm-runtime',
].map((folder) => `test/${folder}/**/*.test.ts`);

// Stripped of its types and compiled once: for the processes of tests, and for those that tests start.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('build/compile-cache', import.meta.url));

export default defineConfig({
  test: {
    globalSetup: ['test/global-setup.ts'],
    testTimeout: SAFETY_LIMIT,
    hookTimeout: SAFETY_LIMIT,
    // Guests sleep, browsers load: while one file waits another has the processor.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
    // Node runs TypeScript itself, and what it imports itself runs a tenth faster than through Vite's runner.
    experimental: { viteModuleRunner: false },
    projects: [
      { extends: true, test: { name: 'whole', include: ['test/**/*.test.ts'], exclude: PARTS } },
      { extends: true, test: { name: 'parts', include: PARTS, isolate: false } },
    ],
  },
});
