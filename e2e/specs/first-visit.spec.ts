import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures.ts';

declare global {
  interface Window {
    measured: { longTasks: number[]; shift: number };
  }
}

/** Counts long tasks and layout shifts of every page from its first moment on. */
async function measure(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const measured = { longTasks: [] as number[], shift: 0 };
    window.measured = measured;
    new PerformanceObserver((list) => {
      measured.longTasks.push(...list.getEntries().map((entry) => Math.round(entry.duration)));
    }).observe({ type: 'longtask', buffered: true });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) measured.shift += (entry as unknown as { value: number }).value;
    }).observe({ type: 'layout-shift', buffered: true });
  });
}

test('a page view costs one request and stores nothing anywhere', async ({ host, server, page }) => {
  const requests: string[] = [];
  page.on('request', (request) => request.url().startsWith(server.origin) && requests.push(request.url()));

  await host.goto();
  await expect(host.launcher).toBeVisible();
  await page.waitForLoadState('networkidle');

  expect(requests).toEqual([`${server.origin}/widget.js?id=${server.widgetId}`]);
  await expect(host.frame).toHaveCount(0);
  const stored = await page.evaluate(async () => ({
    local: localStorage.length,
    session: sessionStorage.length,
    cookie: document.cookie,
    databases: (await indexedDB.databases()).length,
    caches: (await caches.keys()).length,
  }));
  expect(stored).toEqual({ local: 0, session: 0, cookie: '', databases: 0, caches: 0 });
  const state = await page.context().storageState({ indexedDB: true });
  expect(state).toEqual({ cookies: [], origins: [] });
  expect(host.console).toEqual([]);
});

test('a page view causes no long task and moves nothing', async ({ host, page }) => {
  await measure(page);
  const longTasks: number[][] = [];
  // A busy machine can stretch any task over 50 ms; what the loader itself causes would be there every time.
  for (let visit = 0; visit < 3; visit += 1) {
    await host.goto();
    await expect(host.launcher).toBeVisible();
    await page.waitForLoadState('networkidle');
    const measured = await page.evaluate(() => window.measured);
    expect(measured.shift).toBe(0);
    longTasks.push(measured.longTasks);
  }
  expect(longTasks).toContainEqual([]);
});

test('opening the panel and looking at it makes no visitor', async ({ host, server, page }) => {
  const calls: string[] = [];
  page.on('request', (request) => request.method() !== 'GET' && calls.push(`${request.method()} ${request.url()}`));

  // The last that a panel fetches by itself.
  const isDressed = page.waitForResponse(/later\.css$/);
  await host.goto();
  await host.open();
  await (await isDressed).finished();
  await page.keyboard.press('Escape');
  await expect(host.frame).toBeHidden();
  await host.open();

  expect(calls).toEqual([]);
  const state = await page.context().storageState({ indexedDB: true });
  expect(state.cookies).toEqual([]);
  expect(state.origins.filter(({ origin }) => origin === server.origin)).toEqual([]);
  expect(await page.evaluate(() => localStorage.length)).toBe(0);
});

test('the panel is fetched when the pointer comes near, and not shown', async ({ host }) => {
  await host.goto();
  await host.launcher.hover();
  await expect(host.frame).toHaveCount(1);
  await expect(host.frame).toBeHidden();
  await expect(host.launcher).toHaveAttribute('aria-expanded', 'false');
});

test('a visitor opens the panel, writes, is answered, and continues after a reload and on another page', async ({
  host,
}) => {
  await host.goto();
  await host.open();
  const { panel } = host;

  await panel.send('Hello there');
  await expect(panel.text('Hello there')).toBeVisible();
  await panel.expectGreeting();
  await panel.expectState('Hello there', 'Read');

  await panel.send('Do you sell roses?');
  await panel.expectAnswer('Do you sell roses?');
  await panel.expectState('Do you sell roses?', 'Read');

  await test.step('a reload keeps the panel open and the conversation in it', async () => {
    await host.page.reload();
    await expect(panel.text('Hello there')).toBeVisible();
    await panel.expectAnswer('Do you sell roses?');
    await expect(panel.message('Hello there')).toHaveCount(1);
  });

  await test.step('another page of the site continues it', async () => {
    await host.page.getByRole('link', { name: 'Opening hours' }).click();
    await expect(host.page.getByRole('heading', { name: 'Opening hours' })).toBeVisible();
    await expect(panel.text('Do you sell roses?')).toBeVisible();
    await panel.send('And tulips?');
    await panel.expectAnswer('And tulips?');
  });

  expect(host.errors).toEqual([]);
});

test('a panel that was open on the page before opens again without taking the focus', async ({ host, page }) => {
  await host.goto();
  await host.open();
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();

  await host.goto('second');
  const search = page.getByRole('searchbox');
  await search.focus();
  await expect(host.panel.text('Hello there')).toBeVisible();
  await expect(host.panel.composer).toBeVisible();
  await page.keyboard.type('roses');
  await expect(search).toHaveValue('roses');
});

test('a panel that was closed stays closed on the next page, and counts what is unread', async ({ host }) => {
  await host.goto();
  await host.open();
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();
  await host.panel.send('slow');
  await host.panel.expectStored('slow');
  await host.panel.closeButton.click();
  await expect(host.frame).toBeHidden();

  await host.goto('second');
  await expect(host.launcher).toHaveAccessibleName('Open chat, 1 unread message');
  await expect(host.frame).toBeHidden();
  await host.open();
  await expect(host.launcher).toHaveAccessibleName('Close chat');
  await host.launcher.click();
  await expect(host.launcher).toHaveAccessibleName('Open chat');
});

test('the demo page of the server itself has the widget', async ({ server, host, page }) => {
  await page.goto(server.demoPage);
  await host.open();
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();
});
