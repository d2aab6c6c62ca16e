import { expect, test } from '../fixtures.ts';

test('what is written in one tab appears in the other, and the answer in both', async ({ host }) => {
  await host.goto();
  await host.open();
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();

  const other = await host.newTab();
  await other.goto('second');
  await other.open();
  await expect(other.panel.text('Hello there')).toBeVisible();

  await other.panel.send('From the other tab');
  await expect(host.panel.text('From the other tab')).toBeVisible();
  await host.panel.expectAnswer('From the other tab');
  await other.panel.expectAnswer('From the other tab');

  await host.panel.send('From the first');
  await expect(other.panel.text('From the first')).toBeVisible();
  await other.panel.expectAnswer('From the first');
  await expect(other.panel.message('From the first')).toHaveCount(1);
  await expect(host.panel.message('From the other tab')).toHaveCount(1);
});

test('the tab that is left goes on receiving', async ({ host }) => {
  await host.goto();
  await host.open();
  await host.panel.send('Hello there');
  await host.panel.expectGreeting();
  const other = await host.newTab();
  await other.goto('second');
  await other.open();
  await expect(other.panel.text('Hello there')).toBeVisible();

  await host.page.close();

  await other.panel.send('Still there?');
  await other.panel.expectAnswer('Still there?');
});
