// One element per process; what is in it is made when it is opened.
function processElement(process, index) {
  const threads = process.threads.length || process.stacks.reduce((sum, group) => sum + group.threads.length, 0);
  const facts = [counted(threads, 'thread'), counted(process.modules.rows.length, 'module'), counted(process.regions.rows.length, 'region'), `${sized(process.regions.committed)} committed`];
  const summary = make('summary', {}, make('strong', {}, process.name), `PID ${process.pid}`, process.verdict ? badge(process.verdict, process.gone) : null,
    process.crashed ? make('span', { class: 'badge unsound' }, 'crashed here') : null,
    process.waits.length ? make('span', { class: 'badge' }, `waits for ${process.waits.join(', ')}`) : null,
    process.findings.length ? make('span', { class: 'badge sure-medium' }, counted(process.findings.length, 'finding')) : null,
    make('span', { class: 'dim' }, facts.join(', ')));
  const body = make('div');
  const element = make('details', { class: 'process', id: `process-${index}` }, summary, body);
  element.addEventListener('toggle', () => {
    if (element.open && !body.childElementCount) fillProcess(body, process);
  });
  return element;
}

function fillProcess(host, process) {
  if (process.findings.length) {
    host.append(make('ul', { class: 'findings' }, process.findings.map((text) => make('li', {}, text))));
  }
  host.append(factList(process.facts));
  if (process.evidence) host.append(make('p', { class: 'note' }, `Page directory: ${process.evidence}`), process.next ? make('p', { class: 'mono' }, process.next) : '');
  if (process.requests.length) {
    host.append(make('h4', {}, 'What it waits for in drivers'));
    gridIn(host.appendChild(make('div')), table('requests', process));
  }
  if (process.regions.rows.length) {
    addressSpace(host, process);
    folded(host, 'Regions', (body) => gridIn(body, table('regions', process)));
  }
  physicalStrip(host, process);
  if (process.modules.rows.length) {
    host.append(make('h4', {}, 'Modules'));
    gridIn(host.appendChild(make('div')), table('modules', process));
  }
  if (process.stacks.length) {
    host.append(make('h4', {}, 'Threads by stack'));
    flameGraph(host, process.stacks);
    folded(host, `${counted(process.stacks.length, 'different stack')}`, (body) => stackGroups(body, process.stacks));
  }
  if (process.threads.length) folded(host, 'Threads', (body) => gridIn(body, table('threads', process)));
}

function factList(facts) {
  return make('dl', { class: 'facts' }, facts.map(([label, value]) => make('div', { class: value.length > 40 ? 'long' : null }, make('dt', {}, label), make('dd', {}, value))));
}

function table(kind, process) {
  return { columns: data.columns[kind], rows: Array.isArray(process[kind]) ? process[kind] : unpacked(kind, process), left: process.left[kind] };
}

function folded(host, title, fill) {
  const body = make('div');
  const element = make('details', {}, make('summary', {}, title), body);
  host.append(element);
  element.addEventListener('toggle', () => {
    if (!body.childElementCount) fill(body);
  });
}
