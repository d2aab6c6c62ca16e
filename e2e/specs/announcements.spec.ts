import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures.ts';
import { listenToLiveRegions } from '../support/screen-reader.ts';
import { VisitorApi } from '../support/visitor-api.ts';

/** The panel as the browser hands it to assistive technology. */
async function accessibilityTree(page: Page) {
  const frame = page.frames().find((frame) => frame.url().includes('/panel/'));
  const session = await page.context().newCDPSession(frame!);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  await session.detach();
  return nodes.map(({ role, name, properties }) => ({
    role: role?.value as string,
    name: name?.value as string,
    properties: Object.fromEntries((properties ?? []).map(({ name, value }) => [name, value.value])),
  }));
}

test('a screen reader is told each new message once, with who said it, and nothing of the history', async ({
  host,
  page,
}) => {
  const said = await listenToLiveRegions(page);
  const about = (text: string) => said.filter((one) => one.text.includes(text)).map(({ text }) => text);
  const { panel } = host;
  await host.goto();
  await host.open();
  await expect(panel.conversation).toHaveAttribute('aria-live', 'polite');
  await panel.send('Hello there');
  await panel.expectGreeting();
  await panel.send('Do you sell roses?');
  await panel.expectAnswer('Do you sell roses?');
  await panel.expectState('Do you sell roses?', 'Read');
  await expect.poll(() => about('You said: “Do you sell roses?”')).toEqual([expect.stringMatching(/^Robin You said/)]);
  expect(about('Hello there')[0]).toMatch(/^You Hello there/);
  // Not only the first of a group says whose it is: each is heard by itself.
  expect(about('How can I help')).toEqual([expect.stringMatching(/^Robin You said/)]);
  expect(said.filter(({ interrupts }) => interrupts)).toEqual([]);

  await test.step('after a reload the history is silent, and what is new is not', async () => {
    said.length = 0;
    await page.reload();
    await panel.expectAnswer('Do you sell roses?');
    const log = async () => (await accessibilityTree(page)).find(({ role }) => role === 'log');
    await expect.poll(async () => (await log())?.properties['live']).toBe('polite');
    await panel.send('And tulips?');
    await panel.expectAnswer('And tulips?');
    await expect.poll(() => about('You said: “And tulips?”')).toHaveLength(1);
    expect(about('roses')).toEqual([]);
    expect(about('Hello there')).toEqual([]);
  });
});

test.describe(() => {
  test.use({ mockScript: 'quiet.toml' });

  test('older messages that are fetched are not read out', async ({ host, page }) => {
    const said = await listenToLiveRegions(page);
    const { panel } = host;
    await host.goto();
    await host.open();
    const api = await VisitorApi.of(page, async () => {
      await panel.send('The first');
      await panel.expectStored('The first');
      await panel.send('number 0');
      await panel.expectStored('number 0');
    });
    for (let n = 1; n <= 60; n += 1) await api.send(`number ${n}`);
    await page.reload();
    await expect(panel.text('number 60')).toBeInViewport();
    await expect(panel.text('The first')).toHaveCount(0);
    said.length = 0;
    await expect(async () => {
      await panel.scroll(-100_000);
      await expect(panel.text('The first')).toBeAttached({ timeout: 500 });
    }).toPass();
    expect(said).toEqual([]);
  });
});

test('that somebody is typing is said once, however long they type', async ({ host, page }) => {
  const said = await listenToLiveRegions(page);
  const { panel } = host;
  await host.goto();
  await host.open();
  await panel.send('Hello there');
  await panel.expectGreeting();
  said.length = 0;
  await panel.send('slow');
  await expect(panel.text(/Sorry for the wait/)).toBeVisible();
  expect(said.filter(({ text }) => /is typing/.test(text))).toHaveLength(1);
});

test('what is wrong with a text is said at once, and belongs to its field', async ({ host, page }) => {
  const said = await listenToLiveRegions(page);
  const { panel } = host;
  await host.goto();
  await host.open();
  await expect(panel.composer).toHaveAttribute('aria-invalid', 'false');
  await panel.composer.fill('x'.repeat(16 * 1024 + 1));
  await expect(panel.composer).toHaveAccessibleDescription('This message is too long. Please shorten it.');
  const field = (await accessibilityTree(page)).find(({ role }) => role === 'textbox')!;
  expect(field.properties['invalid']).toBe('true');
  await expect.poll(() => said.filter(({ interrupts }) => interrupts)).toHaveLength(1);
  expect(said.find(({ interrupts }) => interrupts)!.text).toContain('too long');

  await test.step('and when it is mended there is nothing to say any more', async () => {
    await panel.composer.fill('short');
    await expect(panel.composer).toHaveAccessibleDescription('');
    await expect(panel.composer).toHaveAttribute('aria-invalid', 'false');
    expect(said.filter(({ interrupts }) => interrupts)).toHaveLength(1);
  });
});

test('the connection is spoken of without interrupting', async ({ host, page }) => {
  const said = await listenToLiveRegions(page);
  const { panel } = host;
  await host.goto();
  await host.open();
  await panel.send('Hello there');
  await panel.expectGreeting();
  await page.context().setOffline(true);
  await expect.poll(() => said.filter(({ text }) => /You are offline/.test(text))).toHaveLength(1);
  expect(said.filter(({ interrupts }) => interrupts)).toEqual([]);
  await page.context().setOffline(false);
});

test('assistive technology finds a dialogue with a name, and in it a log, a field and buttons with names', async ({
  host,
  page,
}) => {
  await host.goto();
  await host.open();
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();
  const tree = await accessibilityTree(page);
  const named = (wanted: string) => tree.filter(({ role }) => role === wanted).map(({ name }) => name);
  expect(named('dialog')).toEqual(['Chat with us']);
  expect(named('log')).toEqual(['Conversation']);
  expect(named('textbox')).toEqual(['Message']);
  expect(named('heading')).toEqual(['Chat with us', 'Hi there!']);
  expect(named('button')).toEqual(expect.arrayContaining(['Close chat', 'Attach files', 'Send']));
  expect(named('button')).not.toContain('');
});
