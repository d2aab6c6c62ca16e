import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from './fixtures.ts';
import { bytes, png } from './support/files.ts';

const README_PICTURE = fileURLToPath(new URL('../docs/images/panel.png', import.meta.url));
const screen = (name: string) => fileURLToPath(new URL(`test-results/screens/${name}.png`, import.meta.url));

// A picture must not depend on how far a motion has come.
test.use({ deviceScaleFactor: 2, contextOptions: { reducedMotion: 'reduce' } });

test.describe(() => {
  test.use({ mockScript: 'showcase.toml' });

  test('the picture in the README', async ({ host, page }) => {
    await page.setViewportSize({ width: 1080, height: 760 });
    await host.goto('showcase');
    await host.open();
    await host.panel.send('Hello! When should I plant an apple tree?');
    await expect(host.panel.text(/Robin!/)).toBeVisible();
    await host.panel.send('Is the end of March too late?');
    await expect(host.panel.text(/first summer/)).toBeVisible();
    await host.panel.expectState('Is the end of March too late?', 'Read');
    await page.mouse.move(0, 0);
    await mkdir(path.dirname(README_PICTURE), { recursive: true });
    await page.screenshot({ path: README_PICTURE });
  });
});

for (const [look, colorScheme, viewport, hostName] of [
  ['desktop', 'light', { width: 1080, height: 760 }, 'showcase'],
  ['dark', 'dark', { width: 1080, height: 760 }, 'showcase'],
  ['phone', 'light', { width: 375, height: 667 }, 'showcase'],
  ['phone-dark', 'dark', { width: 375, height: 667 }, 'showcase'],
  ['rtl', 'light', { width: 1080, height: 760 }, 'rtl'],
] as const) {
  test(`the states of the panel: ${look}`, async ({ host, page }) => {
    const shoot = (state: string) => page.screenshot({ path: screen(`${look}-${state}`) });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize(viewport);
    await host.goto(hostName);
    await expect(host.launcher).toBeVisible();
    await shoot('closed');

    const { panel } = host;
    await host.open();
    await shoot('empty');
    await panel.send('Hello! When do you plant apple trees?');
    await panel.expectGreeting();
    await panel.send('Is March too late?');
    await panel.expectAnswer('Is March too late?');
    await panel.expectState('Is March too late?', 'Read');
    await shoot('conversation');

    await panel.send('slow');
    await expect(panel.frame.getByText(/is typing/).first()).toBeVisible();
    await shoot('typing');
    const nMessages = await panel.messages.count();
    await expect(panel.messages).toHaveCount(nMessages + 1);

    await panel.sendAndLeave('several');
    await expect(host.launcher).toHaveAccessibleName('Open chat, 3 unread messages');
    await shoot('unread');
    await host.open();
    await shoot('new-messages');

    await panel.attach(png('IMG_2093.png', 800, 600), bytes('A plan of the whole garden, with every tree.pdf', 400_000));
    await panel.attach(bytes('film.mp4', 10 * 1024 * 1024 + 1));
    await expect(panel.chip('film.mp4')).toContainText('Too large');
    await page.route('**/widget/v1/attachments**', (route) => route.abort('connectionreset'), { times: 1 });
    await panel.attach(bytes('notes.txt', 300));
    await expect(panel.chip('notes.txt')).toContainText('failed');
    await panel.composer.fill('Is it too close to the house?');
    await panel.composer.press('Enter');
    await shoot('attaching');
    for (const name of ['film.mp4', 'notes.txt']) {
      await panel.frame.getByRole('button', { name: `Remove ${name}` }).click();
    }
    await panel.composer.press('Enter');
    await panel.expectAnswer('Is it too close to the house?');
    await shoot('attached');

    await page.context().setOffline(true);
    await expect(panel.notice(/offline/i)).toBeVisible();
    await panel.send('Can you hear me?');
    await panel.expectState('Can you hear me?', 'Sending');
    await shoot('offline');
    await page.context().setOffline(false);
  });
}
