import { expect, test } from '../fixtures.ts';
import { VisitorApi } from '../support/visitor-api.ts';

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  test(`a conversation goes on over a ${signal} of the server, and nothing is lost or sent twice`, async ({
    host,
    server,
    page,
  }) => {
    await host.goto();
    await host.open();
    const { panel } = host;
    const api = await VisitorApi.of(page, async () => {
      await panel.send('Hello there');
      await panel.expectGreeting();
      await panel.send('Before');
    });
    await panel.expectStored('Before');

    await server.end(signal);
    for (const text of ['One', 'Two', 'Three']) {
      await panel.send(text);
      await expect(panel.text(text)).toBeVisible();
    }
    await panel.expectState('One', 'Sending');
    await panel.expectState('Three', 'Sending');

    await server.start();
    for (const text of ['One', 'Two', 'Three']) {
      await panel.expectStored(text);
      await expect(panel.message(text)).toHaveCount(1);
    }
    expect(await api.written()).toEqual([
      'Hello there',
      'Before',
      'One',
      'Two',
      'Three',
    ]);
    const messages = await api.messages();
    expect(messages.map(({ seq }) => seq)).toEqual(messages.map((_, index) => index + 1));

    await test.step('live updates are back', async () => {
      await panel.send('Are you there?');
      await panel.expectAnswer('Are you there?');
    });
    expect(host.errors).toEqual([]);
  });
}

test('messages that were never sent survive a reload of the page', async ({ host, server, page }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  const api = await VisitorApi.of(page, async () => {
    await panel.send('Hello there');
    await panel.expectGreeting();
    await panel.send('Before');
  });
  await panel.expectStored('Before');

  await server.end('SIGKILL');
  await panel.send('Meanwhile');
  await panel.expectState('Meanwhile', 'Sending');
  await page.goto('about:blank');
  await server.start();

  await host.goto();
  await panel.expectStored('Meanwhile');
  await expect(panel.message('Meanwhile')).toHaveCount(1);
  expect(await api.written()).toEqual(['Hello there', 'Before', 'Meanwhile']);
});

test('a first message that meets a dead server starts exactly one conversation', async ({ host, server, page }) => {
  await host.goto();
  await host.open();
  const { panel } = host;

  await server.end('SIGKILL');
  await panel.send('Hello');
  await panel.expectState('Hello', 'Sending');
  const api = await VisitorApi.of(page, async () => {
    await server.start();
    await panel.expectStored('Hello');
    await panel.send('Again');
  });
  await panel.expectStored('Again');
  expect(await api.written()).toEqual(['Hello', 'Again']);
});
