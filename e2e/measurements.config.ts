import { defineConfig } from '@playwright/test';
import tests from './playwright.config.ts';

/** `cargo xtask measure`: figures to read, from a machine that does nothing else. Nothing is compared. */
export default defineConfig({ ...tests, testDir: '.', testMatch: 'measurements.ts', workers: 1, timeout: 300_000 });
