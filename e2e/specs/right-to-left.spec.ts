import type { Locator } from '@playwright/test';
import { expect, test } from '../fixtures.ts';
import { expectNothingFound } from '../support/axe.ts';

test('in a language that is written from right to left everything stands on its other side', async ({ host, page }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  await panel.conversation.evaluate(() => (document.documentElement.dir = 'rtl'));
  // A field without a text has no direction of its own.
  expect(await panel.composer.evaluate((field) => getComputedStyle(field).direction)).toBe('rtl');

  await panel.send('مرحبا');
  await panel.expectGreeting();
  const frame = (await host.frame.boundingBox())!;
  const middle = frame.x + frame.width / 2;
  const centre = async (part: Locator) => {
    const box = (await part.boundingBox())!;
    return box.x + box.width / 2;
  };
  expect(await centre(panel.message('مرحبا').locator('.text'))).toBeLessThan(middle);
  expect(await centre(panel.text(/Robin/).first())).toBeGreaterThan(middle);
  expect(await centre(panel.closeButton)).toBeLessThan(middle);
  expect(await centre(panel.sendButton)).toBeLessThan(middle);
  expect(await centre(panel.attachButton)).toBeGreaterThan(middle);

  await test.step('what is written from left to right all the same is read so', async () => {
    await panel.composer.fill('Hello!');
    expect(await panel.composer.evaluate((field) => getComputedStyle(field).direction)).toBe('ltr');
    expect(await panel.text(/How can I help/).evaluate((text) => getComputedStyle(text).direction)).toBe('ltr');
  });
  await expectNothingFound(page);
});
