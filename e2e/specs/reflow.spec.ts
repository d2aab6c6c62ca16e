import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures.ts';
import { PanelPage } from '../pages/panel-page.ts';
import type { Server } from '../support/server.ts';

/** The panel alone in a window, as popped out. */
async function popOut(page: Page, server: Server): Promise<PanelPage> {
  await page.goto(`${server.origin}/panel/${server.widgetId}`);
  const panel = new PanelPage(page, page);
  await expect(panel.composer).toBeFocused();
  return panel;
}

/** Nothing is wider than its room, and all that a visitor needs is within it. */
async function expectAllInRoom(page: Page, panel: PanelPage): Promise<void> {
  const list = await panel.conversation.evaluate((list) => {
    const { scrollWidth, clientWidth } = list;
    return { scrollWidth, clientWidth, root: document.documentElement.scrollWidth, window: innerWidth };
  });
  expect(list.scrollWidth).toBe(list.clientWidth);
  expect(list.root).toBe(list.window);
  const { width, height } = page.viewportSize()!;
  for (const part of [panel.conversation, panel.attachButton, panel.composer, panel.sendButton]) {
    const box = (await part.boundingBox())!;
    expect(box.x).toBeGreaterThanOrEqual(0);
    expect(box.y).toBeGreaterThanOrEqual(0);
    expect(box.x + box.width).toBeLessThanOrEqual(width);
    expect(box.y + box.height).toBeLessThanOrEqual(height);
  }
  // Enough of the conversation is left to be read.
  expect((await panel.conversation.boundingBox())!.height).toBeGreaterThan(height * 0.25);
}

for (const [what, width, height] of [
  ['the narrowest page of WCAG, 320 px', 320, 568],
  ['a page at 400 % zoom', 320, 256],
  ['a page at 200 % zoom', 640, 400],
  ['the smallest place in a page, 280 by 320', 280, 320],
  ['a phone on its side', 667, 375],
  ['a phone on its side with its keyboard out', 667, 200],
  ['a large window', 1200, 900],
] as const) {
  test(`everything has its place in ${what}`, async ({ page, server }) => {
    await page.setViewportSize({ width, height });
    const panel = await popOut(page, server);
    await expectAllInRoom(page, panel);
    await panel.send('long');
    await expect(panel.messages).toHaveCount(2);
    await panel.composer.fill('Word after word, line after line. '.repeat(30));
    await expectAllInRoom(page, panel);
  });
}

test('with letters of twice the size everything still has its place', async ({ page, server }) => {
  await page.setViewportSize({ width: 400, height: 680 });
  const panel = await popOut(page, server);
  await page.evaluate(() => (document.documentElement.style.fontSize = '200%'));
  await panel.send('long');
  await expect(panel.messages).toHaveCount(2);
  await expectAllInRoom(page, panel);
});

test('in a wide window lines keep a length that can be read, in the middle', async ({ page, server }) => {
  await page.setViewportSize({ width: 1600, height: 900 });
  const panel = await popOut(page, server);
  await panel.send('long');
  await expect(panel.messages).toHaveCount(2);
  for (const part of [panel.frame.locator('form'), panel.messages.last().locator('.text')]) {
    expect((await part.boundingBox())!.width).toBeLessThanOrEqual(720);
  }
  const form = (await panel.frame.locator('form').boundingBox())!;
  expect(Math.abs(form.x + form.width / 2 - 800)).toBeLessThanOrEqual(1);
});

test('without a page around it there is nothing to close', async ({ page, server }) => {
  const panel = await popOut(page, server);
  await expect(panel.closeButton).toBeHidden();
});
