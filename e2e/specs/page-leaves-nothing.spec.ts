import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures.ts';

declare global {
  interface Window {
    /** What the page's window has running: listeners and timers by what they are. */
    running(): string[];
  }
}

/** Keeps account of every listener and timer of the page itself, not of its frames. */
async function keepAccount(page: Page): Promise<void> {
  await page.addInitScript(() => {
    if (window !== top) return;
    const running = new Map<unknown, string>();
    window.running = () => [...running.values()].sort();

    const { addEventListener, removeEventListener } = EventTarget.prototype;
    const keys = new WeakMap<object, Map<string, object>>();
    // Playwright has listeners in the page as well, which come from no script of it.
    const isOfPage = () => new Error().stack!.includes('http');
    const keyOf = (target: EventTarget, type: string, listener: object) => {
      const ofListener = keys.get(listener) ?? new Map<string, object>();
      keys.set(listener, ofListener);
      const name = `${type} ${target.constructor.name}`;
      const key = ofListener.get(name) ?? {};
      ofListener.set(name, key);
      return { key, name };
    };
    EventTarget.prototype.addEventListener = function (type, listener, options) {
      if (listener && isOfPage()) {
        const { key, name } = keyOf(this, type, listener);
        running.set(key, name);
        const { once, signal } = typeof options === 'object' ? options : {};
        if (once) addEventListener.call(this, type, () => running.delete(key), { once });
        if (signal) addEventListener.call(signal, 'abort', () => running.delete(key), { once: true });
      }
      addEventListener.call(this, type, listener, options);
    };
    EventTarget.prototype.removeEventListener = function (type, listener, options) {
      if (listener) running.delete(keyOf(this, type, listener).key);
      removeEventListener.call(this, type, listener, options);
    };
    for (const [start, stop, isOnce] of [
      ['setTimeout', 'clearTimeout', true],
      ['setInterval', 'clearInterval', false],
      ['requestIdleCallback', 'cancelIdleCallback', true],
      ['requestAnimationFrame', 'cancelAnimationFrame', true],
    ] as const) {
      const [begin, end] = [window[start] as (...values: unknown[]) => number, window[stop]];
      Object.assign(window, {
        [start]: (callback: (...values: unknown[]) => void, ...rest: unknown[]) => {
          const id = begin((...values: unknown[]) => {
            if (isOnce) running.delete(`${start} ${id}`);
            callback(...values);
          }, ...rest);
          if (isOfPage()) running.set(`${start} ${id}`, start);
          return id;
        },
        [stop]: (id: number) => {
          running.delete(`${start} ${id}`);
          end(id);
        },
      });
    }
  });
}

test('destroy leaves no node, listener, timer, style, storage key or attribute behind, whatever was used', async ({
  host,
  page,
}) => {
  await keepAccount(page);
  await host.goto('modules');
  const whole = () =>
    page.evaluate(() => ({
      markup: document.documentElement.outerHTML,
      sheets: document.adoptedStyleSheets.length,
      running: window.running(),
      stored: [Object.keys(localStorage), Object.keys(sessionStorage)],
      isInert: document.body.inert,
      isScrollable: getComputedStyle(document.documentElement).overflow,
    }));
  const before = await whole();

  await page.evaluate(() => void window.boot());
  await host.open();
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();
  await page.evaluate(() => {
    window.Porchlight.on('open', () => {});
    window.Porchlight.set({ launcher: '#own', inline: '#support', notifications: true, consent: 'full' });
  });
  await expect(host.panel.text('Hello there')).toBeVisible();
  await expect(page.locator('#own')).toHaveAttribute('aria-expanded', 'true');
  await page.evaluate(() => window.Porchlight.set({ inline: null, launcher: 'default' }));
  await page.setViewportSize({ width: 375, height: 667 });
  await host.open();
  const during = await whole();
  expect(during.isInert).toBe(true);
  expect(during.stored.flat()).not.toEqual([]);
  expect(during.running).not.toEqual([]);
  await page.evaluate(() => {
    window.Porchlight.set({ launcher: '#own' });
    window.Porchlight.destroy();
  });
  await expect.poll(whole).toEqual(before);
  expect(host.warnings).toEqual([]);
});

test('a chat that is destroyed before anybody reaches for it leaves nothing either', async ({ host, page }) => {
  await keepAccount(page);
  await page.addInitScript(() => {
    if (window === top) localStorage.clear();
  });
  await host.goto('modules');
  const before = await page.evaluate(() => window.running());
  await page.evaluate(() => void window.boot());
  await expect(host.launcher).toBeVisible();
  await page.evaluate(() => window.Porchlight.destroy());
  expect(await page.evaluate(() => window.running())).toEqual(before);
  await expect(page.locator('porchlight-chat')).toHaveCount(0);
});

test('a visitor whom the page logs out as it destroys the chat is logged out, and then nothing of it is left', async ({
  host,
  page,
}) => {
  await host.goto();
  await host.open();
  await host.panel.send('Hello');
  await host.panel.expectStored('Hello');
  const ended = page.waitForResponse((response) => response.request().method() === 'DELETE');
  await page.evaluate(() => {
    window.Porchlight.logout();
    window.Porchlight.destroy();
  });
  await expect(host.launcher).toHaveCount(0);
  expect((await ended).status()).toBe(204);
  await expect(page.locator('porchlight-chat')).toHaveCount(0);
  await page.reload();
  await host.open();
  await expect(host.panel.composer).toBeFocused();
  await expect(host.panel.messages).toHaveCount(0);
});

test('a visitor is logged out by a page that has never shown them the chat', async ({ host, page }) => {
  await host.goto();
  await host.open();
  await host.panel.send('Hello');
  await host.panel.expectStored('Hello');
  await host.goto('modules');
  const ended = page.waitForResponse((response) => response.request().method() === 'DELETE');
  await page.evaluate(() => void window.boot());
  await expect(host.launcher).toBeVisible();
  await page.evaluate(() => {
    window.Porchlight.logout();
    window.Porchlight.destroy();
  });
  expect((await ended).status()).toBe(204);
  await expect(page.locator('porchlight-chat')).toHaveCount(0);
  expect(host.warnings).toEqual([]);
});

test('a single-page app can boot and destroy the chat as often as it likes', async ({ host, page }) => {
  test.slow();
  await host.goto('modules');
  const client = await page.context().newCDPSession(page);
  await client.send('Performance.enable');
  const measure = async () => {
    // What was let go of is collected in more than one go: a frame is kept until its document has ended.
    for (let time = 0; time < 4; time += 1) {
      await client.send('HeapProfiler.collectGarbage');
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
    }
    const { metrics } = await client.send('Performance.getMetrics');
    const value = (name: string) => metrics.find((metric) => metric.name === name)!.value;
    return { nodes: value('Nodes'), listeners: value('JSEventListeners'), documents: value('Documents') };
  };
  const round = async () => {
    await page.evaluate(() => void window.boot());
    await host.launcher.click();
    await expect(host.panel.composer).toBeVisible();
    await page.evaluate(() => {
      window.Porchlight.set({ tags: ['a'], launcher: '#own' });
      window.Porchlight.close();
      window.Porchlight.destroy();
    });
    await expect(page.locator('porchlight-chat')).toHaveCount(0);
  };
  for (let time = 0; time < 3; time += 1) await round();
  const before = await measure();
  for (let time = 0; time < 15; time += 1) await round();
  await expect(async () => {
    const after = await measure();
    expect(after.documents).toBeLessThanOrEqual(before.documents);
    expect(after.listeners).toBeLessThanOrEqual(before.listeners);
    // A browser's own few; a round that left anything would leave it fifteen times.
    expect(after.nodes).toBeLessThan(before.nodes + 15);
  }).toPass();
});
