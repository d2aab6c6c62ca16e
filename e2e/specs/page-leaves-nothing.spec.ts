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
    const keyOf = (target: EventTarget, type: string, listener: object) => {
      const ofListener = keys.get(listener) ?? new Map<string, object>();
      keys.set(listener, ofListener);
      const name = `${type} ${target.constructor.name}`;
      const key = ofListener.get(name) ?? {};
      ofListener.set(name, key);
      return { key, name };
    };
    EventTarget.prototype.addEventListener = function (type, listener, options) {
      if (listener) {
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
          running.set(`${start} ${id}`, start);
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
