"""``--redact`` and devices: serial numbers, addresses and names go; models, drivers and Windows' own names stay."""

from __future__ import annotations

import pytest

from volplugins.triage.redaction import Redactor

SERIAL = "0012A4F39B77"


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (f"USB\\VID_046D&PID_C31C\\{SERIAL}", "USB\\VID_046D&PID_C31C\\instance-1"),
        ("HTREE\\ROOT\\0", "HTREE\\ROOT\\instance-1"),
        ("STORAGE\\VOLUME\\{4B7C1E52-0D1F-11EB-9C3E-806E6F6E6963}#0000000000100000", "STORAGE\\VOLUME\\instance-1"),
        ("BTHENUM\\DEV_A1B2C3D4E5F6\\8&30D21A1&0&BLUETOOTHDEVICE_A1B2C3D4E5F6", "BTHENUM\\DEV_instance-1\\instance-2"),
        ("swd\\printenum\\ann's printer", "swd\\printenum\\instance-1"),
        ("OTHERBUS\\a b\\c d", "OTHERBUS\\a b\\instance-1"),
        ("noise", "instance-1"),
        ("error\\", "error\\"),
    ],
)  # fmt: skip
def test_instance_paths_lose_their_last_part(path: str, shown: str) -> None:
    assert Redactor().row({"Instance": path}) == {"Instance": shown}
    field = {"Section": "culprit", "Field": "DEVICE_INSTANCE", "Value": path}
    assert Redactor().row(field) == field | {"Value": shown}
    assert Redactor().row({"crash": {"device_instance": path}}) == {"crash": {"device_instance": shown}}


def test_the_same_instance_has_the_same_name_in_every_text() -> None:
    redactor = Redactor()
    path = f"USB\\VID_1209&PID_7A21\\{SERIAL}"
    shown = redactor.row({"Instance": path})["Instance"]
    told = redactor.text(f"held at {path}; by \\Driver\\acmedrv > \\Driver\\usbport, see \\secret\\plan.docx")
    assert told == f"held at {shown}; by \\Driver\\acmedrv > \\Driver\\usbport, see \\path-1\\file-1.docx"
    for other in (f"{SERIAL.lower()}\\USB\\VID_1\\x", f"C:\\USB\\VID_1\\{SERIAL}", f"CORP\\ANN\\{SERIAL}"):
        assert SERIAL not in redactor.text(other) and "ANN" not in redactor.text(other)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("\\Device\\HarddiskVolume3", "\\Device\\HarddiskVolume3"),
        ("\\Device\\KeyboardClass0", "\\Device\\KeyboardClass0"),
        ("\\Device\\0000003A", "\\Device\\0000003A"),
        ("\\Device\\Tcp", "\\Device\\Tcp"),
        ("\\Device\\AcmeRelay0", "\\Device\\object-1"),
        ("\\Device\\HarddiskOfAnn", "\\Device\\object-1"),
        ("\\Device\\AcmeRelay0\\ann", "\\Device\\object-1\\file-1"),
        ("\\Device\\NamedPipe\\ann-secret", "\\Device\\NamedPipe\\file-1"),
        ("\\Device\\{4B7C1E52-0D1F-11EB-9C3E-806E6F6E6963}", "\\path-1\\file-1"),
    ],
)
def test_names_of_devices(name: str, shown: str) -> None:
    assert Redactor().row({"Kind": "device", "Name": name}) == {"Kind": "device", "Name": shown}


def test_what_follows_the_name_of_a_device_stays() -> None:
    text = "length 5; \\Device\\AcmeRelay0; age: the wait of its thread; below it \\Driver\\usbport"
    assert Redactor().text(text) == text.replace("AcmeRelay0", "object-1")
    assert "Smith" not in Redactor().text("at \\Device\\Ann Smith; and more")


def test_columns_of_drivers_devices_and_requests() -> None:
    row = {
        "Driver": "\\FileSystem\\Filters\\acme", "Stack": "\\Driver\\a > \\Driver\\b", "Problem": "CM_PROB_DISABLED",
        "Major": "IRP_MJ_READ", "Minor": "IRP_MN_NORMAL", "Service": "acmedrv", "Type": "FILE_DEVICE_DISK",
    }  # fmt: skip
    assert Redactor().row(row) == row
    assert Redactor().row({"File": "plan.docx"}) == {"File": "file-1.docx"}
    assert Redactor().row({"stuck": [{"path": "\\ann\\plan.docx"}]}) == {"stuck": [{"path": "\\path-1\\file-1.docx"}]}


def test_hostile_texts_cost_bounded_time() -> None:
    for text in ("USB\\" * 100_000, "USB\\A\\" * 60_000, "\\Device\\" * 50_000, "PCI\\" + "A" * 300_000 + "\\"):
        Redactor().row({"Note": text, "Instance": text, "Name": text})
