import { existsSync } from 'node:fs';
import { defineConfig, devices } from '@playwright/test';

/** `cargo xtask test` names the Chromium it found; without it Debian's is taken, or else Playwright's own. */
const named = process.env.PORCHLIGHT_CHROMIUM ?? '/usr/bin/chromium';

export default defineConfig({
  testDir: 'specs',
  outputDir: 'test-results',
  fullyParallel: true,
  forbidOnly: true,
  workers: 3,
  // Of three hundred tests with browsers on a machine that others share, one may come late. What passes only the second time
  // is listed as flaky, to be mended; what fails twice fails the run.
  retries: 1,
  timeout: 60_000,
  // The mock agent takes its time to read and to type, as a person would.
  expect: { timeout: 15_000 },
  reporter: [['list']],
  use: {
    ...devices['Desktop Chrome'],
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    trace: 'on-first-retry',
    launchOptions: {
      ...(process.env.PORCHLIGHT_CHROMIUM || existsSync(named) ? { executablePath: named } : {}),
      args: [
        '--no-sandbox', // Containers run as root.
        '--disable-gpu',
        '--disable-quic',
        '--disable-background-networking',
        '--disable-component-update',
        // Takes the place of Playwright's own list, which switches storage partitioning off: a frame of another site
        // would then be denied all storage, which no browser of a visitor does by itself.
        '--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,MediaRouter,PaintHolding,OptimizationHints,WebUIOmniboxPopup,WebUIOmniboxAimPopup,SpareRendererForSitePerProcess',
      ],
    },
  },
});
