import { expect, test } from '../fixtures.ts';
import { PanelPage } from '../pages/panel-page.ts';
import { bytes } from '../support/files.ts';

test.use({ viewport: { width: 375, height: 667 }, hasTouch: true, isMobile: true });

test('the keyboard of an iPhone, which lies over the page, hides neither the composer nor the newest message', async ({
  page,
  server,
}) => {
  // As Safari has it: the window keeps its size, and only the visual viewport knows of the keyboard.
  await page.addInitScript(() => {
    const viewport = Object.assign(new EventTarget(), { height: 667, scale: 1 });
    Object.defineProperty(window, 'visualViewport', { value: viewport });
  });
  await page.goto(`${server.origin}/panel/${server.widgetId}`);
  const panel = new PanelPage(page, page);
  await panel.send('Hello there');
  await panel.expectGreeting();
  await panel.send('several');
  const newest = panel.text(/that was all/);
  await expect(newest).toBeVisible();

  const show = (height: number, scale = 1) =>
    page.evaluate((now) => {
      Object.assign(window.visualViewport!, now);
      window.visualViewport!.dispatchEvent(new Event('resize'));
    }, { height, scale });
  const bottom = async (locator: typeof newest) => {
    const box = (await locator.boundingBox())!;
    return box.y + box.height;
  };
  await show(330);
  await expect.poll(() => bottom(panel.sendButton)).toBeLessThanOrEqual(330);
  await expect.poll(() => bottom(newest)).toBeLessThanOrEqual((await panel.composer.boundingBox())!.y);
  expect((await panel.frame.getByRole('heading', { level: 1 }).boundingBox())!.y).toBeGreaterThanOrEqual(0);

  await test.step('and zooming in is no keyboard', async () => {
    await show(667 / 2, 2);
    await expect.poll(() => bottom(panel.sendButton)).toBeGreaterThan(600);
  });
});

test('when the room shrinks for a keyboard the newest message stays in sight', async ({ host, page }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  await panel.send('Hello there');
  await panel.expectGreeting();
  await panel.send('several');
  await expect(panel.text(/that was all/)).toBeInViewport();
  await page.setViewportSize({ width: 375, height: 330 });
  await expect(panel.composer).toBeInViewport({ ratio: 1 });
  await expect(panel.text(/that was all/)).toBeInViewport({ ratio: 1 });
  await page.setViewportSize({ width: 375, height: 667 });
  await expect(panel.composer).toBeInViewport({ ratio: 1 });
  await expect(panel.text(/that was all/)).toBeInViewport({ ratio: 1 });
});

test('no field makes the browser zoom in, and every button is large enough for a thumb', async ({ page, server }) => {
  await page.route('**/widget/v1/attachments**', (route) => route.abort('connectionreset'), { times: 1 });
  await page.goto(`${server.origin}/panel/${server.widgetId}`);
  const panel = new PanelPage(page, page);
  const fontSize = await panel.composer.evaluate((node) => parseFloat(getComputedStyle(node).fontSize));
  expect(fontSize).toBeGreaterThanOrEqual(16);
  await panel.attach(bytes('notes.txt', 300));
  const again = page.getByRole('button', { name: 'Try notes.txt again' });
  await expect(again).toBeVisible();
  const remove = page.getByRole('button', { name: 'Remove notes.txt' });
  for (const target of [panel.attachButton, panel.sendButton, panel.composer, remove, again]) {
    const box = (await target.boundingBox())!;
    expect(Math.round(box.width)).toBeGreaterThanOrEqual(44);
    expect(Math.round(box.height)).toBeGreaterThanOrEqual(44);
  }
});
