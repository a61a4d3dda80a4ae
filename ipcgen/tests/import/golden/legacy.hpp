// A header of C++, as programs have them.
#pragma once

#include <cstdint>

namespace feed {

enum class Side : std::uint8_t { Bid = 1, Ask = 2 };
enum class Opaque : std::uint16_t {};
enum Phase { Closed = -1, Open = 3 };

struct Base {
    std::int64_t sequence;
    char tag;
};
struct Empty {};

template <class T, int N> struct Ring {
    T items[N];
    std::uint16_t head;
};

struct Quote : Base, Empty {
    char late;
    Side side;
    Opaque opaque;
    Phase phases[3];
    Ring<double, 3> prices;
    bool live;
    char16_t wide;
    struct Level {
        short px, qty;
    } levels[2][3];
    static int count;
    static constexpr int limit = 5;
    int method() { return limit; }
};

using Alias = Quote;

class Abstract {
public:
    virtual ~Abstract();
    virtual int price() const = 0;
    int *owner;
    int value;
};

struct Virtual : virtual Base {
    int more;
};

struct Refers {
    int &reference;
    int Quote::*member;
    Empty empty;
    int (Quote::*method)();
    char last;
};

namespace bids {
struct Level {
    double price;
};
enum class State : std::int8_t { _Off, Off, On = -1 };
}
namespace asks {
struct Level {
    float price;
};
enum class State : std::uint64_t { Off = UINT64_MAX };
}

struct Homonyms {
    bids::Level bid;
    asks::Level ask;
    bids::State bid_state;
    asks::State ask_state;
};

class Guarded {
public:
    Guarded();

private:
    int a;
    char b;
};

struct Tail {
    [[no_unique_address]] Guarded guarded;
    char in_padding, too;
    int last;
};

inline namespace v2 {
struct Versioned {
    int a;
};
}

} // namespace feed
