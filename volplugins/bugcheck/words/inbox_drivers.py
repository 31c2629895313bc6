"""File names of the drivers that come with Windows and are Microsoft's own, Windows XP to 11.

Source: Microsoft's documentation of drivers (MicrosoftDocs/windows-driver-docs: driver stacks, class drivers, the list
of allocated filter altitudes), the module lists of public small dumps (builds 19041 and 22000), and the names of
services and INF files as Windows documents them. Drivers of other companies that are delivered with Windows are not in
the list. A name proves little: it is asked only where the image's version resource is not at hand.
"""

from __future__ import annotations

# what a name belongs to is a help for readers only
_TEXT = """
# boot, buses, power
acpi acpidev acpiex acpipagr acpipmi acpitime agp440 ahcache amdk6 amdk7 amdk8 amdppm bam battc beep cad cea clipsp
cmbatt cmimcext compbatt compositebus condrv crusoe dam ec2 errdev fs_rec fxppm gagp30kx gpuenergydrv hwpolicy
intelide intelpep intelpmax intelppm isapnp kmpdc mf mmcss mountmgr msgpioclx msgpiowin32 msisadrv mssmbios mtconfig
ntosext null p3 pci pciide pciidex pcmcia pcw pdc peauth pnpmem processr pshed sbp2port sercx sercx2 serenum serial
sermouse sgrmagent sleepstudyhelper spbcx swenum tbs tpm uefi uliagpkx umbus vdrvroot verifierext volume werkernel
windowstrustedrt windowstrustedrtproxy wmiacpi wmilib
# storage
1394bus 1394ohci atapi ataport cdaudio cdrom changer cimfs classpnp crashdmp disk diskdump diskperf dmboot dmio dmload
dumpfve dumpsd dumpstorport ehstorclass ehstortcgdrv enhancedstorage fbwf fdc flpydisk fsdepends fvevol ioqos iorate
iscsiprt mpio msdsm msiscsi mskssrv nvdimm ohci1394 partmgr passthruparser pmem pvhdparser ramdisk rdyboost redbook
sbp2 scmbus scmdisk0101 scsichanger scsiport scsiscan sdbus sdstor sffdisk sffp_mmc sffp_sd sfloppy spaceparser
spaceport storahci storflt stornvme storport storqosflt storufs storvsc storvsp tape tsusbflt uaspstor usbstor vhdmp
vhdparser vmstorfl volmgr volmgrx volsnap
# file systems and filters
accesstracker appvstrm appvvemgr appvvfs bfs bindflt bowser cdfs cldflt clfs cnghwassist csc csvflt csvfs csvnsflt
dedup dfs dfsc dfsrro exfat fastfat filecrypt fileinfo filetrace fips fltmgr gameflt hsmflt luafv lxcore lxss mpfilter
mrxdav mrxsmb mrxsmb10 mrxsmb20 msfs msnfsflt mssecflt mup ndfltr npfs npsvctrig ntfs p9rdr parport parvdm prjflt
quota rdbss rdpdr refs refsv1 resumekeyfilter sis smbdirect smbresilfilter sr srv srv2 srvnet storagesync
storagesyncguard svhdxflt ucpd udfs unionfs uwfreg uwfs wcifs wcnfs wdboot wddevflt wdfilter wdnisdrv wimfltr wimmount
winnat winsetupmon wof
# network
afd afunix agilevpn appid applockerfltr asyncmac atmarpc atmepvc atmlane atmuni bridge btha2dp bthenum bthhfaud
bthhfenum bthhfhid bthl2cap bthleenum bthmini bthmodem bthpan bthport bthprint bthusb fwpkclnt http hvsocket
hvsocketcontrol hyperkbd hypervideo ipfilterdriver ipfltdrv ipinip ipnat ipsec irda irenum isatap kdnic ksecdd ksecpkg
lltdio loop mbbcx microsoft.bluetooth.avrcptransport microsoft.bluetooth.legacy.leenumerator
microsoft.bluetooth.profiles.hidovergatt mpsdrv msgpc mslbfoprovider mslldp msquic nativewifip ndis ndiscap
ndisimplatform ndistapi ndisuio ndisvirtualbus ndiswan ndproxy ndu netadaptercx netbidi netbios netbt netio netvsc
netvsc50 netvsc60 netvsc61 netvsc63 nsiproxy nwifi nwlnkflt nwlnkfwd nwlnkipx nwlnknb nwlnkspx pacer pktmon psched
rasacd rasl2tp raspppoe raspptp rassstp rawwan rfcomm rndismp rndismp6 rndismpx rspndr smsbtl tcpip tcpip6 tcpipreg
tdi tdpipe tdtcp tdx tunmp tunnel usb8023 usb8023x usbncm usbrndis6 vfpext vms3cap vmsproxy vmsproxyhnic vmswitch
vwifibus vwififlt vwifimp wanarp wanarpv6 wdiwifi wfplwfs wificx wmbclass wpdusb ws2ifsl
# virtual machines
dmvsc hvcrash hvservice rdpbus rdpcdd rdpencdd rdprefmp rdpvideominiport rdpwd rdvgkmd synth3dvsc synth3dvsp termdd
terminpt tssecsrv tsusbgd tsusbhub umrdp vid vkrnlintvsc vkrnlintvsp vmbkmcl vmbkmclr vmbus vmbushid vmbusr
vmbusvideom vmgencounter vmgid vmic vpci vpcibus vpcivsp winhv winhvr
# USB, input, sensors
bthhid buttonconverter genericusbfn hidbatt hidbth hidclass hidi2c hidinterrupt hidir hidparse hidspi hidumdf hidusb
i8042prt kbdclass kbdhelper kbdhid modem monitor mouclass mouhid mshidkmdf mshidumdf mshwnclx msusbbda openhci stream
ucmcx ucmcxucsinvppc ucmtcpcicx ucmucsi ucmucsiacpiclient ucmucsicx ucx01000 udecx ufx01000 ufxchipidea ufxsynopsys
uhcd umpass urschipidea urscx01000 urssynopsys usb4devicerouter usb4hostrouter usbaudio usbaudio2 usbcamd usbcamd2
usbccgp usbcir usbd usbehci usbhub usbhub3 usbintel usbohci usbport usbprint usbscan usbser usbuhci usbvideo usbxhci
vhf wacompen winusb xboxgip xinputhid xusb21 xusb22
# display, sound, media
61883 acx01000 acxhdaudio aec avc avcstrm basicdisplay basicrender bda bdasup ccdecode cdd dmusic drmk drmkaud dxapi
dxg dxgkrnl dxgmms1 dxgmms2 framebuf hdaudbus hdaudio iddcx indirectkmd kmixer ks ksthunk mpe msdv msmpu401 mspclock
mspqm mstape mstee nabtsfec ndisip portcls slip splitter streamip swmidi sysaudio vga vgapnp vgasave videoprt watchdog
wdmaud win32k win32kbase win32kfull win32kns wstcodec
# frameworks, security, tracing
appnodeenum ci cng crcdisk csvlog dtrace msrpc msseccore mssecwfp pgrkrnl qwavedrv scfilter smclib tm traceext usbccid
wdf01000 wdfldr wpprecorder wudfpf wudfrd
"""


def _names(text: str) -> frozenset[str]:
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(f"{name}.sys" for line in lines for name in line.split())


INBOX_DRIVERS = _names(_TEXT)
"""Names in lower case, with ``.sys``."""
