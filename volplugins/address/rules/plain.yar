/* Plain facts about memory, not suspicions: what begins here or lies within. For windows.kd.address --yara plain. */

rule pe_header
{
    meta:
        description = "an MZ header that leads to a PE header, at the start of a page or of the data"
    condition:
        uint16(0) == 0x5A4D and uint32(0x3C) < 0x1000 and uint32(uint32(0x3C)) == 0x00004550
}

rule pe_header_within
{
    meta:
        description = "text of the DOS stub that linkers put into nearly every image"
    strings:
        $stub = "This program cannot be run in DOS mode"
    condition:
        $stub
}

rule nt_heap
{
    meta:
        description = "an NT heap or a segment of one: its signature is where both layouts have it"
    condition:
        uint32(0x10) == 0xFFEEFFEE or uint32(8) == 0xFFEEFFEE or uint32(8) == 0xEEFFEEFF
}

rule segment_heap
{
    meta:
        description = "a segment heap's own structure"
    condition:
        uint32(0x10) == 0xDDEEDDEE or uint32(8) == 0xDDEEDDEE
}

rule dotnet_metadata
{
    meta:
        description = "the root of .NET metadata: its signature, then a version string of the usual form"
    strings:
        $root = { 42 53 4A 42 01 00 01 00 00 00 00 00 ?? 00 00 00 76 }
    condition:
        $root
}

rule rsds_record
{
    meta:
        description = "a debug record that names a PDB file"
    strings:
        $record = /RSDS.{20}[ -~]{1,200}\.pdb/s nocase
    condition:
        $record
}

rule registry_hive
{
    meta:
        description = "the base block of a registry hive, followed by its first bin"
    condition:
        uint32(0) == 0x66676572 and uint32(0x1000) == 0x6E696268
}

rule zip_archive
{
    strings:
        $local = { 50 4B 03 04 ( 0A | 14 | 2D ) 00 }
    condition:
        $local at 0
}

rule sqlite_database
{
    strings:
        $magic = "SQLite format 3\x00"
    condition:
        $magic at 0
}

rule pem_text
{
    meta:
        description = "text that begins a certificate or key in PEM form"
    strings:
        $begin = /-----BEGIN [A-Z ]{4,40}-----/
    condition:
        $begin
}
