import { writeFile } from 'node:fs/promises';
import { Apis } from '../support/apis.ts';
import { png } from '../support/files.ts';
import { STRICT_POLICY } from '../support/hosts.ts';
import { expect, test } from './fixtures.ts';
import { Key } from './webdriver.ts';

test('a visitor opens the panel, writes, is answered, and goes on after a reload', async ({ tab }) => {
  const { panel } = tab;
  await tab.goto();
  await tab.open();
  await panel.send('Hello there');
  await panel.expectText('Hello there');
  await panel.expectGreeting();
  await panel.expectStored('Hello there');

  await test.step('a reload keeps the panel open and the conversation in it', async () => {
    await tab.reload();
    await panel.expectGreeting();
    await panel.expectText('Hello there');
  });

  await test.step('another page of the site continues it', async () => {
    await tab.goto('second');
    await panel.expectText('Hello there');
    await tab.browser.click(await panel.field());
    await panel.send('And tulips?');
    await panel.expectText('You said: “And tulips?”');
  });
});

test('a visitor who goes offline writes on, and everything arrives once, in both directions', async ({
  tab,
  front,
  server,
}) => {
  const { panel } = tab;
  const apis = new Apis(server);
  await tab.goto();
  await tab.open();
  await panel.send('Hello there');
  await panel.expectGreeting();
  const conversation = await apis.conversation();

  front.cut();
  await panel.expect({ notices: expect.stringMatching(/connect/i) });
  await panel.send('Underground');
  await panel.send('Still underground');
  await panel.expect({ states: expect.objectContaining({ Underground: 'Sending' }) });
  await apis.sayByPingback(conversation, 'Are you still there?');

  front.mend();
  await panel.expectStored('Underground');
  await panel.expectStored('Still underground');
  await panel.expectText('Are you still there?');
  await panel.expectText('You said: “Still underground”');
  await panel.expect({ notices: expect.not.stringMatching(/connect/i) });
  const { pingback } = await apis.texts(conversation);
  const written = ['Hello there', 'Underground', 'Still underground'];
  expect(pingback!.filter((text) => written.includes(text))).toEqual(written);
});

test('a visitor can chat with nothing but the keyboard', async ({ tab }) => {
  const { panel } = tab;
  await tab.goto('second');
  await tab.run(() => document.querySelector('input')!.focus());
  await tab.press(Key.tab);
  await tab.expect({ focus: 'launcher', isReady: true });
  const launcher = await tab.launcher();
  expect(await tab.browser.role(launcher)).toBe('button');
  expect(await tab.browser.label(launcher)).toMatch(/^(Chat|Open chat)$/);

  await tab.press(Key.enter);
  await panel.expect({ hasFocus: true });
  await panel.press('First line');
  await panel.press(Key.enter, Key.shift);
  await panel.press('second line');
  await panel.expect({ draft: 'First line\nsecond line', texts: [] });
  await panel.press(Key.enter);
  await panel.expect({ draft: '', hasFocus: true });
  await panel.expectText('First line\nsecond line');
  await panel.expectGreeting();

  await test.step('Escape closes, and the focus is back on the launcher', async () => {
    await panel.press(Key.escape);
    await tab.expect({ frame: null, focus: 'launcher' });
    await tab.press(Key.space);
    await panel.expect({ hasFocus: true });
  });
});

test('what is typed after a click that came before the panel goes into the composer', async ({ tab }) => {
  await tab.goto();
  await tab.browser.click(await tab.launcher());
  await tab.expect({ frame: expect.anything() });
  await tab.panel.send('Hello there');
  await tab.panel.expectText('Hello there');
});

test('on a page that reads from right to left the widget is on the left', async ({ tab }) => {
  await tab.goto('rtl');
  await tab.expect({ launcher: expect.objectContaining({ x: 20 }) });
  await tab.open();
  await tab.expect({ frame: expect.objectContaining({ x: 20, width: 400 }) });
});

test('a picture is sent and shown, and again after a reload', async ({ tab }, testInfo) => {
  const { panel } = tab;
  const file = testInfo.outputPath('sunset.png');
  await writeFile(file, png('sunset.png', 320, 200).buffer);
  const shown = { pictures: [{ alt: 'sunset.png', naturalWidth: 320, naturalHeight: 200 }] };
  await tab.goto();
  await tab.open();
  await panel.attach(file);
  await panel.expect({ files: ['sunset.png'] });
  await panel.expect({ hasFocus: true });
  await panel.send('Look');
  await panel.expectStored('Look');
  await panel.expect({ files: [], ...shown });

  await tab.reload();
  await panel.expect(shown);
});

test('tabs of one visitor show the same, and the one that is left goes on', async ({ tab }) => {
  await tab.goto();
  await tab.open();
  await tab.panel.send('Hello there');
  await tab.panel.expectGreeting();

  const other = await tab.another();
  await other.goto('second');
  await other.open();
  await other.panel.expectText('Hello there');
  await other.panel.send('From the other tab');
  await tab.panel.expectText('From the other tab');
  await tab.panel.expectText('You said: “From the other tab”');
  await other.panel.expectText('You said: “From the other tab”');

  await tab.close();
  await other.panel.send('Still there?');
  await other.panel.expectText('You said: “Still there?”');
});

test('a page with the strictest policy is not violated', async ({ tab, hosts }) => {
  hosts.setHeaders('strict-csp', { 'content-security-policy': STRICT_POLICY });
  await tab.goto('strict-csp');
  // The launcher's own styles are there.
  await tab.expect({ launcher: expect.objectContaining({ width: 60, height: 60 }) });
  await tab.open();
  await tab.panel.send('Hello there');
  await tab.panel.expectGreeting();
});

test('destroy leaves nothing of ours in the page', async ({ tab }) => {
  await tab.goto();
  const nElements = await tab.run(() => document.querySelectorAll('*').length);
  await tab.open();
  await tab.panel.send('Hello there');
  await tab.panel.expectGreeting();
  await tab.run(() => window.Porchlight.destroy());
  await tab.expect({ launcher: null, frame: null });
  expect(await tab.run(() => document.querySelectorAll('*').length)).toBe(nElements - 1);
});

test.describe('on a dark system', () => {
  test.use({ colorScheme: 'dark' });

  test('the panel is dark', async ({ tab }) => {
    await tab.goto();
    await tab.open();
    await tab.panel.expect({ isDark: true });
  });
});
