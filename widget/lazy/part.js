// What the parts in this folder share: making elements, fetching their styles, and being a world of their own.

/** Makes an element with these properties and children. */
export function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Adds the style sheet that stands beside a part. Resolves when it is there, or can't be had. */
export function style(name) {
  const href = new URL(`./${name}.css`, import.meta.url).href;
  return new Promise((done) => {
    document.head.append(make('link', { rel: 'stylesheet', href, onload: done, onerror: done }));
  });
}

/** What happens in this element is not for the panel, which hears everything at its document: Escape would close it, too. */
export function keepEvents(element) {
  for (const name of ['click', 'input', 'keydown', 'paste']) {
    element.addEventListener(name, (event) => event.stopPropagation());
  }
}

/** Which way an arrow key leads along the lines of text: 1 forward, -1 back, 0 for any other key. */
export function along(key) {
  const forward = document.dir === 'rtl' ? 'ArrowLeft' : 'ArrowRight';
  if (key === forward) return 1;
  return key === 'ArrowLeft' || key === 'ArrowRight' ? -1 : 0;
}
