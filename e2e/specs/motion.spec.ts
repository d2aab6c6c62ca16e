import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures.ts';

/** Notes what begins to move, in the page and its frames, by class. Must be called before a page is loaded. */
async function noteMotions(page: Page): Promise<string[]> {
  const moved: string[] = [];
  await page.exposeFunction('itMoves', (what: string) => moved.push(what));
  await page.addInitScript(() => {
    for (const event of ['transitionstart', 'animationstart'] as const) {
      document.addEventListener(event, ({ target, elapsedTime }) => {
        const element = target as Element;
        const durations = element.getAnimations().map((animation) => Number(animation.effect?.getTiming().duration));
        if (Math.max(0, ...durations) > 10) {
          (window as unknown as { itMoves: (what: string) => void }).itMoves(`${element.className} ${elapsedTime}`);
        }
      });
    }
  });
  return moved;
}

test.describe(() => {
  test.use({ mockScript: 'quiet.toml' });

  test('from the first look to the first message nothing that is there jumps', async ({ host }) => {
    await host.goto();
    await host.open();
    const { panel } = host;
    const places = async () => ({
      heading: await panel.frame.getByRole('heading', { level: 1 }).boundingBox(),
      greeting: await panel.frame.getByRole('heading', { level: 2 }).boundingBox(),
      composer: await panel.composer.boundingBox(),
      send: await panel.sendButton.boundingBox(),
    });
    const before = await places();
    await panel.send('Hello there');
    await panel.expectState('Hello there', 'Read');
    expect(await places()).toEqual(before);
  });
});

test('a new message comes with a motion, and history without', async ({ host, page }) => {
  const moved = await noteMotions(page);
  const messages = () => moved.filter((what) => what.startsWith('message'));
  await host.goto();
  await host.open();
  const { panel } = host;
  await panel.send('Hello there');
  await panel.expectGreeting();
  await panel.send('Do you sell roses?');
  await panel.expectAnswer('Do you sell roses?');
  await expect.poll(messages).not.toEqual([]);

  moved.length = 0;
  await page.reload();
  await panel.expectAnswer('Do you sell roses?');
  await expect(panel.conversation).toHaveAttribute('aria-live', 'polite');
  expect(messages()).toEqual([]);
});

test('with reduced motion nothing moves, neither the panel nor what is in it', async ({ host, page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const moved = await noteMotions(page);
  await host.goto();
  await host.open();
  expect(await host.frame.evaluate((frame) => getComputedStyle(frame).transitionDuration)).toBe('0s');
  await host.panel.send('Hello there');
  await expect(host.panel.dots).toBeVisible();
  await host.panel.expectGreeting();
  await host.panel.closeButton.click();
  await expect(host.frame).toBeHidden();
  expect(moved).toEqual([]);
});
