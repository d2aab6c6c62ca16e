import { expect, test } from '../fixtures.ts';
import { PanelPage } from '../pages/panel-page.ts';
import { expectNothingFound } from '../support/axe.ts';
import { visitStates } from '../support/states.ts';

test.describe(() => {
  test.use({ mockScript: 'showcase.toml' });

  for (const [look, media, viewport] of [
    ['in the light', { colorScheme: 'light' }, { width: 1280, height: 800 }],
    ['in the dark', { colorScheme: 'dark' }, { width: 1280, height: 800 }],
    ['on a phone', {}, { width: 360, height: 640 }],
    ['in forced colours', { forcedColors: 'active' }, { width: 1280, height: 800 }],
  ] as const) {
    test(`axe finds nothing in any state of the widget, ${look}`, async ({ host, page }) => {
      // There are many states, and axe looks at everything in each.
      test.setTimeout(5 * 60_000);
      await page.emulateMedia({ ...media, reducedMotion: 'reduce' });
      await page.setViewportSize(viewport);
      await host.goto('showcase');
      await visitStates(host, async (state) => test.step(state, () => expectNothingFound(page)));
    });
  }
});

test('axe finds nothing in the panel alone in a window', async ({ page, server }) => {
  await page.goto(`${server.origin}/panel/${server.widgetId}`);
  const panel = new PanelPage(page, page);
  await expect(panel.composer).toBeFocused();
  await expectNothingFound(page);
  await panel.send('Hello there');
  await panel.expectGreeting();
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
  await host.open();
  await expect(status).toHaveText('');
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();
  await expect(host.panel.conversation).not.toHaveAttribute('aria-live', /off|assertive/);
  await host.panel.send('slow');
  await host.panel.expectStored('slow');
  await host.panel.closeButton.click();
  await expect(status).toHaveText('1 unread message');
});
