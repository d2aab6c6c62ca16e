import { AxeBuilder } from '@axe-core/playwright';
import { type Locator, type Page } from '@playwright/test';
import { expect, test as base } from '../fixtures.ts';

/** The playground of the demo. */
class Playground {
  readonly launcher: Locator;
  readonly snippet: Locator;
  readonly command: Locator;

  constructor(
    readonly page: Page,
    readonly url: string,
  ) {
    this.launcher = page.locator('porchlight-chat button');
    this.snippet = page.getByRole('textbox', { name: 'The snippet' });
    this.command = page.getByRole('textbox', { name: 'command line' });
  }

  async goto(query = ''): Promise<void> {
    await this.page.goto(`${this.url}${query}`);
    await expect(this.launcher).toBeVisible();
  }

  /** Chooses in a group of radio buttons, as one does by keyboard. */
  async choose(group: string, option: string): Promise<void> {
    await this.page.getByRole('radiogroup', { name: group }).getByRole('radio', { name: option }).check();
  }

  get panel() {
    return this.page.frameLocator('porchlight-chat iframe');
  }
}

const test = base.extend<{ playground: Playground; problems: string[] }>({
  problems: [
    // It ends before the server does: a panel that finds it gone says so.
    async ({ page, server: _server }, use) => {
      const problems: string[] = [];
      page.on('pageerror', (error) => problems.push(error.message));
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) problems.push(message.text());
      });
      await use(problems);
      expect(problems).toEqual([]);
    },
    { auto: true },
  ],
  playground: ({ page, server }, use) => use(new Playground(page, `${server.demoPage}/playground`)),
});

test('what a page may decide is shown by the running widget, and told in the texts to copy', async ({ playground, page, server }) => {
  await playground.goto();
  await expect(playground.snippet).toHaveValue(
    `<script async src="${server.origin}/widget.js?id=${server.widgetId}"></script>`,
  );
  const loaders = page.locator(`script[src^="/widget.js"]`);
  await expect(loaders).toHaveCount(1);
  await playground.choose('Corner', 'Start');
  await page.getByLabel('From the side').fill('0');
  await expect.poll(async () => (await playground.launcher.boundingBox())?.x).toBe(0);
  await expect(loaders).toHaveCount(1);
  await expect(playground.command).toHaveValue(
    `porchlight widget set ${server.widgetId} \\\n  --position start \\\n  --offset-x 0`,
  );
  await playground.choose('Launcher', 'None');
  await expect(playground.launcher).toBeHidden();
  await playground.choose('Launcher', "The page's own");
  // A launcher of the page's own is one from when the widget says so of it.
  await page.getByRole('button', { name: 'Ask us', expanded: false }).click();
  await expect(playground.panel.getByRole('textbox', { name: 'Message' })).toBeVisible();
});

test('what only the widget decides is shown without changing the widget', async ({ playground, page, server }) => {
  const read = async () => (await fetch(`${server.origin}/api/v1/widget/${server.widgetId}`)).json();
  const before = await read();
  await playground.goto();
  await page.getByRole('button', { name: 'Open the chat' }).click();
  await expect(playground.panel.getByRole('heading', { name: 'Chat with us' })).toBeVisible();
  await page.getByLabel('Heading').fill('Ask the lamp makers – jetzt');
  await expect(playground.panel.getByRole('heading', { name: 'Ask the lamp makers – jetzt' })).toBeVisible();
  await page.getByLabel('Line under it').fill('');
  await expect(playground.command).toHaveValue(/--heading 'Ask the lamp makers – jetzt' \\\n {2}--tagline ''$/);
  expect(await read()).toEqual(before);
});

test('a reload shows the same, and everything can be put back', async ({ playground, page }) => {
  await playground.goto('?position=start&primary_color=%23a01030&unknown=1');
  await expect(page.getByRole('radio', { name: 'Start' })).toBeChecked();
  await expect(playground.command).toHaveValue(/--color '#a01030'/);
  await page.getByRole('button', { name: 'Put everything back' }).click();
  await expect(playground.command).not.toHaveValue(/--/);
  await expect(page).toHaveURL(/playground$/);
});

test('what can not be is said, and not shown', async ({ playground, page }) => {
  await playground.goto();
  await page.getByLabel('In front of').fill('0');
  await expect(page.getByRole('alert')).toContainText('In front of');
  await page.getByLabel('Heading').fill(' ');
  await expect(page.getByRole('alert')).toContainText('Heading');
  await expect(playground.command).not.toHaveValue(/--/);
  await page.getByRole('button', { name: 'Put everything back' }).click();
  await expect(page.getByRole('alert')).toBeHidden();
});

test('the snippet is copied, with the permission and without it', async ({ playground, page, context, server }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await playground.goto();
  const copy = page.getByRole('button', { name: 'Copy the snippet' });
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  await copy.click();
  await expect(page.getByRole('status').filter({ hasText: 'Copied.' })).toBeVisible();
  expect(await clipboard()).toContain(server.widgetId);

  await page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new DOMException('denied', 'NotAllowedError'));
  });
  await page.getByRole('button', { name: 'Copy the command' }).click();
  await expect.poll(clipboard).toMatch(/^porchlight widget set/);

  await page.evaluate(() => {
    document.execCommand = () => false;
  });
  await copy.click();
  await expect(page.getByRole('status').filter({ hasText: 'Selected' })).toBeVisible();
  expect(await page.evaluate(() => document.getSelection()?.toString())).toContain('widget.js');
});

for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [1280, 320]) {
    test(`axe finds nothing in the ${colorScheme} playground ${width} wide, and nothing sticks out`, async ({ playground, page }) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      await playground.goto();
      const { violations } = await new AxeBuilder({ page }).exclude('porchlight-chat').analyze();
      expect(violations).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    });
  }
}

test('the page keeps a policy of its own', async ({ playground, page }) => {
  const answer = await page.request.get(playground.url);
  const policy = answer.headers()['content-security-policy'];
  expect(policy).toContain("script-src 'self'");
  expect(policy).not.toContain('unsafe');
});
