import { defineConfig } from '@playwright/test';
import type { Engine } from './engines/webdriver.ts';

/** The core of the product in the engines that Playwright's tests don't see. */
export default defineConfig<{ engine: Engine }>({
  testDir: 'engines',
  outputDir: 'test-results/engines',
  fullyParallel: true,
  forbidOnly: true,
  workers: 2,
  // A test that passes the second time has failed.
  retries: 0,
  // A browser that is started anew for each test takes some seconds of it.
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: [['list']],
  projects: [
    { name: 'firefox', use: { engine: 'firefox' } },
    { name: 'webkit', use: { engine: 'webkit' } },
  ],
});
