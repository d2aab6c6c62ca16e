import { expect, test } from '../fixtures.ts';
import { expectNothingFound } from '../support/axe.ts';

for (const [name, color] of [
  ['yellow', '#ffd400'],
  ['white', '#ffffff'],
  ['black', '#000000'],
  ['grey', '#808080'],
  ['nearly black', '#0b1a2a'],
  ['red', '#e5484d'],
] as const) {
  test(`with a brand that is ${name} every text can be read, in the light and in the dark`, async ({
    host,
    page,
    server,
  }) => {
    await server.command('widget', 'set', server.widgetId, '--color', color);
    await host.goto();
    await host.open();
    await host.panel.send('Hello, see https://example.com/roses');
    await host.panel.expectGreeting();
    await host.panel.expectState('Hello, see https://example.com/roses', 'Read');
    await host.panel.composer.fill('And tulips?');
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await expectNothingFound(page, ['color-contrast']);
    }
    // A bubble of the surface's own colour is still a bubble.
    const edge = await host.panel.message('Hello, see https://example.com/roses').locator('.text').evaluate((bubble) => {
      return getComputedStyle(bubble).boxShadow;
    });
    expect(edge).toContain('inset');
  });
}

test('the scheme of the system is followed, at once', async ({ host, page }) => {
  await host.goto();
  await host.open();
  const surface = () => host.panel.conversation.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({ colorScheme: 'light' });
  await expect.poll(surface).toBe('rgb(255, 255, 255)');
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(surface).toBe('rgb(27, 28, 34)');
});

for (const [wanted, system, surface] of [
  ['dark', 'light', 'rgb(27, 28, 34)'],
  ['light', 'dark', 'rgb(255, 255, 255)'],
  ['system', 'dark', 'rgb(27, 28, 34)'],
  ['"><script>', 'light', 'rgb(255, 255, 255)'],
] as const) {
  test(`asked for a scheme of ${wanted} under a system that is ${system} the panel is right`, async ({ page, server }) => {
    await page.emulateMedia({ colorScheme: system });
    await page.goto(`${server.origin}/panel/${server.widgetId}?scheme=${encodeURIComponent(wanted)}`);
    await expect(page.getByRole('textbox')).toBeFocused();
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe(surface);
  });
}

test('the page may choose the scheme while the panel is open', async ({ host, page }) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await host.goto();
  await host.open();
  const surface = () => host.panel.conversation.evaluate(() => getComputedStyle(document.body).backgroundColor);
  for (const [colorScheme, color] of [
    ['dark', 'rgb(27, 28, 34)'],
    ['light', 'rgb(255, 255, 255)'],
    ['dark', 'rgb(27, 28, 34)'],
    ['system', 'rgb(255, 255, 255)'],
  ] as const) {
    await page.evaluate((colorScheme) => void window.Porchlight('set', { colorScheme }), colorScheme);
    await expect.poll(surface).toBe(color);
  }
});

for (const [radius, bubble, send] of [
  [0, '0px', '0px'],
  [8, '9px', '8px'],
  [32, '22.4px', '24px'],
] as const) {
  test(`with a radius of ${radius} bubbles and buttons are as round in proportion`, async ({ host, server }) => {
    await server.command('widget', 'set', server.widgetId, '--radius', `${radius}`);
    await host.goto();
    await host.open();
    await host.panel.send('Hello there');
    const radiusOf = (node: Element) => getComputedStyle(node).borderStartStartRadius;
    expect(await host.panel.message('Hello there').locator('.text').evaluate(radiusOf)).toBe(bubble);
    expect(await host.panel.sendButton.evaluate(radiusOf)).toBe(send);
  });
}

test('in forced colours every control and every state still has a shape', async ({ host, page }) => {
  await page.emulateMedia({ forcedColors: 'active' });
  await host.goto();
  await host.open();
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();
  await host.panel.expectState('Hello there', 'Read');
  const message = host.panel.message('Hello there');
  // Backgrounds are taken away; borders and pictures drawn by a mask must not go with them.
  const border = await message.locator('.text').evaluate((bubble) => getComputedStyle(bubble).borderTopWidth);
  expect(border).toBe('1px');
  const [tick, surface] = await message.locator('.meta').evaluate((meta) => [
    getComputedStyle(meta, '::after').backgroundColor,
    getComputedStyle(document.body).backgroundColor,
  ]);
  expect(tick).not.toBe(surface);
  await expectNothingFound(page);
});

test('who asks for more contrast gets it', async ({ host, page }) => {
  await page.emulateMedia({ contrast: 'more' });
  await host.goto();
  await host.open();
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();
  const [time, text] = await host.panel.message('Hello there').locator('.meta').evaluate((meta) => [
    getComputedStyle(meta).color,
    getComputedStyle(document.body).color,
  ]);
  expect(time).toBe(text);
  await expectNothingFound(page);
});
