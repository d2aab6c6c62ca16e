import { expect, test } from '../fixtures.ts';
import { beginLong, scrollThrough } from '../support/long-history.ts';

test.use({ mockScript: 'quiet.toml' });

/** Each is put on the disk before the next. */
const N_MESSAGES = process.env.PORCHLIGHT_FULL ? 10_000 : 1_000;

test('scrolling back through a long conversation shows each message once, in order, and keeps the place', async ({
  host,
  page,
  server,
}) => {
  test.setTimeout(300_000);
  await beginLong(host, server, N_MESSAGES);
  await page.reload();
  const { panel } = host;
  await expect(panel.text(`number ${N_MESSAGES}`)).toBeInViewport();

  const way = await scrollThrough(host);
  expect(way.jumps_px.filter((jump_px) => jump_px > 1)).toEqual([]);
  expect(way.seen).toEqual(Array.from({ length: N_MESSAGES }, (_, n) => n + 1));
  expect(way.nRowsMax).toBeLessThanOrEqual(200);

  await test.step('the way back down shows the same, and one jump leads to the newest', async () => {
    await panel.scroll(100_000);
    await expect(panel.text('number 200')).toBeAttached();
    await panel.frame.getByRole('button', { name: /Jump to newest/ }).click();
    await expect(panel.text(`number ${N_MESSAGES}`)).toBeInViewport();
    await expect(panel.text('number 200')).toHaveCount(0);
    await panel.send('And one more');
    await panel.expectStored('And one more');
    await expect(panel.text('And one more')).toBeInViewport();
  });
});
