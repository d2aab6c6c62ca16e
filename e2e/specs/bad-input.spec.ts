import { expect, test } from '../fixtures.ts';

test('an unknown widget id warns once and does nothing else', async ({ host, page }) => {
  await host.goto('unknown-widget');
  await expect.poll(() => host.console.length).toBe(1);
  await page.waitForLoadState('networkidle');
  expect(host.console).toEqual([expect.stringMatching(/^warning: Porchlight/)]);
  await expect(page.locator('porchlight-chat')).toHaveCount(0);
  expect(host.errors).toEqual([]);
});

test('a tag without any id warns once and does nothing else', async ({ host, page }) => {
  await host.goto('no-id');
  await expect.poll(() => host.warnings).toEqual(['warning: Porchlight: no widget id']);
  await expect(page.locator('porchlight-chat')).toHaveCount(0);
  expect(host.errors).toEqual([]);
});

test('on a page that the widget is not for, the browser refuses the frame and the loader gives up quietly', async ({
  host,
  hosts,
  page,
}) => {
  await page.clock.install();
  await host.goto('plain', hosts.foreignOrigin);
  await host.launcher.click();
  await expect(host.launcher).toHaveAttribute('aria-expanded', 'true');

  await expect(async () => {
    await page.clock.fastForward(15_000);
    expect(host.warnings).toHaveLength(1);
  }).toPass();
  expect(host.warnings[0]).toContain(hosts.foreignOrigin);
  await expect(host.launcher).toHaveAttribute('aria-expanded', 'false');
  await expect(host.frame).toHaveCount(0);
  await expect(page.getByRole('alert')).toHaveCount(0);
  expect(host.errors).toEqual([]);

  await test.step('another try ends the same way, without another warning', async () => {
    await host.launcher.click();
    await expect(host.launcher).toHaveAttribute('aria-expanded', 'true');
    await expect(host.frame).toBeHidden();
    await expect(async () => {
      await page.clock.fastForward(15_000);
      await expect(host.launcher).toHaveAttribute('aria-expanded', 'false', { timeout: 200 });
    }).toPass();
    expect(host.warnings).toHaveLength(1);
  });
});

test('a text over 16 KiB is refused with its reason, and the next one is sent', async ({ host }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  await panel.send('Hello there');
  await panel.expectGreeting();

  await panel.composer.fill('x'.repeat(16 * 1024 + 1));
  await panel.composer.press('Enter');
  await expect(panel.frame.getByText(/too long/i).first()).toBeVisible();

  await panel.composer.fill('');
  await panel.send('And something short');
  await panel.expectAnswer('And something short');
});

test('a text of exactly 16 KiB arrives whole', async ({ host }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  await panel.send('Hello there');
  await panel.expectGreeting();
  const longest = 'é'.repeat((16 * 1024) / 2);
  expect(Buffer.byteLength(longest)).toBe(16 * 1024);
  await panel.send(longest);
  await panel.expectStored(longest);
});

test('a message the server can never accept says so, can be tried again, and holds nothing up', async ({
  host,
  page,
}) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  await panel.send('Hello there');
  await panel.expectGreeting();

  const refusal = { code: 'invalid_fields', message: 'No.', fields: [{ field: 'content', problem: 'no' }] };
  await page.route(
    '**/widget/v1/conversations/*/messages/*',
    (route) => route.fulfill({ status: 422, json: { error: refusal } }),
    { times: 1 },
  );
  await panel.send('Refused');
  await panel.expectState('Refused', 'Not sent');
  await panel.send('Next');
  await panel.expectStored('Next');

  await panel.message('Refused').getByRole('button', { name: 'Try again' }).click();
  await panel.expectStored('Refused');
  await expect(panel.message('Refused')).toHaveCount(1);
});

test('a message that was refused says why, and can be deleted', async ({ host, page }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  await panel.send('Hello there');
  await panel.expectGreeting();
  for (const [status, code, reason] of [
    [413, 'body_too_large', 'The text is too long.'],
    [404, 'not_found', 'This conversation is no longer there.'],
    [422, 'client_id_reused', 'It was not accepted.'],
    [403, 'origin_refused', 'It was not accepted.'],
  ] as const) {
    await page.route(
      '**/widget/v1/conversations/*/messages/*',
      (route) => route.fulfill({ status, json: { error: { code, message: 'No.' } } }),
      { times: 1 },
    );
    await panel.send(code);
    await panel.expectState(code, 'Not sent');
    await expect(panel.message(code)).toContainText(reason);
    await panel.message(code).getByRole('button', { name: 'Delete' }).click();
    await expect(panel.message(code)).toHaveCount(0);
    await expect(panel.composer).toBeFocused();
  }
  await panel.send('After all');
  await panel.expectAnswer('After all');
});

test('markup in a message is text', async ({ host }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  const markup = '<img src=x onerror="parent.postMessage(1)"><script>alert(1)</script><b>bold</b>';
  await panel.send(markup);
  await expect(panel.text(markup)).toBeVisible();
  await panel.expectGreeting();
  await expect(panel.conversation.locator('img, script, b')).toHaveCount(0);
  expect(host.errors).toEqual([]);
});

test('only links of harmless kinds are links', async ({ host }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  const text = 'see https://example.com/a?b=c and javascript:alert(1) and data:text/html,x';
  await panel.send(text);
  await panel.expectGreeting();
  const link = panel.message(text).getByRole('link');
  await expect(link).toHaveCount(1);
  await expect(link).toHaveAttribute('href', 'https://example.com/a?b=c');
  await expect(link).toHaveAttribute('rel', /noopener/);
});

test('a session the server has forgotten is begun anew, and the message still arrives', async ({ host, page }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  await panel.send('Hello there');
  await panel.expectGreeting();

  const over = { status: 401, json: { error: { code: 'token_invalid', message: 'Over.' } } };
  let isOver = true;
  await page.route('**/widget/v1/conversations**', (route) => (isOver ? route.fulfill(over) : route.continue()));
  await page.route('**/widget/v1/sessions/refresh', (route) => route.fulfill(over));
  await page.route('**/widget/v1/sessions', async (route) => {
    isOver = false;
    await route.continue();
  });
  await panel.send('After all');
  await panel.expectStored('After all');
  await expect(panel.message('After all')).toHaveCount(1);
});
