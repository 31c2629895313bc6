# Frames that the compilers here do not make: written with their unwind information.
    .text
    .intel_syntax noprefix

# what compilers call before they take more than a page of stack: probes and keeps every register
    .globl ___chkstk_ms
    .globl __chkstk
    .def ___chkstk_ms; .scl 2; .type 32; .endef
    .seh_proc ___chkstk_ms
___chkstk_ms:
__chkstk:
    push rcx
    .seh_pushreg rcx
    push rax
    .seh_pushreg rax
    .seh_endprologue
    lea rcx, [rsp + 24]
1:  cmp rax, 0x1000
    jb 2f
    sub rcx, 0x1000
    or qword ptr [rcx], 0
    sub rax, 0x1000
    jmp 1b
2:  sub rcx, rax
    or qword ptr [rcx], 0
    pop rax
    pop rcx
    ret
    .seh_endproc

# a frame register with an offset, and stack taken after it
    .globl by_hand_frame
    .def by_hand_frame; .scl 2; .type 32; .endef
    .seh_proc by_hand_frame
by_hand_frame:
    push rbp
    .seh_pushreg rbp
    push rbx
    .seh_pushreg rbx
    push r14
    .seh_pushreg r14
    sub rsp, 0x60
    .seh_stackalloc 0x60
    lea rbp, [rsp + 0x40]
    .seh_setframe rbp, 0x40
    .seh_endprologue
    mov rbx, rcx
    mov r14, rcx
    sub rsp, 0x30
    call leaf
    mov rbx, rax
    sub rsp, 0x100
    mov rcx, rbx
    call leaf
    add rax, r14
    lea rsp, [rbp + 0x20]
    pop r14
    pop rbx
    pop rbp
    ret
    .seh_endproc

# registers saved by moves, into the caller's home space and into the own frame, with an XMM register
    .globl by_hand_saves
    .def by_hand_saves; .scl 2; .type 32; .endef
    .seh_proc by_hand_saves
by_hand_saves:
    sub rsp, 0x58
    .seh_stackalloc 0x58
    mov [rsp + 0x60], rbx
    .seh_savereg rbx, 0x60
    mov [rsp + 0x68], rsi
    .seh_savereg rsi, 0x68
    movaps [rsp + 0x40], xmm6
    .seh_savexmm xmm6, 0x40
    mov [rsp + 0x38], r12
    .seh_savereg r12, 0x38
    .seh_endprologue
    mov rbx, rcx
    mov rsi, rcx
    mov r12, 0x1234
    xorps xmm6, xmm6
    call leaf
    add rax, rsi
    add rax, r12
    movaps xmm6, [rsp + 0x40]
    mov r12, [rsp + 0x38]
    mov rbx, [rsp + 0x60]
    mov rsi, [rsp + 0x68]
    add rsp, 0x58
    ret
    .seh_endproc

# a frame of more than half a mebibyte, with a register saved far from its base
    .globl by_hand_far
    .def by_hand_far; .scl 2; .type 32; .endef
    .seh_proc by_hand_far
by_hand_far:
    push rdi
    .seh_pushreg rdi
    sub rsp, 0x90000
    .seh_stackalloc 0x90000
    mov [rsp + 0x8fff0], r15
    .seh_savereg r15, 0x8fff0
    .seh_endprologue
    mov r15, rcx
    mov rdi, rcx
    call leaf
    add rax, r15
    mov r15, [rsp + 0x8fff0]
    add rsp, 0x90000
    pop rdi
    ret
    .seh_endproc

# a function in two parts: the second, which saves more registers, is chained to the first
    .globl by_hand_chained
    .def by_hand_chained; .scl 2; .type 32; .endef
by_hand_chained:
Lchained_begin:
    push rbx
Lchained_1:
    sub rsp, 0x40
Lchained_2:
    mov rbx, rcx
    test rcx, rcx
    jne Lpart_begin
    call leaf
Lchained_join:
    add rsp, 0x40
    pop rbx
    ret
Lchained_end:
    int3
Lpart_begin:
    mov [rsp + 0x38], rsi
Lpart_1:
    mov [rsp + 0x30], r13
Lpart_2:
    mov rsi, rbx
    mov r13, 77
    call leaf
    add rax, rsi
    add rax, r13
    mov rsi, [rsp + 0x38]
    mov r13, [rsp + 0x30]
    jmp Lchained_join
Lpart_end:
    int3

# version 2 of the unwind information, which says where the epilogs are: one inside, one at the end
    .globl by_hand_version_2
    .def by_hand_version_2; .scl 2; .type 32; .endef
by_hand_version_2:
Lv2_begin:
    push rbx
Lv2_1:
    push rdi
Lv2_2:
    sub rsp, 0x28
Lv2_3:
    mov rbx, rcx
    test rcx, rcx
    jne 1f
    call leaf
    add rax, rbx
    add rsp, 0x28
Lv2_inner:
    pop rdi
    pop rbx
    ret
1:  mov edi, 5
    call leaf
    add rax, rdi
    add rsp, 0x28
    pop rdi
    pop rbx
    ret
Lv2_end:
    int3

    .section .pdata
    .rva Lv2_begin, Lv2_end, Lv2_info
    .rva Lchained_begin, Lchained_end, Lchained_info
    .rva Lpart_begin, Lpart_end, Lpart_info
    .section .xdata
    .balign 4
Lv2_info:
    .byte 2, Lv2_3 - Lv2_begin, 5, 0
    .byte 3, 6 | (1 << 4)
    .byte Lv2_end - Lv2_inner, 6
    .byte Lv2_3 - Lv2_begin, 2 | (4 << 4)
    .byte Lv2_2 - Lv2_begin, 0 | (7 << 4)
    .byte Lv2_1 - Lv2_begin, 0 | (3 << 4)
    .balign 4
Lchained_info:
    .byte 1, Lchained_2 - Lchained_begin, 2, 0
    .byte Lchained_2 - Lchained_begin, 2 | (7 << 4)
    .byte Lchained_1 - Lchained_begin, 0 | (3 << 4)
Lpart_info:
    .byte 1 | (4 << 3), Lpart_2 - Lpart_begin, 4, 0
    .byte Lpart_2 - Lpart_begin, 4 | (13 << 4)
    .short 0x30 / 8
    .byte Lpart_1 - Lpart_begin, 4 | (6 << 4)
    .short 0x38 / 8
    .rva Lchained_begin, Lchained_end, Lchained_info
