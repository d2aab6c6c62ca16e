import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures.ts';
import type { HostPage } from '../pages/host-page.ts';
import { Agent } from '../support/agent.ts';
import { bytes } from '../support/files.ts';

test.use({ mockScript: 'quiet.toml' });

/** What runs scripts where text is taken for anything else. Each would call `canary`. */
const CORPUS = [
  '<script>canary()</script>',
  '</script><script>canary()</script>',
  '<img src=x onerror=canary()>',
  '"><img src=x onerror=canary()>',
  "'><svg/onload=canary()>",
  '<svg><animate onbegin=canary() attributeName=x dur=1s>',
  '<iframe srcdoc="<script>parent.canary()</script>">',
  '<details open ontoggle=canary()>x',
  '<input autofocus onfocus=canary()>',
  '<style>@import "data:text/css,*{background:url(https://evil.example/)}"</style>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=canary()&gt;">',
  '<template><script>canary()</script></template>',
  '<base href="https://evil.example/">',
  '<meta http-equiv=refresh content="0;url=javascript:canary()">',
  '<a href="javascript:canary()">x</a>',
  'javascript:canary()',
  'JaVaScRiPt:canary()',
  'java\tscript:canary()',
  'data:text/html,<script>canary()</script>',
  'vbscript:canary()',
  'https://example.com/"onmouseover="canary()',
  'https://example.com/?<script>canary()</script>',
  'http://javascript:canary()@example.com/',
  'www.example.com/\u202e"onclick="canary()',
  'mailto:x@example.com?body=<script>canary()</script>',
  '**<b onclick=canary()>bold**',
  '`<script>canary()</script>`',
  '[x](javascript:canary())',
  '![x](https://evil.example/x.png)',
  '- <script>canary()</script>\n- **javascript:canary()**',
  '> <img src=x onerror=canary()>\n> *x*',
  '```html\n<script>canary()</script>\n```',
  '{{constructor.constructor("canary()")()}}',
  '${canary()}',
  '&lt;script&gt;canary()&lt;/script&gt;',
  '\u2028canary()\u2029',
  '__proto__',
];

interface Watch {
  /** Calls of the canary, and what the browser's policy had to stop. */
  findings: string[];
}

/** From now on notes in the page and its frames whatever should not happen. */
async function watch(page: Page): Promise<Watch> {
  const findings: string[] = [];
  await page.exposeFunction('canary', () => findings.push('the canary was called'));
  await page.exposeFunction('noteViolation', (what: string) => findings.push(what));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
      (window as unknown as { noteViolation(what: string): void }).noteViolation(`${violatedDirective}: ${blockedURI}`);
    });
  });
  page.on('dialog', (dialog) => {
    findings.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return { findings };
}

/** Touches everything, for what waits for a hand. */
async function expectNothing(host: HostPage, { findings }: Watch): Promise<void> {
  await host.panel.conversation.evaluate((log) => {
    for (const element of log.querySelectorAll('*')) {
      for (const event of ['mouseover', 'focus', 'toggle', 'load', 'error']) element.dispatchEvent(new Event(event));
    }
  });
  const elements = await host.panel.frame.locator('body').evaluate((body) =>
    [...body.querySelectorAll('*')].flatMap((element) => [
      ...(['SCRIPT', 'IFRAME', 'STYLE', 'BASE', 'META', 'OBJECT', 'EMBED', 'MATH'].includes(element.tagName) ? [element.tagName] : []),
      ...[...element.attributes].filter(({ name }) => name.startsWith('on')).map(({ name }) => name),
      ...(element instanceof HTMLAnchorElement && !/^(https?|mailto|tel):/.test(element.href) ? [element.href] : []),
    ]),
  );
  expect(elements).toEqual([]);
  expect(findings).toEqual([]);
  expect(host.errors).toEqual([]);
}

test('texts, names and pictures of visitor and agent stay what they are', async ({ host, page, server }) => {
  test.setTimeout(120_000);
  const watched = await watch(page);
  await page.route('https://**', (route) => route.abort());
  await host.goto();
  await host.open();
  const { panel } = host;
  await panel.send('Hello');
  await panel.expectStored('Hello');

  await test.step('an agent whose name and picture are hostile says all of it', async () => {
    const mallory = await Agent.create(
      server,
      '<img src=x onerror=canary()>"><script>canary()</script>',
      'https://evil.example/"onerror="canary()',
    );
    const conversation = await mallory.conversation();
    await mallory.take(conversation);
    await mallory.sayAll(conversation, CORPUS);
    await expect(panel.messages).toHaveCount(CORPUS.length + 1);
    await expect(panel.frame.locator('#line')).toContainText('<img src=x onerror=canary()>');
  });

  await test.step('the visitor says all of it', async () => {
    for (const text of CORPUS) await panel.send(text);
    await expect(panel.messages.last()).toContainText(/Sent|Delivered|Read/);
    await expect(panel.text('<script>canary()</script>').first()).toBeAttached();
  });
  await expectNothing(host, watched);
});

test('hostile names of files stay text', async ({ host, page }) => {
  const watched = await watch(page);
  await host.goto();
  await host.open();
  const { panel } = host;
  // A slash ends the path before a name.
  const names = CORPUS.filter((text) => !/[/\n\t\u2028]/.test(text)).slice(0, 10);
  expect(names).toHaveLength(10);
  await panel.attach(...names.map((name) => bytes(name, 10, 'text/plain')));
  await expect(panel.chip()).toHaveCount(names.length);
  await expect(panel.frame.locator('progress:visible')).toHaveCount(0);
  await panel.send('Files');
  await panel.expectStored('Files');
  await expect(panel.conversation.getByRole('link')).toHaveCount(names.length);
  await expectNothing(host, watched);
});

test('hostile names and addresses that a stream brings stay text', async ({ host, page, server }) => {
  const watched = await watch(page);
  await page.route('https://**', (route) => route.abort());
  await host.goto();
  await host.open();
  const { panel } = host;
  await panel.send('Hello');
  await panel.expectStored('Hello');
  const id = await (await Agent.create(server, 'Robin')).conversation();
  const agent = (text: string) => ({
    id: '01930000-0000-7000-8000-00000000aaaa',
    name: text,
    avatar_url: text,
    presence: 'live',
  });
  const time = 1_700_000_000_000_000;
  const conversation = (text: string) => ({
    id,
    status: 'open',
    created_at: time,
    updated_at: time,
    last_seq: CORPUS.length,
    customer_read_seq: CORPUS.length,
    n_unread: 0,
    agent: agent(text),
  });
  const messages = CORPUS.map((text, index) => ({
    id: `01930000-0000-7000-8000-${String(index).padStart(12, '0')}`,
    conversation_id: id,
    seq: index + 1,
    sender: { type: 'agent', ...agent(text) },
    content: text,
    ack: 1,
    created_at: time,
  }));
  const last = CORPUS[0]!;
  const events: [string, object][] = [
    ['snapshot', { thread: { conversation: conversation(last), messages, has_more: false } }],
    ...[...CORPUS, last].flatMap((text): [string, object][] => [
      ['conversation', conversation(text)],
      ['typing', { conversation_id: id, name: text, typing: true }],
    ]),
  ];
  const body = events.map(([name, data]) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`).join('');
  await page.route('**/widget/v1/stream', (route) => route.fulfill({ contentType: 'text/event-stream', body }));
  await page.reload();
  await expect(panel.messages).toHaveCount(CORPUS.length);
  await expect(panel.frame.locator('#line')).toHaveText(`${last} · Online`);
  await expect(panel.frame.locator('#typing')).toHaveText(`${last} is typing…`);
  await expectNothing(host, watched);
});

test('a hostile heading, tagline and logo stay text, in the page and in the panel', async ({ host, page, server }) => {
  const watched = await watch(page);
  const mallory = await Agent.create(server, 'Mallory');
  // As many in each as there is room for.
  const headings = CORPUS.reduce<string[]>((all, text) => {
    const joined = [...all.slice(-1), text].join(' ');
    return joined.length <= 255 ? [...all.slice(0, -1), joined] : [...all, text];
  }, []);
  for (const [index, text] of headings.entries()) {
    const widget = await mallory.call('POST', '/widget/create', {
      domain: `number${index}.example`,
      welcome_heading: text,
      welcome_tagline: text,
      logo_url: 'http://evil.example/"onerror="canary()',
    });
    // A page of our own origin may show every widget.
    const html = `<!doctype html><title>x</title><script src="/widget.js?id=${widget.id}"></script>`;
    await page.route(`${server.origin}/page`, (route) => route.fulfill({ contentType: 'text/html', body: html }));
    await page.goto(`${server.origin}/page`);
    await host.open();
    expect(await host.panel.frame.locator('#heading').textContent()).toBe(text);
    await expectNothing(host, watched);
    await page.unroute(`${server.origin}/page`);
  }
});
