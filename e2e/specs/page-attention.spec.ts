import type { Page } from '@playwright/test';
import type { HostPage } from '../pages/host-page.ts';
import { expect, test } from '../fixtures.ts';

interface Shown {
  title: string;
  body: string;
}

declare global {
  interface Window {
    shown: Shown[];
    nAsked: number;
  }
}

/** Makes the page believe that its tab is looked at, or isn't. */
async function look(page: Page, isAway: boolean): Promise<void> {
  await page.evaluate((hidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, value: hidden });
    document.dispatchEvent(new Event('visibilitychange'));
  }, isAway);
}

/** A visitor who has written and closed the panel; a message comes while they look elsewhere. */
async function leaveAndBeAnswered(host: HostPage): Promise<void> {
  await host.open();
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();
  await host.panel.send('slow');
  await host.panel.expectStored('slow');
  await host.panel.closeButton.click();
  await expect(host.frame).toBeHidden();
  await look(host.page, true);
  await expect(host.launcher).toHaveAccessibleName(/1 unread/);
}

/** Stands in for the browser's notifications, which nobody sees here. */
async function recordNotifications(page: Page, permission: NotificationPermission): Promise<void> {
  await page.addInitScript((permission) => {
    window.shown = [];
    window.nAsked = 0;
    class Recorded {
      static permission = permission;
      static requestPermission() {
        window.nAsked += 1;
      }
      constructor(title: string, { body }: { body: string }) {
        window.shown.push({ title, body });
      }
    }
    Object.defineProperty(window, 'Notification', { value: Recorded });
  }, permission);
}

test('a message that comes while the visitor looks elsewhere makes the title blink, until they are back', async ({
  host,
  page,
}) => {
  await host.goto();
  const exact = '  Hilltop \n Garden ';
  await page.evaluate((title) => (document.querySelector('title')!.textContent = title), exact);
  const title = () => page.evaluate(() => document.querySelector('title')!.textContent);
  await leaveAndBeAnswered(host);
  await expect.poll(title).toBe(`(1) ${exact}`);
  await expect.poll(title).toBe(exact);
  await expect.poll(title).toBe(`(1) ${exact}`);

  await test.step('a title that the page sets meanwhile is the one that is kept', async () => {
    await page.evaluate(() => (document.title = 'Roses'));
    await expect.poll(title).toBe('(1) Roses');
  });
  await look(page, false);
  expect(await title()).toBe('Roses');
});

test('for a visitor who wants less motion the title says it and stands still', async ({ host, page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.clock.install();
  await host.goto();
  const before = await page.title();
  await leaveAndBeAnswered(host);
  await expect(page).toHaveTitle(`(1) ${before}`);
  await page.evaluate(() => {
    window.heard = [];
    new MutationObserver(() => window.heard.push(document.title)).observe(document.head, { subtree: true, childList: true });
  });
  await page.clock.runFor(5000);
  expect(await page.evaluate(() => window.heard)).toEqual([]);
  await page.evaluate(() => window.Porchlight.destroy());
  await expect(page).toHaveTitle(before);
});

test('what is unread is on the launcher, and said once to who does not see it', async ({ host, page }) => {
  await host.goto();
  await host.open();
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();
  await host.panel.sendAndLeave('several');
  await expect(host.launcher).toHaveAccessibleName(/3 unread/);
  await expect(host.launcher).toHaveText('3');
  await expect(page.locator('porchlight-chat').getByRole('status')).toHaveText(/3 unread/);
  await host.open();
  await expect(page.locator('porchlight-chat').getByRole('status')).toHaveText('');
});

test('a page that has not asked for notifications makes none', async ({ host, page }) => {
  await recordNotifications(page, 'granted');
  await host.goto();
  await leaveAndBeAnswered(host);
  await expect.poll(() => page.title()).toContain('(1)');
  expect(await page.evaluate(() => [window.shown.length, window.nAsked])).toEqual([0, 0]);
});

test('a notification that page and visitor want says how much is unread, and nothing of what was written', async ({
  host,
  page,
}) => {
  await recordNotifications(page, 'granted');
  await host.goto();
  await page.evaluate(() => window.Porchlight.set({ notifications: true }));
  await leaveAndBeAnswered(host);
  await expect
    .poll(() => page.evaluate(() => window.shown))
    .toEqual([{ title: 'Chat with us', body: '1 unread message' }]);
});

test('a visitor who has sent a message is asked for leave to notify them, if the page wants it', async ({ host, page }) => {
  await recordNotifications(page, 'default');
  await host.goto();
  await page.evaluate(() => window.Porchlight.set({ notifications: true }));
  await host.open();
  expect(await page.evaluate(() => window.nAsked)).toBe(0);
  await host.panel.send('Hello there');
  await expect.poll(() => page.evaluate(() => window.nAsked)).toBeGreaterThan(0);
});

for (const permission of ['denied', 'default'] as const) {
  test(`no notification is made where the visitor's answer is "${permission}"`, async ({ host, page }) => {
    await recordNotifications(page, permission);
    await host.goto();
    await page.evaluate(() => window.Porchlight.set({ notifications: true }));
    await leaveAndBeAnswered(host);
    await expect.poll(() => page.title()).toContain('(1)');
    expect(await page.evaluate(() => window.shown)).toEqual([]);
  });
}
