// `import { boot } from 'https://HOST/porchlight.js'`: the same chat, for pages that are made of modules. It may be booted and
// destroyed as often as the page likes.
const ACTIONS = ['open', 'close', 'toggle', 'show', 'hide', 'popout', 'send', 'prefill', 'track', 'logout', 'destroy'];
const { origin } = new URL(import.meta.url);

export function boot({ id, ...settings }) {
  // Calls that wait for the loader, and its function once it is there.
  let calls = [];
  let loaded;

  const chat = (name, ...values) => {
    if (loaded) return loaded(name, ...values);
    calls?.push([name, ...values]);
    if (name === 'destroy') calls = undefined;
    if (name === 'on') return () => chat('off', ...values);
    if (name === 'get') return { unread: 0, isOpen: false, visitorId: null }[values[0]];
  };
  for (const name of [...ACTIONS, 'set', 'get', 'on', 'off']) chat[name] = (...values) => chat(name, ...values);
  chat.id = id;

  import(`${origin}/widget.js?module&id=${encodeURIComponent(id)}`).then(
    (loader) => {
      // Destroyed before it was there.
      if (!calls) return;
      loaded = loader.default({ src: import.meta.url }, settings);
      for (const call of calls) loaded(...call);
    },
    () => console.warn(`Porchlight: nothing came from ${origin}`),
  );
  return chat;
}
