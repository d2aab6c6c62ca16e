// What a page may write, and what its compiler must refuse. Nothing here is run; `npm run check` holds it against the
// declarations that ship with the loader.
import { boot } from 'https://chat.example/porchlight.js';
import type { Porchlight as Chat, PorchlightEvents, PorchlightSettings } from '../../embed/porchlight.js';

export function aPageWithTheScriptTag(): void {
  Porchlight('open');
  Porchlight('open', { focus: false });
  Porchlight.close();
  window.Porchlight.toggle();
  Porchlight('show');
  Porchlight('hide');
  Porchlight('popout');
  Porchlight('send', 'Hello');
  Porchlight('prefill', 'I would like to');
  Porchlight('track', 'added to the basket', { price: 12.5, gift: false, note: null });
  Porchlight('logout');
  Porchlight('set', {
    user: { token: 'x.y.z', renew: async () => 'x.y.z' },
    attributes: { plan: 'gold' },
    conversationAttributes: { page: 3 },
    tags: ['sales'],
    locale: 'pt-BR',
    colorScheme: 'dark',
    consent: 'session',
  });
  Porchlight.set({ user: { name: 'Robin', email: 'robin@example.com', phone: '+1', avatar: 'https://example.com/r.png' } });
  Porchlight.set({
    position: 'start',
    offset: { x: 4 },
    zIndex: 10,
    radius: 0,
    color: 'rebeccapurple',
    launcher: '#help, .help',
    launcherLabel: null,
    openOnLoad: true,
    sound: false,
    notifications: true,
    inline: document.body,
  });
  const unread: number = Porchlight('get', 'unread');
  const isOpen: boolean = Porchlight.get('isOpen');
  const visitor: string | null = Porchlight.get('visitorId');
  const stop: () => void = Porchlight('on', 'unread', (count) => count.toFixed());
  Porchlight.on('message:received', ({ id, sender, time }) => [id.length, sender === 'agent', new Date(time)]);
  Porchlight.on('conversation:started', ({ id }) => id.length);
  Porchlight.on('error', ({ code, fields }) => [code.length, fields?.[0]?.problem]);
  Porchlight.on('ready', () => stop());
  Porchlight('off', 'identity:expired', () => {});
  Porchlight('destroy');
  void [unread, isOpen, visitor];
}

export function aPageOfModules(settings: PorchlightSettings): Chat {
  const chat = boot({ id: '01900000-0000-7000-8000-000000000001', ...settings });
  chat.on('open', () => chat.get('unread').toFixed());
  chat('close');
  return chat;
}

export function whatIsRefused(events: PorchlightEvents): void {
  // @ts-expect-error There is no such action.
  Porchlight('fly');
  // @ts-expect-error Nor such a method.
  Porchlight.fly();
  // @ts-expect-error A text is sent, not a number.
  Porchlight('send', 7);
  // @ts-expect-error What is sent can't be left out.
  Porchlight.send();
  // @ts-expect-error There is no such setting.
  Porchlight.set({ positoin: 'start' });
  // @ts-expect-error A side of the window has another name.
  Porchlight.set({ position: 'left' });
  // @ts-expect-error A signed user is nothing but the token.
  Porchlight.set({ user: { renew: () => 'x.y.z' } });
  // @ts-expect-error There is no such level.
  Porchlight('set', { consent: 'some' });
  // @ts-expect-error Attributes are plain.
  Porchlight.set({ attributes: { a: { b: 1 } } });
  // @ts-expect-error There is no such event.
  Porchlight('on', 'message', () => {});
  // @ts-expect-error `ready` brings nothing along.
  Porchlight.on('ready', (data: number) => data);
  // @ts-expect-error A count is a number.
  const count: string = Porchlight.get('unread');
  // @ts-expect-error There is no such state.
  Porchlight('get', 'token');
  // @ts-expect-error The id names the widget.
  boot({ position: 'start' });
  // @ts-expect-error The id is not for the page to change.
  Porchlight.id = 'other';
  // @ts-expect-error What was written is told to nobody.
  void events['message:received'].content;
  void count;
}
