// The index of a corpus: groups, their dumps with links to the pages, failures with reasons.
const dumpHost = document.getElementById('dump-grid');
const chosen = document.getElementById('chosen');
const SIGNATURE = data.dumps.columns.indexOf('Signature');
const every = data.dumps.rows.map((cells, index) => ({ cells, link: data.links[index] }));

// The folder that all dumps lie below is said once; a dump's whole path is its cell's title.
const PREFIX = commonFolder([...data.dumps.rows, ...data.failures.rows].map((cells) => String(cells[0] ?? '')));

function commonFolder(paths) {
  if (paths.length < 2) return '';
  let common = paths[0];
  for (const path of paths) {
    while (!path.startsWith(common)) common = common.slice(0, -1);
  }
  return common.slice(0, Math.max(common.lastIndexOf('/'), common.lastIndexOf('\\')) + 1);
}

function shortened(one) {
  const cell = one.row.cells[0];
  const path = cell.textContent;
  if (PREFIX && path.startsWith(PREFIX)) {
    cell.title = path;
    cell.textContent = path.slice(PREFIX.length);
  }
  return cell;
}

function linked(one) {
  const cell = shortened(one);
  if (one.link) cell.replaceChildren(make('a', { href: `./${one.link}` }, cell.textContent));
}

let signature;
const search = new Search(document.getElementById('search'), data.search, showDumps);

function showDumps() {
  const fitting = search.dumps();
  const wanted = every.filter((one, index) => (signature === undefined || (one.cells[SIGNATURE] || '(no signature)') === signature) && (!fitting || fitting.has(index)));
  chosen.replaceChildren(...(signature === undefined ? [] : [make('strong', {}, signature), ' ', allAgain()]));
  if (wanted.length) new Grid(dumpHost, data.dumps.columns, wanted, { left: data.dumps.left, each: linked });
  else dumpHost.replaceChildren(make('p', { class: 'none' }, fitting ? 'No dump fits.' : 'None.'));
}

function choose(wanted) {
  signature = wanted;
  showDumps();
}

function allAgain() {
  const button = make('button', { type: 'button' }, 'show all');
  button.addEventListener('click', () => choose());
  return button;
}

function choosing(one) {
  one.row.dataset.jump = '';
  pressable(one.row, () => {
    choose(one.cells[0]);
    document.getElementById('dumps').scrollIntoView({ block: 'start' });
  });
}

const findingHost = document.getElementById('finding-grid');
const chosenKind = document.getElementById('chosen-kind');
const KIND = data.findings.columns.indexOf('Kind');
const everyFinding = data.findings.rows.map((cells, index) => ({ cells, link: data.finding_links[index] }));

function showFindings(kind) {
  const wanted = kind === undefined ? everyFinding : everyFinding.filter((one) => one.cells[KIND] === kind);
  const again = make('button', { type: 'button' }, 'show all');
  again.addEventListener('click', () => showFindings());
  chosenKind.replaceChildren(...(kind === undefined ? [] : [make('strong', {}, kind), ' ', again]));
  if (wanted.length) new Grid(findingHost, data.findings.columns, wanted, { left: data.findings.left, each: linked });
  else findingHost.replaceChildren(make('p', { class: 'none' }, kind === undefined ? 'Nothing above info.' : 'None above info.'));
}

function choosingKind(one) {
  one.row.dataset.jump = '';
  pressable(one.row, () => showFindings(one.cells[data.kinds.columns.indexOf('Kind')]));
}

gridIn(document.getElementById('kind-grid'), data.kinds, { each: choosingKind });
showFindings();
gridIn(document.getElementById('group-grid'), data.groups, { each: choosing });
gridIn(document.getElementById('failure-grid'), data.failures, { each: shortened });
if (PREFIX) document.getElementById('below').textContent = `All dumps lie below ${PREFIX}`;
showDumps();
