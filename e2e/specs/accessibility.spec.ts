import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures.ts';

/** Everything axe knows, in the page and in the panel's frame. */
async function expectNothingFound(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map(({ id, help, nodes }) => ({ id, help, where: nodes.map(({ html }) => html) }));
  expect(found).toEqual([]);
}

test('axe finds nothing while the panel is closed, open and empty, and in a conversation', async ({ host, page }) => {
  await host.goto();
  await expect(host.launcher).toBeVisible();
  await expectNothingFound(page);

  await host.open();
  await expectNothingFound(page);

  await host.panel.send('Hello there');
  await host.panel.expectGreeting();
  await host.panel.expectState('Hello there', 'Read');
  await expectNothingFound(page);

  await host.panel.sendAndLeave('several');
  await expect(host.launcher).toHaveAccessibleName('Open chat, 3 unread messages');
  await expectNothingFound(page);
  await host.open();
  await expect(host.panel.conversation.getByText('New messages')).toBeVisible();
  await expectNothingFound(page);
});

test('axe finds nothing while offline, with a message waiting', async ({ host, page }) => {
  await host.goto();
  await host.open();
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();
  await page.context().setOffline(true);
  await expect(host.panel.notice(/offline/i)).toBeVisible();
  await host.panel.send('Underground');
  await host.panel.expectState('Underground', 'Sending');
  await expectNothingFound(page);
});

test('axe finds nothing in the dark', async ({ host, page }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await host.goto();
  await host.open();
  await expectNothingFound(page);
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();
  await expectNothingFound(page);
});

test('axe finds nothing on a phone', async ({ host, page }) => {
  await page.setViewportSize({ width: 360, height: 640 });
  await host.goto();
  await expectNothingFound(page);
  await host.open();
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();
  await expectNothingFound(page);
});

test('on a phone the panel fills the screen, the launcher makes room, and nothing is cut off at 320 px', async ({
  host,
  page,
}) => {
  await page.setViewportSize({ width: 320, height: 568 });
  await host.goto();
  await host.open();
  await expect.poll(() => host.frame.boundingBox()).toEqual({ x: 0, y: 0, width: 320, height: 568 });
  await expect(host.launcher).toBeHidden();
  await host.panel.send('long');
  await expect(host.panel.messages).toHaveCount(2);
  const [scroll, client] = await host.panel.conversation.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
  ]);
  expect(scroll).toBe(client);

  await host.panel.closeButton.click();
  await expect(host.launcher).toBeVisible();
  await expect(host.launcher).toBeFocused();
});

test('the launcher says what it controls, and whether that is open', async ({ host, page }) => {
  await host.goto();
  await expect(host.launcher).toHaveAccessibleName('Chat');
  await expect(host.launcher).toHaveAttribute('aria-expanded', 'false');
  await host.open();
  await expect(host.launcher).toHaveAccessibleName('Close chat');
  await expect(host.launcher).toHaveAttribute('aria-expanded', 'true');
  const id = await host.launcher.getAttribute('aria-controls');
  await expect(page.locator(`porchlight-chat #${id}`)).toHaveAttribute('title', /\S/);
});

test('the conversation is a polite log, and the page says what is unread while the panel is closed', async ({
  host,
  page,
}) => {
  await host.goto();
  const status = page.locator('porchlight-chat').getByRole('status');
  await expect(status).toHaveText('');
  await host.open();
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();
  await expect(host.panel.conversation).not.toHaveAttribute('aria-live', /off|assertive/);
  await host.panel.send('slow');
  await host.panel.expectStored('slow');
  await host.panel.closeButton.click();
  await expect(status).toHaveText('1 unread message');
});

test('targets are large enough for a finger', async ({ host }) => {
  await host.goto();
  await host.open();
  for (const target of [host.launcher, host.panel.closeButton, host.panel.sendButton, host.panel.composer]) {
    const box = await target.boundingBox();
    expect(box!.width).toBeGreaterThanOrEqual(24);
    expect(box!.height).toBeGreaterThanOrEqual(24);
  }
  // A smaller font would make iOS zoom the page in.
  const fontSize = await host.panel.composer.evaluate((node) => parseFloat(getComputedStyle(node).fontSize));
  expect(fontSize).toBeGreaterThanOrEqual(16);
});

test('with reduced motion nothing moves', async ({ host, page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await host.goto();
  await host.open();
  const duration = await host.frame.evaluate((frame) => getComputedStyle(frame).transitionDuration);
  expect(duration).toBe('0s');
});
