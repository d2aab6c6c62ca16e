// What few pages ask for: settings at run time, an identity, calls to the panel, a launcher or a place of the page's own, a
// window of the panel's own, and how a visitor who looks elsewhere hears of a message. `page.js` fetches this with the first
// such call, and calls it once for each chat.
//
// As in the loader: no inline style, no markup from strings, no method of arrays or functions. No token of ours comes here.

const isObject = (value) => typeof value === 'object' && value !== null;
const isText = (value) => typeof value === 'string';
const isSelector = (value) => {
  try {
    document.createDocumentFragment().querySelector(value);
    return isText(value);
  } catch {
    return false;
  }
};

// What a setting may be: a test, and how it is said in a warning.
const text = [isText, 'a text'];
const textOrNull = [(value) => value === null || isText(value), 'a text or null'];
const flag = [(value) => typeof value === 'boolean', 'true or false'];
const object = [isObject, 'an object'];
const number = (from, to) => [(value) => value >= from && value <= to, `a number from ${from} to ${to}`];
const word = (pattern) => [(value) => isText(value) && pattern.test(value), pattern.source.slice(2, -2)];

const USER = {
  __proto__: null,
  token: text,
  renew: [(value) => typeof value === 'function', 'a function'],
  name: text,
  email: text,
  phone: text,
  avatar: text,
};
const OFFSET = { __proto__: null, x: number(0, 400), y: number(0, 400) };
const SETTINGS = {
  __proto__: null,
  position: word(/^(start|end)$/),
  offset: OFFSET,
  zIndex: number(1, 2147483647),
  radius: number(0, 32),
  color: [(value) => CSS.supports('color', value), 'a colour'],
  launcher: [isSelector, '"default", "hidden" or a selector'],
  launcherLabel: textOrNull,
  openOnLoad: flag,
  inline: [(value) => value === null || value instanceof Element || isSelector(value), 'an element, a selector or null'],
  notifications: flag,
  locale: textOrNull,
  colorScheme: word(/^(system|light|dark)$/),
  consent: word(/^(full|session|none)$/),
  sound: flag,
  user: USER,
  attributes: object,
  conversationAttributes: object,
  tags: [(value) => isObject(value) && 'length' in value, 'a list'],
};
// Those that the panel is told of. A user is too, without what only the page can call.
const FOR_THE_PANEL = /^(locale|colorScheme|consent|sound|attributes|conversationAttributes|tags)$/;

// All that is wrong with an object, in one text.
function faults(values, kinds, prefix) {
  if (!isObject(values)) return ` ${prefix || 'it '}takes an object;`;
  let found = '';
  for (const name of Object.keys(values)) {
    const kind = kinds[name];
    const path = prefix + name;
    if (!kind) found += ` "${path}" is unknown;`;
    else if (!kind[0]) found += faults(values[name], kind, `${path}.`);
    else if (!kind[0](values[name])) found += ` "${path}" must be ${kind[1]};`;
  }
  return found;
}

export default (...core) => {
  const [, api, settings, state, host, root, , warn, , load, unload, , keep, listen, post] = core;
  // What the panel before this one was told, and what is to be said to the next.
  let told = {};
  let waiting = [];
  // The page's own function that makes a fresh token.
  let renew;
  // Fits the page's own elements that open the panel.
  let selector;
  const inlineSheet = new CSSStyleSheet({ disabled: true });
  let popup;
  // The page's title without us, and as we have written it; what makes it blink; and how much the visitor was told of.
  let title;
  let written;
  let blinking;
  let nNotified = 0;
  let hasAsked = false;

  inlineSheet.replaceSync(`
:host{position:static!important;display:block!important;height:100%!important}
button{display:none}
iframe{position:static!important;width:100%!important;height:100%!important;min-height:min(480px,100dvh);
box-shadow:none;transform:none}`);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, inlineSheet];
  // A chat that is over by now has only a visitor to log out.
  const on = api.id ? api.on : () => {};
  on('open', () => mark());
  on('close', () => mark());
  // One who has written waits for an answer, and sees why they are asked.
  on('message:sent', () => {
    if (hasAsked || !settings.notifications || window.Notification?.permission !== 'default') return;
    hasAsked = true;
    Notification.requestPermission();
  });
  listen(document, 'visibilitychange', () => notify(state.unread));
  listen(document, 'pointerover', approach);
  listen(document, 'focusin', approach);
  listen(document, 'click', (event) => {
    if (!launcherOf(event)) return;
    // A link leads to where one finds help without a chat.
    event.preventDefault();
    api.toggle();
  });

  function tell(name, value, ...more) {
    if (!post([name, value, ...more])) {
      waiting[waiting.length] = [name, value, ...more];
      return;
    }
    if (name === 'set') Object.assign(told, value);
    if (name === 'logout') told = {};
  }

  // A copy, so that what can't be sent is known at once, and what the page does to its object later changes nothing.
  function copy(value) {
    try {
      return structuredClone(value);
    } catch {
      warn('functions and nodes of the page can not be sent');
    }
  }

  // What is left out stays as it is.
  function set(given) {
    // The page's objects inherit what the page has done to all of them.
    const values = { __proto__: null, ...given };
    const right = { __proto__: null };
    const news = { __proto__: null };
    let wrong = '';
    for (const name in values) {
      const fault = faults({ [name]: values[name] }, SETTINGS, '');
      wrong += fault;
      if (fault) continue;
      right[name] = values[name];
      if (FOR_THE_PANEL.test(name)) news[name] = copy(values[name]);
      if (name !== 'user') continue;
      const { renew: how, ...user } = values.user;
      if (how) renew = how;
      news.user = copy(user);
    }
    if (wrong) warn(`set:${wrong.slice(0, -1)}`);
    if (Object.keys(news).length) tell('set', news);
    if (news.consent) {
      keep('localStorage', state.isKnown);
      if (news.consent === 'none') keep('sessionStorage');
    }
    follow(right);
  }

  // What names elements of the page, whether the page said it or the widget's own settings.
  function follow({ launcher, inline }) {
    if (launcher && launcher !== 'hidden' && isSelector(launcher)) {
      mark(true);
      selector = launcher !== 'default' && launcher;
      mark();
    }
    if (inline !== undefined) settle(inline);
  }

  function launcherOf({ target }) {
    return selector && target.closest?.(selector);
  }

  function approach(event) {
    if (!launcherOf(event)) return;
    load();
    mark();
  }

  // Says of the page's own launchers what they do; of those that have come since, too.
  function mark(isOver) {
    if (!selector) return;
    host.id = 'porchlight-chat';
    for (const element of document.querySelectorAll(selector)) {
      if (isOver) {
        element.removeAttribute('aria-expanded');
        element.removeAttribute('aria-controls');
      } else {
        element.setAttribute('aria-expanded', state.isOpen);
        element.setAttribute('aria-controls', host.id);
      }
    }
  }

  // Puts the panel into an element of the page's own, or back into its corner.
  function settle(wanted) {
    const place = isText(wanted) ? isSelector(wanted) && document.querySelector(wanted) : wanted;
    if (wanted && !place) warn(`nothing on the page is "${wanted}", for the panel to be in`);
    const parent = place || document.documentElement;
    settings.inline = place;
    inlineSheet.disabled = !place;
    if (host.parentNode !== parent) {
      api.close();
      // A frame that is moved begins anew.
      unload();
      parent.append(host);
    }
    if (place) api.open({ focus: false });
  }

  // A window of the panel's own. It is a page of this site with nothing but the panel in it: a browser keeps what a frame
  // stores apart for each site that it is on, so nowhere else would the panel find the conversation that it has here.
  function popout() {
    if (popup && !popup.closed) return popup.focus();
    popup = open('', `porchlight-${settings.id}`, 'popup,width=420,height=720');
    if (!popup) return warn('the browser allowed no window');
    load();
    furnish();
    // Some browsers give a new window another document, a moment later.
    popup.onload = furnish;
    api.close();
  }

  function furnish() {
    const page = popup.document;
    if (page.body.firstChild) return;
    const frame = page.createElement('iframe');
    const sheet = new popup.CSSStyleSheet();
    sheet.replaceSync('*{margin:0;border:0;width:100%;height:100%;overflow:hidden;color-scheme:light dark}');
    page.adoptedStyleSheets = [sheet];
    page.title = frame.title = settings.heading;
    // Without the name of a page around it, the panel is open by itself.
    frame.src = root.querySelector('iframe').src.split('#')[0];
    page.body.append(frame);
  }

  // Tells a visitor who looks elsewhere of what is unread: in the page's title, and by a notification if the page wants that and
  // the visitor has allowed it. What was written is not in it, for others may see it.
  function notify(count) {
    const isAway = document.hidden && count > 0;
    const isNew = count > nNotified;
    nNotified = count;
    if (isAway && isNew && settings.notifications && window.Notification?.permission === 'granted') {
      const notification = new Notification(settings.heading, { body: state.news, tag: `porchlight-${settings.id}` });
      notification.onclick = () => {
        focus();
        api.open();
        notification.close();
      };
    }
    clearInterval(blinking);
    write(isAway && count);
    if (!isAway || matchMedia('(prefers-reduced-motion:reduce)').matches) return;
    let isMarked = true;
    blinking = setInterval(() => {
      isMarked = !isMarked;
      write(isMarked && count);
    }, 1500);
  }

  function write(count) {
    const node = document.head?.querySelector('title');
    if (!node) return;
    // What we haven't written, the page has.
    if (node.textContent !== written) title = node.textContent;
    written = count ? `(${count}) ${title}` : title;
    if (node.textContent !== written) node.textContent = written;
  }

  const calls = {
    __proto__: null,
    set,
    follow,
    popout,
    unread: notify,
    track: (name, data) => tell('track', name, copy(data)),
    send: (value) => {
      load();
      tell('send', `${value}`);
    },
    prefill: (value) => {
      load();
      tell('prefill', `${value}`);
    },
    logout: () => tell('logout'),
    renew: async () => {
      try {
        const token = await renew?.();
        if (token) tell('set', { user: { token } });
      } catch {
        warn('"renew" failed');
      }
    },
    greeted: () => {
      const messages = waiting;
      waiting = [];
      if (Object.keys(told).length) post(['set', told]);
      for (const message of messages) tell(...message);
    },
    destroy: () => {
      notify(0);
      mark(true);
      // The page's listeners hear of the end a moment later, and ours among them.
      selector = undefined;
      popup?.close();
    },
  };

  return (name, ...values) => (calls[name] ? calls[name](...values) : warn(`no "${name}" here`));
};
