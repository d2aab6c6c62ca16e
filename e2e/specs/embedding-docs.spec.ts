import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures.ts';
import type { HostPage } from '../pages/host-page.ts';

const DOC = readFileSync(new URL('../../docs/embedding.md', import.meta.url), 'utf8');

interface Example {
  /** What the document says of it. */
  about: string;
  code: string;
}

const EXAMPLES: Example[] = [...DOC.matchAll(/```js\n(.*?)```/gs)].map(({ 1: code, index }) => {
  const before = DOC.slice(0, index).trimEnd().split('\n');
  return { about: before.at(-1)!.replace(/[*`|]/g, '').replace(/:$/, '').trim(), code: code! };
});

/** The first cells of a table of the document, each with the names in it. */
function names(heading: string): string[] {
  const section = DOC.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!;
  const cells = [...section.matchAll(/^\| (`.*?) \|/gm)].map(([, cell]) => cell!);
  return cells.flatMap((cell) => [...cell.matchAll(/`([a-z:]+)/gi)].map(([, name]) => name!));
}

/** What an example must have brought about, by the code it begins with. Beyond that none may warn or throw. */
const EFFECTS: [start: string, effect: (host: HostPage, page: Page) => Promise<void>][] = [
  [
    "Porchlight('set', { position",
    async (_, page) => {
      const launcher = page.locator('porchlight-chat button');
      await expect(launcher).toHaveAccessibleName(/Help/);
      await expect.poll(async () => (await launcher.boundingBox())?.x).toBe(32);
    },
  ],
  [
    "const button = document.createElement('button')\nbutton.className",
    async (host, page) => {
      await expect(host.launcher).toBeHidden();
      await page.getByRole('button', { name: 'Ask us' }).click();
      await expect(host.panel.composer).toBeVisible();
    },
  ],
  ["Porchlight('set', { openOnLoad", (host) => expect(host.panel.composer).toBeVisible()],
  [
    "Porchlight('set', { launcher: 'hidden'",
    async (host) => {
      await expect(host.panel.composer).toBeVisible();
      await expect(host.launcher).toBeHidden();
    },
  ],
  ["Porchlight('open')\nPorchlight('close')", (host) => expect(host.launcher).toBeVisible()],
  ["Porchlight('prefill'", (host) => expect(host.panel.composer).toHaveValue('Is the lamp "Ember" in stock?')],
  [
    "Porchlight('send'",
    async (host) => {
      await host.open();
      await host.panel.expectStored('Please call me back.');
    },
  ],
  ['const unread', (_, page) => expect(page).toHaveTitle('0 false null')],
  [
    "const button = document.createElement('button')\nbutton.textContent = 'Chat in a window'",
    async (_, page) => {
      const opened = page.waitForEvent('popup');
      await page.getByRole('button', { name: 'Chat in a window' }).click();
      await expect((await opened).locator('iframe')).toBeVisible();
    },
  ],
  ["Porchlight('logout')", (_, page) => expect(page.locator('porchlight-chat')).toHaveCount(0)],
  [
    "Porchlight('on', 'ready'",
    async (host) => {
      await host.open();
      await host.panel.send('Hello');
      await host.panel.expectGreeting();
      await host.panel.composer.press('Escape');
      for (const said of ['the launcher is there', 'opened', 'a first message', 'sent', 'received', 'closed']) {
        await expect.poll(() => host.console.some((line) => line.startsWith(`info: ${said}`)), said).toBe(true);
      }
    },
  ],
  [
    "Porchlight('set', { consent",
    async (host, page) => {
      await host.open();
      expect(await page.evaluate(() => localStorage.length + sessionStorage.length)).toBe(0);
      await page.getByRole('button', { name: 'Remember my conversation' }).click();
    },
  ],
  ['const onRoute', (host) => expect(host.launcher).toBeVisible()],
  ['const { boot }', (_, page) => expect(page.locator('porchlight-chat')).toHaveCount(0)],
];

test('there are examples, and each effect belongs to one', () => {
  expect(EXAMPLES.length).toBeGreaterThan(15);
  for (const [start] of EFFECTS) expect(EXAMPLES.filter(({ code }) => code.startsWith(start))).toHaveLength(1);
});

test('every setting that a page may decide, every call and every event has an example', async ({ host, page }) => {
  const code = EXAMPLES.map((example) => example.code).join('\n');
  const onThePage = [...DOC.matchAll(/\| `(\w+)` \|$/gm)].map(([, name]) => name!);
  expect(onThePage.length).toBeGreaterThan(8);
  for (const name of onThePage) expect(code, name).toMatch(new RegExp(`\\b${name}:`));
  for (const call of names('Calls')) expect(code, call).toMatch(new RegExp(`Porchlight(\\('${call}'|\\.${call}\\()`));
  for (const event of names('Events')) expect(code, event).toContain(`'${event}'`);

  await host.goto();
  await expect(host.launcher).toBeVisible();
  const calls = await page.evaluate(() => Object.keys(window.Porchlight).filter((name) => name !== 'id'));
  expect(names('Calls').sort(), 'the document tells of every call that there is').toEqual(calls.sort());
});

for (const [index, { about, code }] of EXAMPLES.entries()) {
  test(`example ${index + 1} works: ${about}`, async ({ host, page, server }) => {
    await page.route('**/porchlight-token', (route) => route.fulfill({ body: 'not.a.token' }));
    const filled = code.replaceAll('https://HOST', server.origin).replaceAll('WIDGET_ID', server.widgetId);
    if (code.includes('openOnLoad')) {
      // It is over before the launcher is there, as on a page that says so in its head.
      await page.addInitScript(`if (self === top) { window.Porchlight = { q: [] };
        ${filled.replace(/Porchlight\((.*)\)/g, 'window.Porchlight.q.push([$1])')} }`);
      await host.goto();
    } else {
      await host.goto();
      await expect(host.launcher).toBeVisible();
      await page.evaluate(`(async () => { ${filled} })()`);
    }
    const effect = EFFECTS.find(([start]) => code.startsWith(start))?.[1];
    await effect?.(host, page);
    // Calls are carried out one after the other: when this one is refused, whatever else there was to warn of was warned of.
    await page.evaluate(() => (window.Porchlight as (name: string) => void)('nonsense'));
    await expect.poll(() => host.warnings.at(-1) ?? '').toContain('nonsense');
    expect(host.warnings).toHaveLength(1);
  });
}
