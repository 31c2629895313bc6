// Ranges and modules of a process: its rows by number, each different one once in the data, texts by number too.
function unpackedCell(cell) {
  if (cell === null) return null;
  return Array.isArray(cell) ? cell[0] : data.packed.words[cell];
}

function unpacked(kind, process) {
  const { rows, apart } = process[kind];
  const known = new Map();
  const cells = rows.map((number) => {
    if (!known.has(number)) known.set(number, data.packed[kind][number].map(unpackedCell));
    return known.get(number);
  });
  return apart ? withAddresses(cells, apart) : cells;
}

// A range begins where the one before ends, and ends its size further on, but for those that are said apart.
function withAddresses(rows, apart) {
  const said = new Map(apart.map(([place, ...addresses]) => [place, addresses]));
  const size = data.columns.regions.indexOf('Size') - 2;
  let end = null;
  return rows.map((cells, place) => {
    const [given, last] = said.get(place) || [end];
    const start = given;
    end = said.get(place)?.length === 2 ? last : after(start, cells[size]);
    return [start, end, ...cells];
  });
}

function after(start, size) {
  return `0x${(BigInt(start) + BigInt(size)).toString(16).padStart(start.length - 2, '0')}`;
}
