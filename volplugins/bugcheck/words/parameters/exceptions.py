"""Parameters of bugchecks about exceptions that nobody handled. Source: Microsoft's bug check code reference."""

from __future__ import annotations

from volplugins.bugcheck.words.parameters.table import read_table

TABLE = read_table("""
0x1e | {code} code of the exception that nobody handled | {ip} address of the instruction that failed | first parameter of the exception | second parameter of the exception
0x1e:c0000005 | {code} code of the exception that nobody handled | {ip} address of the instruction that failed | {exception-access} kind of access, first parameter of the exception | {address} address that was accessed, second parameter of the exception
0x1e:c0000006 | {code} code of the exception that nobody handled | {ip} address of the instruction that failed | {exception-access} kind of access, first parameter of the exception | {address} address that was accessed, second parameter of the exception
0x3b | {code} code of the exception that nobody handled | {ip} address of the instruction that failed | {context} address of the context record | -
0x7e | {code} code of the exception that nobody handled | {ip} address of the instruction that failed | {exception} address of the exception record | {context} address of the context record
0x8e | {code} code of the exception that nobody handled | {ip} address of the instruction that failed | {trap} address of the trap frame | -
0x7f | {subcode} number of the trap [0=divide error; 1=debug trap; 2=non-maskable interrupt; 3=breakpoint; 4=overflow; 5=bound range exceeded; 6=invalid opcode; 7=no coprocessor; 8=double fault; 0xa=invalid task state segment; 0xb=segment not present; 0xc=stack fault; 0xd=general protection fault; 0xe=page fault; 0x10=floating-point error; 0x11=alignment check; 0x12=machine check] | detail that the trap gives, by its kind | detail that the trap gives, by its kind | detail that the trap gives, by its kind
""")
