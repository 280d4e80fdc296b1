import { defineConfig } from 'vitest/config';
import { SAFETY_LIMIT } from './test/safety-limit.ts';

export default defineConfig({
  test: {
    globalSetup: ['test/global-setup.ts'],
    testTimeout: SAFETY_LIMIT,
    hookTimeout: SAFETY_LIMIT,
  },
});
