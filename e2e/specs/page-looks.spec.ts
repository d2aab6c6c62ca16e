import { expect, test } from '../fixtures.ts';

const PHONE = { width: 375, height: 667 };

test('the launcher is called by the word of the page\'s language, without another request', async ({
  host,
  page,
  server,
}) => {
  await host.goto('modules');
  await page.evaluate(() => window.boot().destroy());
  const asked: string[] = [];
  page.on('request', (request) => request.url().startsWith(server.origin) && asked.push(new URL(request.url()).pathname));
  for (const [language, word] of [
    ['en-GB', 'Chat'],
    ['de', 'Chat'],
    ['ru', 'Чат'],
    ['ar', 'دردشة'],
    ['zh-TW', '聊天'],
    ['pl', 'Czat'],
    ['toString', 'Chat'],
  ] as const) {
    await page.evaluate((lang) => {
      document.documentElement.lang = lang;
      window.boot();
    }, language);
    await expect(host.launcher).toHaveAccessibleName(word);
    await page.evaluate(() => window.Porchlight.destroy());
  }
  await page.evaluate(() => void window.boot({ locale: 'ja' }));
  await expect(host.launcher).toHaveAccessibleName('チャット');
  expect(asked.filter((path) => path !== '/widget.js')).toEqual([]);
});

test('the widget\'s own settings hold, and what the page sets wins', async ({ host, page, server }) => {
  const answer = await fetch(`${server.origin}/api/v1/widget/${server.widgetId}`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${server.credentials.api_token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      position: 'start',
      offset_x: 50,
      z_index: 77,
      radius: 2,
      launcher_label: 'Ask a gardener',
      locale: 'en',
      color_scheme: 'light',
    }),
  });
  expect(answer.status).toBe(200);
  await host.goto('modules');
  await page.evaluate(() => void window.boot({ zIndex: 78, offset: { x: 60 } }));
  await expect(host.launcher).toHaveAccessibleName('Ask a gardener');
  await expect(page.locator('porchlight-chat')).toHaveCSS('z-index', '78');
  expect((await host.launcher.boundingBox())!.x).toBe(60);
  await host.open();
  await expect(host.frame).toHaveCSS('border-radius', '2px');
  await expect(host.frame).toHaveCSS('color-scheme', 'light');
  expect(host.warnings).toEqual([]);
});

test('the panel is asked for in the language and the colours of the page', async ({ host, page }) => {
  await host.goto('modules');
  const address = async () => new URL((await host.frame.getAttribute('src'))!);
  await page.evaluate(() => {
    document.documentElement.lang = 'pt-BR';
    window.boot();
  });
  await host.launcher.hover();
  expect((await address()).searchParams.get('lang')).toBe('pt-BR');
  expect((await address()).searchParams.get('scheme')).toBe('');
  await page.evaluate(() => {
    window.Porchlight.destroy();
    window.boot({ locale: 'de', colorScheme: 'dark' });
  });
  await host.launcher.hover();
  await expect.poll(address).toMatchObject({ search: '?lang=de&scheme=dark' });
  await expect(host.frame).toHaveCSS('color-scheme', 'dark');
});

test('what is on the launcher can be seen on every brand colour', async ({ host, page }) => {
  await host.goto();
  for (const color of ['#ffffff', '#000000', '#ffff00', '#777777', '#949494', '#959595', '#e4572e', '#0a84ff', '#c0ffee']) {
    await page.evaluate((color) => window.Porchlight.set({ color }), color);
    const contrast = await host.launcher.evaluate((button) => {
      const { color, backgroundColor } = getComputedStyle(button);
      const context = document.createElement('canvas').getContext('2d')!;
      const [ink, ground] = [color, backgroundColor].map((style) => {
        context.fillStyle = style;
        context.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map((channel) => {
          const value = channel / 255;
          return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
      });
      return (Math.max(ink!, ground!) + 0.05) / (Math.min(ink!, ground!) + 0.05);
    });
    expect(contrast, color).toBeGreaterThanOrEqual(3);
  }
});

test('on a phone the panel covers the page, which neither scrolls nor takes the focus behind it, and is itself again after', async ({
  host,
  page,
}) => {
  await page.setViewportSize(PHONE);
  await host.goto('second');
  await page.evaluate(() => (document.body.style.height = '3000px'));
  await page.evaluate(() => scrollTo(0, 500));
  const before = await page.evaluate(() => document.documentElement.outerHTML.replace(/<porchlight.*/s, ''));
  await host.open();
  await expect.poll(() => host.frame.boundingBox()).toEqual({ x: 0, y: 0, ...PHONE });
  await expect(host.launcher).toBeHidden();
  await expect(page.locator('html')).toHaveCSS('overflow', 'hidden');

  const holders = new Set<string>();
  for (let step = 0; step < 12; step += 1) {
    await page.keyboard.press('Tab');
    holders.add(await page.evaluate(() => document.activeElement!.localName));
  }
  expect([...holders].filter((holder) => !['porchlight-chat', 'body'].includes(holder))).toEqual([]);
  await page.mouse.move(180, 300);
  await page.mouse.wheel(0, 700);
  await host.panel.composer.focus();
  expect(await page.evaluate(() => scrollY)).toBe(500);

  await page.keyboard.press('Escape');
  await expect(host.frame).toBeHidden();
  await expect(host.launcher).toBeFocused();
  await expect(page.locator('html')).not.toHaveCSS('overflow', 'hidden');
  expect(await page.evaluate(() => scrollY)).toBe(500);
  expect(await page.evaluate(() => document.documentElement.outerHTML.replace(/<porchlight.*/s, ''))).toBe(before);
  await page.getByRole('searchbox').focus();
  await expect(page.getByRole('searchbox')).toBeFocused();
});

test('a keyboard on the screen leaves the whole panel to be seen above it', async ({ host, page }) => {
  await page.setViewportSize(PHONE);
  await host.goto();
  await host.open();
  await page.evaluate(() => {
    Object.defineProperty(visualViewport, 'height', { configurable: true, value: 380 });
    Object.defineProperty(visualViewport, 'offsetTop', { configurable: true, value: 40 });
    visualViewport!.dispatchEvent(new Event('resize'));
  });
  await expect.poll(() => host.frame.boundingBox()).toEqual({ x: 0, y: 40, width: 375, height: 380 });
  // Magnified, the visible part is smaller too, and nothing is covered.
  await page.evaluate(() => {
    Object.defineProperty(visualViewport, 'scale', { configurable: true, value: 2 });
    visualViewport!.dispatchEvent(new Event('scroll'));
  });
  await expect.poll(() => host.frame.boundingBox()).toEqual({ x: 0, y: 0, ...PHONE });
});

test('a window that is made small while the panel is open is covered, and left again when it is made large', async ({
  host,
  page,
}) => {
  await host.goto();
  await host.open();
  expect(await page.evaluate(() => document.body.inert)).toBe(false);
  await page.setViewportSize(PHONE);
  await expect.poll(() => page.evaluate(() => document.body.inert)).toBe(true);
  await page.setViewportSize({ width: 1000, height: 700 });
  await expect.poll(() => page.evaluate(() => document.body.inert)).toBe(false);
  await expect.poll(async () => (await host.frame.boundingBox())!.width).toBe(400);
});

test('a panel that opens by itself takes no focus, spares small screens, and stays closed once it was closed', async ({
  host,
  page,
}) => {
  await page.addInitScript(() => {
    const queue = function (...call: unknown[]) {
      (queue.q = queue.q || []).push(call);
    } as unknown as typeof window.Porchlight & { q: unknown[] };
    window.Porchlight = queue;
    queue('set', { openOnLoad: true });
  });
  await host.goto('second');
  await page.getByRole('searchbox').focus();
  await expect(host.panel.composer).toBeVisible();
  await expect(page.getByRole('searchbox')).toBeFocused();
  await host.panel.closeButton.click();
  await expect(host.frame).toBeHidden();
  await page.reload();
  await expect(host.launcher).toHaveAttribute('aria-expanded', 'false');

  const phone = await page.context().newPage();
  await phone.setViewportSize(PHONE);
  await phone.goto(`${host.hosts.origin}/plain`);
  const launcher = phone.locator('porchlight-chat').getByRole('button');
  await expect(launcher).toHaveAttribute('aria-expanded', 'false');
});

test('the panel moves when it opens, and not for a visitor who wants less motion', async ({ host, page }) => {
  await host.goto();
  await host.launcher.hover();
  await expect(host.frame).not.toHaveCSS('transition-duration', '0s');
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await expect(host.frame).toHaveCSS('transition-duration', '0s');
});

test('a launcher that is hidden is shown by the page, and only then', async ({ host, page }) => {
  await host.goto('modules');
  await page.evaluate(() => void window.boot({ launcher: 'hidden' }));
  await expect(page.locator('porchlight-chat')).toHaveCount(1);
  await expect(host.launcher).toBeHidden();
  await page.evaluate(() => window.Porchlight.open());
  await expect(host.panel.composer).toBeVisible();
  const { width, height } = page.viewportSize()!;
  await expect
    .poll(() => host.frame.boundingBox())
    .toEqual({ x: width - 420, y: height - 720, width: 400, height: 700 });
  await page.evaluate(() => window.Porchlight.show());
  await expect(host.launcher).toBeVisible();
});

test('the frame asks for no camera, no microphone, nothing', async ({ host }) => {
  await host.goto();
  await host.open();
  await expect(host.frame).not.toHaveAttribute('allow');
});
