import { readdirSync, readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures.ts';
import type { HostPage } from '../pages/host-page.ts';
import { Apis } from '../support/apis.ts';

type Forms = Record<string, string>;
type Texts = Record<string, string | Forms>;

const LOCALES = new URL('../../widget/locales/', import.meta.url);
const TAGS = readdirSync(LOCALES).map((file) => file.replace('.json', ''));

/** The panel's texts in one language, as its file has them. */
function textsOf(tag: string): Texts {
  return JSON.parse(readFileSync(new URL(`${tag}.json`, LOCALES), 'utf8'));
}

/** The text of this name that has no forms for numbers. */
function text(tag: string, name: string): string {
  return textsOf(tag)[name] as string;
}

/** Goes to a page of the business's that says it is in this language, or doesn't say. */
async function gotoIn(host: HostPage, language = ''): Promise<void> {
  await host.goto(`plain?lang=${language}`);
}

async function expectLanguage(host: HostPage, tag: string): Promise<void> {
  const { frame } = host.panel;
  await expect(frame.locator('html')).toHaveAttribute('lang', tag);
  await expect(frame.locator('html')).toHaveAttribute('dir', text(tag, 'dir'));
  await expect(frame.getByRole('textbox', { name: text(tag, 'message'), exact: true })).toBeVisible();
  await expect(frame.getByRole('button', { name: text(tag, 'attach'), exact: true })).toBeVisible();
  await expect(host.launcher).toHaveAccessibleName(text(tag, 'close'));
}

/** The addresses that the page and its frames fetch of the chat's origin from now on. */
function requestsTo(origin: string, page: Page): string[] {
  const paths: string[] = [];
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.origin === origin) paths.push(url.pathname);
  });
  return paths;
}

function setLocale(page: Page, locale: string): Promise<void> {
  return page.evaluate((locale) => void window.Porchlight('set', { locale }), locale);
}

for (const [language, tag] of [
  ['de-AT', 'de'],
  ['ar', 'ar'],
  ['ja', 'ja'],
  ['zh-TW', 'zh-Hant'],
  ['pt', 'pt-BR'],
] as const) {
  test(`a page in ${language} gets the panel in ${tag}, whatever the browser's own language`, async ({ host }) => {
    await gotoIn(host, language);
    await host.open();
    await expectLanguage(host, tag);
    await expect(host.panel.frame.getByText(text(tag, 'greeting'), { exact: true })).toBeVisible();
  });
}

test('only the language in use is downloaded, and it comes with the document', async ({ host, server, page }) => {
  const paths = requestsTo(server.origin, page);
  const documents: string[] = [];
  page.on('response', async (response) => {
    if (response.url().includes('/panel/')) documents.push(await response.text());
  });
  await gotoIn(host, 'it');
  await host.open();
  await expectLanguage(host, 'it');
  expect(paths.filter((path) => path.includes('texts'))).toEqual([]);
  await expect.poll(() => documents.length).toBe(1);
  const present = TAGS.filter((tag) => documents[0]!.includes(text(tag, 'greeting_more')));
  expect(present).toEqual(['it']);
});

test.describe('in a browser whose visitor reads French', () => {
  test.use({ locale: 'fr-CA' });

  test('a page that names no language gets the panel in French', async ({ host }) => {
    await gotoIn(host);
    await host.open();
    await expectLanguage(host, 'fr');
  });

  test('a page in a language that we lack gets the panel in French', async ({ host }) => {
    await gotoIn(host, 'oc');
    await host.open();
    await expectLanguage(host, 'fr');
  });
});

test('a page changes the language of the open panel, and what is shown changes with it', async ({
  host,
  server,
  page,
}) => {
  await host.goto();
  await host.open();
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();
  await host.panel.composer.fill('A draft');
  const paths = requestsTo(server.origin, page);

  await setLocale(page, 'de');
  await expectLanguage(host, 'de');
  await expect(host.panel.message('Hello there')).toContainText(/Gesendet|Zugestellt|Gelesen/);
  await expect(host.panel.message('Hello there')).toContainText('Sie');
  await expect(host.panel.frame.getByText('Heute', { exact: true })).toBeVisible();
  await expect(host.panel.composer).toHaveValue('A draft');
  await expect(host.panel.composer).toBeFocused();

  await setLocale(page, 'he');
  await expectLanguage(host, 'he');
  await expect(host.panel.frame.getByText('היום', { exact: true })).toBeVisible();
  await expect(host.panel.text(/How can I help/), 'what was said stays as it was said').toBeVisible();
  await expect(host.panel.messages).not.toHaveCount(0);
  const names = await host.panel.messages.locator('.name, .meta').allTextContents();
  expect(names.filter((name) => /Sie|Gelesen|You\b|Read\b/.test(name))).toEqual([]);
  expect(paths.filter((path) => path.includes('texts'))).toEqual(['/widget/v1/texts/de', '/widget/v1/texts/he']);
});

test('a language that can not be had leaves the panel as it is', async ({ host, page }) => {
  await host.goto();
  await host.open();
  await page.route('**/widget/v1/texts/**', (route) => route.abort());
  const failed = page.waitForEvent('requestfailed');
  await setLocale(page, 'de');
  await failed;
  await host.panel.send('Still in English');
  await host.panel.expectStored('Still in English');
  await expectLanguage(host, 'en');

  await page.unroute('**/widget/v1/texts/**');
  await setLocale(page, 'de');
  await expectLanguage(host, 'de');
});

test('of two languages asked for in a row the later is shown, whichever comes first', async ({ host, page }) => {
  await host.goto();
  await host.open();
  let release = () => {};
  const isShown = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/widget/v1/texts/de', async (route) => {
    await isShown;
    await route.continue();
  });
  await setLocale(page, 'de');
  await setLocale(page, 'fr');
  await expectLanguage(host, 'fr');
  const late = page.waitForResponse('**/widget/v1/texts/de');
  release();
  await (await late).finished();
  await host.panel.send('Bonjour');
  await expect(host.panel.message('Bonjour')).toContainText('Vous');
  await expectLanguage(host, 'fr');
});

for (const tag of TAGS) {
  test(`in ${tag} no text is missing, and the browser has the same forms for numbers`, async ({ page, server }) => {
    await page.goto(`${server.origin}/panel/${server.widgetId}?lang=${tag}`);
    await expect(page.getByRole('textbox')).toBeFocused();
    const texts = textsOf(tag);
    const shown = await page.evaluate(() => {
      const parts = (element: Element) => element.getAttribute('data-t')!.split(' ').map((part) => ({ element, part }));
      return [...document.querySelectorAll('[data-t]')].flatMap(parts).map(({ element, part }) => {
        const [attribute, name] = part.split('=');
        return name === undefined ? [part, element.textContent] : [name, element.getAttribute(attribute!)];
      });
    });
    expect(shown.length).toBeGreaterThan(10);
    for (const [name, text] of shown) expect(text, name!).toBe(texts[name!]);
    const forms = await page.evaluate((tag) => new Intl.PluralRules(tag).resolvedOptions().pluralCategories, tag);
    expect(Object.keys(texts['unread']!).sort()).toEqual(forms.sort());
  });
}

test.describe('with an agent who only says what the test says', () => {
  test.use({ mockScript: 'quiet.toml' });

  for (const [tag, unread] of [
    [
      'ru',
      {
        1: '1 непрочитанное сообщение',
        2: '2 непрочитанных сообщения',
        5: '5 непрочитанных сообщений',
        11: '11 непрочитанных сообщений',
        21: '21 непрочитанное сообщение',
      },
    ],
    [
      'pl',
      {
        1: '1 nieprzeczytana wiadomość',
        2: '2 nieprzeczytane wiadomości',
        5: '5 nieprzeczytanych wiadomości',
        11: '11 nieprzeczytanych wiadomości',
        21: '21 nieprzeczytanych wiadomości',
      },
    ],
    [
      'ar',
      {
        1: 'رسالة واحدة غير مقروءة',
        2: 'رسالتان غير مقروءتين',
        5: '5 رسائل غير مقروءة',
        11: '11 رسالة غير مقروءة',
        21: '21 رسالة غير مقروءة',
      },
    ],
  ] as const) {
    test(`the launcher counts in ${tag} as its speakers do`, async ({ host, server }) => {
      await gotoIn(host, tag);
      await host.open();
      await host.panel.send('?');
      const apis = new Apis(server);
      await expect.poll(() => apis.nConversations()).toBe(1);
      const conversation = await apis.conversation();
      await host.panel.composer.press('Escape');
      await expect(host.launcher).toHaveAccessibleName(text(tag, 'open'));
      let said = 0;
      for (const [n, label] of Object.entries(unread)) {
        while (said < Number(n)) {
          said += 1;
          await apis.sayByPingback(conversation, `${said}`);
        }
        // Which digits a language is written with is the browser's to say.
        const digits = await host.page.evaluate(([tag, n]) => new Intl.NumberFormat(tag).format(Number(n)), [tag, n]);
        await expect(host.launcher).toHaveAccessibleName(`${text(tag, 'open')}, ${label.replace(n, digits)}`);
      }
    });
  }
});
