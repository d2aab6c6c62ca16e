import { expect, test } from '../fixtures.ts';
import { HostPage } from '../pages/host-page.ts';
import { expectNothingFound } from '../support/axe.ts';

test.use({ mockScript: 'quiet.toml' });

test('what belongs to the picker is fetched when it is opened, and not before', async ({ host, page }) => {
  const fetched: string[] = [];
  page.on('request', (request) => fetched.push(new URL(request.url()).pathname));
  await host.goto();
  await host.open();
  expect(fetched.filter((path) => /lazy.*(emoji|part)/.test(path))).toEqual([]);
  await host.panel.emojiButton.click();
  await expect(host.panel.picker).toBeVisible();
  const names = fetched.filter((path) => /lazy.*(emoji|part)/.test(path)).map((path) => path.split('/').pop());
  expect(names.toSorted()).toEqual(['emoji.css', 'emoji.js', 'en.js', 'part.js']);
});

test('an emoji is put where the cursor is, in place of what is selected', async ({ host }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  await panel.composer.fill('Good XX morning');
  await panel.composer.evaluate((field: HTMLTextAreaElement) => field.setSelectionRange(5, 7));
  await panel.emojiButton.click();
  await panel.picker.getByRole('gridcell', { name: 'sun', exact: true }).click();
  await expect(panel.picker).toBeHidden();
  await expect(panel.composer).toBeFocused();
  await expect(panel.composer).toHaveValue('Good ☀️ morning');
  await panel.composer.press('Enter');
  await panel.expectStored('Good ☀️ morning');
});

test('the picker is used with nothing but the keyboard', async ({ host, page }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  const focused = panel.picker.locator(':focus');
  await page.keyboard.press('Tab');
  await expect(panel.emojiButton).toBeFocused();
  await expect(panel.emojiButton).toHaveAttribute('aria-haspopup', 'dialog');
  await page.keyboard.press('Enter');
  await expect(panel.emojiButton).toHaveAttribute('aria-expanded', 'true');
  await expect(panel.picker.getByRole('searchbox')).toBeFocused();

  await test.step('arrows lead through the grid, and up out of it', async () => {
    await page.keyboard.press('ArrowDown');
    await expect(focused).toHaveText('😀');
    await page.keyboard.press('ArrowRight');
    await expect(focused).toHaveText('😃');
    await page.keyboard.press('ArrowDown');
    await expect(focused).toHaveText('🙃');
    await page.keyboard.press('ArrowLeft');
    await expect(focused).toHaveText('🙂');
    await page.keyboard.press('End');
    await expect(focused).toHaveText('😍');
    await page.keyboard.press('ArrowRight');
    await expect(focused).toHaveText('🤩');
    await page.keyboard.press('Control+End');
    await expect(focused).toHaveText('🏳️‍🌈');
    await page.keyboard.press('Control+Home');
    await page.keyboard.press('ArrowUp');
    await expect(panel.picker.getByRole('searchbox')).toBeFocused();
  });

  await test.step('Tab comes back to where one was, and leads on to the groups', async () => {
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Shift+Tab');
    await expect(panel.picker.getByRole('searchbox')).toBeFocused();
    await page.keyboard.press('Tab');
    await expect(focused).toHaveText('😃');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await expect(focused).toHaveAccessibleName('Animals');
    await page.keyboard.press('Enter');
    await expect(focused).toHaveText('🐶');
  });

  await test.step('Escape closes it and not the panel, and the focus is back in the field', async () => {
    await page.keyboard.press('Escape');
    await expect(panel.picker).toBeHidden();
    await expect(panel.composer).toBeFocused();
    await expect(panel.emojiButton).toHaveAttribute('aria-expanded', 'false');
    await expect(host.frame).toBeVisible();
  });

  await test.step('a search finds by the words of a name, and Enter takes the first', async () => {
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await expect(panel.picker.getByRole('searchbox')).toBeFocused();
    await page.keyboard.type('thumb up');
    await expect(panel.picker.getByRole('gridcell')).toHaveText(['👍']);
    await page.keyboard.press('Enter');
    await expect(panel.composer).toHaveValue('👍');
    await expect(panel.composer).toBeFocused();
  });
});

test('a search for what is not there says so, and emptied it shows everything again', async ({ host }) => {
  await host.goto();
  await host.open();
  const { picker, emojiButton } = host.panel;
  await emojiButton.click();
  await picker.getByRole('searchbox').fill('qwertz');
  await expect(picker.getByRole('status')).toHaveText('No emoji found');
  await expect(picker.getByRole('gridcell')).toHaveCount(0);
  await picker.getByRole('searchbox').fill('');
  await expect(picker.getByRole('gridcell', { name: 'grinning face', exact: true })).toBeVisible();
  expect(await picker.getByRole('gridcell').count()).toBeGreaterThan(300);
});

for (const [language, name, query] of [
  ['en', 'fox', 'fox'],
  ['de', 'Fuchs', 'fuc'],
  ['fr', 'renard', 'RENARD'],
  ['uk', 'лисиця', 'лиси'],
  ['ar', 'ثعلب', 'ثعلب'],
  ['ja', 'きつね', '狐'],
] as const) {
  test(`on a page in "${language}" an emoji has its name in that language, and is found by it`, async ({ page, hosts }) => {
    const host = new HostPage(page, hosts, language);
    await host.goto(`plain?lang=${language}`);
    await host.open();
    const { picker, emojiButton } = host.panel;
    await emojiButton.click();
    await expect(picker.getByRole('gridcell').getByText('🦊', { exact: true })).toHaveAccessibleName(name);
    await picker.getByRole('searchbox').fill(query);
    await expect(picker.getByRole('gridcell')).toHaveText(['🦊']);
  });
}

test('a search needs neither accents nor the right apostrophe', async ({ page, hosts }) => {
  const host = new HostPage(page, hosts, 'fr');
  await host.goto('plain?lang=fr');
  await host.open();
  const { picker, emojiButton } = host.panel;
  await emojiButton.click();
  for (const query of ['crème', 'CREME']) {
    await picker.getByRole('searchbox').fill(query);
    await expect(picker.getByText('🍦', { exact: true })).toBeVisible();
  }
  for (const query of ["point d'ex", 'point d’ex', 'exclam']) {
    await picker.getByRole('searchbox').fill(query);
    await expect(picker.getByText('❗', { exact: true })).toBeVisible();
  }
});

test('what was used last comes first the next time, and nothing is stored before anything was used', async ({
  host,
  page,
  server,
}) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  const stored = () =>
    panel.composer.evaluate(() => Object.keys(localStorage).filter((key) => key.endsWith(':emoji')));
  await panel.emojiButton.click();
  await expect(panel.picker.getByText('Recently used')).toHaveCount(0);
  expect(await stored()).toEqual([]);
  for (const name of ['party popper', 'fox', 'party popper']) {
    if (!(await panel.picker.isVisible())) await panel.emojiButton.click();
    await panel.picker.getByRole('gridcell', { name }).first().click();
  }
  expect(await stored()).toEqual([`porchlight:${server.widgetId}:emoji`]);
  await page.reload();
  await panel.emojiButton.click();
  const recent = panel.picker.getByRole('rowgroup', { name: 'Recently used' });
  await expect(recent.getByRole('gridcell')).toHaveText(['🎉', '🦊']);
});

test('with storage denied the picker works and remembers nothing', async ({ host, page, server }) => {
  await page.addInitScript((origin) => {
    if (location.origin !== origin) return;
    Object.defineProperty(window, 'localStorage', {
      get: () => {
        throw new DOMException('The operation is insecure.', 'SecurityError');
      },
    });
  }, server.origin);
  await host.goto();
  await host.open();
  const { panel } = host;
  await panel.emojiButton.click();
  await panel.picker.getByRole('gridcell', { name: 'fox' }).click();
  await expect(panel.composer).toHaveValue('🦊');
  await panel.emojiButton.click();
  await expect(panel.picker.getByText('Recently used')).toHaveCount(0);
});

test('a press elsewhere or of its button closes the picker', async ({ host }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  await panel.emojiButton.click();
  await expect(panel.picker).toBeVisible();
  await panel.emojiButton.click();
  await expect(panel.picker).toBeHidden();
  await panel.emojiButton.click();
  await expect(panel.picker).toBeVisible();
  await panel.composer.click();
  await expect(panel.picker).toBeHidden();
  await expect(panel.composer).toBeFocused();
});

test('axe finds nothing in the picker, and on a phone of 320 px nothing is cut off', async ({ host, page }) => {
  await host.goto();
  await host.open();
  await host.panel.emojiButton.click();
  await expect(host.panel.picker).toBeVisible();
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectNothingFound(page);
  }
  await page.setViewportSize({ width: 320, height: 568 });
  const cell = await host.panel.picker.getByRole('gridcell').first().boundingBox();
  expect(Math.min(cell!.width, cell!.height)).toBeGreaterThanOrEqual(24);
  const [scroll, client] = await host.panel.picker.evaluate((picker) => [picker.scrollWidth, picker.clientWidth]);
  expect(scroll).toBe(client);
});
