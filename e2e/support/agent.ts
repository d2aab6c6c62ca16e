import { expect } from '@playwright/test';
import type { Server } from './server.ts';

interface StreamEvent {
  name: string;
  data: any;
}

/** Somebody of the business, with a name and a token of their own, who works through the Pingback API. */
export class Agent {
  private constructor(
    private readonly server: Server,
    readonly id: string,
    private readonly token: string,
  ) {}

  static async create(server: Server, name: string, avatar?: string): Promise<Agent> {
    const company = String(server.credentials.company_num);
    const picture = avatar === undefined ? [] : ['--avatar', avatar];
    const agent = await server.command('agent', 'create', '--company', company, '--name', name, ...picture);
    const named = ['--name', 'e2e', '--agent', String(agent.num), '--scope', 'admin'];
    const { token } = await server.command('token', 'create', '--company', company, ...named);
    return new Agent(server, agent.id, token);
  }

  /** The visitor's conversation, once it is there. */
  async conversation(): Promise<string> {
    let id: string | undefined;
    await expect.poll(async () => (id = (await this.call('GET', '/conversations/'))[0]?.id)).toBeDefined();
    return id!;
  }

  /** Takes the conversation, so that the visitor sees whom they are talking to. */
  async take(conversation: string): Promise<void> {
    await this.call('PUT', `/conversations/${conversation}/assign/${this.id}`);
  }

  async say(conversation: string, content: string): Promise<void> {
    await this.call('POST', `/conversations/${conversation}/messages`, { content });
  }

  /** Says these in this order, as fast as they are taken. */
  async sayAll(conversation: string, contents: string[]): Promise<void> {
    for (const content of contents) await this.say(conversation, content);
  }

  /** Says all of these as fast as they are taken, in whatever order that comes to. */
  async sayAllAtOnce(conversation: string, contents: string[]): Promise<void> {
    const rest = contents.values();
    const oneAfterTheOther = async () => {
      for (const content of rest) await this.say(conversation, content);
    };
    await Promise.all(Array.from({ length: 32 }, oneAfterTheOther));
  }

  async setStatus(status: 'live' | 'away' | 'offline'): Promise<void> {
    await this.call('PATCH', '/team/status', { status });
  }

  async call(method: string, path: string, body?: object): Promise<any> {
    const response = await fetch(`${this.server.origin}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
      body: body && JSON.stringify(body),
    });
    const answer = await response.text();
    expect(response.status, `${method} ${path}: ${answer}`).toBe(200);
    return JSON.parse(answer);
  }

  /** Listens to what happens in the company, from now on. */
  async listen(): Promise<Stream> {
    const ended = new AbortController();
    const response = await fetch(`${this.server.origin}/api/v1/stream`, {
      headers: { authorization: `Bearer ${this.token}` },
      signal: ended.signal,
    });
    expect(response.status).toBe(200);
    return new Stream(response, ended);
  }
}

/** The event stream of an agent's program. */
export class Stream {
  readonly events: StreamEvent[] = [];

  constructor(
    response: Response,
    private readonly ended: AbortController,
  ) {
    // It breaks off when the test ends it.
    this.read(response).catch(() => {});
  }

  end(): void {
    this.ended.abort();
  }

  private async read(response: Response): Promise<void> {
    const decoder = new TextDecoder();
    const reader = response.body!.getReader();
    let text = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
      const frames = text.split('\n\n');
      text = frames.pop()!;
      for (const frame of frames) {
        const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(frame)?.[1];
        const data = field('data');
        if (data) this.events.push({ name: field('event') ?? '', data: JSON.parse(data) });
      }
    }
  }
}
