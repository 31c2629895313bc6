// The page of one dump.
const eachProcess = document.getElementById('each-process');
data.processes.forEach((process, index) => eachProcess.append(processElement(process, index)));
if (!data.processes.length) eachProcess.append(make('p', { class: 'none' }, 'No rows of any process.'));

// A row of the tables of processes and of findings leads to the process itself.
function jumping(columns, one) {
  const pid = one.cells[columns.indexOf('PID')];
  const name = one.cells[columns.indexOf(columns.includes('Name') ? 'Name' : 'Process')];
  const index = data.processes.findIndex((process) => String(process.pid) === String(pid) && process.name === name);
  if (index < 0) return;
  one.row.dataset.jump = String(index);
  pressable(one.row, () => {
    const element = document.getElementById(`process-${index}`);
    element.open = true;
    element.scrollIntoView({ block: 'start' });
  });
}

// A link to a process opens it on the way there.
document.querySelectorAll('a[href^="#process-"]').forEach((link) => {
  link.addEventListener('click', () => {
    const element = document.getElementById(link.hash.slice(1));
    if (element) element.open = true;
  });
});

document.querySelectorAll('figure .memory').forEach((map) => {
  const told = make('div', { class: 'told dim' }, 'Point at the map, or tap it.');
  map.after(told);
  const tell = (event) => {
    const title = event.target.querySelector('title');
    if (title && event.target !== map) told.textContent = title.textContent;
  };
  map.addEventListener('pointerover', tell);
  map.addEventListener('click', tell);
});
// Browsers that cannot unfold the tree by its style: paper shows all of it.
addEventListener('beforeprint', () => {
  document.querySelectorAll('.branch:not([open])').forEach((one) => {
    one.dataset.folded = '';
    one.open = true;
  });
});
addEventListener('afterprint', () => {
  document.querySelectorAll('.branch[data-folded]').forEach((one) => {
    delete one.dataset.folded;
    one.open = false;
  });
});
document.querySelectorAll('[data-grid]').forEach((host) => {
  const table = data.tables[host.dataset.grid];
  const leads = ['processes', 'findings'].includes(host.dataset.grid);
  gridIn(host, table, leads ? { each: (one) => jumping(table.columns, one) } : {});
});
document.querySelectorAll('table.grid').forEach(enlivened);
const everyStack = [...data.processes.flatMap((process) => process.stacks), ...data.others];
flameGraph(document.getElementById('all-threads'), everyStack);
if (data.processes[0]?.crashed) eachProcess.firstElementChild.open = true;
