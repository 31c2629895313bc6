// The search of an index: the questions of `volplugins find`, asked of the texts that the page has.
const EXTENSIONS = ['.sys', '.exe', '.dll'];

// Whether a pattern with * and ? fits a whole text; both in lower case. Never more steps than pattern times text.
function fitsWhole(pattern, text) {
  let [at, place, star, mark] = [0, 0, -1, 0];
  while (place < text.length) {
    if (pattern[at] === '*') [star, mark, at] = [at, place, at + 1];
    else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[place])) [at, place] = [at + 1, place + 1];
    else if (star >= 0) [at, mark, place] = [star + 1, mark + 1, mark + 1];
    else return false;
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}

// What tests one text of a kind for what was typed: as find's --NAME does, or, where any kind is asked, for a part.
function tester(typed, kind, any) {
  const wanted = typed.toLowerCase();
  const wild = /[*?]/.test(wanted);
  if (wild) return (text) => fitsWhole(wanted, text);
  if (any || kind.anywhere) return (text) => text.includes(wanted);
  if (!kind.files) return (text) => text === wanted;
  const names = withExtensions(wanted);
  return (text) => names.some((name) => text === name || text.endsWith(`\\${name}`));
}

function withExtensions(name) {
  return [name, ...(name.includes('.') ? [] : EXTENSIONS.map((one) => name + one))];
}

// What is kept of the name that was typed where only so many of its letters are; none where it is not longer.
function cutNames(typed, letters) {
  if (/[*?]/.test(typed)) return new Set();
  const names = withExtensions(typed.toLowerCase());
  return new Set(letters.flatMap((most) => names.filter((name) => name.length > most).map((name) => name.slice(0, most))));
}

class Search {
  constructor(host, found, changed) {
    this.kinds = found.kinds;
    this.lower = this.kinds.map(() => null);
    if (!this.kinds.length) return;
    this.kind = make('select', { 'aria-label': 'What to search' }, make('option', { value: '' }, 'anything'),
      this.kinds.map((kind) => make('option', { value: kind.name }, kind.title)));
    this.typed = make('input', { type: 'search', placeholder: 'find dumps', 'aria-label': 'Find dumps' });
    this.told = make('span', { class: 'dim' });
    for (const part of [this.kind, this.typed]) part.addEventListener('input', changed);
    const left = found.left.length ? make('span', { class: 'dim' }, `Not on this page: ${found.left.join(', ')}; volplugins find has them.`) : null;
    host.replaceChildren(...[this.kind, this.typed, this.told, left].filter(Boolean));
  }

  // Rows of the dumps that fit, or null where nothing is asked.
  dumps() {
    const typed = this.typed ? this.typed.value.trim() : '';
    if (!typed) {
      this.told?.replaceChildren();
      return null;
    }
    const name = this.kind.value;
    const words = name ? [typed] : typed.split(/\s+/);
    const sets = words.map((word) => this.fitting(word, name));
    const all = [...sets[0]].filter((dump) => sets.every((set) => set.has(dump)));
    this.told.textContent = `${counted(all.length, 'dump')} fit`;
    return new Set(all);
  }

  fitting(word, name) {
    const found = new Set();
    this.kinds.forEach((kind, at) => {
      if (name && kind.name !== name) return;
      const test = tester(word, kind, !name);
      this.lower[at] ??= kind.texts.map((text) => text.toLowerCase());
      this.lower[at].forEach((text, index) => {
        if (test(text)) kind.dumps[index].forEach((dump) => found.add(dump));
      });
      if (!kind.cut) return;
      const kept = cutNames(word, kind.cut.letters);
      kind.cut.texts.forEach((text, index) => {
        if (kept.has(text.toLowerCase())) kind.cut.dumps[index].forEach((dump) => found.add(dump));
      });
    });
    return found;
  }
}
