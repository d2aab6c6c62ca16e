import type { Porchlight, PorchlightSettings } from '../../embed/porchlight.js';
import { expect, test } from '../fixtures.ts';

declare global {
  interface Window {
    /** Of the page `modules`: boots the test's widget. */
    boot(settings?: PorchlightSettings): Porchlight;
    second?: Porchlight;
  }
}

test('every name that people know may be called before the chat is there, and is carried out in order', async ({
  host,
  page,
}) => {
  await page.addInitScript(() => {
    const queue = function (...call: unknown[]) {
      (queue.q = queue.q || []).push(call);
    } as unknown as Porchlight & { q: unknown[] };
    window.Porchlight = queue;
    window.heard = [];
    for (const event of ['ready', 'open', 'close'] as const) queue('on', event, () => window.heard.push(event));
    queue('set', { zIndex: 5, position: 'start' });
    queue('set', { zIndex: 6 });
    queue('hide');
    queue('open', { focus: false });
    queue('close');
    queue('toggle');
    queue('show');
    queue('prefill', 'I would like to');
    queue('track', 'looked at roses', { n: 3 });
    queue('off', 'open', () => {});
    queue('get', 'unread');
  });
  await host.goto();
  await expect(host.panel.composer).toBeVisible();
  await expect(page.locator('porchlight-chat')).toHaveCSS('z-index', '6');
  await expect(host.launcher).toBeVisible();
  expect((await host.launcher.boundingBox())!.x).toBe(20);
  expect(await page.evaluate(() => window.heard)).toEqual(['open', 'close', 'open', 'ready']);
  expect(host.warnings).toEqual([]);
});

test('the page is answered at once when it asks', async ({ host, page }) => {
  await host.goto();
  await expect(host.launcher).toBeVisible();
  const ask = () =>
    page.evaluate(() => [window.Porchlight.get('isOpen'), window.Porchlight('get', 'unread'), window.Porchlight.get('visitorId')]);
  expect(await ask()).toEqual([false, 0, null]);
  const opened = await page.evaluate(() => {
    window.Porchlight.open();
    return window.Porchlight.get('isOpen');
  });
  expect(opened).toBe(true);
  await expect(host.panel.composer).toBeFocused();
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();
  await host.panel.sendAndLeave('several');
  await expect.poll(async () => (await ask())[1]).toBeGreaterThan(0);
});

test('all that is wrong with a setting is said in one warning, and the rest holds', async ({ host, page }) => {
  await host.goto();
  await expect(host.launcher).toBeVisible();
  await page.evaluate(() => {
    const set = window.Porchlight.set as (settings: unknown) => void;
    set({ positoin: 'start', offset: { x: 40, y: -1 }, zIndex: 'high', user: { token: 7, id: 1 }, consent: 'some', radius: 4 });
    window.Porchlight.open();
  });
  await expect(host.panel.composer).toBeFocused();
  await expect.poll(() => host.warnings.length).toBe(1);
  expect(host.warnings[0]).toBe(
    'warning: Porchlight: set: "positoin" is unknown; "offset.y" must be a number from 0 to 400; ' +
      '"zIndex" must be a number from 1 to 2147483647; "user.token" must be a text; "user.id" is unknown; ' +
      '"consent" must be full|session|none',
  );
  await expect(host.frame).toHaveCSS('border-radius', '4px');
});

test('what can not be sent to the panel is said, and breaks nothing', async ({ host, page }) => {
  await host.goto();
  await host.open();
  await page.evaluate(() => {
    const set = window.Porchlight.set as (settings: unknown) => void;
    set({ attributes: { a: () => {} } });
    set({ tags: [document.body] });
  });
  await expect
    .poll(() => host.warnings)
    .toEqual(['warning: Porchlight: functions and nodes of the page can not be sent']);
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();
});

test('settings change the launcher at once, without a request', async ({ host, page, server }) => {
  await host.goto();
  await expect(host.launcher).toBeVisible();
  const asked: string[] = [];
  page.on('request', (request) => request.url().startsWith(server.origin) && asked.push(request.url()));
  await page.evaluate(() =>
    window.Porchlight.set({
      position: 'start',
      offset: { x: 40, y: 60 },
      zIndex: 9,
      launcherLabel: 'Ask a gardener',
      color: 'rgb(255, 255, 0)',
      locale: 'en',
      user: { name: 'Robin' },
    }),
  );
  await expect(host.launcher).toHaveAccessibleName('Ask a gardener');
  await expect(host.launcher).toHaveCSS('background-color', 'rgb(255, 255, 0)');
  await expect(page.locator('porchlight-chat')).toHaveCSS('z-index', '9');
  const { height } = page.viewportSize()!;
  expect(await host.launcher.boundingBox()).toEqual({ x: 40, y: height - 120, width: 60, height: 60 });
  expect(asked).toEqual([]);

  await host.launcher.click();
  await page.mouse.move(600, 0);
  await expect(host.panel.composer).toBeFocused();
  await expect.poll(() => host.frame.boundingBox()).toEqual({ x: 40, y: 18, width: 400, height: 650 });
});

test('listeners that undo what they hear of do not hold the page up', async ({ host, page }) => {
  await host.goto();
  await expect(host.launcher).toBeVisible();
  const stopped = await page.evaluate(async () => {
    let nHeard = 0;
    const stops = [
      window.Porchlight.on('open', () => window.Porchlight.close()),
      window.Porchlight.on('close', () => ((nHeard += 1), window.Porchlight.open())),
    ];
    window.Porchlight.open();
    // Others get their turn in between.
    while (nHeard < 5) await new Promise((resolve) => setTimeout(resolve));
    stops.forEach((stop) => stop());
    return nHeard;
  });
  expect(stopped).toBeGreaterThanOrEqual(5);
  await page.evaluate(() => window.Porchlight.close());
  await host.open();
});

test('a page of modules boots the chat, and may call it before it is there', async ({ host, page }) => {
  await host.goto('modules');
  await page.evaluate(() => {
    window.heard = [];
    const chat = window.boot({ position: 'start', launcherLabel: 'Ask' });
    const stop = chat.on('open', () => window.heard.push('not any more'));
    chat.on('open', () => window.heard.push('open'));
    window.heard.push(chat.get('isOpen'), chat('get', 'unread'), chat.id!.length);
    stop();
    chat.open();
  });
  await expect(host.panel.composer).toBeVisible();
  await expect(host.launcher).toHaveAccessibleName('Ask');
  expect((await host.launcher.boundingBox())!.x).toBe(20);
  expect(await page.evaluate(() => window.heard)).toEqual([false, 0, 36, 'open']);
  expect(host.warnings).toEqual([]);
});

test('a chat that is destroyed before it is there never comes', async ({ host, page }) => {
  await host.goto('modules');
  await page.evaluate(() => window.boot().destroy());
  await page.waitForLoadState('networkidle');
  await expect(page.locator('porchlight-chat')).toHaveCount(0);
  await page.evaluate(() => void window.boot());
  await host.open();
  expect(host.warnings).toEqual([]);
});

test('a second chat on one page is left out with one warning, and its calls do nothing', async ({ host, page, server }) => {
  await host.goto();
  await expect(host.launcher).toHaveCount(1);
  await page.evaluate(async (module) => {
    const { boot } = (await import(module)) as { boot(settings: { id: string }): Porchlight };
    window.second = boot({ id: window.Porchlight.id! });
    window.second.open();
  }, `${server.origin}/porchlight.js`);
  await expect.poll(() => host.warnings).toEqual(['warning: Porchlight: this page has a chat already']);
  await page.evaluate(() => {
    window.second!.open();
    window.second!.on('open', () => {})();
    window.second!.destroy();
  });
  await expect(host.launcher).toHaveCount(1);
  await expect(host.launcher).toHaveAttribute('aria-expanded', 'false');
  await host.open();
  expect(host.warnings).toHaveLength(1);
});

test('an unknown widget warns once, imported too', async ({ host, page }) => {
  await host.goto('modules');
  await page.evaluate(() => void window.boot({ id: '01900000-0000-7000-8000-00000000dead' } as object).open());
  await expect
    .poll(() => host.warnings)
    .toEqual(['warning: Porchlight: no widget has the id that this page names']);
  expect(host.errors).toEqual([]);
});

test('an element of the page opens the panel, one that came later too, and says whether it is open', async ({
  host,
  page,
}) => {
  await host.goto('own-launcher');
  const own = page.getByRole('link', { name: 'Talk to us' });
  await expect(own).toHaveAttribute('aria-expanded', 'false');
  await expect(host.launcher).toBeHidden();
  await own.focus();
  await page.keyboard.press('Enter');
  await expect(host.panel.composer).toBeFocused();
  await expect(own).toHaveAttribute('aria-expanded', 'true');
  await expect(page.locator(`#${await own.getAttribute('aria-controls')}`)).toHaveCount(1);
  expect(new URL(page.url()).pathname).toBe('/own-launcher');
  await page.keyboard.press('Escape');
  await expect(host.frame).toBeHidden();
  await expect(own).toBeFocused();
  await expect(own).toHaveAttribute('aria-expanded', 'false');

  await page.evaluate(() => {
    const late = document.createElement('button');
    late.className = 'talk';
    late.append('Later');
    document.querySelector('main')!.append(late);
  });
  await page.getByRole('button', { name: 'Later' }).click();
  await expect(host.panel.composer).toBeFocused();
  await expect(page.getByRole('button', { name: 'Later' })).toHaveAttribute('aria-expanded', 'true');

  await page.evaluate(() => window.Porchlight.set({ launcher: 'default' }));
  await expect(host.launcher).toBeVisible();
  await expect(own).not.toHaveAttribute('aria-expanded');
  expect(host.warnings).toEqual([]);
});

test('the panel fills an element of the page, goes back into its corner, and says when there is no such element', async ({
  host,
  page,
}) => {
  await host.goto('modules');
  await page.evaluate(() => {
    document.getElementById('support')!.style.cssText = 'width: 500px; height: 600px; margin-left: 30px';
    window.boot({ inline: '#support' });
  });
  await expect(host.panel.composer).toBeVisible();
  await expect(host.panel.composer).not.toBeFocused();
  await expect(host.launcher).toBeHidden();
  const place = await page.locator('#support').boundingBox();
  expect(await host.frame.boundingBox()).toEqual(place);
  await expect(host.panel.closeButton).toBeHidden();
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();

  await page.evaluate(() => window.Porchlight.set({ inline: null }));
  await expect(host.launcher).toBeVisible();
  await expect(host.frame).toBeHidden();
  await host.open();
  await expect(host.panel.text('Hello there')).toBeVisible();

  await page.evaluate(() => window.Porchlight.set({ inline: '#nowhere' }));
  await expect
    .poll(() => host.warnings)
    .toEqual(['warning: Porchlight: nothing on the page is "#nowhere", for the panel to be in']);
  await expect(host.panel.text('Hello there')).toBeVisible();
});

test('the conversation goes on in a window of its own, and back on the page', async ({ host, page }) => {
  await host.goto();
  await host.open();
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();
  const opened = page.waitForEvent('popup');
  await page.evaluate(() => window.Porchlight.popout());
  const popup = await opened;
  const alone = new (host.panel.constructor as new (...args: unknown[]) => typeof host.panel)(popup, popup.frameLocator('iframe'));
  await expect(host.frame).toBeHidden();
  await expect(alone.text('Hello there')).toBeVisible();
  await expect(alone.closeButton).toBeHidden();
  await alone.send('From the window');
  await alone.expectAnswer('From the window');
  await expect(popup).toHaveTitle('Chat with us');
  await popup.close();
  await host.open();
  await expect(host.panel.text('From the window')).toBeVisible();
  expect(host.warnings).toEqual([]);
});

test('a window that the browser does not allow is told of', async ({ host, page }) => {
  await host.goto();
  await expect(host.launcher).toBeVisible();
  await page.evaluate(() => {
    window.open = () => null;
    window.Porchlight.popout();
  });
  await expect.poll(() => host.warnings).toEqual(['warning: Porchlight: the browser allowed no window']);
  await host.open();
});
