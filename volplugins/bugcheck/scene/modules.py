"""Which modules are not to blame for being on the stack: the kernel, the crash path, and what carries others.

Names only; one row per module. Source: what each module is for, as Microsoft's driver documentation says.
"""

from __future__ import annotations

from volplugins.loader.module import HAL_IMAGES, Module

# stop the machine or write the dump; never the cause
CRASH_PATH = frozenset(
    """
    kdcom.dll kd.dll kdusb.dll kd1394.dll kdnet.dll kdstub.dll bootvid.dll crashdmp.sys dumpfve.sys pshed.dll
    mcupdate_genuineintel.dll mcupdate_authenticamd.dll werkernel.sys verifierext.sys
    """.split()
)

# call other drivers or are called by all of them: to blame only when nothing more particular is there
CARRIERS = frozenset(
    """
    acpi.sys afd.sys atapi.sys ataport.sys ci.dll classpnp.sys clfs.sys cng.sys disk.sys dxgkrnl.sys dxgmms1.sys
    dxgmms2.sys fileinfo.sys fltmgr.sys fvevol.sys fwpkclnt.sys hidclass.sys hidparse.sys hidusb.sys intelppm.sys
    kbdclass.sys ks.sys ksecdd.sys mouclass.sys mup.sys ndis.sys netio.sys ntfs.sys partmgr.sys pci.sys portcls.sys
    processr.sys rdbss.sys scsiport.sys spaceport.sys storport.sys tcpip.sys tdi.sys tdx.sys ucx01000.sys
    usbccgp.sys usbd.sys usbhub.sys usbhub3.sys usbport.sys usbxhci.sys videoprt.sys vmbus.sys volmgr.sys
    volsnap.sys watchdog.sys wdf01000.sys wdfilter.sys wdfldr.sys win32k.sys win32kbase.sys win32kfull.sys
    """.split()
)

KEYBOARD = frozenset({"i8042prt.sys", "kbdhid.sys", "kbdclass.sys", "hyperkbd.sys"})
NOTMYFAULT_DRIVER = "myfault.sys"


def is_core(module: Module) -> bool:
    """Whether ``module`` is the kernel, the HAL or part of the crash path."""
    name = module.image_name.lower()
    return module.is_kernel or name in HAL_IMAGES or name in CRASH_PATH or name.startswith("dump_")


def is_carrier(module: Module) -> bool:
    """Whether ``module`` mostly runs on behalf of other drivers."""
    return module.image_name.lower() in CARRIERS
