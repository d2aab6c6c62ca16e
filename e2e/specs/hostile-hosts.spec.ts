import { expect, test } from '../fixtures.ts';

// What records a page puts functions of its own in the place of the browser's, and these pages break such functions.
test.use({ trace: 'off' });

test('scripts that have changed arrays, functions, objects, JSON and onmessage do not reach the chat', async ({
  host,
  page,
}) => {
  await host.goto('polluted');
  await host.open();
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();
  await host.panel.closeButton.click();
  await expect(host.frame).toBeHidden();
  await expect(page.locator('porchlight-chat')).toHaveCSS('z-index', '7');
  expect(host.warnings).toEqual(['warning: Porchlight: no "fly" here']);
});

test('a page without a console has a chat, and an error of its own only', async ({ host }) => {
  await host.goto('no-console');
  await expect(host.launcher).toHaveCount(1);
  await host.open();
  expect(host.errors).toEqual([]);
});

test('a base address that leads elsewhere leads the chat nowhere', async ({ host, page }) => {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await host.goto('base');
  await host.open();
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();
  expect(asked.filter((url) => url.includes('elsewhere.example'))).toEqual([]);
  expect(host.console).toEqual([]);
});

test('a page from before there was a doctype has the launcher in its corner, and a chat', async ({ host, page }) => {
  await host.goto('quirks');
  expect(await page.evaluate(() => document.compatMode)).toBe('BackCompat');
  const { width, height } = page.viewportSize()!;
  await page.mouse.wheel(0, 400);
  await expect.poll(async () => (await host.launcher.boundingBox())!.y).toBe(height - 80);
  const scrollbar = await page.evaluate(() => innerWidth - document.body.clientWidth);
  expect((await host.launcher.boundingBox())!.x).toBe(width - 80 - scrollbar);
  await host.open();
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();
});

test('a page that makes its body larger leaves the chat as large as it is', async ({ host, page }) => {
  await host.goto('zoomed');
  const { width, height } = page.viewportSize()!;
  expect(await host.launcher.boundingBox()).toEqual({ x: width - 80, y: height - 80, width: 60, height: 60 });
  await host.open();
  await page.mouse.move(0, 0);
  await expect
    .poll(() => host.frame.boundingBox())
    .toEqual({ x: width - 420, y: height - 92 - 690, width: 400, height: 690 });
});

test('a page that is sandboxed and has no storage gets a launcher, and one warning when the panel is refused', async ({
  host,
  page,
}) => {
  await page.clock.install();
  await host.goto('sandboxing');
  const launcher = page.frameLocator('iframe[name=sandbox]').locator('porchlight-chat').getByRole('button');
  await launcher.click();
  await expect(launcher).toHaveAttribute('aria-expanded', 'true');
  await expect(async () => {
    await page.clock.fastForward(30_000);
    expect(host.warnings).toHaveLength(1);
  }).toPass();
  expect(host.warnings[0]).toContain('no answer from the panel');
  await expect(launcher).toHaveAttribute('aria-expanded', 'false');
});

test('a page that lets nobody hear messages gets one warning, and is not broken', async ({ host, page }) => {
  await page.clock.install();
  await page.addInitScript(() => {
    if (window === top) addEventListener('message', (event) => event.stopImmediatePropagation());
  });
  await host.goto();
  await host.launcher.click();
  await expect(host.launcher).toHaveAttribute('aria-expanded', 'true');
  await expect(async () => {
    await page.clock.fastForward(30_000);
    expect(host.warnings).toHaveLength(1);
  }).toPass();
  await expect(host.launcher).toHaveAttribute('aria-expanded', 'false');
  await expect(host.frame).toHaveCount(0);
  expect(host.errors).toEqual([]);
});

test('a chat that the page takes away comes back as it was, and stays away when the page insists', async ({
  host,
  page,
}) => {
  await host.goto();
  await host.open();
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();

  const takeAway = () => page.evaluate(() => document.querySelector('porchlight-chat')!.remove());
  await takeAway();
  await expect(host.panel.text('Hello there')).toBeVisible();
  await expect(host.panel.composer).toBeVisible();
  expect(host.warnings).toEqual([]);

  for (let time = 2; time <= 3; time += 1) {
    await takeAway();
    await expect(host.launcher).toBeVisible();
  }
  await takeAway();
  await expect.poll(() => host.warnings).toEqual(['warning: Porchlight: the page removes the chat']);
  await expect(host.launcher).toHaveCount(0);
});

test('a page that changes its address and exchanges its whole body keeps the panel and what is typed in it', async ({
  host,
  page,
}) => {
  await host.goto();
  await host.open();
  await host.panel.composer.fill('Half a sen');
  await page.evaluate(() => {
    history.pushState({}, '', '/second');
    const body = document.createElement('body');
    body.append('Another route');
    document.body.replaceWith(body);
  });
  await expect(page.getByText('Another route')).toBeVisible();
  await expect(host.panel.composer).toHaveValue('Half a sen');
  await expect(host.panel.composer).toBeVisible();
  await page.evaluate(() => history.back());
  await expect(host.panel.composer).toHaveValue('Half a sen');
});

test('a page with a policy of nonces and Trusted Types is not violated by anything that the page can call', async ({
  host,
  hosts,
  page,
}) => {
  const policy = [
    "default-src 'none'",
    "script-src 'nonce-x'",
    'frame-src {{ORIGIN}}',
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
  await page.addInitScript(() => {
    window.heard = [];
    addEventListener('securitypolicyviolation', (event) =>
      window.heard.push(`${event.effectiveDirective}: ${event.blockedURI}`),
    );
  });
  for (const name of ['strict-csp', 'id-on-tag', 'modules']) {
    hosts.setHeaders(name, { 'content-security-policy': policy });
    await host.goto(name);
    if (name === 'modules') await page.evaluate(() => void window.boot());
    await host.open();
    await page.evaluate(() => {
      window.Porchlight.set({ inline: 'main', zIndex: 4, launcher: 'h1', notifications: true });
      window.Porchlight.set({ inline: null, launcher: 'default' });
    });
    await expect(host.launcher).toBeVisible();
    await host.open();
    await host.panel.send('Hello there');
    await expect(host.panel.text('Hello there').first()).toBeVisible();
    const opened = page.waitForEvent('popup');
    await page.evaluate(() => window.Porchlight.popout());
    const popup = await opened;
    await expect(popup.frameLocator('iframe').getByRole('textbox', { name: 'Message' })).toBeVisible();
    await page.evaluate(() => window.Porchlight.destroy());
    await expect.poll(() => popup.isClosed()).toBe(true);
    expect(await page.evaluate(() => window.heard)).toEqual([]);
  }
});

const MARKUP = [
  '<img src=x onerror="heard.push(1)">',
  '"><svg onload=heard.push(1)>',
  "'; heard.push(1); '",
  '</script><script>heard.push(1)</script>',
  '`${heard.push(1)}`',
  '} * { display: none } </style><style>',
  'javascript:heard.push(1)',
  '\u2028heard.push(1)//',
];

test('markup in what the launcher is called is text', async ({ host, page }) => {
  await host.goto('modules');
  await page.evaluate(() => (window.heard = []));
  for (const markup of MARKUP) {
    await page.evaluate((launcherLabel) => void window.boot({ launcherLabel }), markup);
    await expect(host.launcher).toHaveAccessibleName(markup.replace('\u2028', ' '));
    await host.open();
    await expect(page.locator('porchlight-chat').locator('img, svg, script, style')).toHaveCount(0);
    await page.evaluate(() => window.Porchlight.destroy());
  }
  expect(await page.evaluate(() => window.heard)).toEqual([]);
});

test('markup in a widget\'s heading is text wherever the page is told of it', async ({ host, page, server }) => {
  await host.goto('modules');
  await page.evaluate(() => (window.heard = []));
  const headings = MARKUP.filter((markup) => !markup.includes('\u2028'));
  for (const [index, welcome_heading] of headings.entries()) {
    const answer = await fetch(`${server.origin}/api/v1/widget/create`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.credentials.api_token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ domain: `shop${index}.example`, welcome_heading }),
    });
    const { id } = (await answer.json()) as { id: string };
    await page.evaluate((id) => void window.boot({ id } as object), id);
    await host.launcher.hover();
    await expect(host.frame).toHaveAttribute('title', welcome_heading);
    await page.evaluate(() => window.Porchlight.destroy());
  }
  expect(await page.evaluate(() => window.heard)).toEqual([]);
});
