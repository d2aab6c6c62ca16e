import { expect } from '@playwright/test';
import type { Server } from './server.ts';

/** The four conversation APIs, as somebody's program calls them: only what the browser tests need of each. */
export class Apis {
  constructor(private readonly server: Server) {}

  /** The names of the visitor's conversation in the APIs, once it is there. */
  async conversation(): Promise<{ id: string; num: number; code: string }> {
    const [{ id }] = await this.call('GET', '/api/v1/conversations/', { Authorization: this.bearer });
    const { data } = await this.call('GET', `${this.pact}?sort=desc`, this.pactToken);
    const code = Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url');
    return { id, num: data.conversations[0].external_id, code };
  }

  /** How many there are. */
  async nConversations(): Promise<number> {
    return (await this.call('GET', '/api/v1/conversations/', { Authorization: this.bearer })).length;
  }

  /** What the conversation holds, as each of the four tells it. */
  async texts(names: { id: string; num: number; code: string }): Promise<Record<string, string[]>> {
    const pingback = await this.call('GET', `/api/v1/conversations/${names.id}/`, { Authorization: this.bearer });
    const pantheon = await this.call('GET', `/v1.0/conversations/getMessages?conversationId=${names.code}`, {
      Authorization: this.token,
    });
    const pact = await this.call('GET', `${this.pact}/${names.num}/messages`, this.pactToken);
    const session = await this.session();
    const iris = await this.call(
      'GET',
      `/API/V40/Interactive/Messages/Conversations/${names.code}?SessionToken=${session}`,
    );
    const text = (message: { content?: string; message?: string; text?: string }) =>
      message.content ?? message.message ?? message.text ?? '';
    const [answer] = Object.values(iris.responses[0]) as [{ content: { conversation: { messages: [] } } }];
    return {
      pingback: pingback.messages.map(text),
      pantheon: pantheon.items.map(text),
      pact: pact.data.messages.map(text),
      iris: answer.content.conversation.messages.map(text),
    };
  }

  async sayByPingback(names: { id: string }, text: string): Promise<void> {
    await this.call('POST', `/api/v1/conversations/${names.id}/messages`, { Authorization: this.bearer }, { content: text });
  }

  async sayByPantheon(names: { code: string }, text: string): Promise<void> {
    const body = { conversationId: names.code, message: text };
    await this.call('PUT', '/v1.0/conversations/replyToConversation', { Authorization: this.token }, body);
  }

  /** Pact's clients send forms. */
  async sayByPact(names: { num: number }, text: string): Promise<void> {
    const form = new URLSearchParams({ message: text });
    await this.call('POST', `${this.pact}/${names.num}/messages`, this.pactToken, form);
  }

  async sayByIris(names: { code: string }, text: string): Promise<void> {
    const body = { message: text, sessionToken: await this.session() };
    await this.call('POST', `/API/V40/Interactive/Messages/Conversations/${names.code}/Messages`, {}, body);
  }

  private get token(): string {
    return this.server.credentials.api_token;
  }

  private get bearer(): string {
    return `Bearer ${this.token}`;
  }

  private get pact(): string {
    return `/p1/companies/${this.server.credentials.company_num}/conversations`;
  }

  private get pactToken(): Record<string, string> {
    return { 'X-Private-Api-Token': this.token };
  }

  private async session(): Promise<string> {
    const { property_code, interface_token } = this.server.credentials.iris;
    const body = { PropertyCode: property_code, InterfaceToken: interface_token };
    const answer = await this.call('POST', '/API/V40/System/Session/Initialise', {}, body);
    return answer.sessionToken;
  }

  private async call(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: URLSearchParams | object,
  ): Promise<any> {
    const isForm = body instanceof URLSearchParams;
    const response = await fetch(`${this.server.origin}${path}`, {
      method,
      headers: body && !isForm ? { ...headers, 'Content-Type': 'application/json' } : headers,
      body: isForm ? body : body && JSON.stringify(body),
    });
    const answer = await response.text();
    expect(response.status, `${method} ${path}: ${answer}`).toBe(200);
    return JSON.parse(answer);
  }
}
