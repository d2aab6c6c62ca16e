import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BrowserContext, Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { HostPage } from './pages/host-page.ts';
import { PanelPage } from './pages/panel-page.ts';
import { visitStates } from './support/states.ts';

const README_PICTURE = fileURLToPath(new URL('../docs/images/panel.png', import.meta.url));
const SCREENS = fileURLToPath(new URL('../docs/images/screens', import.meta.url));

test.use({ mockScript: 'showcase.toml', deviceScaleFactor: 1.5 });

/** What a picture must not depend on: how far a motion has come, and what time it is. */
async function holdStill(page: Page): Promise<void> {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.addInitScript(() => {
    const { prototype } = Intl.DateTimeFormat;
    const format = Object.getOwnPropertyDescriptor(prototype, 'format')!.get!;
    Object.defineProperty(prototype, 'format', {
      get(this: Intl.DateTimeFormat) {
        const tell = format.call(this);
        return this.resolvedOptions().hour ? () => tell(new Date(2026, 2, 21, 10, 24)) : tell;
      },
    });
  });
}

/** Writes a PNG as a WebP, which is a quarter of its size. */
async function save(context: BrowserContext, name: string, png: Buffer): Promise<void> {
  const page = await context.newPage();
  const webp = await page.evaluate(async (source) => {
    const image = new Image();
    image.src = source;
    await image.decode();
    const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height });
    canvas.getContext('2d')!.drawImage(image, 0, 0);
    return canvas.toDataURL('image/webp', 0.8);
  }, `data:image/png;base64,${png.toString('base64')}`);
  await page.close();
  const file = path.join(SCREENS, `${name}.webp`);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, Buffer.from(webp.slice(webp.indexOf(',') + 1), 'base64'));
}

test.describe(() => {
  test.use({ deviceScaleFactor: 2 });

  test('the picture in the README', async ({ host, page }) => {
    await holdStill(page);
    await page.setViewportSize({ width: 1080, height: 760 });
    await host.goto('showcase');
    await host.open();
    await host.panel.send('Hello! When should I plant an apple tree?');
    await expect(host.panel.text(/Robin!/)).toBeVisible();
    await host.panel.send('Is the end of March too late?');
    await expect(host.panel.text(/first summer/)).toBeVisible();
    await host.panel.expectState('Is the end of March too late?', 'Read');
    await page.mouse.move(0, 0);
    await page.screenshot({ path: README_PICTURE });
  });
});

const DESK = { width: 520, height: 800 };
const PHONE = { width: 375, height: 667 };

for (const [look, media, viewport] of [
  ['light', { colorScheme: 'light' }, DESK],
  ['dark', { colorScheme: 'dark' }, DESK],
  ['phone', { colorScheme: 'light' }, PHONE],
  ['phone-dark', { colorScheme: 'dark' }, PHONE],
  ['forced-colours', { forcedColors: 'active' }, DESK],
] as const) {
  test(`every state: ${look}`, async ({ host, page, context }) => {
    test.setTimeout(5 * 60_000);
    await holdStill(page);
    await page.emulateMedia(media);
    await page.setViewportSize(viewport);
    await host.goto('showcase');
    await visitStates(host, async (state) => save(context, `${look}/${state}`, await page.screenshot()));
  });
}

test('every state: right to left', async ({ page, hosts, context }) => {
  test.setTimeout(5 * 60_000);
  await holdStill(page);
  await page.setViewportSize(DESK);
  const host = new HostPage(page, hosts, 'ar');
  await host.goto('rtl');
  await visitStates(host, async (state) => save(context, `right-to-left/${state}`, await page.screenshot()));
});

for (const [name, width, height] of [
  ['window', 900, 640],
  ['small', 280, 320],
  ['on-its-side', 667, 320],
] as const) {
  test(`the panel alone: ${name}`, async ({ page, server, context }) => {
    await holdStill(page);
    await page.setViewportSize({ width, height });
    await page.goto(`${server.origin}/panel/${server.widgetId}`);
    const panel = new PanelPage(page, page);
    await expect(panel.composer).toBeFocused();
    await save(context, `alone/${name}-empty`, await page.screenshot());
    await panel.send('Hello! When should I plant an apple tree?');
    await expect(panel.text(/Robin!/)).toBeVisible();
    await save(context, `alone/${name}-conversation`, await page.screenshot());
  });
}
