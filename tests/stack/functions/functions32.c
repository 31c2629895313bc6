/* 32-bit functions with frame pointers, of the calling conventions that Windows uses. */

typedef unsigned int u32;
#define NOINLINE __attribute__((noinline))

volatile u32 sink;

NOINLINE u32 leaf(u32 a) { return a * 3 + 1; }
NOINLINE u32 __attribute__((stdcall)) standard(u32 a, u32 b, u32 c) { return leaf(a) + leaf(b) * leaf(c); }
NOINLINE u32 __attribute__((fastcall)) fast(u32 a, u32 b, u32 c) { return leaf(a + b) + leaf(c); }
NOINLINE u32 pushes(u32 a, u32 b)
{
    u32 c = leaf(a), d = leaf(b), e = leaf(a + b);
    sink = c;
    return c * d + e * leaf(c + d) + leaf(e);
}
NOINLINE u32 room(u32 a)
{
    volatile u32 words[700];
    for (u32 i = 0; i < 700; i += 100) words[i] = leaf(a + i);
    return words[100] + words[600];
}
NOINLINE u32 dynamic(u32 n)
{
    volatile char *bytes = __builtin_alloca(n * 16 + 20);
    bytes[0] = (char)leaf(n);
    return (u32)bytes[0] + pushes(n, 2);
}
NOINLINE u32 recursive(u32 n) { return n == 0 ? leaf(1) : recursive(n - 1) + standard(n, 2, 3); }

u32 run(void)
{
    u32 total = standard(1, 2, 3) + fast(4, 5, 6) + pushes(7, 8) + room(9) + dynamic(3) + recursive(5);
    return total;
}
