import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { SAFETY_LIMIT } from './test/safety-limit.ts';
import { LongestFirst } from './test/sequencer.ts';

/**
 * Tests that have a process of their own: they start browsers and bundlers, or measure the process. All others leave nothing
 * behind in theirs, so that the next file has the code that is hot already.
 */
const ALONE = ['test/browser/**/*.test.ts', 'test/boot-linux/interactive.test.ts'];

// Stripped of its types and compiled once: for the processes of tests, and for those that tests start.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('build/compile-cache', import.meta.url));

// What tests run has no business in the user's cache folder.
process.env.XDG_CACHE_HOME = fileURLToPath(new URL('build/user-cache', import.meta.url));

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
      { extends: true, test: { name: 'alone', include: ALONE } },
      {
        extends: true,
        test: { name: 'together', include: ['test/**/*.test.ts'], exclude: ALONE, isolate: false },
      },
    ],
  },
});
