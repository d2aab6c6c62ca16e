import { expect, test } from '../fixtures.ts';

test('"slow" shows that somebody is typing, until the answer is there', async ({ host }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  await panel.send('Hello there');
  await panel.expectGreeting();
  await panel.send('slow');
  const typing = panel.frame.getByText(/is typing/);
  await expect(typing.first()).toBeVisible();
  const nAnswers = await panel.messages.count();
  await expect(panel.messages).toHaveCount(nAnswers + 1);
  await expect(typing).toHaveCount(0);
});

test('"several" answers in a row', async ({ host }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  await panel.send('Hello there');
  await panel.expectGreeting();
  const nBefore = await panel.messages.count();
  await panel.send('several');
  await expect(panel.messages).toHaveCount(nBefore + 4);
});

test('"long" wraps inside the panel, and an endless word does too', async ({ host }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  await panel.send('Hello there');
  await panel.expectGreeting();
  const nBefore = await panel.messages.count();
  await panel.send('long');
  await expect(panel.messages).toHaveCount(nBefore + 2);
  const word = 'w'.repeat(400);
  await panel.send(word);
  await panel.expectAnswer(word);
  const widths = await panel.conversation.evaluate((log) => ({
    scroll: document.documentElement.scrollWidth + log.scrollWidth,
    client: document.documentElement.clientWidth + log.clientWidth,
  }));
  expect(widths.scroll).toBe(widths.client);
});

test('"fail" says that nobody answered', async ({ host }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  await panel.send('Hello there');
  await panel.expectGreeting();
  await panel.send('fail');
  await expect(panel.text(/No one|Nobody/i)).toBeVisible();
});
