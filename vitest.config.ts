import { defineConfig } from 'vitest/config';
import { SAFETY_LIMIT } from './test/safety-limit.ts';

export default defineConfig({
  test: {
    // Boots wait for their compile worker: a core less than there are, Vitest's default, leaves a machine of two idle.
    maxWorkers: '100%',
    globalSetup: ['test/global-setup.ts'],
    testTimeout: SAFETY_LIMIT,
    hookTimeout: SAFETY_LIMIT,
  },
});
