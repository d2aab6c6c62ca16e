import { expect, test } from '../fixtures.ts';
import type { HostPage } from '../pages/host-page.ts';
import { expectNothingFound } from '../support/axe.ts';
import { png } from '../support/files.ts';

test.use({ mockScript: 'quiet.toml' });

async function sendPictures(host: HostPage, ...names: string[]): Promise<void> {
  await host.goto();
  await host.open();
  const { panel } = host;
  for (const name of names) await panel.attach(png(name, 640, 480));
  for (const name of names) await panel.expectAttached(name);
  await panel.composer.press('Enter');
  for (const name of names) await expect(panel.picture(name)).toBeVisible();
}

test('a click on a picture shows it large over the panel, and can save it', async ({ host, page }) => {
  await sendPictures(host, 'sunset.png');
  const { panel } = host;
  await panel.picture('sunset.png').click();
  const { lightbox } = panel;
  await expect(lightbox).toHaveAccessibleName('sunset.png');
  const image = lightbox.getByRole('img', { name: 'sunset.png' });
  await expect(image).toBeVisible();
  const [panelBox, lightboxBox] = [await host.frame.boundingBox(), await lightbox.boundingBox()];
  expect(lightboxBox).toEqual(panelBox);
  expect((await image.boundingBox())!.width).toBeCloseTo(panelBox!.width, 0);
  await expect(lightbox.getByRole('button', { name: /picture/ })).toHaveCount(1);

  const download = page.waitForEvent('download');
  await lightbox.getByRole('link', { name: 'Download' }).click();
  expect((await download).suggestedFilename()).toBe('sunset.png');
});

test('the keyboard opens it, stays in it, leads through the pictures and comes back', async ({ host, page }) => {
  await sendPictures(host, 'one.png', 'two.png', 'three.png');
  const { panel } = host;
  const { lightbox } = panel;
  await panel.conversation.getByRole('link', { name: /one.png/ }).focus();
  await page.keyboard.press('Enter');
  await expect(lightbox).toHaveAccessibleName('one.png');
  await expect(lightbox.getByRole('button', { name: 'Close picture' })).toBeFocused();
  await expect(lightbox.getByRole('button', { name: 'Previous picture' })).toHaveAttribute('aria-disabled', 'true');

  await page.keyboard.press('ArrowRight');
  await expect(lightbox).toHaveAccessibleName('two.png');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await expect(lightbox.getByRole('img', { name: 'three.png' })).toBeVisible();
  await expect(lightbox.getByRole('button', { name: 'Next picture' })).toHaveAttribute('aria-disabled', 'true');
  await page.keyboard.press('ArrowLeft');
  await expect(lightbox).toHaveAccessibleName('two.png');

  for (let n = 0; n < 8; n += 1) {
    await page.keyboard.press('Tab');
    // Between its last and its first control the browser's own may have the focus, but nothing of the panel.
    const isInPanel = await panel.conversation.evaluate(
      () => document.hasFocus() && document.activeElement !== document.body && !document.activeElement!.closest('dialog'),
    );
    expect(isInPanel).toBe(false);
  }

  await lightbox.getByRole('button', { name: 'Close picture' }).focus();
  await page.keyboard.press('Escape');
  await expect(lightbox).toHaveCount(0);
  await expect(host.frame).toBeVisible();
  await expect(panel.conversation.getByRole('link', { name: /two.png/ })).toBeFocused();
});

test('a press beside the picture or on its button closes it', async ({ host }) => {
  await sendPictures(host, 'sunset.png');
  const { panel } = host;
  await panel.picture('sunset.png').click();
  await expect(panel.lightbox).toBeVisible();
  await panel.lightbox.click({ position: { x: 40, y: 600 } });
  await expect(panel.lightbox).toHaveCount(0);
  await panel.picture('sunset.png').click();
  await panel.lightbox.getByRole('button', { name: 'Close picture' }).click();
  await expect(panel.lightbox).toHaveCount(0);
});

test('axe finds nothing in the lightbox, and with reduced motion nothing moves', async ({ host, page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await sendPictures(host, 'one.png', 'two.png');
  await host.panel.picture('one.png').click();
  await expect(host.panel.lightbox).toBeVisible();
  const duration = await host.panel.lightbox.evaluate((dialog) => getComputedStyle(dialog).animationDuration);
  expect(parseFloat(duration)).toBeLessThanOrEqual(0.001);
  await expectNothingFound(page);
});
