import { expect, test } from '../fixtures.ts';

test('with storage denied to the panel the chat works, and says what that means', async ({ host, server, page }) => {
  await page.addInitScript((origin) => {
    if (location.origin !== origin) return;
    for (const area of ['localStorage', 'sessionStorage']) {
      Object.defineProperty(window, area, {
        get: () => {
          throw new DOMException('The operation is insecure.', 'SecurityError');
        },
      });
    }
  }, server.origin);
  await host.goto();
  await host.open();
  const { panel } = host;

  await panel.send('Hello there');
  await panel.expectGreeting();
  await panel.send('Do you sell roses?');
  await panel.expectAnswer('Do you sell roses?');
  await expect(panel.notice(/stor|sav|kept|keep|remember/i)).toBeVisible();
  expect(host.errors).toEqual([]);
});

test('with storage denied to the host page too, the launcher and the chat work', async ({ host, page }) => {
  await page.addInitScript(() => {
    for (const area of ['localStorage', 'sessionStorage']) {
      Object.defineProperty(window, area, {
        get: () => {
          throw new DOMException('The operation is insecure.', 'SecurityError');
        },
      });
    }
  });
  await host.goto();
  await host.open();
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();
  await host.panel.closeButton.click();
  await expect(host.frame).toBeHidden();
  expect(host.errors).toEqual([]);
});

test('with storage full the message is sent all the same', async ({ host, server, page }) => {
  await page.addInitScript((origin) => {
    if (location.origin !== origin) return;
    Storage.prototype.setItem = () => {
      throw new DOMException('The quota has been exceeded.', 'QuotaExceededError');
    };
  }, server.origin);
  await host.goto();
  await host.open();
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();
  expect(host.errors).toEqual([]);
});

test('when the storage fills up in the middle of a chat it goes on, in every tab, and says so', async ({
  host,
  server,
}) => {
  await host.goto();
  await host.open();
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();
  const other = await host.newTab();
  await other.goto();
  await other.open();
  await expect(other.panel.text('Hello there')).toBeVisible();
  await expect(host.panel.notice(/storage/i)).toHaveCount(0);

  const frame = host.page.frames().find((frame) => frame.url().startsWith(server.origin))!;
  await frame.evaluate(() => {
    for (let size = 1 << 20; size > 0; size >>= 1) {
      try {
        for (let n = 0; ; n += 1) localStorage.setItem(`${size}/${n}`, 'x'.repeat(size));
      } catch {
        // It is full, but for less than this.
      }
    }
  });
  // Each tab has a text of its own, which tells its answer from the other's.
  const roses = 'Do you sell roses?';
  const tulips = 'Do you sell tulips?';
  for (const [{ panel }, question] of [[host, roses], [other, tulips]] as const) {
    await panel.send(question);
    await panel.expectAnswer(question);
    await expect(panel.notice(/storage/i)).toBeVisible();
  }
  for (const { panel } of [host, other]) {
    await expect(panel.message(roses)).toHaveCount(1);
    await expect(panel.message(tulips)).toHaveCount(1);
  }
});
