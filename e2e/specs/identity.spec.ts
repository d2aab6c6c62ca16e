import type { Request } from '@playwright/test';
import { expect, test } from '../support/identity.ts';

/** Requests that change something, as `METHOD /path`. */
const changes = (requests: Request[]) =>
  requests
    .filter((request) => request.method() !== 'GET' && request.url().includes('/widget/v1/'))
    .map((request) => `${request.method()} ${new URL(request.url()).pathname.replace('/widget/v1', '')}`);

test('history follows whoever is signed in to another device', async ({ tab, device, sign }) => {
  await tab.begin(sign('ada'));
  await tab.panel.send('From the phone');
  await tab.panel.expectStored('From the phone');

  await device.begin(sign('ada'));
  await expect(device.panel.text('From the phone')).toBeVisible();
  await device.panel.send('From the laptop');
  await expect(tab.panel.text('From the laptop')).toBeVisible();
});

test('what was written before signing in goes along, and the other device shows it', async ({ tab, device, sign }) => {
  await tab.begin(sign('ada'));
  await tab.panel.send('From the phone');
  await tab.panel.expectStored('From the phone');

  await device.begin();
  await device.panel.send('Not signed in yet');
  await device.panel.send('And still not');
  await device.panel.expectStored('And still not');
  await device.set({ user: { token: sign('ada') } });

  await expect(tab.panel.text('Not signed in yet')).toBeVisible();
  await expect(tab.panel.text('And still not')).toBeVisible();
  await expect(device.panel.text('And still not')).toBeVisible();
  await device.panel.send('Signed in now');
  await expect(tab.panel.text('Signed in now')).toBeVisible();
  await expect(tab.panel.messages.locator('.text')).toHaveText(['Not signed in yet', 'And still not', 'Signed in now']);
});

test('whoever signs in next sees nothing of the one before', async ({ tab, sign }) => {
  await tab.begin(sign('ada'));
  await tab.panel.send('A secret of Ada’s');
  await tab.panel.expectStored('A secret of Ada’s');
  await tab.panel.composer.fill('half a sentence of Ada’s');
  const [ada] = (await tab.heard('visitor')).at(-1) as [string];

  await tab.set({ user: { token: sign('eve') } });
  await expect.poll(async () => (await tab.heard('visitor')).at(-1)).not.toEqual([ada]);
  await expect(tab.panel.composer).toHaveValue('');
  await expect(tab.panel.messages).toHaveCount(0);
  await tab.panel.send('Eve is here');
  await tab.panel.expectStored('Eve is here');

  await tab.begin(sign('eve'));
  await expect(tab.panel.messages.locator('.text')).toHaveText(['Eve is here']);
  await tab.begin(sign('ada'));
  await expect(tab.panel.messages.locator('.text')).toHaveText(['A secret of Ada’s']);
});

test('what one could not send is not sent by the next', async ({ tab, sign }) => {
  await tab.begin(sign('ada'));
  await tab.panel.send('Hello');
  await tab.panel.expectStored('Hello');
  const isSending = (url: URL) => /\/messages\//.test(url.pathname);
  await tab.page.route(isSending, (route) => route.abort());
  await tab.panel.send('Never sent');
  await tab.panel.expectState('Never sent', 'Sending');

  await tab.set({ user: { token: sign('eve') } });
  await expect(tab.panel.messages).toHaveCount(0);
  await tab.page.unroute(isSending);
  await tab.panel.send('Eve is here');
  await tab.panel.expectStored('Eve is here');
  await expect(tab.panel.messages.locator('.text')).toHaveText(['Eve is here']);
});

test('log-out ends the session, leaves a fresh panel in every tab and nothing in the storage', async ({ tab, sign }) => {
  await tab.begin(sign('ada'));
  await tab.panel.send('Hello');
  await tab.panel.expectStored('Hello');
  const other = await tab.newTab();
  await other.begin(sign('ada'));
  await expect(other.panel.text('Hello')).toBeVisible();
  await other.panel.composer.fill('half a sentence');

  const asked = tab.page.waitForResponse((response) => response.request().method() === 'DELETE');
  await tab.say('logout');
  const ended = await asked;
  expect(ended.status()).toBe(204);
  for (const { panel } of [tab, other]) {
    await expect(panel.messages).toHaveCount(0);
    await expect(panel.composer).toHaveValue('');
  }
  await expect.poll(() => tab.kept('localStorage')).toEqual([]);
  await expect.poll(async () => (await tab.heard('visitor')).at(-1)).toEqual([null]);
  expect((await tab.heard('forget')).length).toBeGreaterThan(0);

  await tab.panel.send('Somebody new');
  await tab.panel.expectStored('Somebody new');
  await expect(tab.panel.messages.locator('.text')).toHaveText(['Somebody new']);
});

test('a token that has run out makes the page asked for another, and the message waits for it', async ({ tab, sign }) => {
  await tab.begin(sign('ada', {}, -3600));
  await expect.poll(async () => (await tab.heard('renew')).length).toBeGreaterThan(0);
  await tab.panel.send('Patience');
  await tab.panel.expectState('Patience', 'Sending');
  await tab.set({ user: { token: sign('ada') } });
  await tab.panel.expectStored('Patience');
});

test('a token that proves nothing is told to the page, without the token', async ({ tab, sign }) => {
  const token = `${sign('ada')}x`;
  await tab.begin(token);
  await expect.poll(() => tab.events('error')).toMatchObject([{ code: 'invalid_fields', fields: [{ field: 'token' }] }]);
  const all = JSON.stringify(await tab.page.evaluate(() => heard));
  expect(all).not.toContain(token);
  await tab.set({ user: { token: sign('ada') } });
  await tab.panel.send('Hello');
  await tab.panel.expectStored('Hello');
});

test('a page view of somebody who is signed in stores nothing', async ({ tab, sign }) => {
  const requests: Request[] = [];
  tab.page.on('request', (request) => requests.push(request));
  await tab.goto();
  await tab.set({ user: { token: sign('ada') }, attributes: { plan: 'gold' } });
  await tab.say('track', 'page', { path: '/' });
  await expect(tab.panel.composer).toBeVisible();
  expect(await tab.kept('localStorage')).toEqual([]);
  expect(changes(requests)).toEqual([]);

  await tab.open();
  await expect.poll(() => changes(requests)).toEqual(['POST /identity', 'PATCH /visitor', 'POST /events']);
});

test('what the page says of its visitor waits for their first message', async ({ tab, server }) => {
  const requests: Request[] = [];
  tab.page.on('request', (request) => requests.push(request));
  await tab.begin();
  await tab.set({ user: { name: 'Ada', email: 'ada@example.com' }, attributes: { plan: 'gold' } });
  await tab.set({ attributes: { seats: 3 }, conversationAttributes: { page: '/pricing' }, tags: ['sales'] });
  await tab.say('track', 'cart', { items: 2 });
  expect(changes(requests)).toEqual([]);

  await tab.panel.send('Hello');
  await tab.panel.expectStored('Hello');
  const [{ id }] = (await tab.events('conversation:started')) as [{ id: string }];
  const told = async () => {
    const answer = await fetch(`${server.origin}/api/v1/conversations/${id}`, {
      headers: { authorization: `Bearer ${server.credentials.api_token}` },
    });
    return (await answer.json()) as unknown;
  };
  await expect.poll(told).toMatchObject({
    attributes: { page: '/pricing' },
    tags: ['sales'],
    customer: {
      name: 'Ada',
      email: 'ada@example.com',
      attributes: { plan: 'gold', seats: 3, events: [{ name: 'cart', data: { items: 2 } }] },
    },
  });
});

test('what the page may not say is told to it', async ({ tab }) => {
  await tab.begin();
  await tab.panel.send('Hello');
  await tab.panel.expectStored('Hello');
  await tab.set({ user: { email: 'nobody' }, attributes: { nested: { too: 'deep' } } });
  await expect.poll(() => tab.events('error')).toMatchObject([{ code: 'invalid_fields' }]);
  await tab.say('send', ' ');
  await expect.poll(async () => (await tab.events('error')).length).toBe(2);
});

test('what the page sends goes the way of what the visitor writes', async ({ tab }) => {
  await tab.begin();
  await tab.panel.composer.fill('half a sentence');
  await tab.say('send', 'Sent by the page');
  await tab.panel.expectStored('Sent by the page');
  await expect(tab.panel.composer).toHaveValue('half a sentence');
  await expect.poll(() => tab.events('conversation:started')).toHaveLength(1);
  const [sent] = await tab.events('message:sent');
  expect(sent).toMatchObject({ seq: 1, sender: 'customer' });
  expect(Object.keys(sent!).sort()).toEqual(['conversationId', 'id', 'sender', 'seq', 'time']);
  expect(await tab.events('conversation:started')).toEqual([{ id: sent!['conversationId'] }]);
});

test('a suggestion gives way to what the visitor typed, and to the next suggestion', async ({ tab }) => {
  await tab.begin();
  await tab.say('prefill', 'I have a question');
  await expect(tab.panel.composer).toHaveValue('I have a question');
  await tab.say('prefill', 'I have another');
  await expect(tab.panel.composer).toHaveValue('I have another');
  await tab.panel.composer.fill('My own words');
  await tab.say('prefill', 'I have a question');
  await tab.say('send', 'To be sure that it was heard');
  await tab.panel.expectStored('To be sure that it was heard');
  await expect(tab.panel.composer).toHaveValue('My own words');
});

test.describe('with somebody who answers', () => {
  test.use({ mockScript: undefined });

  test('what comes is told to the page by number and kind, and never by its text', async ({ tab }) => {
    await tab.begin();
    await tab.panel.send('Hello there');
    await tab.panel.expectGreeting();
    await expect.poll(async () => (await tab.events('message:received')).length).toBeGreaterThan(0);
    const received = await tab.events('message:received');
    expect(received[0]).toMatchObject({ seq: expect.any(Number), time: expect.any(Number) });
    expect(JSON.stringify(await tab.page.evaluate(() => heard))).not.toMatch(/Hello there|How can I help/);
  });
});
