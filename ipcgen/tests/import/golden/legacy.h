/* A header as programs have them: with much that a schema can say, and some that it cannot. */
#ifndef LEGACY_H
#define LEGACY_H

#include <stdbool.h>
#include <stdint.h>

#ifndef DEPTH
#define DEPTH 3
#endif

typedef int64_t nanoseconds;
typedef unsigned long long loosely_aligned __attribute__((aligned(4)));
typedef float four_floats __attribute__((vector_size(16)));
enum side { BID = 'B', ASK = 'A' };
enum wide { LOWEST = -1, HIGHEST = 0x100000000 };

enum flag { NONE, None, none, type = 5, SAME = 5, ABOVE = 0xffffffff };

struct level {
    int64_t price;
    uint32_t quantity;
};

/* Every kind of member. */
typedef struct {
    char symbol[10];
    const volatile nanoseconds at;
    enum side side;
    enum wide wide;
    enum { CLOSED, OPEN } phase;
    struct level levels[2][DEPTH];
    double cube[2][3][4][5];
    char names[4][16];
    char letter;
    signed char small;
    unsigned char byte;
    bool live;
    short s;
    float f;
    _Atomic int counter;
    struct {
        int x, y;
    } mark, marks[2];
    struct {
        int outer;
        struct {
            short inner;
        };
    };
} every;

/* Names that other languages have taken. */
struct names {
    enum flag flag;
    int type, Type, type_, _pad0, __x, fn, self, None, bidPx, bid_px;
};

/* What means nothing to another process, or has no name in a schema. */
struct foreign {
    struct foreign *next;
    void (*call)(int);
    union {
        int i;
        float f;
    };
    union {
        char c[3];
        struct level level;
    } either;
    unsigned low : 3, high : 7;
    char between;
    uint64_t wide : 40;
    long double real;
    int deep[1][1][1][1][2];
    loosely_aligned loose;
    struct { } nothing;
    int rest[];
};

struct __attribute__((packed)) packed {
    char a;
    int b;
    short c;
    struct level level;
};

struct packed_but_aligned {
    int a;
    short b, c;
} __attribute__((packed));

struct aligned {
    char a;
    int b __attribute__((aligned(32)));
} __attribute__((aligned(128)));

struct vectors {
    char a;
    four_floats v;
};

/* Aligned to less than its fields are in a schema, where that moves none of them. */
typedef int64_t loose_long __attribute__((aligned(4)));
typedef const loose_long loose_constant;
typedef struct level loose_level __attribute__((aligned(2)));
struct lowered {
    loose_constant a;
    loose_long b[2];
    loose_level level;
    int c, d;
};

struct raised_again {
    struct lowered lowered;
    loose_long __attribute__((aligned(8))) a;
};

struct page_aligned {
    char a;
} __attribute__((aligned(8192)));

#endif
