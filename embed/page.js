// What a page needs of the chat once somebody reaches for it: the panel's place and looks, what panel and loader say to
// each other, what is unread. The loader fetches this at intent, beside the panel, and calls it once for each chat. What
// the page asks for beyond opening and closing is in `extras.js`, which is fetched when it does.
//
// As in the loader: no inline style, no markup from strings, no method of arrays or functions. No token of ours comes here.
const PHONE = '(width<480px),(height<480px)';

export default (...core) => {
  const [origin, api, settings, state, host, root, button, warn, emit, load, unload, end] = core;
  const phone = matchMedia(PHONE);
  const sheet = new CSSStyleSheet();
  const badge = document.createElement('b');
  const live = document.createElement('i');
  const listening = new AbortController();
  // What the panel calls things, in its own language.
  let texts = {};
  let frame;
  let greeting;
  let port;
  let timer;
  let extras;
  let wasOpen;
  // Whether the panel has been told that it is seen.
  let isSeen;
  // Where the focus was before the panel was opened.
  let focused;
  // The page's own styles, while the panel covers it.
  let covered;

  live.role = 'status';
  button.append(badge);
  root.append(live);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  listen(button, 'keydown', ({ key }) => key === 'Escape' && api.close());
  listen(phone, 'change', render);
  listen(visualViewport, 'resize', fit);
  listen(visualViewport, 'scroll', fit);
  dress();
  // A launcher or a place of the page's own.
  if (settings.inline || !/^(default|hidden)$/.test(settings.launcher)) serve('follow', settings);

  function listen(target, name, listener) {
    target.addEventListener(name, listener, listening);
  }

  // A keyboard on the screen covers the page without making it smaller. Magnifying shows less of it, and covers nothing.
  function fit() {
    const { height, offsetTop, scale } = visualViewport;
    host.style.setProperty('--h', scale > 1 ? '' : `${height}px`);
    host.style.setProperty('--t', scale > 1 ? '' : `${offsetTop}px`);
  }

  function dress() {
    sheet.replaceSync(`
[aria-expanded=true]:before{width:16px;border-width:0 3px 3px 0;border-radius:0;transform:translateY(-4px)rotate(45deg)}
b{position:absolute;top:-6px;inset-inline-end:-6px;padding:0 7px;border-radius:11px;background:#c8102e;color:#fff;font:600 12px/22px system-ui}
i{position:fixed;clip-path:inset(50%)}
iframe{bottom:var(--y);width:400px;height:min(700px,100dvh - var(--y) - 18px);border-radius:${settings.radius ?? 16}px;
color-scheme:${/light|dark/.test(settings.colorScheme) ? settings.colorScheme : 'light dark'};opacity:0;transform:translateY(12px)}
.on.on{visibility:visible;opacity:1;transform:none}
@media${PHONE}{iframe{inset:var(--t,0)0 auto!important;width:100%;height:var(--h,100dvh)!important;border-radius:0}
.ready[aria-expanded=true]{display:none}}
@media(prefers-reduced-motion:no-preference){*,:before{transition:.16s,visibility 0s}}`);
  }

  function render() {
    view(frame, greeting);
  }

  // Shows what is so, and tells the panel.
  function view(newFrame, newGreeting) {
    if (frame !== newFrame) expect(newFrame);
    if (greeting !== newGreeting) answer(newGreeting);
    const { isOpen, unread } = state;
    const isThere = !!(isOpen && port);
    const hadFocus = covered || root.activeElement === frame;
    if (!wasOpen !== !isOpen) remember((wasOpen = isOpen));
    cover(isThere && phone.matches && !settings.inline);

    const news = (state.news = unread ? texts.unread : '');
    button.className = port ? 'ready' : '';
    button.ariaLabel = settings.launcherLabel || (isOpen ? texts.close : texts.open) || button.ariaLabel;
    if (news && !isOpen) button.ariaLabel += `, ${news}`;
    badge.hidden = !unread;
    badge.textContent = unread > 99 ? '99+' : unread;
    live.textContent = isOpen ? '' : news;
    if (!frame) return;
    frame.className = isThere ? 'on' : '';
    // Not even its own scripts can put the focus into a panel that nobody sees.
    frame.inert = !isThere;
    if (!port || !isSeen === !isOpen) return;
    isSeen = isOpen;
    const takesFocus = state.focus !== false;
    if (isOpen) {
      port.postMessage(['open', { focus: takesFocus, inline: !!settings.inline }]);
      // A frame of another origin can't always take the focus; it can be given it. In a moment, for Firefox does not give it to
      // what is only now uncovered.
      if (takesFocus) setTimeout(() => frame?.focus());
    } else {
      port.postMessage(['close']);
      if (hadFocus) (focused?.isConnected && focused !== document.body ? focused : button).focus();
    }
  }

  // A new frame, or none.
  function expect(newFrame) {
    leave();
    frame = newFrame;
    if (!frame) return;
    // A frame that the browser refuses loads as well, with nobody in it who would greet.
    Object.assign(frame, { id: 'p', title: settings.heading, onload: wait });
    button.setAttribute('aria-controls', 'p');
    wait();
  }

  // The panel says hello; it gets its end of a channel, and from then on nothing else is listened to.
  function answer(hello) {
    if (hello?.origin !== origin || hello.data?.porchlight !== 'hello') return;
    leave();
    greeting = hello;
    frame.onload = null;
    const channel = new MessageChannel();
    port = channel.port1;
    port.onmessage = ({ data: [name, ...values] }) => commands[name]?.(...values);
    hello.source.postMessage({ porchlight: 'port' }, origin, [channel.port2]);
    serve('greeted');
  }

  // A page that opens the chat by itself leaves no trace; what the visitor does lasts for the tab.
  function remember(isOpen) {
    const byVisitor = navigator.userActivation?.isActive;
    if (isOpen) focused = root.activeElement || document.activeElement;
    if (!isOpen) keep('sessionStorage', byVisitor && (settings.openOnLoad || settings.consent) && 'closed');
    else if (byVisitor) keep('sessionStorage', 'open');
  }

  // Keeps the page from scrolling and from being reached, behind a panel that fills the screen.
  function cover(isCovered) {
    if (isCovered === !!covered) return;
    const lock = new CSSStyleSheet();
    lock.replaceSync('html{overflow:hidden!important}');
    if (isCovered) covered = [...document.adoptedStyleSheets];
    document.adoptedStyleSheets = isCovered ? [...covered, lock] : covered;
    if (!isCovered) covered = 0;
    document.body.inert = isCovered;
  }

  function wait() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      warn(`no answer from the panel. Is ${location.origin} an allowed domain?`);
      unload(); // The next intent tries again.
      api.close();
    }, 30000);
  }

  function leave() {
    clearTimeout(timer);
    port?.close();
    greeting = port = isSeen = undefined;
  }

  // Storage may be denied, even to look at; and the visitor may not have agreed to it.
  function keep(area, value) {
    const { consent, id } = settings;
    try {
      if (value && consent !== 'none' && (consent !== 'session' || area !== 'localStorage'))
        window[area][`porchlight:${id}`] = value;
      else delete window[area][`porchlight:${id}`];
    } catch {}
  }

  // What the panel may ask for.
  const commands = {
    __proto__: null,
    event: emit,
    close: () => settings.inline || api.close(),
    unread: (count) => {
      state.unread = count;
      render();
      emit('unread', count);
      if (extras || (count && document.hidden)) serve('unread', count);
    },
    texts: (values) => {
      texts = values;
      render();
    },
    visitor: (id) => {
      state.visitorId = id;
    },
    known: () => keep('localStorage', (state.isKnown = 1)),
    forget: () => keep('localStorage', (state.isKnown = 0)),
    renew: () => serve('renew'),
    // The visitor is logged out, or it took too long. The page may have ended the chat meanwhile.
    left: () => {
      state.leaving = clearTimeout(state.leaving);
      api.id || end();
    },
  };

  // What the page asks for is carried out in order, and elsewhere.
  function serve(name, ...values) {
    if (name === 'set') {
      dress();
      render();
    }
    if (name === 'logout') state.leaving = setTimeout(commands.left, 5000);
    if (name === 'destroy') {
      leave();
      listening.abort();
      keep('localStorage');
      keep('sessionStorage');
    } else if (name !== 'greeted')
      extras ||= import('./__PORCHLIGHT_EXTRAS__').then(
        // Unless it is all over by now.
        (module) => (api.id || state.leaving) && module.default(...core, keep, listen, post),
        () => {
          extras = 0;
          warn('its third script was not loaded');
        },
      );
    extras?.then((extra) => extra?.(name, ...values));
  }

  // Whether there was a panel to hear it.
  function post(message) {
    port?.postMessage(message);
    return port;
  }

  return [serve, view];
};
