import { fileURLToPath } from 'node:url';
import { defineConfig } from '@playwright/test';
import tests from './playwright.config.ts';

/** `npm run screenshots`: pictures for the README and for a look by eye. Nothing is compared. */
export default defineConfig({
  ...tests,
  testDir: '.',
  testMatch: 'screenshots.ts',
  use: {
    ...tests.use,
    launchOptions: {
      ...tests.use?.launchOptions,
      // With letters of the same shapes wherever the pictures are taken.
      env: { ...process.env, FONTCONFIG_FILE: fileURLToPath(new URL('screenshots.fonts.conf', import.meta.url)) },
      // With the panel in a process of its own, Chromium would draw it at one pixel to one in a picture at two.
      args: [...(tests.use?.launchOptions?.args ?? []), '--disable-site-isolation-trials'],
    },
  },
});
