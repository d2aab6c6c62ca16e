// The playground: what the form says is what the widget on this page is, and what the texts to copy set.
//
// What a page may decide goes to the running widget through `Porchlight('set', …)`. What only the widget's row decides needs
// another loader, whose id carries the settings to be tried.
(() => {
  const id = document.body.dataset.widgetId;
  const form = document.querySelector('form');
  const $ = (name) => document.getElementById(name);

  // What a page may decide, and what `set` calls it. Both offsets are one there.
  const OPTIONS = {
    position: 'position',
    z_index: 'zIndex',
    launcher: 'launcher',
    launcher_label: 'launcherLabel',
    locale: 'locale',
    color_scheme: 'colorScheme',
    consent: 'consent',
    open_on_load: 'openOnLoad',
    sound: 'sound',
  };
  const OFFSETS = ['offset_x', 'offset_y'];
  const NUMBERS = [...OFFSETS, 'z_index', 'radius'];
  // Flags that are not called as the field is.
  const FLAGS = { welcome_heading: 'heading', welcome_tagline: 'tagline', primary_color: 'color' };

  const read = () => Object.fromEntries([...new FormData(form)].map(([name, text]) => [name, typed(name, text)]));
  const defaults = read();

  let isOpen = false;
  // The id of the loader that is on the page, or on its way.
  let shown;
  let isLoading = false;
  let script;
  let timer;

  function typed(name, text) {
    if (NUMBERS.includes(name)) return Number(text);
    if (text === 'true' || text === 'false') return text === 'true';
    return text || name === 'welcome_tagline' ? text : null;
  }

  // The settings that are not as they are by default.
  function changed() {
    return Object.fromEntries(Object.entries(read()).filter(([name, value]) => value !== defaults[name]));
  }

  function options(settings) {
    const options = {};
    for (const name in settings) if (name in OPTIONS) options[OPTIONS[name]] = settings[name];
    if (OFFSETS.some((name) => name in settings)) {
      const { offset_x: x, offset_y: y } = read();
      options.offset = { x, y };
    }
    return options;
  }

  // The widget's id, with what is to be tried of the settings that only its row decides.
  function preview() {
    const settings = Object.entries(changed()).filter(([name]) => !(name in OPTIONS) && !OFFSETS.includes(name));
    if (!settings.length) return id;
    const bytes = new TextEncoder().encode(new URLSearchParams(settings).toString());
    return `${id}~${btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '')}`;
  }

  // The whole of what the page may decide. Without a language of its own the widget takes the page's.
  function current() {
    const all = options(read());
    return { ...all, locale: all.locale ?? document.documentElement.lang };
  }

  function show() {
    if (isLoading) return;
    if (shown === preview()) window.Porchlight('set', current());
    else load();
  }

  // Takes the widget off the page and puts it there again. The page's calls wait in a queue for the loader.
  function load() {
    const wasOpen = isOpen;
    if (shown) window.Porchlight('destroy');
    isOpen = false;
    isLoading = true;
    shown = preview();
    const queue = (...call) => queue.q.push(call);
    queue.q = [];
    window.Porchlight = queue;
    queue('set', current());
    queue('on', 'open', () => opened(true));
    queue('on', 'close', () => opened(false));
    if (wasOpen) queue('open');
    script?.remove();
    script = document.createElement('script');
    script.onload = script.onerror = () => {
      isLoading = false;
      // What was changed in the meantime.
      if (shown !== preview()) load();
      else window.Porchlight('set', current());
    };
    script.src = `/widget.js?id=${shown}`;
    document.head.append(script);
  }

  function opened(is) {
    isOpen = is;
    $('toggle').textContent = is ? 'Close the chat' : 'Open the chat';
  }

  // One word of a POSIX shell's.
  const quoted = (text) => (/^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

  // A value as JavaScript, on one line.
  const literal = (value) =>
    value instanceof Object
      ? `{ ${Object.entries(value).map(([name, inner]) => `${name}: ${literal(inner)}`).join(', ')} }`
      : JSON.stringify(value);

  function write() {
    const settings = changed();
    const names = Object.keys(settings);
    const texts = {
      snippet: `<script async src="${location.origin}/widget.js?id=${id}"></` + 'script>',
      command: [
        `porchlight widget set ${id}`,
        ...names.map((name) => `--${FLAGS[name] ?? name.replaceAll('_', '-')} ${quoted(String(settings[name] ?? ''))}`),
      ].join(' \\\n  '),
      request: [
        `curl -X PATCH ${location.origin}/api/v1/widget/${id}`,
        '-H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json"',
        `-d ${quoted(JSON.stringify(settings))}`,
      ].join(' \\\n  '),
      call: `Porchlight('set', ${names.length ? literal(options(settings)) : '{}'})`,
    };
    for (const name in texts) {
      $(name).value = texts[name];
      $(name).rows = texts[name].split('\n').length;
    }
    for (const output of form.querySelectorAll('output')) output.value = `${$(output.htmlFor.value).value} px`;
  }

  // Says what can't be, beside the fields; until it is mended nothing is shown.
  function check() {
    const wrong = [...form.elements].filter((field) => field.willValidate && !field.validity.valid);
    for (const field of form.elements) field.ariaInvalid = wrong.includes(field) ? 'true' : null;
    const say = (field) => `${field.labels[0].textContent.trim()}: ${field.validationMessage}`;
    $('problem').textContent = wrong.map(say).join(' ');
    return !wrong.length;
  }

  function update() {
    if (!check()) return;
    write();
    // So that a reload shows the same, and the address can be sent to somebody.
    const query = new URLSearchParams(Object.entries(changed()).map(([name, value]) => [name, value ?? ''])).toString();
    history.replaceState(null, '', query ? `?${query}` : location.pathname);
    show();
  }

  // Without the permission, or without TLS, there is no clipboard to write to: then the selection is copied the old way.
  async function copy(button) {
    const field = $(button.dataset.copies);
    const byHand = () => {
      field.select();
      return document.execCommand('copy');
    };
    let isCopied;
    try {
      await navigator.clipboard.writeText(field.value);
      isCopied = true;
    } catch {
      isCopied = byHand();
    }
    if (isCopied) button.focus();
    $('copied').textContent = isCopied ? 'Copied.' : 'Selected: copy it with your keyboard.';
  }

  // What the address says, as far as the form knows it.
  for (const [name, value] of new URLSearchParams(location.search)) {
    const field = form.elements.namedItem(name);
    if (field) field.value = value;
  }
  form.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(update, 150);
  });
  form.addEventListener('reset', () => setTimeout(update));
  form.addEventListener('submit', (event) => event.preventDefault());
  $('toggle').addEventListener('click', () => window.Porchlight('toggle'));
  for (const button of document.querySelectorAll('[data-copies]')) button.addEventListener('click', () => copy(button));
  write();
  if (check()) load();
})();
