// Two dumps compared: a table per section, what came and went in colours of their own.
const CHANGES = { came: 'sound', went: 'unsound', changed: 'sure-medium' };

function changeBadge(word) {
  return make('span', { class: `badge ${Object.hasOwn(CHANGES, word) ? CHANGES[word] : ''}` }, String(word));
}

document.querySelectorAll('[data-diff]').forEach((host) => {
  const table = data[host.dataset.diff];
  if (!table || !table.rows.length) host.replaceChildren(make('p', { class: 'none' }, 'Nothing differs.'));
  else gridIn(host, table, { cell: { Change: changeBadge } });
});
