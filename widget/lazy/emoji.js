// The emoji picker, which stands over the messages, above the field it writes into. The browser's own emoji; nothing is
// fetched but this, and what they are called in the panel's language.

import { along, keepEvents, make, style } from './part.js';

const styled = style('emoji');
const N_COLUMNS = 8;
const N_RECENT = 16;

/** Closes the picker that is open. */
let close;

/** Words as they are searched for: set apart by spaces alone, without case, and without the accents that not everybody types. */
const plain = (text) => text.replace(/[-'’ʼ]/g, ' ').normalize('NFD').replace(/\p{Diacritic}/gu, '').toLowerCase();

/** The groups of emoji, each with its name and all words that it is found by, as a language has them. */
async function groupsIn(language) {
  const { default: groups } = await import(`./emoji-names/${language}.js`);
  return groups.map((group) =>
    group.split(',').map((entry) => {
      const [, emoji, name, more = ''] = /^(\S+) ([^(]+?)(?: \((.*)\))?$/.exec(entry);
      return { emoji, name, words: ` ${plain(`${name} ${more}`)}` };
    }),
  );
}

/**
 * Opens the picker, or closes it.
 *
 * `storage` keeps under `key` what was used last, where there is one.
 */
export async function run(field, texts, storage, key) {
  const [groups] = await Promise.all([groupsIn(texts.lang), styled]);
  if (close) return close(true);
  const button = document.querySelector('[name=emoji]');
  const search = make('input', { type: 'search', placeholder: texts.emoji_search, ariaLabel: texts.emoji_search });
  const grid = make('div', { className: 'emoji-grid', ariaLabel: texts.emoji });
  const status = make('p', { className: 'emoji-none' });
  const tabs = make('div', { className: 'emoji-tabs' });
  const picker = make('dialog', { id: 'emoji', ariaLabel: texts.emoji, tabIndex: -1 }, search, grid, status, tabs);
  const [recently, ...names] = texts.emoji_groups.split('|');
  const all = groups.flat();
  // Where words aren't set apart, one begins anywhere.
  const before = /^(ja|zh)/.test(texts.lang) ? '' : ' ';
  grid.role = 'grid';
  status.role = 'status';
  keepEvents(picker);

  const recent = () => (storage?.getItem(key) ?? '').split(' ').flatMap((emoji) => all.find((one) => one.emoji === emoji) ?? []);
  const cells = () => [...grid.querySelectorAll('button')];
  const cellAt = (row, column) => row?.children[Math.min(column, row.children.length - 1)];

  function group(name, entries) {
    if (!entries.length) return [];
    const rows = [];
    for (let start = 0; start < entries.length; start += N_COLUMNS) {
      const row = make('div', { role: 'row' }, ...entries.slice(start, start + N_COLUMNS).map(cell));
      rows.push(row);
    }
    const title = make('p', { ariaHidden: true, textContent: name });
    return [make('div', { role: 'rowgroup', ariaLabel: name || texts.emoji_search }, title, ...rows)];
  }

  function cell({ emoji, name }) {
    return make('button', { type: 'button', role: 'gridcell', tabIndex: -1, textContent: emoji, ariaLabel: name, title: name });
  }

  /** Shows what was searched for, or everything. */
  function fill() {
    const query = search.value.trim();
    const parts = plain(query).trim().split(/\s+/);
    const fits = ({ emoji, words }) => emoji === query || parts.every((part) => words.includes(before + part));
    const found = query
      ? group('', all.filter(fits))
      : [...group(recently, recent()), ...groups.flatMap((entries, index) => group(names[index], entries))];
    grid.replaceChildren(...found);
    status.textContent = found.length ? '' : texts.emoji_none;
    const [first] = cells();
    if (first) first.tabIndex = 0;
  }

  /** Moves the focus to a cell, which is the one that Tab comes back to. */
  function go(cell) {
    if (!cell) return;
    for (const other of grid.querySelectorAll('[tabindex="0"]')) other.tabIndex = -1;
    cell.tabIndex = 0;
    cell.focus();
  }

  function choose(emoji, staysOpen) {
    // At the caret, in place of what is selected.
    field.setRangeText(emoji, field.selectionStart, field.selectionEnd, 'end');
    field.dispatchEvent(new Event('input', { bubbles: true }));
    const used = [emoji, ...recent().map((one) => one.emoji).filter((other) => other !== emoji)];
    try {
      storage?.setItem(key, used.slice(0, N_RECENT).join(' '));
    } catch {
      // A storage that is full keeps what it has.
    }
    if (!staysOpen) close(true);
  }

  function keyDown(event) {
    const { target, key } = event;
    if (event.isComposing) return;
    if (key === 'Escape') {
      event.preventDefault();
      return close(true);
    }
    if (target === search) {
      const isChosen = key === 'Enter' && search.value.trim();
      if (key === 'ArrowDown') go(cells()[0]);
      else if (isChosen && cells()[0]) choose(cells()[0].textContent, event.shiftKey);
      else return;
      return event.preventDefault();
    }
    const row = target.closest('[role=row]');
    if (!row) return;
    const everyCell = cells();
    const rows = [...grid.querySelectorAll('[role=row]')];
    const column = [...row.children].indexOf(target);
    const place = rows.indexOf(row);
    let to;
    if (along(key)) to = everyCell[everyCell.indexOf(target) + along(key)];
    else if (key === 'ArrowDown') to = cellAt(rows[place + 1], column);
    else if (key === 'ArrowUp') to = cellAt(rows[place - 1], column) ?? search;
    else if (key === 'Home') to = event.ctrlKey ? everyCell[0] : row.firstChild;
    else if (key === 'End') to = event.ctrlKey ? everyCell.at(-1) : row.lastChild;
    else return;
    event.preventDefault();
    if (to === search) search.focus();
    else go(to);
  }

  /** Whoever goes elsewhere is done here. */
  function leave({ target }) {
    if (!picker.contains(target) && !button.contains(target)) close(false);
  }

  close = (toField) => {
    close = undefined;
    document.removeEventListener('pointerdown', leave);
    document.removeEventListener('focusin', leave);
    picker.remove();
    button.ariaExpanded = false;
    if (toField) field.focus();
  };

  names.forEach((name, index) => {
    const tab = make('button', { type: 'button', textContent: groups[index][0].emoji, ariaLabel: name, title: name });
    tab.onclick = () => {
      search.value = '';
      fill();
      const place = [...grid.children].find((group) => group.ariaLabel === name);
      place.scrollIntoView({ block: 'start' });
      go(place.querySelector('button'));
    };
    tabs.append(tab);
  });
  search.oninput = fill;
  picker.onkeydown = keyDown;
  grid.onclick = ({ target, shiftKey }) => target.closest('button') && choose(target.textContent, shiftKey);
  fill();
  button.ariaExpanded = true;
  document.querySelector('.body').append(picker);
  picker.show();
  // On a touch screen the field would bring the keyboard, over the emoji.
  if (matchMedia('(pointer: coarse)').matches) go(cells()[0]);
  else search.focus();
  document.addEventListener('pointerdown', leave);
  document.addEventListener('focusin', leave);
}
