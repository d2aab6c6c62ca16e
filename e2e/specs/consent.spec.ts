import { expect, test } from '../support/identity.ts';

test('what may be kept for the session is gone with the tab', async ({ tab }) => {
  await tab.goto();
  await tab.set({ consent: 'session' });
  await tab.open();
  await tab.panel.send('For this tab');
  await tab.panel.expectStored('For this tab');
  expect(await tab.kept('localStorage')).toEqual([]);
  expect((await tab.kept('sessionStorage')).length).toBeGreaterThan(0);

  await tab.goto();
  await tab.set({ consent: 'session' });
  await tab.open();
  await expect(tab.panel.text('For this tab')).toBeVisible();

  const other = await tab.newTab();
  await other.goto();
  await other.set({ consent: 'session' });
  await other.open();
  await other.panel.send('Another tab');
  await other.panel.expectStored('Another tab');
  await expect(other.panel.messages.locator('.text')).toHaveText(['Another tab']);
});

test('without consent the chat works, keeps nothing, and complains of nothing', async ({ tab, server }) => {
  await server.command('widget', 'set', server.widgetId, '--consent', 'none');
  await tab.begin();
  await tab.panel.send('For this page');
  await tab.panel.expectStored('For this page');
  expect(await tab.kept('localStorage')).toEqual([]);
  expect(await tab.kept('sessionStorage')).toEqual([]);
  await expect(tab.panel.frame.locator('#forgetful')).toHaveText('');

  await tab.begin();
  await expect(tab.panel.messages).toHaveCount(0);
});

test('consent that is taken back takes with it what was kept, and the conversation goes on', async ({ tab }) => {
  await tab.begin();
  await tab.panel.send('Kept');
  await tab.panel.expectStored('Kept');
  expect((await tab.kept('localStorage')).length).toBeGreaterThan(0);

  await tab.set({ consent: 'session' });
  await expect.poll(() => tab.kept('localStorage')).toEqual([]);
  expect((await tab.kept('sessionStorage')).length).toBeGreaterThan(0);
  await tab.set({ consent: 'none' });
  await expect.poll(() => tab.kept('sessionStorage')).toEqual([]);
  await tab.panel.send('Still here');
  await tab.panel.expectStored('Still here');
  await expect(tab.panel.text('Kept')).toBeVisible();
});

test('consent that is given keeps what was in memory, and finds what was kept before', async ({ tab, server }) => {
  await server.command('widget', 'set', server.widgetId, '--consent', 'none');
  await tab.begin();
  await tab.panel.send('Before consent');
  await tab.panel.expectStored('Before consent');
  await tab.set({ consent: 'full' });
  await expect.poll(async () => (await tab.kept('localStorage')).length).toBeGreaterThan(0);

  await tab.goto();
  await tab.set({ consent: 'full' });
  await tab.open();
  await expect(tab.panel.text('Before consent')).toBeVisible();
});

test('a word that is no level of consent changes nothing', async ({ tab }) => {
  await tab.begin();
  await tab.panel.send('Kept');
  await tab.panel.expectStored('Kept');
  await tab.set({ consent: 'everything' });
  await tab.panel.send('Still kept');
  await tab.panel.expectStored('Still kept');
  expect((await tab.kept('localStorage')).length).toBeGreaterThan(0);
});
