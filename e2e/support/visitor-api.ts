import { randomBytes } from 'node:crypto';
import type { Page, Request } from '@playwright/test';

export interface StoredMessage {
  seq: number;
  client_id?: string;
  content: string;
  attachments?: { id: string; name: string; url: string }[];
  ack: number;
  sender: { type: 'customer' | 'agent' | 'bot' | 'system' };
}

/** The visitor API, called with the token of the visitor who sits in the browser: what the server really stored. */
export class VisitorApi {
  private constructor(
    private readonly conversation: string,
    private readonly authorization: string,
  ) {}

  /** Listens to the panel of `page` while `act` makes it start or load a conversation. */
  static async of(page: Page, act: () => Promise<void>): Promise<VisitorApi> {
    const named = (request: Request) => /\/widget\/v1\/conversations\/([0-9a-f-]{36})\//.exec(request.url())?.[1];
    const seen = page.waitForRequest((request) => named(request) !== undefined && request.method() !== 'OPTIONS');
    await act();
    const request = await seen;
    const authorization = (await request.allHeaders())['authorization'];
    const conversation = named(request);
    if (!authorization || !conversation) throw new Error('the panel asked without a token');
    return new VisitorApi(new URL(`/widget/v1/conversations/${conversation}`, request.url()).href, authorization);
  }

  /** Sends a message as the visitor's panel would. */
  async send(content: string): Promise<void> {
    const answer = await fetch(`${this.conversation}/messages/${uuidV7()}`, {
      method: 'PUT',
      headers: { authorization: this.authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ content }),
    });
    if (answer.status !== 201) throw new Error(`${answer.status}: ${await answer.text()}`);
  }

  /** The newest hundred messages, oldest first. */
  async messages(more = ''): Promise<StoredMessage[]> {
    const answer = await fetch(`${this.conversation}/messages?limit=100${more}`, {
      headers: { authorization: this.authorization },
    });
    if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
    const page = (await answer.json()) as { messages: StoredMessage[] };
    return page.messages;
  }

  /** Every message, oldest first. */
  async allMessages(): Promise<StoredMessage[]> {
    const all = await this.messages();
    while (all[0] && all[0].seq > 1) all.unshift(...(await this.messages(`&before=${all[0].seq}`)));
    return all;
  }

  /** What the visitor wrote, as the server has it. */
  async written(): Promise<string[]> {
    const messages = await this.messages();
    return messages.filter(({ sender }) => sender.type === 'customer').map(({ content }) => content);
  }
}

function uuidV7(): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
