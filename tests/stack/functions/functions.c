/* Functions of many shapes, so that a compiler makes many shapes of frames. Nothing here is called but by run(). */

typedef unsigned long long u64;
typedef __builtin_va_list va_list_;
#define NOINLINE __attribute__((noinline))

volatile u64 sink;
volatile double real_sink;

NOINLINE u64 leaf(u64 a) { return a * 3 + 1; }

NOINLINE u64 pushes(u64 a, u64 b, u64 c, u64 d)
{
    u64 e = leaf(a), f = leaf(b), g = leaf(c), h = leaf(d), i = leaf(a + b), j = leaf(c + d), k = leaf(b + c);
    sink = e;
    return e * f + g * h + i * j + k + leaf(e + f + g + h + i + j + k);
}

NOINLINE u64 many_arguments(u64 a, u64 b, u64 c, u64 d, u64 e, u64 f, u64 g, u64 h)
{
    return leaf(a + b * 2 + c * 3 + d * 4 + e * 5 + f * 6 + g * 7 + h * 8) + leaf(h);
}

NOINLINE u64 big_frame(u64 a)
{
    volatile char room[20000];
    room[0] = (char)a;
    room[19999] = (char)leaf(a);
    return (u64)room[0] + (u64)room[19999] + leaf(a);
}

NOINLINE u64 middling_frame(u64 a)
{
    volatile u64 room[60];
    for (int i = 0; i < 60; i++) room[i] = a + (u64)i;
    return leaf(room[a % 60]) + room[3];
}

NOINLINE u64 dynamic(u64 n)
{
    volatile char *room = __builtin_alloca(n * 16 + 32);
    u64 total = 0;
    for (u64 i = 0; i < n; i++) room[i] = (char)leaf(i);
    for (u64 i = 0; i < n; i++) total += (u64)room[i];
    return total + leaf(n);
}

NOINLINE u64 dynamic_twice(u64 n, u64 m)
{
    volatile u64 *first = __builtin_alloca(n * 8 + 16);
    first[0] = leaf(n);
    if (m & 1) {
        volatile u64 *second = __builtin_alloca(m * 8 + 64);
        second[1] = leaf(m);
        return pushes(first[0], second[1], n, m);
    }
    return first[0] + leaf(m);
}

NOINLINE double reals(double a, double b, double c, double d)
{
    double e = a * b, f = c * d, g = a + c, h = b + d;
    for (int i = 0; i < 3; i++) {
        sink = leaf((u64)i);
        e += f * g;
        f -= h * a;
        g = g * 1.5 + b;
        h = h - c;
    }
    real_sink = e;
    return e + f + g + h + (double)leaf(7);
}

NOINLINE u64 recursive(u64 n) { return n == 0 ? leaf(1) : recursive(n - 1) + leaf(n); }

NOINLINE u64 even(u64 n);
NOINLINE u64 odd(u64 n) { return n == 0 ? 0 : even(n - 1); }
NOINLINE u64 even(u64 n) { return n == 0 ? 1 : odd(n - 1); }

NOINLINE u64 tail_call(u64 a, u64 b) { sink = leaf(a); return pushes(b, a, 5, 6); }
NOINLINE u64 bare_tail(u64 a) { return leaf(a + 1); }

typedef u64 (*pointer)(u64);
pointer volatile through = leaf;
NOINLINE u64 tail_through_pointer(u64 a) { sink = leaf(a + 9); return through(a); }

NOINLINE u64 variadic(u64 count, ...)
{
    va_list_ list;
    u64 total = 0;
    __builtin_va_start(list, count);
    for (u64 i = 0; i < count; i++) total += leaf(__builtin_va_arg(list, u64));
    __builtin_va_end(list);
    return total;
}

NOINLINE u64 switched(u64 a)
{
    switch (a) {
    case 0: return leaf(3);
    case 1: return pushes(1, 2, 3, 4);
    case 2: return bare_tail(7);
    case 3: sink = leaf(1); return leaf(2);
    case 4: return middling_frame(2);
    case 5: return leaf(11) * leaf(12);
    case 6: return recursive(2);
    default: return a;
    }
}

struct large { u64 words[9]; };
NOINLINE struct large by_value(u64 a)
{
    struct large made;
    for (int i = 0; i < 9; i++) made.words[i] = leaf(a + (u64)i);
    return made;
}
NOINLINE u64 takes_value(struct large a, u64 b) { return a.words[b % 9] + leaf(a.words[8]); }

NOINLINE u64 early_return(u64 a, u64 b)
{
    if (a == 0) return b;
    if (leaf(b) == 4) return leaf(a);
    u64 c = pushes(a, b, a, b);
    if (c & 1) return c;
    return leaf(c) + c;
}

u64 by_hand_chained(u64), by_hand_frame(u64), by_hand_saves(u64), by_hand_far(u64), by_hand_version_2(u64);

u64 run(void)
{
    u64 total = 0;
    total += pushes(1, 2, 3, 4) + many_arguments(1, 2, 3, 4, 5, 6, 7, 8) + big_frame(5) + middling_frame(6);
    total += dynamic(5) + dynamic_twice(3, 4) + dynamic_twice(3, 5) + (u64)reals(1.5, 2.5, 3.5, 4.5);
    total += recursive(5) + even(5) + tail_call(8, 9) + bare_tail(3) + tail_through_pointer(4);
    total += variadic(5, 1ULL, 2ULL, 3ULL, 4ULL, 5ULL);
    for (u64 i = 0; i < 9; i++) total += switched(i);
    total += takes_value(by_value(2), 3) + early_return(0, 1) + early_return(1, 1) + early_return(2, 3);
#ifdef BY_HAND
    total += by_hand_chained(3) + by_hand_frame(4) + by_hand_saves(5) + by_hand_far(6);
    total += by_hand_version_2(0) + by_hand_version_2(1) + by_hand_chained(0);
#endif
    return total;
}
