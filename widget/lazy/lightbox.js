// A picture as large as the panel allows, over the panel, with the conversation's other pictures beside it.

import { along, keepEvents, make, style } from './part.js';

const styled = style('lightbox');
const ARROW = 'm14.5 5-7 7 7 7';
const CROSS = 'm6 6 12 12M18 6 6 18';
const ARROW_DOWN = 'M12 4v12m-6-5 6 6 6-6M5 20.5h14';

/**
 * Shows the picture of a link, which holds it small.
 *
 * A modal dialog of the browser's own: it keeps the focus inside, closes by Escape, and gives the focus back.
 */
export async function run(link, texts) {
  await styled;
  if (document.querySelector('.lightbox')) return;
  const links = [...document.querySelectorAll('a.picture')];
  let index = links.indexOf(link);

  const image = make('img');
  const name = make('p', { dir: 'auto' });
  name.setAttribute('role', 'status');
  const download = make('a', { className: 'tool', download: '', target: '_blank', rel: 'noopener noreferrer' });
  const close = button('close-picture', texts.close_picture, CROSS);
  const previous = button('previous', texts.previous_picture, ARROW);
  const next = button('next', texts.next_picture, ARROW);
  const dialog = make('dialog', { className: 'lightbox' });
  label(download, texts.download, ARROW_DOWN);
  dialog.append(make('div', { className: 'bar' }, name, download, close), image, previous, next);
  keepEvents(dialog);

  function turn(to) {
    if (!links[to]) return;
    index = to;
    const [small] = links[index].getElementsByTagName('img');
    image.src = small.src;
    image.alt = name.textContent = dialog.ariaLabel = small.alt;
    download.href = links[index].href;
    // A button that has nowhere to lead keeps the focus, which would otherwise be lost with it.
    previous.ariaDisabled = !links[index - 1];
    next.ariaDisabled = !links[index + 1];
    previous.hidden = next.hidden = links.length < 2;
  }

  previous.onclick = () => turn(index - 1);
  next.onclick = () => turn(index + 1);
  close.onclick = () => dialog.close();
  dialog.onkeydown = ({ key }) => along(key) && turn(index + along(key));
  // What is not the picture or a button is what one clicks to get out.
  dialog.addEventListener('click', ({ target }) => target.closest('img, button, a') || dialog.close());
  dialog.onclose = () => {
    dialog.remove();
    // The small picture of the one that was seen last, if it is still there.
    links[index].focus();
  };
  turn(index);
  document.body.append(dialog);
  dialog.showModal();
  close.focus();
}

function button(name, text, path) {
  return label(make('button', { type: 'button', name, className: `tool ${name}` }), text, path);
}

/** Gives a control its picture and, for who doesn't see it, its text. */
function label(control, text, path) {
  const [svg, line] = ['svg', 'path'].map((tag) => document.createElementNS('http://www.w3.org/2000/svg', tag));
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', 'icon');
  svg.ariaHidden = true;
  line.setAttribute('d', path);
  svg.append(line);
  control.ariaLabel = control.title = text;
  control.append(svg);
  return control;
}
