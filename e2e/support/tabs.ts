import { expect, test as base } from '../fixtures.ts';
import type { HostPage } from '../pages/host-page.ts';
import { Front } from './front.ts';
import { HostServer } from './hosts.ts';
import { VisitorApi } from './visitor-api.ts';

interface Fixtures {
  /** Between the browser and the server. */
  front: Front;
}

/** Tests of several tabs, with somebody who counts between the browser and the server. */
export const test = base.extend<Fixtures>({
  // Nothing moves by itself.
  mockScript: 'quiet.toml',
  front: async ({ server }, use) => {
    const front = await Front.launch(server.origin);
    await use(front);
    await front.dispose();
  },
  hosts: async ({ server, front }, use) => {
    const hosts = await HostServer.launch({ origin: front.origin, widgetId: server.widgetId });
    await use(hosts);
    await hosts.dispose();
  },
});

/** What the first tab has said when the others are open. */
export const BEFORE = ['Hello', 'The second'];

/** Opens so many tabs on one conversation. The first is the one that leads. */
export async function openTabs(host: HostPage, nTabs: number): Promise<{ tabs: HostPage[]; api: VisitorApi }> {
  await host.goto();
  await host.open();
  const api = await VisitorApi.of(host.page, async () => {
    await host.panel.send('Hello');
    await host.panel.expectStored('Hello');
    await host.panel.send('The second');
  });
  await host.panel.expectStored('The second');
  const tabs = [host];
  while (tabs.length < nTabs) {
    const tab = await host.newTab();
    await tab.goto(tabs.length % 2 ? 'second' : 'plain');
    await tab.open();
    await expect(tab.panel.text('The second')).toBeVisible();
    tabs.push(tab);
  }
  return { tabs, api };
}

/** Waits until each tab shows each of these once, in this order. */
export async function expectEverywhere(tabs: HostPage[], texts: string[]): Promise<void> {
  for (const { panel } of tabs) {
    await expect(panel.messages.locator('.text')).toHaveText(texts);
  }
}

export { expect };
