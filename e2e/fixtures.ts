import { expect, test as base } from '@playwright/test';
import { HostServer } from './support/hosts.ts';
import { Server } from './support/server.ts';
import { HostPage } from './pages/host-page.ts';

interface Options {
  /** A file of `scripts/` for the mock agent to play in place of the server's own. */
  mockScript: string | undefined;
}

interface Fixtures {
  /** The chat server, of this test alone. */
  server: Server;
  /** The web site that includes the widget, from another origin. */
  hosts: HostServer;
  /** The visitor's tab. */
  host: HostPage;
}

export const test = base.extend<Options & Fixtures>({
  mockScript: [undefined, { option: true }],
  server: async ({ mockScript }, use, testInfo) => {
    const server = await Server.launch(testInfo.outputPath('server.log'), mockScript);
    await use(server);
    await server.dispose();
  },
  hosts: async ({ server }, use) => {
    const hosts = await HostServer.launch(server);
    await use(hosts);
    await hosts.dispose();
  },
  host: async ({ page, hosts }, use) => {
    const host = new HostPage(page, hosts);
    await use(host);
    // Whatever a test is about, nothing of ours may break on the way.
    expect(host.errors.filter((error) => error !== 'of the page itself')).toEqual([]);
  },
});

export { expect };
