import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real processes on two cores: a file at a time would be slow, more than two at a time would only queue.
    maxWorkers: 2,
    testTimeout: 20_000,
    globalSetup: ['test/browser/say-when-left-out.ts'],
  },
});
