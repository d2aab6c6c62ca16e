import { expect, test } from '../fixtures.ts';
import { beginLong, scrollThrough } from '../support/long-history.ts';

test.use({ mockScript: 'quiet.toml' });

/** Each is put on the disk before it is answered. */
const N_MESSAGES = process.env.PORCHLIGHT_FULL ? 10_000 : 1_000;

test('scrolling back through a long conversation shows each message once, in order, and keeps the place', async ({
  host,
  page,
  server,
}) => {
  // Most of it is for storing them.
  test.skip(!process.env.PORCHLIGHT_FULL, 'It stores many messages: run with --full.');
  test.setTimeout(10 * 60_000);
  const texts = await beginLong(host, server, N_MESSAGES);
  expect(texts).toHaveLength(N_MESSAGES);
  const [oldest, newest] = [texts[0]!, texts.at(-1)!];
  await page.reload();
  const { panel } = host;
  await expect(panel.text(newest)).toBeInViewport();

  const way = await scrollThrough(host);
  expect(way.jumps_px.filter((jump_px) => jump_px > 1)).toEqual([]);
  expect(way.seen).toEqual(texts);
  expect(way.nRowsMax).toBeLessThanOrEqual(200);

  await test.step('the way back down shows the same, and one jump leads to the newest', async () => {
    await expect(async () => {
      await panel.scroll(100_000);
      await expect(panel.text(texts[200]!)).toBeAttached({ timeout: 500 });
    }).toPass();
    await panel.frame.getByRole('button', { name: /Jump to newest/ }).click();
    await expect(panel.text(newest)).toBeInViewport();
    await expect(panel.text(oldest)).toHaveCount(0);
    await panel.send('And one more');
    await panel.expectStored('And one more');
    await expect(panel.text('And one more')).toBeInViewport();
  });
});
