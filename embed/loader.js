// What a page includes as `/widget.js?id=WIDGET_ID`: it draws the launcher and, once the visitor shows intent, frames
// the panel and shakes hands with it. Nothing of the chat itself is here, and no token ever comes here.
//
// Every page view pays for this file, so: no dependency, no request, no storage and no timer before the visitor acts,
// and not a byte without a reason. The page's own policy may be strict, so: no inline style, no markup from strings.
(() => {
  // The server puts the widget's public settings here, or `null` when the address named no widget.
  const settings = __PORCHLIGHT_SETTINGS__;
  const script = document.currentScript;
  const { origin } = new URL(script.src);

  // Says each thing once. What it returns can be called, for a refused `on` must still give an unsubscribe function.
  const warned = {};
  const warn = (text) => {
    warned[text] = warned[text] || !console.warn(`Porchlight: ${text}`);
    return () => {};
  };

  if (!settings) {
    // The id stands in one of the other two places. Ask again with it: settings and code come in one answer.
    const id = script.dataset.widgetId || window.PingBackWidgetId;
    if (!id) return warn('no widget id');
    const src = `${origin}/widget.js?id=${encodeURIComponent(id)}`;
    return script.after(make('script', { nonce: script.nonce, src }));
  }

  // Only a living loader's function has an id; the page's own queue and a destroyed one have none.
  if (window.Porchlight?.id) return warn('included twice');

  // All state that is seen hangs on the button: `aria-expanded`, and `.ready` once the panel has shaken hands. Until
  // then the frame stays invisible, for it may hold the browser's own error page, and the launcher is the way to close.
  // - `!important` inside `:host` wins over the page's. `all` leaves the page's `direction`, which is what we want.
  // - A frame follows the colour scheme of its element, which `all` would have made light.
  // - The icon is the button's `:before`, a bubble whose borders fold into a chevron. Borders survive forced colours.
  // - White holds 3:1 up to a lightness of 61 of the brand colour; the second `color` turns black above it.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
:host{all:initial!important;position:fixed!important;z-index:2147483000!important}
button,iframe{position:fixed;bottom:20px;inset-inline-end:20px;border:0;box-shadow:0 4px 20px #0005}
button{z-index:1;width:60px;height:60px;border:2px solid #0000;border-radius:50%;cursor:pointer;
background:${settings.color} border-box;color:#fff;color:lch(from ${settings.color} calc((61 - l)*99)0 0)}
button:hover{transform:scale(1.06)}
button:focus-visible{outline:2px solid #fff;box-shadow:0 0 0 5px #111}
button:before{content:"";display:block;margin:auto;width:22px;height:16px;border:3px solid;border-radius:10px 10px 10px 0}
[aria-expanded=true]:before{width:16px;border-width:0 3px 3px 0;border-radius:0;transform:translateY(-4px)rotate(45deg)}
[aria-expanded=true]:not(.ready){opacity:.8}
b{position:absolute;top:-6px;inset-inline-end:-6px;padding:0 7px;border-radius:11px;
background:#c8102e;color:#fff;font:600 12px/22px system-ui}
i{position:fixed;clip-path:inset(50%)}
iframe{bottom:92px;width:400px;height:min(700px,100dvh - 110px);border-radius:16px;color-scheme:light dark;
visibility:hidden;opacity:0;transform:translateY(12px)}
.ready[aria-expanded=true]~iframe{visibility:visible;opacity:1;transform:none}
@media(width<480px){iframe{inset:0;width:100%;height:100dvh;border-radius:0}.ready[aria-expanded=true]{display:none}}
@media(prefers-reduced-motion:no-preference){*,:before{transition:.16s,visibility 0s}}
@media print{:host{display:none!important}}`);

  const host = make('porchlight-chat');
  const root = host.attachShadow({ mode: 'open' });
  const button = make('button', { onclick: toggle, onpointerenter: load, onfocus: load });
  const badge = make('b');
  const live = make('i', { role: 'status' });
  let unread = 0;
  let listeners = [];
  // The message that opens the panel, while it is open. A panel that isn't there yet gets it with the handshake.
  let opening;
  let frame;
  let port;

  root.adoptedStyleSheets = [sheet];
  root.append(button, live);
  button.append(badge);
  button.setAttribute('aria-controls', 'p');
  // In braces, for a handler that returns false would swallow the key.
  button.onkeydown = ({ key }) => {
    if (key === 'Escape') close();
  };

  function make(tag, properties) {
    return Object.assign(document.createElement(tag), properties);
  }

  // Shows what is so. The only place that writes to the nodes.
  function render() {
    const news = unread ? `${unread} unread message${unread > 1 ? 's' : ''}` : '';
    button.className = port ? 'ready' : '';
    button.ariaExpanded = !!opening;
    button.ariaLabel = opening ? 'Close chat' : `Open chat${news && `, ${news}`}`;
    badge.hidden = !unread;
    badge.textContent = unread > 99 ? '99+' : unread;
    live.textContent = opening ? '' : news;
    // Not even its own scripts can put the focus into a panel that nobody sees.
    if (frame) frame.inert = !opening;
  }

  // Reads a flag of this widget; with a value, sets (1) or removes (0) it first. What has a suffix is the tab's alone.
  function stored(suffix, value) {
    try {
      // Storage may be denied, even to look at.
      const storage = suffix ? sessionStorage : localStorage;
      const key = `porchlight:${settings.id}${suffix}`;
      if (value) storage[key] = value;
      else if (value === 0) delete storage[key];
      return storage[key];
    } catch {}
  }

  // Listeners run on their own: what they throw or call can't disturb what is being done here.
  function emit(name, data) {
    listeners.forEach((listener) => listener[0] === name && queueMicrotask(() => listener[1](data)));
  }

  function on(name, listener) {
    listeners.push([name, listener]);
    if (name === 'ready' && host.isConnected) queueMicrotask(listener);
    return () => off(name, listener);
  }

  function off(name, listener) {
    listeners = listeners.filter((other) => other[0] !== name || other[1] !== listener);
  }

  // Frames the panel, hidden. Called upon intent, and as often as one likes.
  function load() {
    if (frame || !api.id) return;
    frame = make('iframe', {
      id: 'p',
      title: settings.heading,
      inert: true,
      src: `${origin}/panel/${settings.id}#${encodeURIComponent(location.origin)}`,
      // A frame that the browser refuses loads as well, with nobody in it who would greet.
      onload: () => setTimeout(giveUp, 15000),
    });
    addEventListener('message', greet);
    root.append(frame);
  }

  function unload() {
    removeEventListener('message', greet);
    frame?.remove();
    frame = port = port?.close();
  }

  function giveUp() {
    if (!frame || port) return;
    warn(`no answer from the panel. Is ${location.origin} an allowed domain?`);
    close();
    unload(); // The next intent tries again.
  }

  // The panel says hello; it gets its end of a channel, and from then on nothing else is listened to.
  function greet({ source, origin: sender, data }) {
    if (source !== frame.contentWindow || sender !== origin || data?.porchlight !== 'hello') return;
    removeEventListener('message', greet);
    const channel = new MessageChannel();
    port = channel.port1;
    port.onmessage = ({ data: [name, ...values] }) => commands[name]?.(...values);
    source.postMessage({ porchlight: 'port' }, origin, [channel.port2]);
    present();
  }

  // Tells the panel that it is seen. A frame of another origin can't always take the focus; it can be given it.
  function present() {
    render();
    if (!opening || !port) return;
    port.postMessage(opening);
    // In a moment, for Firefox does not give it to what is only now uncovered.
    if (!opening[1]) setTimeout(() => frame?.focus());
  }

  function open(options) {
    if (opening) return;
    load();
    opening = ['open', options];
    // A page that opens the chat by itself leaves no trace; the visitor's own opening lasts for the tab.
    if (navigator.userActivation?.isActive) stored(':open', 1);
    present();
    emit('open');
  }

  function close() {
    if (!opening) return;
    const focused = root.activeElement === frame;
    opening = 0;
    port?.postMessage(['close']);
    stored(':open', 0);
    render();
    if (focused) button.focus();
    emit('close');
  }

  function toggle() {
    opening ? close() : open();
  }

  // What the panel may ask for.
  const commands = {
    __proto__: null,
    close,
    unread: (count) => {
      unread = count;
      render();
      emit('unread', count);
    },
    known: () => stored('', 1),
    forget: () => stored('', 0),
    event: emit,
  };

  // What the page may ask for. Its `open` takes no options yet.
  let actions = {
    __proto__: null,
    open: () => open(),
    close,
    toggle,
    on,
    off,
    show: () => {
      button.hidden = false;
    },
    hide: () => {
      close();
      button.hidden = true;
    },
    destroy: () => {
      close();
      unload();
      host.remove();
      listeners = [];
      actions = {};
      delete api.id;
    },
  };

  const api = (name, ...values) => actions[name] ? actions[name](...values) : warn(`no "${name}" here`);
  const queue = window.Porchlight?.q;
  for (const name in actions) api[name] = api.bind(null, name);
  api.id = settings.id;
  window.Porchlight = api;

  // A script that runs in the head has no body to put the launcher into yet.
  const mount = () => {
    if (!api.id) return;
    document.body.append(host);
    emit('ready');
    if (stored(':open')) open({ focus: false });
    else if (stored('')) (window.requestIdleCallback || setTimeout)(load);
  };

  render();
  queue?.forEach((values) => api(...values));
  document.body ? mount() : addEventListener('DOMContentLoaded', mount);
})();
