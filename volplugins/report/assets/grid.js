// Tables that sort and filter. Rows beyond the first hundred are made when asked for.
const STEP = 100;
const SHORT = 34;
const BADGES = ['Verdict', 'PageDirectory', 'Confidence', 'Severity'];
const SIZES = ['Size', 'Commit', 'Resident', 'InDump', 'Largest'];
// columns that paper has no room for
const MINOR = ['SessionId', 'VadCount', 'Handles', 'CommitCharge', 'Wow64', 'EPROCESS', 'DirBase', 'Timestamp', 'GuidAge', 'Pdb',
  'End', 'Mode', 'TablesPresent', 'UserPages', 'InInit', 'ContextSwitches', 'StartAddress', 'Win32StartAddress', 'KernelStartAddress',
  'ETHREAD', 'SHA-256', 'IRP', 'Minor', 'Device', 'Location', 'Completion', 'Routine', 'Object',
  'PRCB', 'SwitchesPerSecond', 'KernelTime', 'UserTime', 'DpcTime', 'InterruptTime', 'OwnerTID', 'OwnerThread', 'Selector', 'Base',
  'Limit', 'Flags', 'Target', 'Present', 'DPL'];
const TIME = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?\+00:00$/;
const ADDRESS = /^0x[0-9a-f]+$/;

// Numbers by value, addresses as numbers whatever their width, the rest as words; absent ones come last.
function compared(a, b) {
  if (a === null || a === '') return b === null || b === '' ? 0 : 1;
  if (b === null || b === '') return -1;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [String(a), String(b)];
  if (ADDRESS.test(left) && ADDRESS.test(right)) {
    const [x, y] = [BigInt(left), BigInt(right)];
    return x < y ? -1 : x > y ? 1 : 0;
  }
  return left.localeCompare(right, 'en', { numeric: true });
}

class Grid {
  // rows: { cells, row } each; `row`, where given, is the element that shows them already.
  constructor(host, columns, rows, options) {
    this.columns = columns;
    this.rows = rows;
    this.options = options || {};
    this.used = columns.map((_, at) => this.options.all || rows.some((one) => one.cells[at] !== null && one.cells[at] !== ''));
    this.limit = STEP;
    this.sorted = null;
    this.shown = rows;
    this.build(host);
    this.fill();
  }

  build(host) {
    this.count = make('span', { class: 'dim' });
    this.more = make('button', { class: 'more', type: 'button' });
    this.body = make('tbody');
    this.heads = this.columns.map((name, at) => this.head(name, at));
    const filter = make('input', { type: 'search', placeholder: 'filter', 'aria-label': 'Filter rows' });
    filter.addEventListener('input', () => this.filter(filter.value));
    this.more.addEventListener('click', () => {
      this.limit += 10 * STEP;
      this.fill();
    });
    const table = make('table', {}, make('thead', {}, make('tr', {}, this.heads.filter((_, at) => this.used[at]))), this.body);
    const tools = this.rows.length > 5 ? make('div', { class: 'tools' }, filter, this.count) : null;
    const left = this.options.left;
    const note = left ? make('p', { class: 'note' }, `Left out of this table: ${counted(left, 'row')}; the files in rows/ have them.`) : null;
    host.replaceChildren(...[tools, make('div', { class: 'wide' }, table), this.more, note].filter(Boolean));
  }

  head(name, at) {
    const button = make('button', { type: 'button' }, name);
    const head = make('th', { scope: 'col', class: MINOR.includes(name) ? 'minor' : null }, button);
    button.addEventListener('click', () => this.sort(at));
    return head;
  }

  sort(at) {
    const falling = this.sorted === at && !this.falling;
    Object.assign(this, { sorted: at, falling });
    const order = falling ? -1 : 1;
    this.rows = [...this.rows].sort((a, b) => {
      const [x, y] = [a.cells[at], b.cells[at]];
      const absent = (x === null || x === '') !== (y === null || y === '');
      return absent ? compared(x, y) : order * compared(x, y);
    });
    this.heads.forEach((head, one) => {
      if (one === at) head.setAttribute('aria-sort', falling ? 'descending' : 'ascending');
      else head.removeAttribute('aria-sort');
    });
    this.filter(this.words || '');
  }

  filter(words) {
    this.words = words;
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    this.shown = wanted.length ? this.rows.filter((one) => wanted.every((word) => this.text(one).includes(word))) : this.rows;
    this.fill();
  }

  text(one) {
    one.text ??= one.cells.filter((value) => value !== null).join('\n').toLowerCase();
    return one.text;
  }

  fill() {
    const part = this.shown.slice(0, this.limit);
    this.body.replaceChildren(...part.map((one) => this.row(one)));
    const rest = this.shown.length - part.length;
    this.more.hidden = rest === 0;
    this.more.textContent = `Show more (${rest} left)`;
    const all = this.rows.length;
    this.count.textContent = this.shown.length === all ? counted(all, 'row') : `${this.shown.length} of ${counted(all, 'row')}`;
  }

  row(one) {
    if (!one.row) {
      const cells = one.cells.map((value, at) => this.cell(value, this.columns[at], one.cells));
      cells.forEach((element, at) => element.classList.toggle('minor', MINOR.includes(this.columns[at])));
      one.row = make('tr', {}, cells.filter((_, at) => this.used[at]));
      if (this.options.each) this.options.each(one);
    }
    return one.row;
  }

  cell(value, name, cells) {
    if (value === null || value === '') return make('td');
    if (this.options.cell?.[name]) return make('td', {}, this.options.cell[name](value));
    if (BADGES.includes(name)) return make('td', {}, badge(value, GONE.includes(value) && cells[this.columns.indexOf('Life')] === 'exited'));
    if (SIZES.includes(name) && typeof value === 'number') return make('td', { class: 'number', title: `${value} bytes` }, sized(value));
    if (typeof value === 'number') return make('td', { class: 'number' }, String(value));
    const time = TIME.exec(value);
    if (time) return make('td', { class: 'short', title: value }, `${time[1]} ${time[2]}`);
    return make('td', { class: ADDRESS.test(value) ? 'address' : width(value) }, value);
  }
}

// Whether a text stays on one line: paths and digests do, sentences do not.
function width(text) {
  return text.length <= SHORT || (text.length <= 2 * SHORT && !text.includes(' ')) ? 'short' : 'long';
}

// A table of the data in the element that names it.
function gridIn(host, table, options) {
  if (!table || !table.rows.length) {
    host.replaceChildren(make('p', { class: 'none' }, table?.left ? `${counted(table.left, 'row')}, for which there was no room.` : 'No rows.'));
    return;
  }
  whenSeen(host, () => new Grid(host, table.columns, table.rows.map((cells) => ({ cells })), { left: table.left, ...options }));
}

// A table that stands in the page already.
function enlivened(table) {
  const columns = [...table.tHead.rows[0].cells].map((head) => head.textContent);
  const rows = [...table.tBodies[0].rows].map((row) => ({ row, cells: [...row.cells].map((one) => plain(one.textContent)) }));
  rows.forEach(({ row }) => [...row.cells].forEach((one) => one.classList.add(width(one.textContent))));
  const host = make('div');
  table.replaceWith(host);
  new Grid(host, columns, rows, { all: true });
}

function plain(text) {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}
