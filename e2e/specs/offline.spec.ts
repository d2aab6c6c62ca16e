import { expect, test } from '../fixtures.ts';
import { VisitorApi } from '../support/visitor-api.ts';

test('a visitor who goes offline is told so, writes on, and everything arrives once', async ({ host, page }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  const api = await VisitorApi.of(page, async () => {
    await panel.send('Hello there');
    await panel.expectGreeting();
    await panel.send('Before');
  });
  await panel.expectStored('Before');
  await expect(panel.notice(/offline/i)).toHaveCount(0);

  await page.context().setOffline(true);
  await expect(panel.notice(/offline/i)).toBeVisible();
  await panel.send('Underground');
  await panel.send('Still underground');
  await panel.expectState('Underground', 'Sending');

  await page.context().setOffline(false);
  await panel.expectStored('Underground');
  await panel.expectStored('Still underground');
  await expect(panel.notice(/offline/i)).toBeHidden();
  expect(await api.written()).toEqual([
    'Hello there',
    'Before',
    'Underground',
    'Still underground',
  ]);

  await panel.send('Back again');
  await panel.expectAnswer('Back again');
});

test('an answer lost on the way back does not make a message appear twice', async ({ host, page }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  const api = await VisitorApi.of(page, async () => {
    await panel.send('Hello there');
    await panel.expectGreeting();
    await panel.send('Before');
  });
  await panel.expectStored('Before');

  let isLost = false;
  await page.route(
    '**/widget/v1/conversations/*/messages/*',
    async (route) => {
      await route.fetch(); // The server stores it.
      isLost = true;
      await route.abort('connectionreset');
    },
    { times: 1 },
  );
  await panel.send('Once');
  await expect.poll(() => isLost).toBe(true);
  await panel.expectStored('Once');
  await expect(panel.message('Once')).toHaveCount(1);
  expect(await api.written()).toEqual(['Hello there', 'Before', 'Once']);
});

test('a busy server is asked again', async ({ host, page }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  const refusals = [429, 503];
  await page.route('**/widget/v1/conversations', async (route) => {
    const status = route.request().method() === 'POST' ? refusals.shift() : undefined;
    if (!status) return route.continue();
    const code = status === 429 ? 'too_many_requests' : 'unavailable';
    await route.fulfill({ status, headers: { 'retry-after': '1' }, json: { error: { code, message: 'Not now.' } } });
  });
  await panel.send('Hello there');
  await panel.expectGreeting();
  await expect(panel.message('Hello there')).toHaveCount(1);
  expect(refusals).toEqual([]);
});
