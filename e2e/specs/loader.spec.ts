import { expect, test } from '../fixtures.ts';
import { STRICT_POLICY } from '../support/hosts.ts';

declare global {
  interface Window {
    heard: unknown[];
    forge(): void;
  }
}

test('calls made before the loader is there are carried out', async ({ host, page }) => {
  // What Playwright evaluates in a page counts as something the visitor did; here nobody did anything.
  await page.addInitScript(() => Object.defineProperty(navigator, 'userActivation', { value: { isActive: false } }));
  await host.goto('queue');
  await expect(host.panel.composer).toBeVisible();
  await expect.poll(() => page.evaluate(() => window.heard.sort())).toEqual(['open', 'ready']);
  // Nobody but the page asked for this, so nothing is remembered.
  expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
});

test('the page can open, close, toggle, hide and show', async ({ host, page }) => {
  await host.goto();
  await expect(host.launcher).toBeVisible();

  await page.evaluate(() => window.Porchlight.open());
  await expect(host.panel.composer).toBeVisible();
  await page.evaluate(() => window.Porchlight('close'));
  await expect(host.frame).toBeHidden();
  await page.evaluate(() => window.Porchlight.toggle());
  await expect(host.panel.composer).toBeVisible();

  await page.evaluate(() => window.Porchlight.hide());
  await expect(host.frame).toBeHidden();
  await expect(host.launcher).toBeHidden();
  await page.evaluate(() => window.Porchlight.open());
  await expect(host.panel.composer).toBeVisible();
  await page.evaluate(() => window.Porchlight.close());
  await page.evaluate(() => window.Porchlight.show());
  await expect(host.launcher).toBeVisible();
  expect(host.warnings).toEqual([]);
});

test('the page hears of opening, closing and unread messages, until it no longer listens', async ({ host, page }) => {
  await host.goto();
  await expect(host.launcher).toBeVisible();
  await page.evaluate(() => {
    window.heard = [];
    const stop = window.Porchlight.on('open', () => {
      window.heard.push('open');
      stop();
    });
    const onClose = () => {
      window.heard.push('close');
      window.Porchlight.off('close', onClose);
    };
    window.Porchlight.on('close', onClose);
    window.Porchlight.on('unread', (count) => window.heard.push(count));
    window.Porchlight.on('ready', () => window.heard.push('ready'));
  });
  await host.open();
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();
  await host.panel.send('slow');
  await host.panel.expectStored('slow');
  await host.panel.closeButton.click();
  await expect(host.launcher).toHaveAccessibleName('Open chat, 1 unread message');
  await host.open();
  await host.panel.closeButton.click();
  await expect(host.launcher).toHaveAccessibleName('Open chat');

  const heard = await page.evaluate(() => window.heard);
  expect(heard.filter((item) => typeof item === 'string')).toEqual(['ready', 'open', 'close']);
  const counts = heard.filter((item) => typeof item === 'number');
  expect(counts).toContain(1);
  expect(counts.at(-1)).toBe(0);
});

test('a listener that throws disturbs nobody but itself', async ({ host, page }) => {
  await host.goto();
  await expect(host.launcher).toBeVisible();
  await page.evaluate(() => {
    window.heard = [];
    window.Porchlight.on('open', () => {
      throw new Error('of the page itself');
    });
    window.Porchlight.on('open', () => window.heard.push('open'));
  });
  await host.open();
  expect(await page.evaluate(() => window.heard)).toEqual(['open']);
  expect(host.errors).toEqual(['of the page itself']);
});

test('destroy leaves nothing behind, later calls only warn, and the script may come again', async ({ host, page }) => {
  await host.goto();
  await host.open();
  await page.evaluate(() => window.Porchlight.destroy());
  await expect(page.locator('porchlight-chat')).toHaveCount(0);
  expect(host.warnings).toEqual([]);

  await page.evaluate(() => {
    window.Porchlight.open();
    window.Porchlight('open');
    window.Porchlight.on('open', () => {})();
  });
  expect(host.warnings).toEqual(['warning: Porchlight: "open" after destroy', 'warning: Porchlight: "on" after destroy']);
  await expect(page.locator('porchlight-chat')).toHaveCount(0);

  await page.evaluate(() => {
    const old = document.querySelector<HTMLScriptElement>('script[src*="widget.js"]');
    const script = document.createElement('script');
    script.src = old!.src;
    document.head.append(script);
  });
  await host.open();
});

test('an unknown call warns once', async ({ host, page }) => {
  await host.goto();
  await expect(host.launcher).toBeVisible();
  await page.evaluate(() => {
    for (const name of ['fly', 'fly', 'toString']) (window.Porchlight as (name: string) => void)(name);
  });
  await expect
    .poll(() => host.warnings)
    .toEqual(['warning: Porchlight: no "fly" here', 'warning: Porchlight: no "toString" here']);
});

test('the tag pasted twice makes one launcher and one warning', async ({ host }) => {
  await host.goto('twice');
  await expect(host.launcher).toHaveCount(1);
  expect(host.warnings).toEqual(['warning: Porchlight: this page has a chat already']);
  await host.open();
});

for (const [name, title] of [
  ['id-on-tag', 'data-widget-id on the script tag'],
  ['id-in-global', 'window.PingBackWidgetId'],
] as const) {
  test(`the widget's id may stand in ${title}`, async ({ host }) => {
    await host.goto(name);
    await host.open();
    await host.panel.send('Hello there');
    await host.panel.expectGreeting();
    expect(host.warnings).toEqual([]);
  });
}

test('the nonce of the tag is carried over when the loader asks again', async ({ host, hosts }) => {
  hosts.setHeaders('id-on-tag', { 'content-security-policy': "script-src 'nonce-x'; frame-src {{ORIGIN}}" });
  await host.goto('id-on-tag');
  await host.open();
});

test('a page with the strictest policy is not violated', async ({ host, hosts, page }) => {
  hosts.setHeaders('strict-csp', { 'content-security-policy': STRICT_POLICY });
  await page.addInitScript(() => {
    window.heard = [];
    addEventListener('securitypolicyviolation', (event) =>
      window.heard.push(`${event.effectiveDirective}: ${event.blockedURI}`),
    );
  });
  await host.goto('strict-csp');
  await host.open();
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();

  expect(await page.evaluate(() => window.heard)).toEqual([]);
  expect(host.console).toEqual([]);
  // The launcher's own styles are there: a circle in the corner.
  const viewport = page.viewportSize()!;
  await page.mouse.move(0, 0);
  await expect
    .poll(() => host.launcher.boundingBox())
    .toEqual({ x: viewport.width - 80, y: viewport.height - 80, width: 60, height: 60 });
});

test('styles of the page that reach for everything do not reach the launcher or the panel', async ({ host, page }) => {
  await host.goto('hostile-css');
  await expect(host.launcher).toBeVisible();
  const viewport = page.viewportSize()!;
  expect(await host.launcher.boundingBox()).toEqual({
    x: viewport.width - 80,
    y: viewport.height - 80,
    width: 60,
    height: 60,
  });
  const chat = page.locator('porchlight-chat');
  const looks = await chat.evaluate((node) => [getComputedStyle(node).opacity, getComputedStyle(node).filter]);
  expect(looks).toEqual(['1', 'none']);
  await host.open();
  await page.mouse.move(0, 0);
  await expect.poll(() => host.frame.boundingBox()).toEqual({
    x: viewport.width - 420,
    y: viewport.height - 92 - 690,
    width: 400,
    height: 690,
  });
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();
});

test('on a page from right to left the launcher and the panel are on the left', async ({ host }) => {
  await host.goto('rtl');
  expect((await host.launcher.boundingBox())!.x).toBe(20);
  await host.open();
  expect((await host.frame.boundingBox())!.x).toBe(20);
});

test('messages that others forge are not listened to', async ({ host, page }) => {
  await host.goto('with-forger');
  await host.open();
  const forger = page.frame('forger')!;
  await forger.evaluate(() => window.forge());
  await page.evaluate(() => {
    const channel = new MessageChannel();
    window.heard = [];
    channel.port1.onmessage = ({ data }) => window.heard.push(data);
    window.postMessage({ porchlight: 'hello' }, '*');
    window.postMessage({ porchlight: 'port' }, '*', [channel.port2]);
    window.postMessage(['close'], '*');
  });
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();

  await expect(host.launcher).toHaveAccessibleName('Close chat');
  expect(await forger.evaluate(() => window.heard)).toEqual([]);
  // The page hears its own messages, and nothing of what loader and panel say to each other.
  expect(await page.evaluate(() => window.heard)).toEqual([]);
  expect(host.errors).toEqual([]);
});

test('no token is ever in a URL or in reach of the host page', async ({ host, page }) => {
  const requests: { url: string; token: Promise<string | null> }[] = [];
  page.on('request', (request) => {
    requests.push({ url: request.url(), token: request.headerValue('authorization').catch(() => null) });
  });
  await host.goto();
  await host.open();
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();

  const headers = await Promise.all(requests.map(({ token }) => token));
  const tokens = headers.filter((header) => header !== null).map((header) => header.replace('Bearer ', ''));
  expect(tokens.length).toBeGreaterThan(0);
  const visible = [
    ...requests.map(({ url }) => url),
    await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])),
  ];
  for (const token of tokens) for (const text of visible) expect(text).not.toContain(token);
});
