import { HostPage } from '../pages/host-page.ts';
import { Apis } from '../support/apis.ts';
import { BEFORE, expect, expectEverywhere, openTabs, test } from '../support/tabs.ts';

/** One more than the connections that a browser opens to a server that speaks HTTP/1.1. */
const N_TABS = 7;

test('seven tabs hold one stream, and what is said anywhere is seen everywhere, once', async ({ host, server, front }) => {
  const { tabs, api } = await openTabs(host, N_TABS);
  await expect.poll(() => front.nStreams).toBe(1);

  const texts = [...BEFORE];
  for (const [index, tab] of tabs.entries()) {
    await tab.panel.send(`From tab ${index}`);
    await tab.panel.expectStored(`From tab ${index}`);
    texts.push(`From tab ${index}`);
  }
  await expectEverywhere(tabs, texts);
  expect(await api.written()).toEqual(texts);

  const apis = new Apis(server);
  await apis.sayByPingback(await apis.conversation(), 'From the agent');
  await expectEverywhere(tabs, [...texts, 'From the agent']);

  expect(front.nStreams).toBe(1);
  // Each has fetched once what was there before it came.
  expect(front.count('GET', /\/stream$/)).toBe(N_TABS);
});

test('when the tab closes that holds the stream another takes over, and nothing is missed or doubled', async ({
  host,
  front,
}) => {
  const { tabs, api } = await openTabs(host, 4);
  await expect.poll(() => front.nStreams).toBe(1);
  const texts = [...BEFORE];
  const others = [...tabs];
  while (others.length > 1) {
    const leader = others.shift()!;
    await api.send(`Before ${others.length}`);
    await Promise.all([leader.page.close(), api.send(`Meanwhile ${others.length}`)]);
    await api.send(`After ${others.length}`);
    texts.push(`Before ${others.length}`, `Meanwhile ${others.length}`, `After ${others.length}`);
    await expectEverywhere(others, texts);
    await expect.poll(() => front.nStreams).toBe(1);
  }
});

test('without Web Locks every tab has a stream of its own', async ({ host, front, page }) => {
  await page.context().addInitScript(() => {
    Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined });
  });
  const { tabs } = await openTabs(host, 3);
  await expect.poll(() => front.nStreams).toBe(3);
  const texts = [...BEFORE];
  for (const [index, tab] of tabs.entries()) {
    await tab.panel.send(`From tab ${index}`);
    await tab.panel.expectStored(`From tab ${index}`);
    texts.push(`From tab ${index}`);
  }
  await expectEverywhere(tabs, texts);
  expect(front.nStreams).toBe(3);
});

for (const broken of ['locks', 'channel'] as const) {
  test(`where the browser denies a tab its ${broken} it has a stream of its own`, async ({ host, front, page }) => {
    await page.context().addInitScript((broken) => {
      const denied = () => new DOMException('Denied.', 'SecurityError');
      if (broken === 'locks') {
        LockManager.prototype.request = () => Promise.reject(denied());
      } else {
        window.BroadcastChannel = class {
          constructor() {
            throw denied();
          }
        } as unknown as typeof BroadcastChannel;
      }
    }, broken);
    const { tabs } = await openTabs(host, 2);
    await expect.poll(() => front.nStreams).toBe(2);
    await host.panel.send('From the first');
    await expectEverywhere(tabs, [...BEFORE, 'From the first']);
    expect(front.nStreams).toBe(2);
  });
}

test('what is written offline in two tabs arrives once and is seen in both', async ({ host, front, page }) => {
  const { tabs, api } = await openTabs(host, 3);
  await expect.poll(() => front.nStreams).toBe(1);
  await page.context().setOffline(true);
  const texts: string[] = [];
  for (const tab of tabs.slice(1)) {
    await expect(tab.panel.notice(/offline/i)).toBeVisible();
    for (const text of ['One', 'Two']) {
      const name = `${text} from ${tabs.indexOf(tab)}`;
      await tab.panel.send(name);
      await tab.panel.expectState(name, 'Sending');
      texts.push(name);
    }
  }
  await page.context().setOffline(false);
  for (const { panel } of tabs) {
    await expect(panel.messages).toHaveCount(BEFORE.length + texts.length);
    for (const text of texts) await panel.expectStored(text);
    await expect(panel.notice(/offline/i)).toBeHidden();
  }
  const written = await api.written();
  expect(written.toSorted()).toEqual([...BEFORE, ...texts].toSorted());
  await expectEverywhere(tabs, written);
  expect(written.filter((text) => text.endsWith('1'))).toEqual(['One from 1', 'Two from 1']);
  expect(written.filter((text) => text.endsWith('2'))).toEqual(['One from 2', 'Two from 2']);
  await expect.poll(() => front.nStreams).toBe(1);
});

test('a stream that has gone silent is replaced when there is a network again', async ({ host, front }) => {
  const { tabs, api } = await openTabs(host, 2);
  await expect.poll(() => front.nStreams).toBe(1);
  front.muteStreams();
  await api.send('Unheard');
  await host.panel.composer.evaluate(() => window.dispatchEvent(new Event('online')));
  await expectEverywhere(tabs, [...BEFORE, 'Unheard']);
  await expect.poll(() => front.nStreams).toBe(1);
});

test('two tabs that both begin offline begin one conversation', async ({ host, server, page }) => {
  await host.goto();
  await host.open();
  const other = await host.newTab();
  await other.goto();
  await other.open();
  const tabs = [host, other];
  await page.context().setOffline(true);
  for (const [index, { panel }] of tabs.entries()) {
    await panel.send(`From tab ${index}`);
    await panel.expectState(`From tab ${index}`, 'Sending');
  }
  await page.context().setOffline(false);
  for (const { panel } of tabs) {
    await expect(panel.messages).toHaveCount(2);
    for (const index of tabs.keys()) await panel.expectStored(`From tab ${index}`);
  }
  expect(await new Apis(server).nConversations()).toBe(1);
});

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  test(`seven tabs come back from a ${signal} of the server with one stream`, async ({ host, server, front }) => {
    const { tabs, api } = await openTabs(host, N_TABS);
    await expect.poll(() => front.nStreams).toBe(1);

    await server.end(signal);
    await expect.poll(() => front.nStreams).toBe(0);
    await tabs[2]!.panel.send('Meanwhile');
    await tabs[2]!.panel.expectState('Meanwhile', 'Sending');
    for (const { panel } of tabs) await expect(panel.notice(/reconnecting/i)).toBeVisible();

    await server.start();
    // What is stopped gently asks for up to ten seconds.
    await expect(tabs[0]!.panel.text('Meanwhile')).toBeVisible({ timeout: 30_000 });
    await expectEverywhere(tabs, [...BEFORE, 'Meanwhile']);
    for (const { panel } of tabs) await expect(panel.notice(/reconnecting/i)).toBeHidden();
    expect(await api.written()).toEqual([...BEFORE, 'Meanwhile']);
    await expect.poll(() => front.nStreams).toBe(1);
  });
}

test('seven tabs whose token has run out renew it once', async ({ host, front }) => {
  const { tabs } = await openTabs(host, N_TABS);
  await expect.poll(() => front.nStreams).toBe(1);
  const spent = front.asked.findLast((asked) => asked.path.endsWith('/stream'))!.token;
  front.refuse = ({ token, path }) => (token === spent && !path.endsWith('/refresh') ? 401 : undefined);

  const texts = [...BEFORE];
  await Promise.all(tabs.map(({ panel }, index) => panel.send(`From tab ${index}`)));
  for (const [index, { panel }] of tabs.entries()) {
    await panel.expectStored(`From tab ${index}`);
    await expect(panel.messages).toHaveCount(BEFORE.length + N_TABS);
    texts.push(`From tab ${index}`);
  }
  expect(front.count('POST', /\/sessions\/refresh$/)).toBe(1);
  front.refuse = () => undefined;
});

test('a tab that the browser has copied, storage and all, goes on in the session that the other renews', async ({
  host,
  front,
  page,
  server,
}) => {
  await server.command('widget', 'set', server.widgetId, '--consent', 'session');
  await host.goto();
  await host.open();
  await host.panel.send('Hello');
  await host.panel.expectStored('Hello');
  const opened = page.waitForEvent('popup');
  await page.evaluate(() => void open(location.href));
  const copy = new HostPage(await opened, host.hosts);
  await expect(copy.panel.text('Hello')).toBeVisible();

  const texts = ['Hello'];
  const spent = new Set<string>();
  front.refuse = ({ token, path }) => (spent.has(token) && !path.endsWith('/refresh') ? 401 : undefined);
  for (const [first, second] of [[host, copy], [copy, host]] as const) {
    spent.add(front.asked.findLast((asked) => asked.path.endsWith('/stream') || asked.method === 'PUT')!.token);
    for (const { panel } of [first, second]) {
      const text = `Message ${texts.length}`;
      await panel.send(text);
      await panel.expectStored(text);
      texts.push(text);
    }
    await expectEverywhere([host, copy], texts);
  }
  expect(front.count('POST', /\/sessions\/refresh$/)).toBe(2);
  expect(front.count('POST', /\/sessions$/)).toBe(1);
  front.refuse = () => undefined;
});

test('two tabs that begin a session at the same time go on in one, and nothing is lost', async ({ host, page }) => {
  await page.context().addInitScript(() => {
    Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined });
  });
  /** Writes in a tab, which gets the answer to its first request when it is released. */
  const write = async (tab: HostPage, text: string) => {
    let release = () => {};
    const isReleased = new Promise<void>((resolve) => (release = resolve));
    await tab.page.route('**/widget/v1/sessions', async (route) => {
      const response = await route.fetch();
      await isReleased;
      await route.fulfill({ response });
    });
    // The other's begins as soon as it finds what the first has written.
    const isBegun = tab.page.waitForRequest('**/widget/v1/sessions');
    await tab.goto();
    await tab.open();
    await tab.panel.send(text);
    await isBegun;
    return release;
  };
  const releaseFirst = await write(host, 'From the first');
  const other = await host.newTab();
  const releaseOther = await write(other, 'From the other');

  releaseFirst();
  await host.panel.expectStored('From the first');
  releaseOther();
  await other.panel.expectStored('From the other');
  await expectEverywhere([host, other], ['From the first', 'From the other']);
});
