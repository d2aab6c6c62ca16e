import type { Locator } from '@playwright/test';
import { expect, test } from '../fixtures.ts';
import type { HostPage } from '../pages/host-page.ts';
import { expectNothingFound } from '../support/axe.ts';
import { bytes, type File, png } from '../support/files.ts';
import { VisitorApi } from '../support/visitor-api.ts';

const sunset = png('sunset.png', 800, 600);
const invoice = bytes('Invoice 2024.pdf', 200_000, 'application/pdf');

/** Lets so much through that a file takes its time. */
async function slowDown(host: HostPage, bytesPerSecond: number): Promise<void> {
  const frame = host.page.frames().find((frame) => frame.url().includes('/panel/'));
  const session = await host.page.context().newCDPSession(frame!);
  const unlimited = { offline: false, latency: 0, downloadThroughput: -1 };
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', { ...unlimited, uploadThroughput: bytesPerSecond });
}

/** Hands files over as a clipboard or a mouse would. */
async function give(target: Locator, event: 'paste' | 'dragover' | 'drop', files: File[], text?: string): Promise<void> {
  const given = files.map(({ name, mimeType, buffer }) => ({ name, mimeType, data: [...buffer] }));
  await target.evaluate(
    (node, { event, given, text }) => {
      const data = new DataTransfer();
      for (const { name, mimeType, data: content } of given) {
        data.items.add(new File([new Uint8Array(content)], name, { type: mimeType }));
      }
      if (text) data.setData('text/plain', text);
      const options = { bubbles: true, cancelable: true };
      node.dispatchEvent(
        event === 'paste'
          ? new ClipboardEvent(event, { ...options, clipboardData: data })
          : new DragEvent(event, { ...options, dataTransfer: data }),
      );
    },
    { event, given, text },
  );
}

test('a picture and a document go with a message, are shown, and are there after a reload', async ({ host, page }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  await panel.attach(sunset, invoice);
  await panel.expectAttached('sunset.png');
  await panel.expectAttached('Invoice 2024.pdf');
  await expect(panel.chip('Invoice 2024.pdf')).toContainText('PDF · 195 kB');
  await expect(panel.composer).toBeFocused();
  await panel.send('Here they are');
  await expect(panel.chip()).toHaveCount(0);
  await panel.expectStored('Here they are');

  for (const when of ['at once', 'after a reload']) {
    await test.step(when, async () => {
      const picture = panel.picture('sunset.png');
      await expect(picture).toBeVisible();
      await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(800);
      const box = await picture.boundingBox();
      expect([box!.width, box!.height].map(Math.round)).toEqual([240, 180]);
      const link = panel.file('Invoice 2024.pdf');
      await expect(link).toContainText('PDF · 195 kB');
      await expect(link).toHaveAttribute('rel', /noopener/);
      await expect(panel.message('Here they are')).toHaveCount(1);
    });
    await page.reload();
  }

  await test.step('and the document is saved under its own name', async () => {
    const saved = page.waitForEvent('download');
    await panel.file('Invoice 2024.pdf').click();
    expect((await saved).suggestedFilename()).toBe('Invoice 2024.pdf');
  });
});

test('the first message of a conversation may be nothing but a picture', async ({ host, page }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  await panel.attach(sunset);
  await panel.expectAttached('sunset.png');
  const api = await VisitorApi.of(page, async () => {
    await panel.sendButton.click();
    await expect(panel.picture('sunset.png')).toBeVisible();
    await expect(panel.messages.first()).toContainText(/Sent|Delivered|Read/);
    await expect(panel.text(/it has arrived/)).toBeVisible();
    await panel.send('Do you like it?');
  });
  await panel.expectStored('Do you like it?');
  const [first] = await api.messages();
  expect(first!.content).toBe('');
  expect(first!.attachments!.map(({ name }) => name)).toEqual(['sunset.png']);
});

test('an upload shows how far it is, and a message that was sent meanwhile leaves when it is done', async ({ host }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  await slowDown(host, 40_000);
  await panel.attach(invoice);
  const progress = panel.chip('Invoice 2024.pdf').getByRole('progressbar');
  await expect(panel.notice(/Uploading Invoice 2024.pdf/)).toHaveCount(1);
  const percent = async () => Number(await progress.getAttribute('value'));
  await expect.poll(percent).toBeGreaterThan(5);
  expect(await percent()).toBeLessThan(100);

  await panel.composer.fill('The invoice');
  await panel.composer.press('Enter');
  await expect(panel.notice(/as soon as everything is uploaded/)).toBeVisible();
  await expect(panel.messages).toHaveCount(0);
  await expect(panel.file('Invoice 2024.pdf')).toBeVisible();
  await panel.expectStored('The invoice');
  await expect(panel.composer).toHaveValue('');
  await expect(panel.notice(/Invoice 2024.pdf is attached/)).toHaveCount(1);
});

test('an upload can be cancelled, which ends its request and leaves the others alone', async ({ host, page }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  await slowDown(host, 50_000);
  await panel.attach(invoice, bytes('notes.txt', 2_000, 'text/plain'));
  await expect(panel.chip()).toHaveCount(2);
  const progress = panel.chip('Invoice 2024.pdf').getByRole('progressbar');
  await expect.poll(async () => Number(await progress.getAttribute('value'))).toBeGreaterThan(0);
  const ended = page.waitForEvent('requestfailed', (request) => request.url().includes('/attachments'));
  await panel.frame.getByRole('button', { name: 'Remove Invoice 2024.pdf' }).click();
  expect((await ended).failure()!.errorText).toContain('ABORTED');
  await expect(panel.chip()).toHaveCount(1);
  await panel.expectAttached('notes.txt');
  await panel.send('Only the notes');
  await panel.expectStored('Only the notes');
  await expect(panel.file('notes.txt')).toBeVisible();
  await expect(panel.file('Invoice 2024.pdf')).toHaveCount(0);
});

test('a file that is too large says what the limit is, and the next such file is not even sent', async ({ host, page }) => {
  let nUploads = 0;
  page.on('request', (request) => (nUploads += Number(request.url().includes('/attachments'))));
  await host.goto();
  await host.open();
  const { panel } = host;
  const film = bytes('film.mp4', 10 * 1024 * 1024 + 1, 'video/mp4');
  await panel.attach(film);
  await expect(panel.chip('film.mp4')).toContainText('Too large: at most 10 MB.');
  await expect(panel.notice(/film.mp4: Too large/)).toHaveCount(1);
  await panel.attach({ ...film, name: 'sequel.mp4' }, bytes('empty.txt', 0));
  await expect(panel.chip('sequel.mp4')).toContainText('Too large: at most 10 MB.');
  await expect(panel.chip('empty.txt')).toContainText('This file is empty.');
  expect(nUploads).toBe(1);
  await expect(panel.frame.getByRole('button', { name: /again/ })).toHaveCount(0);

  await panel.composer.fill('Have a look');
  await panel.composer.press('Enter');
  await expect(panel.notice(/remove what was not uploaded/)).toBeVisible();
  await expect(panel.messages).toHaveCount(0);
  await expectNothingFound(page);
  for (const name of ['film.mp4', 'sequel.mp4', 'empty.txt']) {
    await panel.frame.getByRole('button', { name: `Remove ${name}` }).click();
  }
  await expect(panel.notice(/remove what was not uploaded/)).toHaveCount(0);
  await panel.sendButton.click();
  await panel.expectStored('Have a look');
});

test('an upload that broke off can be tried again, and is by itself when the network is back', async ({ host, page }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  await page.route('**/widget/v1/attachments**', (route) => route.abort('connectionreset'), { times: 1 });
  await panel.attach(sunset);
  await expect(panel.chip('sunset.png')).toContainText('The upload failed.');
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectNothingFound(page);
  }
  const again = panel.frame.getByRole('button', { name: 'Try sunset.png again' });
  await again.focus();
  await again.press('Enter');
  await expect(panel.frame.getByRole('button', { name: 'Remove sunset.png' })).toBeFocused();
  await panel.expectAttached('sunset.png');

  await page.context().setOffline(true);
  await panel.attach(invoice);
  await expect(panel.chip('Invoice 2024.pdf')).toContainText('You are offline.');
  await page.context().setOffline(false);
  await panel.expectAttached('Invoice 2024.pdf');
  await panel.send('Both');
  await panel.expectStored('Both');
});

test('files are attached, removed and sent with nothing but the keyboard', async ({ host, page }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  await page.keyboard.press('Shift+Tab');
  await expect(panel.attachButton).toBeFocused();
  const chosen = page.waitForEvent('filechooser');
  await page.keyboard.press('Enter');
  const chooser = await chosen;
  expect(chooser.isMultiple()).toBe(true);
  await chooser.setFiles([sunset, invoice, bytes('notes.txt', 20, 'text/plain')]);
  await expect(panel.composer).toBeFocused();
  await panel.expectAttached('notes.txt');

  const remove = (name: string) => panel.frame.getByRole('button', { name: `Remove ${name}` });
  await remove('Invoice 2024.pdf').focus();
  await page.keyboard.press('Space');
  await expect(panel.chip()).toHaveCount(2);
  await expect(remove('sunset.png')).toBeFocused();
  await page.keyboard.press('Space');
  await expect(remove('notes.txt')).toBeFocused();
  await page.keyboard.press('Space');
  await expect(panel.chip()).toHaveCount(0);
  await expect(panel.attachButton).toBeFocused();

  await panel.attach(sunset);
  await panel.expectAttached('sunset.png');
  await panel.composer.press('Enter');
  await expect(panel.picture('sunset.png')).toBeVisible();
  await expect(panel.composer).toBeFocused();
});

test('a picture can be pasted and files can be dropped, and a pasted text stays a text', async ({ host }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  await give(panel.composer, 'paste', [sunset]);
  await panel.expectAttached('sunset.png');
  await give(panel.composer, 'paste', [{ ...sunset, name: 'of-a-text.png' }], 'A text');
  await give(panel.composer, 'paste', [{ ...sunset, name: 'from-a-folder.png' }], 'from-a-folder.png');
  await panel.expectAttached('from-a-folder.png');
  await give(panel.conversation, 'dragover', [invoice]);
  const hint = panel.frame.getByText('Drop files to attach them');
  await expect(hint).toBeVisible();
  await give(panel.conversation, 'drop', [invoice]);
  await expect(hint).toBeHidden();
  await panel.expectAttached('Invoice 2024.pdf');
  await expect(panel.chip()).toHaveCount(3);
});

test('a message has room for ten files', async ({ host }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  await panel.attach(...Array.from({ length: 11 }, (_, n) => bytes(`${n + 1}.txt`, 10, 'text/plain')));
  await expect(panel.chip()).toHaveCount(10);
  await expect(panel.notice(/room for 10 files/)).toBeVisible();
  await panel.expectAttached('10.txt');
  await panel.send('As many as go in');
  await panel.expectStored('As many as go in');
  await expect(panel.conversation.getByRole('link')).toHaveCount(10);
});

test('a message with files that was never acknowledged survives a reload, and is stored once', async ({
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
  await panel.attach(sunset, invoice);
  await panel.expectAttached('Invoice 2024.pdf');
  await server.end('SIGKILL');
  await panel.send('Meanwhile');
  await panel.expectState('Meanwhile', 'Sending');
  await expect(panel.file('Invoice 2024.pdf')).toBeVisible();
  await page.goto('about:blank');
  await server.start();

  await host.goto();
  await panel.expectStored('Meanwhile');
  await expect(panel.picture('sunset.png')).toHaveCount(1);
  await expect(panel.file('Invoice 2024.pdf')).toHaveCount(1);
  const mine = (await api.messages()).filter(({ sender }) => sender.type === 'customer');
  expect(mine.map(({ content }) => content)).toEqual(['Hello there', 'Before', 'Meanwhile']);
  expect(mine[2]!.attachments!.map(({ name }) => name)).toEqual(['sunset.png', 'Invoice 2024.pdf']);
});

test('an answer lost on the way back does not make a message with files appear twice', async ({ host, page }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  let isLost = false;
  await page.route(
    '**/widget/v1/conversations',
    async (route) => {
      await route.fetch(); // The server stores it.
      isLost = true;
      await route.abort('connectionreset');
    },
    { times: 1 },
  );
  await panel.attach(sunset);
  await panel.expectAttached('sunset.png');
  await panel.send('Once');
  await expect.poll(() => isLost).toBe(true);
  await panel.expectStored('Once');
  await expect(panel.picture('sunset.png')).toHaveCount(1);
});

test('an access token that has run out is renewed in the middle of an upload', async ({ host, page }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  const expired = { error: { code: 'token_expired', message: 'The access token has expired.' } };
  await page.route('**/widget/v1/attachments**', (route) => route.fulfill({ status: 401, json: expired }), { times: 1 });
  const renewed = page.waitForResponse('**/widget/v1/sessions/refresh');
  await panel.attach(sunset);
  expect((await renewed).status()).toBe(200);
  await panel.expectAttached('sunset.png');
});

test("an agent's files are shown, unread ones are counted, and axe finds nothing", async ({ host, server, page }) => {
  await host.goto();
  await host.open();
  const { panel } = host;
  await panel.attach(sunset, invoice);
  await panel.expectAttached('Invoice 2024.pdf');
  await expectNothingFound(page);
  const api = await VisitorApi.of(page, async () => {
    await panel.send('Here they are');
    await panel.expectGreeting();
    await panel.send('Please send them back');
  });
  await panel.expectAnswer('Please send them back');
  const messages = await api.messages();
  const answer = messages.at(-1)!;
  const returned = { ...answer, seq: answer.seq + 1, content: '', attachments: messages[0]!.attachments };
  await panel.closeButton.click();
  // The mock agent has no files of its own: the stream brings a message as an agent's would come.
  await page.route('**/widget/v1/stream', (route) =>
    route.fulfill({
      contentType: 'text/event-stream',
      body: `event: message\ndata: ${JSON.stringify({ ...returned, id: '01930000-0000-7000-8000-00000000abcd' })}\n\n`,
    }),
  );
  await server.end('SIGKILL');
  await server.start();
  await expect(host.launcher).toHaveAccessibleName('Open chat, 1 unread message');
  await host.open();
  const message = panel.messages.last();
  await expect(message).toHaveClass(/theirs/);
  await expect(message.getByRole('img', { name: 'sunset.png' })).toBeVisible();
  await expect(message).toContainText(/Robin\s*Sent a file:/);
  await expect(message.getByRole('link', { name: /Invoice 2024.pdf PDF/ })).toBeVisible();
  await expectNothingFound(page);
});

test('with storage denied to the panel files are sent all the same', async ({ host, server, page }) => {
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
  await panel.attach(sunset);
  await panel.expectAttached('sunset.png');
  await panel.send('A sunset');
  await panel.expectStored('A sunset');
  await expect(panel.picture('sunset.png')).toBeVisible();
});

test('long names, wide pictures and nothing known of a file keep within a narrow screen', async ({ host, page }) => {
  await page.setViewportSize({ width: 320, height: 568 });
  await host.goto();
  await host.open();
  const { panel } = host;
  const long = `${'a very long name of a file '.repeat(8)}.pdf`;
  await panel.attach(bytes(long, 3_000_000, 'application/pdf'), png('banner.png', 2000, 40));
  await panel.expectAttached('banner.png');
  await panel.composer.fill('Narrow');
  const widths = () =>
    panel.conversation.evaluate((log) => ({
      scroll: [document.documentElement.scrollWidth, log.scrollWidth],
      client: [document.documentElement.clientWidth, log.clientWidth],
    }));
  const before = await widths();
  expect(before.scroll).toEqual(before.client);
  await expectNothingFound(page);
  await panel.sendButton.click();
  await panel.expectStored('Narrow');
  await expect(panel.picture('banner.png')).toBeVisible();
  const after = await widths();
  expect(after.scroll).toEqual(after.client);
});
