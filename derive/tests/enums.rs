//! Enums and flags: what the macros say of them, what they print, and which bytes are a value. Relies on the contract in
//! `shmrecord`, and on zerocopy to look at bytes.

use shmrecord::__private::zerocopy::{IntoBytes, TryFromBytes};
use shmrecord::{Form, Kind, Number, ShmEnum, ShmField, ShmRecord, Time, flags, open_enum};

/// Of the trading day.
#[derive(ShmEnum, Clone, Copy, Debug, PartialEq)]
#[repr(i16)]
enum Phase {
    /// Nothing is traded.
    Closed = -300,
    Auction = 1 << 4,
    #[shm(name = "Trading")]
    Continuous = i16::MAX,
}

#[open_enum]
#[repr(u8)]
#[shm(name = "Way")]
enum Side {
    BID = b'B',
    ASK = b'A',
}

const HIGHEST: u32 = 15;

#[flags]
#[repr(u16)]
enum State {
    STALE = 1,
    CROSSED = HIGHEST,
}

#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
#[shm(version = 3)]
struct Book {
    phases: [Phase; 2],
    side: Side,
    state: State,
    #[shm(exp = -9, null = "max", min = -5, max = 1_000, since = 2, deprecated = 3)]
    price: i64,
    #[shm(time = "unix_ns", null = 0, since = 2)]
    at: u64,
    #[shm(null = "nan", min = -0.5, max = 2, since = 3)]
    ratios: [f32; 2],
}

#[test]
fn layouts_have_the_values() {
    let layout = Phase::LAYOUT;
    assert_eq!((layout.name, layout.form, layout.repr), ("Phase", Form::Closed, Kind::I16));
    let values: Vec<_> =
        layout.values.iter().map(|value| (value.name, value.value.as_i64(), value.doc)).collect();
    assert_eq!(
        values,
        [("Closed", -300, "Nothing is traded."), ("Auction", 16, ""), ("Trading", 0x7fff, "")]
    );
    assert_eq!(
        (layout.doc, Side::LAYOUT.name, Side::LAYOUT.form),
        ("Of the trading day.", "Way", Form::Open)
    );
    let bits = State::LAYOUT.values.iter().map(|value| value.value.bits());
    assert!(bits.eq([1, 15]));
    assert_eq!((State::LAYOUT.form, State::LAYOUT.repr), (Form::Flags, Kind::U16));
}

#[test]
fn fields_have_what_is_said_of_them() {
    let [phases, side, state, price, at, ratios] = Book::LAYOUT.fields else { panic!("six fields") };
    assert_eq!(Book::LAYOUT.version, 3);
    assert_eq!((phases.ty.kind, phases.ty.shape()), (Kind::I16, &[2][..]));
    assert_eq!(phases.ty.named.map(|named| named.id), Some(Phase::LAYOUT.id));
    assert_eq!((side.ty.kind, state.ty.kind, state.offset), (Kind::U8, Kind::U16, 6));
    let number = |value| Number::integer(Kind::I64, value);
    assert_eq!(
        (price.exp, price.null, price.min, price.max),
        (-9, number(i64::MAX.into()), number(-5), number(1000))
    );
    assert_eq!((price.since, price.deprecated, price.time), (Some(2), Some(3), None));
    assert_eq!((at.time, at.null), (Some(Time::UnixNs), Number::integer(Kind::U64, 0)));
    let float = |value| Number::float(Kind::F32, value);
    assert_eq!((ratios.null, ratios.min, ratios.max), (Some(Number::NAN), float(-0.5), float(2.0)));
}

#[test]
fn a_closed_enum_is_one_of_its_values_and_the_others_are_any() {
    const { assert!(!Phase::ANY_BITS && Side::ANY_BITS && State::ANY_BITS && !Book::ANY_BITS) };
    for (value, bits) in [(Phase::Closed, -300_i16), (Phase::Auction, 16), (Phase::Continuous, i16::MAX)] {
        assert_eq!(value.to_wire().as_bytes(), bits.to_le_bytes());
        let wire = <Phase as ShmField>::Wire::try_read_from_bytes(&bits.to_le_bytes()).unwrap();
        assert_eq!(Phase::from_wire(wire), value);
    }
    for bits in [0_i16, -299, 17] {
        assert!(<Phase as ShmField>::Wire::try_read_from_bytes(&bits.to_le_bytes()).is_err());
        let arrays = [16, bits].map(i16::to_le_bytes).concat();
        assert!(<[Phase; 2] as ShmField>::Wire::try_read_from_bytes(&arrays).is_err());
    }
    assert_eq!((Side::from_wire(7), Side(7).to_wire()), (Side(7), 7));
}

#[test]
fn an_open_enum_is_its_name_or_its_number() {
    assert_eq!(format!("{:?} {:?} {:>5?}", Side::BID, Side(0), Side::ASK), "BID 0   ASK");
    assert_eq!((Side::BID.name(), Side(0).name()), (Some("BID"), None));
    assert_eq!((u8::from(Side::ASK), Side::from(66)), (65, Side::BID));
    assert!(matches!(Side(66), Side::BID), "constants are patterns");
}

#[test]
fn flags_are_a_set_and_keep_what_has_no_name() {
    let mut state = State::from_bits(0x0101);
    assert!(!state.contains(State::STALE) && !state.is_empty());
    state.insert(State::STALE | State::CROSSED);
    assert!(state.contains(State::STALE) && state.contains(State::all()));
    assert_eq!((state.bits(), format!("{state:?}")), (0x8103, "STALE|CROSSED|0x101".to_owned()));
    state.remove(State::STALE);
    assert!(!state.contains(State::all()) && state.intersects(State::all()));
    assert_eq!(state & State::all(), State::CROSSED);
    state &= State::from_bits(1);
    state |= State::CROSSED;
    assert_eq!(state.bits(), 0x8001);
    assert_eq!((format!("{:?}", State::empty()), State::default()), ("0".to_owned(), State::empty()));
    const BOTH: State = State::STALE.union(State::CROSSED);
    assert_eq!(BOTH, State::all());
}
