// What a page includes as `/widget.js?id=WIDGET_ID`: it draws the launcher, takes the page's calls, and frames the panel
// once the visitor shows intent. What comes after that is the work of `page.js`, which is fetched beside the panel.
//
// Every page view pays for this file, so: no dependency, no request, no storage and no timer before the visitor acts,
// and not a byte without a reason. The page's own policy may be strict, so: no inline style, no markup from strings. And
// the page may have put things of its own in the place of the browser's, so: no method of arrays or functions.
((script, wanted) => {
  const { origin } = new URL(script.src);
  // The widget's public settings, from the server, and over them what the page sets. Nothing is inherited: from what the
  // page's scripts have done to all objects we would inherit that as well.
  const settings = {
    __proto__: null,
    position: 'end',
    zIndex: 2147483000,
    launcher: 'default',
    ...__PORCHLIGHT_SETTINGS__,
  };
  // What `get` answers with.
  const state = { __proto__: null, isOpen: false, unread: 0, visitorId: null };

  // Says each thing once. What it returns can be called, and so can what that returns: a chat that is refused is a chat whose
  // calls do nothing, and even then `on` must give an unsubscribe function.
  const nothing = () => nothing;
  const warned = { __proto__: null };
  const warn = (text) => {
    try {
      warned[text] ||= !console.warn(`Porchlight: ${text}`);
    } catch {}
    return nothing;
  };

  // Only a living loader's function has an id; the page's own queue and a destroyed one have none.
  if (window.Porchlight?.id) return warn('this page has a chat already');

  const sheet = new CSSStyleSheet();
  const host = make('porchlight-chat');
  const root = host.attachShadow({ mode: 'open' });
  const button = make('button', { onclick: toggle, onpointerenter: load, onfocus: load });
  const listeners = new Set();
  // Calls that wait for `page.js`; it gives `serve`, which carries them out, and `view`, which shows what is so.
  const calls = [];
  let serve;
  let view;
  let page;
  let frame;
  // What the panel in the frame said first.
  let greeting;
  let nRemoved = 0;

  root.adoptedStyleSheets = [sheet];
  root.append(button);

  function make(tag, properties) {
    return Object.assign(document.createElement(tag), properties);
  }

  const language = () => settings.locale || document.documentElement.lang || navigator.language;

  // Takes what the page sets, and draws the launcher by it.
  // - `!important` inside `:host` wins over the page's. `all` leaves the page's `direction`, which is what we want.
  // - The icon is the button's `:before`, a bubble made of borders, for these survive forced colours.
  // - White holds 3:1 up to a lightness of 61 of the brand colour; the second `color` turns black above it.
  function set(values) {
    const { color, position, offset, zIndex, launcher, launcherLabel } = Object.assign(settings, values);
    const { x = 20, y = 20 } = offset || {};
    const isOurs = launcher === 'default';
    const bottom = +y || 0;
    sheet.replaceSync(`
:host{all:initial!important;position:fixed!important;z-index:${zIndex}!important;--y:${isOurs ? bottom + 72 : bottom}px}
button,iframe{position:fixed;bottom:${bottom}px;inset-inline-${position === 'start' ? 'start' : 'end'}:${+x || 0}px;border:0;box-shadow:0 4px 20px #0005}
iframe{visibility:hidden}
button{z-index:1;width:60px;height:60px;border:2px solid #0000;border-radius:50%;cursor:pointer;
background:${color} border-box;color:#fff;color:lch(from ${color} calc((61 - l)*99)0 0)}
button:hover{transform:scale(1.06)}
button:focus-visible{outline:2px solid #fff;box-shadow:0 0 0 5px #111}
button:before{content:"";display:block;margin:auto;width:22px;height:16px;border:3px solid;border-radius:10px 10px 10px 0}
@media print{:host{display:none!important}}`);
    button.hidden = !isOurs;
    button.ariaLabel = launcherLabel || words[language().slice(0, 2)] || 'Chat';
    // A place or a launcher of the page's own is none of this file's business.
    if (settings.inline || (!isOurs && launcher !== 'hidden')) need();
    render();
    if (values) pass('set', values);
  }

  const words = { __proto__: null, ru: 'Чат', uk: 'Чат', ar: 'دردشة', fa: 'گفتگو', he: 'צ׳אט', hi: 'चैट', bn: 'চ্যাট', ja: 'チャット', ko: '채팅', zh: '聊天', tr: 'Sohbet', pl: 'Czat' };

  function render() {
    button.ariaExpanded = state.isOpen;
    view?.(frame, greeting);
  }

  // Listeners run on their own: what they throw or call can't disturb what is being done here, and two that call for each
  // other's events leave the page time to breathe.
  function emit(name, data) {
    for (const entry of listeners) entry[0] === name && setTimeout(entry[1], 0, data);
  }

  function off(name, listener) {
    for (const entry of listeners) entry[0] === name && entry[1] === listener && listeners.delete(entry);
  }

  // Frames the panel, hidden. Called upon intent, and as often as one likes.
  function load() {
    if (frame || !api.id) return;
    frame = make('iframe', {
      src: `${origin}/panel/${settings.id}?lang=${encodeURIComponent(language())}&scheme=${settings.colorScheme || ''}#${encodeURIComponent(location.origin)}`,
    });
    addEventListener('message', hear);
    root.append(frame);
    need();
    render();
  }

  function unload() {
    removeEventListener('message', hear);
    frame?.remove();
    frame = greeting = undefined;
  }

  function hear(event) {
    if (event.source !== frame.contentWindow) return;
    greeting = event;
    render();
  }

  function need() {
    page ||= import(origin + '__PORCHLIGHT_PAGE__').then(
      (module) => {
        [serve, view] = module.default(origin, api, settings, state, host, root, button, warn, emit, load, unload, end);
        for (const call of calls) serve(...call);
        render();
      },
      () => {
        page = 0;
        warn('its second script was not loaded');
        close();
        api.id ? unload() : end();
      },
    );
  }

  function pass(...call) {
    serve ? serve(...call) : (calls[calls.length] = call);
  }

  function open(options) {
    if (state.isOpen) return;
    state.isOpen = true;
    state.focus = options?.focus;
    load();
    render();
    emit('open');
  }

  function close() {
    if (!state.isOpen) return;
    state.isOpen = false;
    render();
    emit('close');
  }

  function toggle() {
    state.isOpen ? close() : open();
  }

  // Reads what `page.js` has written. Storage may be denied, even to look at.
  function stored(area) {
    try {
      return window[area][`porchlight:${settings.id}`];
    } catch {}
  }

  // Stands beside the body, which some pages exchange as a whole.
  function mount() {
    if (!api.id) return;
    host.dir = document.body.dir;
    document.documentElement.append(host);
    watch.observe(document.documentElement, { childList: true });
    nRemoved || emit('ready');
    const tab = stored('sessionStorage');
    if (state.isOpen) load();
    else if (tab === 'open' || (!tab && settings.openOnLoad && innerWidth > 479)) open({ focus: false });
    else if (tab || stored('localStorage')) (window.requestIdleCallback || setTimeout)(load);
  }

  // A page that takes the launcher away gets it back, but not for ever.
  const watch = new MutationObserver(() => {
    if (host.isConnected) return;
    unload();
    if (nRemoved++ < 3) return mount();
    warn('the page removes the chat');
    destroy();
  });

  // Of a visitor who is being logged out the panel stays, unseen, until that is done.
  function destroy() {
    close();
    watch.disconnect();
    button.remove();
    listeners.clear();
    delete api.id;
    state.leaving || end();
  }

  function end() {
    unload();
    pass('destroy');
    host.remove();
  }

  // What the page may call. What is not done here is done by `page.js`, and a name that is unknown there warned of.
  const actions = {
    __proto__: null,
    open,
    close,
    toggle,
    set,
    off,
    destroy,
    get: (name) => state[name],
    on: (name, listener) => {
      listeners.add([name, listener]);
      if (name === 'ready' && host.isConnected) setTimeout(listener);
      return () => off(name, listener);
    },
    show: () => {
      settings.launcher = 'default';
      set();
    },
    hide: () => {
      close();
      settings.launcher = 'hidden';
      set();
    },
    logout: () => {
      state.leaving = 1;
      load();
      pass('logout');
    },
    popout: 0,
    send: 0,
    prefill: 0,
    track: 0,
  };

  function api(name, ...values) {
    if (!api.id) return warn(`"${name}" after destroy`);
    if (actions[name]) return actions[name](...values);
    if (name !== 'track') need();
    pass(name, ...values);
  }
  for (const name in actions) api[name] = (...values) => api(name, ...values);
  api.id = settings.id;
  const queue = window.Porchlight?.q;
  window.Porchlight = api;

  set(wanted);
  if (queue) for (const call of queue) api(...call);
  // A script that runs in the head has no body to stand behind yet.
  document.body ? mount() : addEventListener('DOMContentLoaded', mount, { once: true });
  return api;
})(document.currentScript);
