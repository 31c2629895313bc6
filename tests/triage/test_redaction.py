"""``--redact``: what may not be in the output whatever its spelling, and what must still be there."""

from __future__ import annotations

import html
import json
import re
import unicodedata

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tests.triage.conftest import silent, validator
from tests.vol.conftest import dumps  # noqa: F401
from volplugins.triage import TriageOptions, run_triage
from volplugins.triage.private_names import PrivateNames, is_common, is_everybodys
from volplugins.triage.redaction import ARGUMENTS, Redactor

USER, MACHINE = "johnsmythe", "DESKTOP-7QK2M1L"


def environment(name: str, value: str) -> dict:
    return {"PID": 1, "Process": "a.exe", "Bits": 64, "Section": "environment", "Field": name, "Value": value}


def taught(user: str = USER, machine: str = MACHINE) -> Redactor:
    redactor = Redactor()
    redactor.learn([{"row": environment("USERNAME", user)}, environment("COMPUTERNAME", machine)])
    return redactor


def row(**cells: object) -> dict:
    return {"schema": "volplugins.rows/1", "plugin": "windows.kd.lm.Lm", "id": 0, "row": cells}


def resolved(value: object) -> str:
    """Everything in the output, independent of case, escapes and zeros: the judge, which shares no code."""
    text = json.dumps(value, ensure_ascii=False)
    for _ in range(6):
        text = text.replace("\\\\", "\\")
        text = re.sub(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})", lambda m: chr(int(m[1] or m[2], 16)), text)
        text = re.sub(r"%([0-9a-fA-F]{2})", lambda m: chr(int(m[1], 16)), html.unescape(text)).replace("\0", "")
    return unicodedata.normalize("NFKC", text).casefold()


# the forms that a name can come in
FORMS = {
    "plain": lambda n: n,
    "upper": str.upper,
    "lower": str.lower,
    "swapped": str.swapcase,
    "decomposed": lambda n: unicodedata.normalize("NFD", n),
    "utf16-escapes": lambda n: "".join(f"\\u{ord(c):04x}" for c in n),
    "escaped twice": lambda n: "".join(f"\\\\u{ord(c):04X}" for c in n),
    "some escaped": lambda n: "".join(f"\\u{ord(c):04x}" if i % 2 else c for i, c in enumerate(n)),
    "byte escapes": lambda n: "".join(f"\\x{ord(c):02x}" if ord(c) < 256 else c for c in n),
    "percent": lambda n: "".join(f"%{ord(c):02X}" if ord(c) < 128 else c for c in n),
    "entities": lambda n: "".join(f"&#{ord(c)};" for c in n),
    "wide": "\0".join,
    "wide, escaped": "\\x00".join,
    "possessive": lambda n: f"{n}'s",
    "plural": lambda n: f"my{n}2",
}
PLACES = {
    "alone": "{}",
    "sentence": "the process of {} is gone",
    "profile": "C:\\Users\\{}\\AppData\\Local\\x.dll",
    "json": "C:\\\\Users\\\\{}\\\\x.dll",
    "device": "\\Device\\HarddiskVolume3\\Users\\{}\\x.dll",
    "xp": "c:/Documents and Settings/{}/Desktop/x.txt",
    "partial": "ers\\{}\\x.dll",
    "server": "\\\\{}\\share\\x.dll",
    "posix": "/home/{}/cases/1.dmp",
    "file": "C:\\Windows\\System32\\{}.dll",
    "kept": "\\SystemRoot\\system32\\drivers\\{}\\a b.sys",
    "domain": "CORP\\{}",
    "argument": '"C:\\x\\a.exe" --user={}',
    "url": "https://host/{}/index.html",
    "two": "C:\\Windows\\System32\\a.dll; D:\\{}\\b.txt",
}
COLUMNS = (
    "Value",
    "Path",
    "Note",
    "Evidence",
    "Detail",
    "Process",
    "Name",
    "Symbol",
    "Start",
    "Module",
    "Field",
    "Next",
)
name_letters = st.characters(codec="utf-8", categories=("Lu", "Ll", "Nd"), max_codepoint=0x24F)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("column", ["Value", "Path", "Note"])
def test_no_form_of_a_name_in_any_place(form, place, column):
    for name in (USER, MACHINE):
        cell = PLACES[place].format(FORMS[form](name))
        assert name.casefold() not in resolved(taught().row(row(**{column: cell}))), cell


@given(
    name=st.text(name_letters, min_size=5, max_size=18),
    form=st.sampled_from(sorted(FORMS)),
    place=st.sampled_from(sorted(PLACES)),
    column=st.sampled_from(COLUMNS),
    around=st.text(max_size=12),
)
@example("aßßßßb", "upper", "sentence", "Note", "")
@example("İstanbul", "lower", "profile", "Path", "")
@settings(max_examples=600, deadline=None)
def test_no_name_is_left_in_any_row(name, form, place, column, around):
    folded = unicodedata.normalize("NFKC", name).casefold()
    assume(not is_everybodys(name) and not is_common(folded) and len(folded) >= 5)
    fixed = resolved([COLUMNS, "volplugins.rows/1 windows.kd.lm.Lm row id schema plugin user-123 machine-123 path-123"])
    fixed += "file-123 value-123 <arguments> <redacted> <program> system32 systemroot drivers harddiskvolume3 appdata"
    fixed += " the process of is gone documents and settings windows https index.html users device home"
    assume(folded not in fixed)
    redactor = taught(name)
    made = redactor.row(row(**{column: around + PLACES[place].format(FORMS[form](name)) + around}))
    found = resolved(made)
    if re.fullmatch(r"[0-9a-f]+", folded):  # such a name is part of every other address
        assert not re.search(rf"(?<![^\W_]){folded}(?![^\W_])", found)
    else:
        assert folded not in found


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    ("Value", "Note", "Path", "Section", "Field", "row", "hex", "command_line", "Usage", "Detail")
                ),
                inner,
            )
        ),
    )
)
@settings(deadline=None)
def test_any_row_is_taken(value):
    redactor = taught()
    redactor.learn([{"row": {"Note": value}}])
    made = redactor.row({"Note": value, "id": 7})
    assert list(made) == ["Note", "id"] and made["id"] == 7
    json.dumps(made)


@given(st.text(st.characters(codec="utf-8", categories=("L", "N", "Zs", "P")), min_size=1, max_size=30))
def test_directories_of_third_parties_are_no_part_of_the_output(directory):
    assume(not re.search(r"[\\/:*?\"<>|]", directory) and directory.strip(" .~"))
    secret = f"zq{directory}qz"
    made = Redactor().row(row(Path=f"C:\\{secret}\\inner {secret}\\acme.sys"))["row"]["Path"]
    assert made == "C:\\path-1\\acme.sys"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (r"C:\Windows\System32\drivers\acmedrv.sys", r"C:\Windows\System32\drivers\acmedrv.sys"),
        (r"\SystemRoot\System32\drivers\ntfs.sys", r"\SystemRoot\System32\drivers\ntfs.sys"),
        (r"\??\C:\Windows\SysWOW64\ntdll.dll", r"\??\C:\Windows\SysWOW64\ntdll.dll"),
        (r"\Device\HarddiskVolume2\Windows\Fonts\arial.ttf", r"\Device\HarddiskVolume2\Windows\Fonts\arial.ttf"),
        (r"C:\Program Files\Common Files\x.dll", r"C:\Program Files\Common Files\x.dll"),
        (r"C:\Program Files (x86)\Acme Secret\bin\x.dll", r"C:\Program Files (x86)\path-1\x.dll"),
        (r"C:\Windows\Temp\{77}\x.exe", r"C:\Windows\path-1\x.exe"),
        (r"C:\Users\Ann Lee\AppData\x.exe", r"C:\Users\user-1\path-1\x.exe"),
        (r"C:\Users\Public\x.exe", r"C:\Users\Public\x.exe"),
        (r"C:\Users\Ann Lee", r"C:\Users\user-1"),
        (r"\\fileserver\share\deep\salary.XLSX", r"\\machine-1\path-1\file-1.xlsx"),
        (r"..\secret\plan.docx", r"path-1\file-1.docx"),
        ("ntkrnlmp.pdb/52AFE2C7F1356BE246FA8675C28A1BC81/ntkrnlmp.pdb",) * 2,
        (r"C:\Windows\System32\..\..\secret\x.dll", r"C:\Windows\System32\path-1\x.dll"),
        (r"\\?\C:\Users\ann\x.dll", r"\\?\C:\Users\user-1\x.dll"),
        (r"\\?\UNC\srv1\share\x.dll", r"\\?\UNC\machine-1\path-1\x.dll"),
        (r"\Device\Mup\srv\share\x.dll", r"\Device\Mup\path-1\x.dll"),
        (r"C:\pagefile.sys", r"C:\pagefile.sys"),
        ("", ""),
    ],
)  # fmt: skip
def test_what_of_a_path_stays(path, shown):
    assert Redactor().row({"Path": path}) == {"Path": shown}


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('"C:\\Windows\\System32\\svchost.exe" -k netsvcs', f'"C:\\Windows\\System32\\svchost.exe" {ARGUMENTS}'),
        ("C:\\Program Files\\Acme\\a.exe --token=hunter2", f"C:\\Program Files\\path-1\\a.exe {ARGUMENTS}"),
        ("cmd.exe /c type secret.txt", f"cmd.exe {ARGUMENTS}"),
        ("hunter2 hunter2", f"<program> {ARGUMENTS}"),
        ('"C:\\x y\\a.exe hunter2', f'"C:\\path-1\\a.exe" {ARGUMENTS}'),
        ('"C:\\x y\\a.exe hunter2" more', f'"C:\\path-1\\a.exe" {ARGUMENTS}'),
        ("lsass.exe", "lsass.exe"),
        ("", ""),
    ],
)
def test_command_lines_keep_the_program_alone(line, shown):
    cells = {"Section": "parameters", "Field": "CommandLine", "Value": line}
    assert Redactor().row(cells)["Value"] == shown


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("USERNAME", "Ann", "user-1"),
        ("USERNAME", "SYSTEM", "SYSTEM"),
        ("USERNAME", "WS-0815$", "machine-1"),
        ("LOGONSERVER", "\\\\DC01", "machine-1"),
        ("Path", "C:\\Windows\\system32;C:\\Tools", "C:\\Windows\\system32;C:\\file-1"),
        ("PROCESSOR_ARCHITECTURE", "AMD64", "AMD64"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2", "value-1"),
        ("=C:", "C:\\secret", "value-1"),
    ],
)
def test_environment(name, value, shown):
    assert Redactor().row(environment(name, value)) == environment(name, shown)


def test_requests_keep_their_drivers_and_lose_their_files():
    row = {
        "IRP": 1, "Major": "IRP_MJ_READ", "Driver": "\\Driver\\acmedrv", "File": f"\\Users\\{USER}\\plan.docx",
        "Note": "length 512; waited for by \\Driver\\disk, \\FileSystem\\Ntfs; \\secret\\Driver\\a.txt",
    }  # fmt: skip
    found = taught().row(row)
    assert (found["Driver"], found["File"]) == ("\\Driver\\acmedrv", "\\Users\\user-1\\file-1.docx")
    assert found["Note"].startswith("length 512; waited for by \\Driver\\disk, \\FileSystem\\Ntfs; ")
    assert "secret" not in found["Note"] and "a.txt" not in found["Note"]


@pytest.mark.parametrize(
    ("kind", "name", "shown"),
    [
        ("Mutant", "\\BaseNamedObjects\\AcmeJohnsMutex", "\\BaseNamedObjects\\object-1"),
        ("Event", "\\Sessions\\1\\BaseNamedObjects\\Local\\x", "\\Sessions\\1\\BaseNamedObjects\\Local\\object-1"),
        ("Event", "\\Acme\\x", "\\object-1\\object-2"),
        ("Event", "\\KernelObjects\\LowMemoryCondition", "\\KernelObjects\\LowMemoryCondition"),
        ("Resource", "nt!IopDriverLoadResource", "nt!IopDriverLoadResource"),
        ("Process", "explorer.exe", "explorer.exe"),
        ("Irp", "\\secret\\plan.docx", "\\file-1.docx"),
    ],
)
def test_names_of_objects(kind, name, shown):
    row = {"ObjectType": kind, "ObjectName": name, "Verdict": "blocked", "Reason": "UserRequest"}
    found = Redactor().row(row)
    assert found["ObjectName"].replace("path-1\\", "") == shown
    assert {key: value for key, value in found.items() if key != "ObjectName"} == {
        key: value for key, value in row.items() if key != "ObjectName"
    }


def test_the_same_original_has_the_same_pseudonym_in_every_file():
    redactor = taught()
    first = redactor.row({"Path": f"C:\\Users\\{USER}\\secret\\a.dll"})
    again = redactor.row({"Value": f"5d94deb9 c:\\users\\{USER.upper()}\\SECRET\\a.dll"})
    assert first["Path"].split("\\")[1:4] == ["Users", "user-1", "path-1"]
    assert again["Value"].split("\\")[1:4] == ["users", "user-1", "path-1"]
    assert redactor.text(f"for {USER.title()} on {MACHINE.lower()}") == "for user-1 on machine-1"
    assert redactor.text("C:\\Users\\JOHNSM~1\\x.dll") == "C:\\Users\\user-1\\x.dll"


def test_this_programs_own_words_stay():
    redactor = taught("list", "running")
    cells = {"Source": "list", "Life": "running", "EPROCESS": "0xffff8a8f4c61d060", "PID": 4, "Wow64": False}
    assert redactor.row(row(**cells)) == row(**cells)
    hostile = taught("decade", "4c61d060")
    assert hostile.row({"Note": "at 0x12decade34"}) == {"Note": "at 0x12decade34"}
    assert hostile.row({"Note": "of decade"}) == {"Note": "of user-1"}


def test_the_summary_names_neither_the_folder_nor_the_options_of_the_run():
    summary = {
        "input": {"path": f"/home/{USER}/case-42/MEMORY.DMP", "size": 7},
        "command_line": ["volplugins", "triage", "/evidence/case 42/m.dmp", "-o", "/tmp/case-42", "--image-path=/x/42"],
        "verdicts": {"ok": 12}, "symbols": {"kernel": {"pdb": "ntkrnlmp.pdb", "guid": "A" * 32, "age": 1}},
    }  # fmt: skip
    made = taught().row(summary)
    assert "42" not in json.dumps(made) and made["symbols"] == summary["symbols"]
    assert made["command_line"][:2] == ["volplugins", "triage"] and made["command_line"][3] == "-o"


@pytest.mark.parametrize("cell", ["ann", "Ann's file", "for ANN.", "x ann_2", "an\\u006e", "CORP\\ann"])
def test_a_short_name_is_found_as_a_word(cell):
    redactor = taught("ann", "pc1")
    assert not re.search(r"(?<![a-z])ann(?![a-z])", resolved(redactor.row({"Note": cell})))
    assert redactor.text("planned at 0xa22, cannot") == "planned at 0xa22, cannot"


def test_bytes_and_account_identifiers():
    redactor = taught()
    wide = USER.upper().encode("utf-16-le").hex()
    assert redactor.row({"Value": {"hex": wide}}) == {"Value": {"hex": ""}}
    assert redactor.text(f"bytes {wide} there") == "bytes user-1 there"
    assert redactor.text(f"bytes {USER.encode().hex(' ')} there") == "bytes user-1 there"
    assert redactor.text("of S-1-5-21-1-2-3-1001") == "of sid-1-1001"


def test_rows_of_a_real_run(dumps, tmp_path):  # noqa: F811
    """The lab's computer and third party's folder are gone, everything that names no one is as it was."""
    path, snapshot = dumps("win10-x64", kind="full")
    redactor, lines = Redactor(), []
    run_triage(path, tmp_path / "out", TriageOptions(hash=False), silent)
    for name in ("peb", "lm", "analyze", "process"):
        lines += map(json.loads, (tmp_path / f"out/rows/{name}.jsonl").read_text(encoding="utf-8").splitlines())
    redactor.learn(lines)
    made = [redactor.row(line) for line in lines]
    rows_schema = validator("rows")
    for line in made:
        rows_schema.validate(line)
    before, after = resolved(lines), resolved(made)
    for secret in (snapshot.truth["computer"].casefold(), "program files\\acme", "-session"):
        assert secret in before and secret not in after
    changed = {
        (row["row"].get("Section"), name, row["row"][name])
        for row, new in zip(lines, made, strict=True)
        for name in row["row"]
        if row["row"][name] != new["row"][name]
    }
    assert all(
        (section, name) == ("environment", "Value") or "-session" in value or "ACME" in value
        for section, name, value in changed
    )


@pytest.mark.parametrize("letters", [200_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_a_dump_full_of_names_costs_bounded_time(letters):
    names = PrivateNames()
    for number in range(5000):
        names.name("user", f"somebody{number:05}x")
    assert names.without("a" * letters).startswith("aaa")
    tenth = letters // 10
    Redactor().row({"Note": "a" * 3 * tenth + "\\" + "%" * tenth, "Path": "\\" * tenth + "/" * tenth})
