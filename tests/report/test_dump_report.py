"""report.html against the rows it is made from: what is on it, what is escaped, what is left out."""

from __future__ import annotations

import json
import shutil
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.report.hostile import ATTACKS
from tests.report.made_folder import NAMES, read
from tests.report.page_parser import PageParser, unpacked
from tests.sampling import sampled
from volplugins.report import caps, write_report
from volplugins.report.shown_text import cell, shown


def page_of(folder: Path) -> PageParser:
    return PageParser(write_report(folder))


def test_the_verdict_and_the_stack_are_there_without_a_script(folder: Path) -> None:
    page, summary = page_of(folder), json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    crash = summary["crash"]
    told = [crash[name] for name in ("bugcheck_code", "bugcheck_name", "image", "confidence", "evidence", "signature")]
    for value in (*told, crash["process"], str(crash["pid"]), *crash["parameters"], summary["input"]["sha256"]):
        assert value in page.texts[""], value
    for frame in summary["stack"]:
        assert frame["symbol"] in page.texts["stack"] and frame["trust"] in page.texts["stack"]
    assert "100 %" in page.texts["completeness"] and page.names().count("rect") == caps.MAP_LINES
    assert not page.open, "every element is closed"


def test_every_process_is_there_with_all_that_is_known_of_it(folder: Path) -> None:
    data, rows = page_of(folder).data, folder / "rows"
    shown_in_full = {process["pid"]: process for process in data["processes"]}
    listed = [row for row in read(rows, "process") if row["TID"] is None]
    assert list(shown_in_full) != [] and set(shown_in_full) == {row["PID"] for row in listed}
    assert data["processes"][0]["crashed"] and data["processes"][0]["name"] == "acmetray.exe"
    for name, kind in (("address", "regions"), ("lm", "modules")):
        columns = data["columns"][kind]
        listed = [row for row in read(rows, name) if row["Start"]]
        expected = [(row["PID"], *(cell(row[column]) for column in columns)) for row in listed]
        found = [(pid, *cells) for pid, process in shown_in_full.items() for cells in unpacked(data, kind, process)]
        assert sorted(found, key=repr) == sorted(expected, key=repr)
    threads = {(row["PID"], str(row["TID"])) for row in read(rows, "stacks")}
    grouped = [(pid, thread[0]) for pid, process in shown_in_full.items() for group in process["stacks"]
               for thread in group["threads"]]  # fmt: skip
    assert sorted(grouped) == sorted(threads), "each thread is in one group"


def test_groups_give_the_frames_back(folder: Path) -> None:
    data = page_of(folder).data
    stacks: dict[tuple[int, str], list[str]] = {}
    for row in read(folder / "rows", "stacks"):
        frames = stacks.setdefault((row["PID"], str(row["TID"])), [])
        frames += [row["Symbol"] or row["IP"]] * (row["Frame"] is not None)  # a thread without frames has a row too
    for process in data["processes"]:
        for group in process["stacks"]:
            for thread in group["threads"]:
                frames = [data["frames"][number][1] for number in group["frames"]]
                assert frames == stacks[process["pid"], thread[0]]


def test_a_bad_directory_is_named_with_evidence_and_next(bad_directory: Path) -> None:
    page = page_of(bad_directory)
    (row,) = (row for row in read(bad_directory / "rows", "pagedirs") if row["Verdict"] == "self-map-mismatch")
    text = page.texts["directories"]
    assert all(part in text for part in (row["Process"], "self-map-mismatch", row["Evidence"], row["Next"]))
    (victim,) = (one for one in page.data["processes"] if one["pid"] == row["PID"])
    assert any(finding.startswith("page-directory: self-map-mismatch") for finding in victim["findings"])


def made(tmp_path: Path, **rows: list[dict[str, Any]]) -> Path:
    """A folder with these rows alone."""
    (tmp_path / "rows").mkdir()
    for name, listed in rows.items():
        lines = (json.dumps({"schema": "volplugins.rows/1", "id": at, "row": row}) for at, row in enumerate(listed))
        (tmp_path / "rows" / f"{name.replace('_', '-')}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "summary.json").write_text("{}")
    return tmp_path


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"Source": "vad", "InLoad": False, "InMemory": False}, "mapped, and in none of the loader's lists"),
        ({"InMemory": False}, "missing from InMemory"),
        ({"Mapped": False}, "listed, and not mapped"),
        (
            {"Note": "no version resource; the list says 0x3000 bytes, 0x2000 are mapped"},
            "the list says 0x3000 bytes, 0x2000 are mapped",
        ),
        ({"Note": "debug record: page not in the dump"}, ""),
        ({"InInit": False}, ""),
    ],
)
def test_modules_that_are_not_as_they_should_be(tmp_path: Path, change: dict[str, Any], finding: str) -> None:
    module = {"PID": 8, "Process": "a.exe", "Start": "0x1000", "End": "0x2000", "Module": "m.dll", "InLoad": True,
              "InMemory": True, "InInit": True, "Mapped": True, "Source": "ldr", "Note": ""} | change  # fmt: skip
    sound = {"PID": 8, "Process": "a.exe", "Start": "0x0", "End": "0x1000", "Module": "a.exe", "Source": "ldr"}
    (process,) = page_of(made(tmp_path, lm=[sound, module])).data["processes"]
    assert process["findings"] == ([f"module m.dll: {finding}"] if finding else [])


def test_a_process_without_lists_has_no_unlisted_modules(tmp_path: Path) -> None:
    module = {"PID": 4, "Process": "System", "Start": "0x1000", "End": "0x2000", "Module": "ntdll.dll", "Source": "vad"}
    (process,) = page_of(made(tmp_path, lm=[module])).data["processes"]
    assert process["findings"] == [] and len(process["modules"]["rows"]) == 1
    assert any(label == "modules" and "from the VADs" in text for label, text in process["facts"])


def test_lists_that_are_not_whole_are_findings(tmp_path: Path) -> None:
    row = {"PID": 8, "Process": "a.exe", "Bits": 64, "Section": "integrity", "Note": ""}
    rows = [row | {"Field": "InLoadOrderModuleList", "Value": "3 entries, complete"},
            row | {"Field": "InMemoryOrderModuleList", "Value": "2 entries, loops"}]  # fmt: skip
    (process,) = page_of(made(tmp_path, peb=rows)).data["processes"]
    assert process["findings"] == ["InMemoryOrderModuleList: 2 entries, loops"]


def test_hostile_text_is_text(hostile: Path) -> None:
    page = page_of(hostile)
    assert set(page.names()) <= set(
        "html head meta title style body header p h1 h2 h3 span strong em dl div dt dd table caption thead tbody tr th "
        "td section nav a main figure svg rect figcaption i details summary ul li script noscript".split()
    )
    assert page.names().count("script") == 2 and page.names().count("style") == 1
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert {attributes["href"][:1] for _, attributes in page.elements if attributes.get("href")} == {"#"}
    everything = page.text + json.dumps(page.data, ensure_ascii=False)
    assert shown(ATTACKS[0]) in page.text and "\\ud800 alone \\udfff" in everything and "{{ 7 * 191 }}" in everything
    assert "1337" not in page.text and not any(one in everything for one in "\x00\x1b\x07\u202e\u2028")
    assert len(page.data["processes"]) == 14


def test_nothing_is_loaded(folder: Path) -> None:
    page = page_of(folder)
    assert not [one for one in page.elements if {"src", "srcset", "data", "action"} & one[1].keys()]
    assert not {"link", "img", "iframe", "object", "embed", "base", "form"} & set(page.names())
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "http://" not in text and "https://" not in text and "url(" not in text and "@import" not in text


@pytest.mark.parametrize(
    ("how", "lost"),
    sampled(product(["missing", "empty", "cut", "binary", "other kinds", "a folder"], ["summary", *NAMES]), 3),
)
def test_any_file_may_be_missing_or_damaged(folder: Path, tmp_path: Path, lost: str, how: str) -> None:
    copy = tmp_path / "out"
    shutil.copytree(folder, copy)
    file = copy / "summary.json" if lost == "summary" else copy / "rows" / f"{lost}.jsonl"
    whole = file.read_bytes()
    file.unlink()
    if how == "a folder":
        file.mkdir()
    elif how != "missing":
        deep = b'{"row": ' + b"[" * 5000 + b"]" * 5000 + b"}\n"
        other = b'[]\n7\n{"row": 3}\n{"row": {"PID": [1], "TID": {}, "Name": 1e999, "Size": NaN}}\n' + deep
        damage = {
            "empty": b"",
            "cut": whole[: whole.index(b"\n", len(whole) * 2 // 3) - 1],
            "binary": bytes(range(256)) * 50,
            "other kinds": other,
        }
        file.write_bytes(damage[how])
    page = page_of(copy)
    assert not page.open
    if how in ("missing", "binary", "a folder", "cut"):
        assert "This page lacks something" in page.texts[""] and file.stem in page.texts[""]


@pytest.mark.parametrize("every", [pytest.param(4, id="some"), pytest.param(1, id="all", marks=pytest.mark.slow)])
def test_a_summary_of_other_kinds_costs_its_parts_only(folder: Path, tmp_path: Path, every: int) -> None:
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    deep: Any = "x"
    for _ in range(300):
        deep = [deep, {"a": deep}] if _ < 3 else [deep]
    values = (None, 7, "text", [], {}, [1, "a", None, [2]], {"a": deep}, deep, {"missing": 5, "score": "x"})
    for number, name in enumerate(summary):
        for at, value in list(enumerate(values))[number % every :: every]:  # others for the next name
            copy = tmp_path / f"{name}-{at}"
            (copy / "rows").mkdir(parents=True)
            (copy / "summary.json").write_text(json.dumps(summary | {name: value}), encoding="utf-8")
            assert not page_of(copy).open


def test_much_is_cut_and_the_page_says_so(tmp_path: Path) -> None:
    regions = [
        {"PID": pid * 4, "Process": "busy.exe", "Start": f"{at * 4096:#018x}", "End": f"{at * 4096 + 4096:#018x}",
         "Size": 4096, "Type": "MEM_PRIVATE", "State": "MEM_COMMIT", "Usage": "Heap", "Commit": 4096}
        for pid in range(1, 6) for at in range(caps.REGIONS_OF_A_PROCESS + 100)
    ]  # fmt: skip
    processes = [
        {"PID": number * 4, "Name": f"p{number}.exe", "TID": None} for number in range(1, caps.TABLE_ROWS + 101)
    ]
    folder = made(tmp_path, address=regions, process=processes)
    page = page_of(folder)
    assert (folder / "report.html").stat().st_size < 8_000_000
    assert len(page.data["processes"]) == caps.PROCESSES and f"{caps.PROCESSES} processes" in page.texts["processes"]
    assert "more are in the table above" in page.texts["processes"]
    table = page.data["tables"]["processes"]
    assert (len(table["rows"]), table["left"]) == (caps.TABLE_ROWS, 100)


def test_megabytes_in_every_cell_leave_the_page_small(tmp_path: Path) -> None:
    rows = [{"PID": number * 4, "Process": "p.exe", "Bits": 64, "Section": "parameters", "Field": "CommandLine",
             "Value": "A" * (1 << 20), "Note": "B" * (1 << 20)} for number in range(1, 30)]  # fmt: skip
    folder = made(tmp_path, peb=rows)
    page = page_of(folder)
    assert (folder / "report.html").stat().st_size < 300_000
    assert dict(page.data["processes"][0]["facts"])["CommandLine"].endswith("… (1046576 more characters)")


def test_the_page_is_whole_or_not_there(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "out"
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("report.html"))
    before = {path.name for path in copy.iterdir()}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("volplugins.report.page.os.replace", full)
    with pytest.raises(OSError, match="No space left"):
        write_report(copy)
    assert {path.name for path in copy.iterdir()} == before


def test_the_same_folder_gives_the_same_page(folder: Path) -> None:
    assert write_report(folder).read_bytes() == write_report(folder).read_bytes()


def test_what_is_missing_or_odd_is_said(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    summary["missing"] = ["no debugger data block at 0x1", "<b>bold</b>"]
    summary["notes"] = [{"field": "file", "severity": "fault", "text": "truncated: 7 bytes are missing"}]
    summary["fault_texts"] = ["lm: ZeroDivisionError: division by zero"]
    summary["completeness"]["note"] = "this type of dump leaves user memory out"
    (copy / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    page = page_of(copy)
    for text in (*summary["missing"], summary["notes"][0]["text"], summary["completeness"]["note"]):
        assert text in page.texts["completeness"], text
    assert summary["fault_texts"][0] in page.texts["run"]


def test_a_dump_full_of_attacks_is_triaged_without_a_fault(hostile_triage: Path) -> None:
    summary = json.loads((hostile_triage / "summary.json").read_text(encoding="utf-8"))
    assert summary["faults"] == 0 and summary["crash"]["confidence"] == "certain"
    page = page_of(hostile_triage)
    assert not page.open and page.names().count("script") == 2 and "img" not in page.names()
    names = {row["Name"] for row in read(hostile_triage / "rows", "process") if row["TID"] is None}
    assert any("<" in name for name in names) and all(name.isprintable() for name in names), names
