"""Vocabularies of the I/O system: single facts that other people's documents state, and what has no name."""

import pytest

from volplugins.io.words import file_words, power_words, request_words
from volplugins.io.words.device_types import DEVICE_TYPES, device_type
from volplugins.io.words.device_words import characteristics, device_flags, driver_flags, extension_flags
from volplugins.io.words.flag_words import in_words, numbered, table
from volplugins.io.words.functions import MAJOR_FUNCTIONS, MINOR_FUNCTIONS, major_function, minor_function
from volplugins.io.words.node_words import NODE_FLAGS, PROBLEMS, node_flags, problem_word, state_word


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (0, "IRP_MJ_CREATE"), (2, "IRP_MJ_CLOSE"), (4, "IRP_MJ_WRITE"), (9, "IRP_MJ_FLUSH_BUFFERS"),
        (0xD, "IRP_MJ_FILE_SYSTEM_CONTROL"), (0xE, "IRP_MJ_DEVICE_CONTROL"), (0xF, "IRP_MJ_INTERNAL_DEVICE_CONTROL"),
        (0x12, "IRP_MJ_CLEANUP"), (0x16, "IRP_MJ_POWER"), (0x17, "IRP_MJ_SYSTEM_CONTROL"), (0x19, "IRP_MJ_QUERY_QUOTA"),
        (0x1B, "IRP_MJ_PNP"), (0x1C, "0x1c"), (0xFF, "0xff"),
    ],
)  # fmt: skip
def test_major_functions(number: int, name: str) -> None:
    assert major_function(number) == name
    assert len(MAJOR_FUNCTIONS) == 28


@pytest.mark.parametrize(
    ("major", "minor", "name"),
    [
        (0x1B, 0x02, "IRP_MN_REMOVE_DEVICE"), (0x1B, 0x07, "IRP_MN_QUERY_DEVICE_RELATIONS"),
        (0x1B, 0x0D, "IRP_MN_FILTER_RESOURCE_REQUIREMENTS"), (0x1B, 0x0E, "0x0e"), (0x1B, 0x11, "IRP_MN_EJECT"),
        (0x1B, 0x17, "IRP_MN_SURPRISE_REMOVAL"), (0x1B, 0x19, "IRP_MN_DEVICE_ENUMERATED"), (0x1B, 0x1A, "0x1a"),
        (0x16, 0x00, "IRP_MN_WAIT_WAKE"), (0x16, 0x02, "IRP_MN_SET_POWER"),
        (0x0C, 0x02, "IRP_MN_NOTIFY_CHANGE_DIRECTORY"),
        (0x0D, 0x00, "IRP_MN_USER_FS_REQUEST"), (0x17, 0x0B, "IRP_MN_REGINFO_EX"), (0x03, 0x00, ""),
        (0x04, 0x02, "IRP_MN_MDL"),
        (0x0E, 0x00, ""), (0x0E, 0x22, "0x22"), (0x1B, 0x00, "IRP_MN_START_DEVICE"),
        (0x09, 0x01, "IRP_MN_FLUSH_AND_PURGE"),
    ],
)  # fmt: skip
def test_minor_functions(major: int, minor: int, name: str) -> None:
    assert minor_function(major, minor) == name


def test_no_minor_function_stands_twice() -> None:
    for names in MINOR_FUNCTIONS.values():
        named = [name for name in names if name]
        assert len(named) == len(set(named))


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (7, "DISK"), (8, "DISK_FILE_SYSTEM"), (0xB, "KEYBOARD"), (0x11, "NAMED_PIPE"), (0x12, "NETWORK"),
        (0x17, "PHYSICAL_NETCARD"), (0x1B, "SERIAL_PORT"), (0x22, "UNKNOWN"), (0x2A, "BUS_EXTENDER"),
        (0x2D, "MASS_STORAGE"), (0x32, "ACPI"), (0x39, "KSEC"), (0x3E, "VMBUS"), (0x49, "USBEX"), (0x50, "CONSOLE"),
        (0x55, "STORAGE_REPLICATION"), (0x59, "PERSISTENT_MEMORY"), (0x61, "SOUNDWIRE"),
    ],
)  # fmt: skip
def test_device_types(number: int, name: str) -> None:
    assert device_type(number) == f"FILE_DEVICE_{name}"


def test_device_types_without_a_name() -> None:
    assert device_type(0x8000) == "0x8000"
    assert device_type(0) == "0x0000"
    assert max(DEVICE_TYPES) == 0x6D


@pytest.mark.parametrize(
    ("state", "build", "word"),
    [
        (0x308, 19041, "DeviceNodeStarted"), (0x30A, 22000, "DeviceNodeStarted"), (0x30A, 2600, "DeviceNodeStopped"),
        (0x302, 19045, "DeviceNodeInitialized"), (0x304, 20348, "DeviceNodeInitialized"),
        (0x302, 20348, "DeviceNodeUninitializedPending"), (0x312, 19041, "DeviceNodeRemoved"),
        (0x314, 22631, "DeviceNodeRemoved"), (0x314, 7601, "DeviceNodeDeleted"), (0x316, 26100, "DeviceNodeDeleted"),
        (0x315, 7601, "0x315"), (0x2FF, 7601, "0x2ff"), (0, 22000, "0x0"),
    ],
)  # fmt: skip
def test_states_of_device_nodes_by_build(state: int, build: int, word: str) -> None:
    assert state_word(state, build) == word


@pytest.mark.parametrize(
    ("number", "word"),
    [
        (0, ""), (1, "NOT_CONFIGURED"), (10, "FAILED_START"), (22, "DISABLED"), (24, "DEVICE_NOT_THERE"),
        (28, "FAILED_INSTALL"), (31, "FAILED_ADD"), (39, "DRIVER_FAILED_LOAD"), (43, "FAILED_POST_START"),
        (45, "PHANTOM"), (52, "UNSIGNED_DRIVER"), (54, "DEVICE_RESET"), (57, "GUEST_ASSIGNMENT_FAILED"),
    ],
)  # fmt: skip
def test_problems(number: int, word: str) -> None:
    assert problem_word(number) == (f"CM_PROB_{word}" if word else "")
    assert len(PROBLEMS) == 58
    assert problem_word(58) == "0x3a"


def test_node_flags() -> None:
    assert len(NODE_FLAGS) == 32
    assert node_flags(0x10 | 0x2000 | 0x10000) == "DNF_ENUMERATED|DNF_HAS_PROBLEM|DNF_DEVICE_GONE"
    assert node_flags(0x80000000) == "DNF_WAITING_FOR_FDO"
    assert node_flags(0) == "0x0"


def test_flags_of_devices_and_drivers() -> None:
    assert device_flags(0x3050) == "DO_DIRECT_IO|DO_DEVICE_HAS_NAME|DO_BUS_ENUMERATED_DEVICE|DO_POWER_PAGABLE"
    assert device_flags(0x40000010) == "DO_DIRECT_IO|0x40000000"
    assert characteristics(0x181) == "FILE_REMOVABLE_MEDIA|FILE_AUTOGENERATED_DEVICE_NAME|FILE_DEVICE_SECURE_OPEN"
    assert extension_flags(0x802) == "DOE_DELETE_PENDING|DOE_DEFAULT_SD_PRESENT"
    assert driver_flags(0x12) == "DRVO_LEGACY_DRIVER|DRVO_INITIALIZED"


def test_flags_of_requests() -> None:
    assert request_words.request_flags(0x43) == "IRP_NOCACHE|IRP_PAGING_IO|IRP_SYNCHRONOUS_PAGING_IO"
    assert request_words.request_flags(0x60) == "IRP_DEALLOCATE_BUFFER|IRP_INPUT_OPERATION"
    assert request_words.location_flags(0xC, 1, 2) == "SL_RETURN_SINGLE_ENTRY"
    assert request_words.location_flags(0xC, 2, 1) == "SL_WATCH_TREE"
    assert request_words.location_flags(0xE, 0, 5) == "SL_READ_ACCESS_GRANTED|SL_WRITE_ACCESS_GRANTED"
    assert request_words.location_flags(0x16, 2, 0) == "0x0"
    assert request_words.control_flags(0xE1).startswith("SL_PENDING_RETURNED|SL_INVOKE_ON_CANCEL")
    assert request_words.invoked_on(0xE1) == ("success", "error", "cancel")
    assert request_words.invoked_on(0x01) == ()


def test_words_of_files() -> None:
    assert file_words.file_flags(0x40042) == "FO_SYNCHRONOUS_IO|FO_CACHE_SUPPORTED|FO_HANDLE_CREATED"
    assert file_words.create_words(0x01000060) == "FILE_OPEN FILE_SYNCHRONOUS_IO_NONALERT|FILE_NON_DIRECTORY_FILE"
    assert file_words.create_words(0x05000000) == "FILE_OVERWRITE_IF"
    assert file_words.file_class(4) == "FileBasicInformation"
    assert file_words.file_class(20) == "FileEndOfFileInformation"
    assert file_words.file_class(34) == "FileNetworkOpenInformation"
    assert file_words.file_class(64) == "FileDispositionInformationEx"
    assert file_words.file_class(68) == "FileStatInformation"
    assert file_words.file_class(200) == "0xc8"
    assert file_words.volume_class(7) == "FileFsFullSizeInformation"
    assert file_words.volume_class(14) == "FileFsFullSizeInformationEx"


def test_words_of_power() -> None:
    assert power_words.power_state(1, 4) == "PowerDeviceD3"
    assert power_words.power_state(0, 1) == "PowerSystemWorking"
    assert power_words.power_state(0, 5) == "PowerSystemHibernate"
    assert power_words.power_state(1, 77) == "0x4d"
    assert power_words.state_type(1) == "DevicePowerState"
    assert power_words.power_action(2) == "PowerActionSleep"


def test_bits_and_numbers_without_names() -> None:
    assert in_words(0x30, {0x10: "A"}) == "A|0x20"
    assert in_words(0, {0x10: "A"}) == "0x0"
    assert numbered({}, 5, 4) == "0x0005"
    assert table("A=1 B=0x1 C=2") == {1: "A", 2: "C"}
