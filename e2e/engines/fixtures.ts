import { expect, test as base } from '@playwright/test';
import { Front } from '../support/front.ts';
import { HostServer } from '../support/hosts.ts';
import { Server } from '../support/server.ts';
import { Tab } from './tab.ts';
import { Browser, type Engine } from './webdriver.ts';

interface Options {
  engine: Engine;
}

interface Fixtures {
  /** The chat server, of this test alone. */
  server: Server;
  /** The network between the browser and the server. */
  front: Front;
  /** The web site that includes the widget, from another origin. */
  hosts: HostServer;
  /** The visitor's first tab, in a browser of this test alone. */
  tab: Tab;
}

/** Tests in a browser that is driven through WebDriver. Playwright runs them and drives nothing. */
export const test = base.extend<Options & Fixtures>({
  engine: ['firefox', { option: true }],
  server: async ({}, use, testInfo) => {
    const server = await Server.launch(testInfo.outputPath('server.log'));
    await use(server);
    await server.dispose();
  },
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
  tab: async ({ engine, colorScheme, hosts }, use, testInfo) => {
    const options = { engine, colorScheme: colorScheme === 'dark' ? 'dark' : 'light' } as const;
    const browser = await Browser.launch(options, testInfo.outputPath('browser.log'));
    testInfo.annotations.push({ type: engine, description: browser.version });
    await use(await Tab.first(browser, hosts));
    if (testInfo.status !== testInfo.expectedStatus) {
      const body = await browser.screenshot().catch(() => undefined);
      if (body) await testInfo.attach('screenshot', { body, contentType: 'image/png' });
    }
    await browser.dispose();
  },
});

export { expect };
