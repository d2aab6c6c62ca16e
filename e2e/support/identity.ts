import { createHmac } from 'node:crypto';
import type { Browser } from '@playwright/test';
import { expect, test as base } from '../fixtures.ts';
import { PortPage } from '../pages/port-page.ts';

interface Fixtures {
  /** The visitor's tab, on a page that speaks to the panel itself. */
  tab: PortPage;
  /** A tab in another browser. */
  device: PortPage;
  /** A token of the business's for one of its users, good for so many seconds. */
  sign: (user: string, claims?: Record<string, unknown>, seconds?: number) => string;
}

export const test = base.extend<Fixtures>({
  // Nothing moves by itself.
  mockScript: 'quiet.toml',
  tab: async ({ page, hosts }, use) => use(new PortPage(page, hosts)),
  device: async ({ browser, hosts }, use) => {
    const context = await (browser as Browser).newContext();
    await use(new PortPage(await context.newPage(), hosts));
    await context.close();
  },
  sign: async ({ server }, use) => {
    const { secret } = await server.command('widget', 'secret', server.widgetId);
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    await use((user, claims = {}, seconds = 3600) => {
      const exp = Math.floor(Date.now() / 1000) + seconds;
      const signed = `${part({ alg: 'HS256' })}.${part({ sub: user, aud: server.widgetId, exp, ...claims })}`;
      return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
    });
  },
});

export { expect };
