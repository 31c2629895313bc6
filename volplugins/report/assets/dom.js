// What the page shows comes as JSON; every text of it becomes a text node, never markup.
const data = JSON.parse(document.getElementById('data').textContent);

// An element with attributes and children; texts among the children become text nodes.
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : value);
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== '') element.append(child);
  }
  return element;
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

function sized(bytes) {
  if (typeof bytes !== 'number') return String(bytes ?? '');
  let power = 0;
  while (bytes >= 1024 && power < UNITS.length - 1) {
    bytes /= 1024;
    power += 1;
  }
  return `${power && bytes < 100 ? bytes.toFixed(1) : Math.round(bytes)} ${UNITS[power]}`;
}

function counted(number, noun) {
  return `${number} ${noun}${number === 1 ? '' : noun.endsWith('s') ? 'es' : 's'}`;
}

const SOUND = ['ok', 'tables-paged-out'];
const SURE = ['certain', 'high', 'medium', 'low'];

const SEVERITIES = { suspicious: 'unsound', odd: 'sure-medium', damage: 'unsound', info: '' };
// of a process that has exited these say nothing against it
const GONE = ['no-directory', 'not-a-directory'];

function badge(word, usual) {
  const kind = usual ? '' : Object.hasOwn(SEVERITIES, word) ? SEVERITIES[word] : SOUND.includes(word) ? 'sound' : SURE.includes(word) ? `sure-${word}` : 'unsound';
  return make('span', { class: `badge ${kind}` }, String(word));
}

// A row that does something when it is clicked, or chosen with the keyboard.
function pressable(row, act) {
  row.tabIndex = 0;
  row.addEventListener('click', act);
  row.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') act();
  });
}

// Runs `fill` once, when the details element that holds the host is opened; at once where none does.
function whenSeen(host, fill) {
  const closed = host.closest('details:not([open])');
  if (closed) closed.addEventListener('toggle', () => whenSeen(host, fill), { once: true });
  else fill();
}
