//! What the derive says of a struct is what the compiler made of it, and its wire bytes are the struct's with zeros for
//! padding. Relies on the contract in `shmrecord`, and on zerocopy to look at bytes.

#![expect(unsafe_code, reason = "a test makes structs whose padding is not zero")]

use std::fmt::Debug;
use std::mem::{MaybeUninit, align_of, offset_of, size_of};

use shmrecord::__private::zerocopy::{IntoBytes, TryFromBytes};
use shmrecord::{FieldLayout, Kind, RecordLayout, Reserved, ShmField, ShmRecord};

/// Last trade of one instrument.
#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct MarketData {
    #[shm(text)]
    symbol: [u8; 10],
    price: f64,
    volume: i64,
}

// The golden vector, without a program being run.
const _: () = assert!(MarketData::LAYOUT.layout_id == 0x723f_c907_23bb_e9c9);
const _: () = assert!(MarketData::LAYOUT.schema_id == 0xf87f_363a_5103_7ced);

#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Scalars {
    a: u8,
    b: u16,
    c: i8,
    d: u32,
    e: bool,
    f: u64,
    g: i16,
    h: f32,
    i: i32,
    j: i64,
    k: f64,
}

#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Byte {
    only: u8,
}

#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Six {
    long: u32,
    short: u16,
}

#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
struct Line {
    value: f32,
    valid: bool,
}

const DEPTH: usize = 3;

#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Book {
    flag: bool,
    sixes: [Six; DEPTH],
    grid: [[[[u16; 2]; if DEPTH > 2 { 4 } else { 1 }]; 1]; 5],
    best: Line,
    bytes: [Byte; Self::TAIL],
}

impl Book {
    const TAIL: usize = 5;
}

/// Names that the output uses too, or that need `r#`.
#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
#[shm(name = "Renamed")]
struct r#struct {
    r#type: u8,
    wire: u32,
    _pad0: u8,
    field_wire: u64,
}

#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Roomy {
    #[shm(padding)]
    before: Reserved<8>,
    value: u64,
    #[shm(padding)]
    between: Reserved<3>,
    small: u8,
    #[shm(padding)]
    behind: Reserved<20>,
}

/// Documentation of the record.
///
/// In two paragraphs.
#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Documented {
    /// The price.
    ///   In dollars.
    #[shm(unit = "USD")]
    price: f64,
    volume: i64,
}

/// Found through a path that is not the usual one.
mod elsewhere {
    pub(super) use shmrecord as library;
}

#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
#[shm(crate = "crate::elsewhere::library")]
struct Reexported {
    byte: u8,
    word: u64,
}

/// A struct that a macro writes: its tokens come in invisible groups.
macro_rules! pair {
    ($name:ident, $ty:ty, $unit:literal) => {
        #[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
        #[repr(C)]
        struct $name {
            #[doc = $unit]
            #[shm(unit = $unit)]
            first: $ty,
            both: [$ty; 2],
        }
    };
}
pair!(Pair, i16, "mV");

/// Size, alignment and, for every field, name and offset.
macro_rules! assert_layout {
    ($record:ty, $name:literal, { $($field:ident: $field_name:literal),* $(,)? }) => {{
        let layout: &RecordLayout<'_> = <$record>::LAYOUT;
        assert_eq!(layout.name, $name);
        assert_eq!((layout.size as usize, layout.align as usize), (size_of::<$record>(), align_of::<$record>()));
        assert_eq!(size_of::<<$record as ShmField>::Wire>(), size_of::<$record>());
        assert_eq!(align_of::<<$record as ShmField>::Wire>(), align_of::<$record>());
        let found: Vec<(&str, usize)> = layout.fields.iter().map(|f| (f.name, f.offset as usize)).collect();
        assert_eq!(found, [$(($field_name, offset_of!($record, $field))),*]);
        assert_eq!(<$record>::TYPE.nested.map(|nested| nested.layout_id), Some(layout.layout_id));
    }};
}

#[test]
fn layouts_are_the_compilers() {
    assert_layout!(MarketData, "MarketData", { symbol: "symbol", price: "price", volume: "volume" });
    assert_layout!(Scalars, "Scalars", {
        a: "a", b: "b", c: "c", d: "d", e: "e", f: "f", g: "g", h: "h", i: "i", j: "j", k: "k",
    });
    assert_layout!(Byte, "Byte", { only: "only" });
    assert_layout!(Six, "Six", { long: "long", short: "short" });
    assert_layout!(Line, "Line", { value: "value", valid: "valid" });
    assert_layout!(Book, "Book", { flag: "flag", sixes: "sixes", grid: "grid", best: "best", bytes: "bytes" });
    assert_layout!(r#struct, "Renamed", {
        r#type: "type", wire: "wire", _pad0: "_pad0", field_wire: "field_wire",
    });
    assert_layout!(Roomy, "Roomy", { value: "value", small: "small" });
    assert_layout!(Documented, "Documented", { price: "price", volume: "volume" });
    assert_layout!(Pair, "Pair", { first: "first", both: "both" });
    assert_layout!(Reexported, "Reexported", { byte: "byte", word: "word" });
}

#[test]
fn types_are_kinds_and_dimensions() {
    let shape = |field: &FieldLayout<'static>| (field.ty.kind, field.ty.elem_size, field.ty.shape().to_vec());
    let kinds: Vec<Kind> = Scalars::LAYOUT.fields.iter().map(|field| field.ty.kind).collect();
    assert_eq!(
        kinds,
        [
            Kind::U8,
            Kind::U16,
            Kind::I8,
            Kind::U32,
            Kind::Bool,
            Kind::U64,
            Kind::I16,
            Kind::F32,
            Kind::I32,
            Kind::I64,
            Kind::F64,
        ]
    );
    let fields: Vec<_> = Book::LAYOUT.fields.iter().map(shape).collect();
    assert_eq!(
        fields,
        [
            (Kind::Bool, 1, vec![]),
            (Kind::Record, 8, vec![3]),
            (Kind::U16, 2, vec![5, 1, 4, 2]),
            (Kind::Record, 64, vec![]),
            (Kind::Record, 1, vec![5]),
        ]
    );
    let nested = Book::LAYOUT.fields[1].ty.nested.unwrap();
    assert_eq!((nested.name, nested.schema_id), ("Six", Six::LAYOUT.schema_id));
}

#[test]
fn text_units_and_documentation_are_carried() {
    let market = MarketData::LAYOUT;
    assert_eq!(market.doc, "Last trade of one instrument.");
    assert_eq!(market.fields.iter().map(|f| f.text).collect::<Vec<_>>(), [true, false, false]);
    assert_eq!((Pair::LAYOUT.fields[0].unit, Pair::LAYOUT.fields[0].doc), (Some("mV"), "mV"));
    let documented = Documented::LAYOUT;
    assert_eq!(documented.doc, "Documentation of the record.\n\nIn two paragraphs.");
    assert_eq!(
        (documented.fields[0].unit, documented.fields[0].doc),
        (Some("USD"), "The price.\nIn dollars.")
    );
    assert_eq!((documented.fields[1].unit, documented.fields[1].doc), (None, ""));
}

fn bytes<R: ShmRecord>(record: &R) -> Vec<u8> {
    record.to_wire().as_bytes().to_vec()
}

/// Every byte that is no field's, by the layout.
fn padding(layout: &RecordLayout<'_>) -> Vec<usize> {
    let mut used = vec![false; layout.size as usize];
    for field in layout.fields {
        let inner = field.ty.nested.map(padding).unwrap_or_default();
        let size = usize::try_from(field.ty.size().unwrap()).unwrap();
        for at in 0..size {
            used[field.offset as usize + at] = !inner.contains(&(at % field.ty.elem_size as usize));
        }
    }
    (0..used.len()).filter(|at| !used[*at]).collect()
}

#[test]
fn bytes_are_the_fields_in_their_places() {
    let quote = MarketData { symbol: *b"ABCDEFGHIJ", price: 1.5, volume: -2 };
    let mut expected = b"ABCDEFGHIJ\0\0\0\0\0\0".to_vec();
    expected.extend(1.5_f64.to_le_bytes());
    expected.extend((-2_i64).to_le_bytes());
    assert_eq!(bytes(&quote), expected);
    let roomy = Roomy {
        before: Reserved::ZERO,
        value: u64::MAX,
        between: Reserved::ZERO,
        small: 7,
        behind: Reserved::ZERO,
    };
    let mut expected = vec![0; 8];
    expected.extend([0xff; 8]);
    expected.extend([0, 0, 0, 7]);
    expected.resize(40, 0);
    assert_eq!(bytes(&roomy), expected);
}

/// Memory that holds this record with 0xAA in every byte of padding.
fn with_dirty_padding<R: ShmRecord>(record: &R) -> (Vec<u8>, MaybeUninit<R>) {
    let mut image = bytes(record);
    for at in padding(R::LAYOUT) {
        image[at] = 0xaa;
    }
    let mut memory = MaybeUninit::<R>::uninit();
    // SAFETY: the image has the size of R, which is that of its wire type, and lies apart from the memory.
    unsafe { image.as_ptr().copy_to_nonoverlapping(memory.as_mut_ptr().cast(), image.len()) };
    (image, memory)
}

fn assert_padding_stays_inside<R: ShmRecord + PartialEq + Debug>(record: &R) {
    let clean = bytes(record);
    assert!(padding(R::LAYOUT).iter().all(|at| clean[*at] == 0), "{record:?}: {clean:?}");
    assert_eq!(R::from_wire(record.to_wire()), *record);

    let (image, memory) = with_dirty_padding(record);
    // SAFETY: every byte is set, those of the fields to a copy of the record's, and padding may be anything.
    let dirty = unsafe { memory.assume_init_ref() };
    assert_eq!(dirty, record);
    assert_eq!(bytes(dirty), clean);

    let dirty = R::from_wire(R::Wire::try_read_from_bytes(&image).unwrap());
    assert_eq!(dirty, *record);
    assert_eq!(bytes(&dirty), clean);
}

#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C, align(8), align(32))]
struct TwiceAligned {
    only: u8,
}

#[test]
fn of_two_alignments_the_larger_counts() {
    assert_eq!((TwiceAligned::LAYOUT.size, TwiceAligned::LAYOUT.align), (32, 32));
    assert_padding_stays_inside(&TwiceAligned { only: 1 });
}

#[test]
fn padding_is_zero_whatever_it_was() {
    assert_padding_stays_inside(&MarketData { symbol: *b"ABCDEFGHIJ", price: 1.5, volume: -2 });
    assert_padding_stays_inside(&Scalars {
        a: 1,
        b: 2,
        c: -3,
        d: 4,
        e: true,
        f: 6,
        g: -7,
        h: 8.0,
        i: -9,
        j: -10,
        k: 11.0,
    });
    assert_padding_stays_inside(&Byte { only: 255 });
    assert_padding_stays_inside(&Six { long: u32::MAX, short: u16::MAX });
    assert_padding_stays_inside(&Line { value: -0.5, valid: true });
    assert_padding_stays_inside(&Book {
        flag: true,
        sixes: [Six { long: 1, short: 2 }; DEPTH],
        grid: [[[[7, 8]; 4]; 1]; 5],
        best: Line { value: 9.0, valid: false },
        bytes: [Byte { only: 10 }; 5],
    });
    assert_padding_stays_inside(&r#struct { r#type: 1, wire: 2, _pad0: 3, field_wire: 4 });
    assert_padding_stays_inside(&Reexported { byte: 1, word: 2 });
}

#[test]
fn it_is_known_whether_any_bytes_are_a_value_and_whether_there_is_padding() {
    fn facts<T: ShmField>() -> (bool, bool) {
        (T::ANY_BITS, T::PADDED)
    }
    assert_eq!(facts::<Documented>(), (true, false));
    assert_eq!(facts::<[[Byte; 2]; 3]>(), (true, false));
    // Between the fields, behind them, in a field.
    assert_eq!(facts::<MarketData>(), (true, true));
    assert_eq!(facts::<[Six; 2]>(), (true, true));
    assert_eq!(facts::<Book>(), (false, true));
    // A bool; room for fields to come.
    assert_eq!((facts::<bool>(), facts::<Line>()), ((false, false), (false, true)));
    assert_eq!(facts::<Roomy>(), (false, true));
}

#[test]
fn impossible_bytes_are_no_record() {
    let mut image = bytes(&Line { value: 1.0, valid: true });
    image[offset_of!(Line, valid)] = 2;
    assert!(<Line as ShmField>::Wire::try_read_from_bytes(&image).is_err());
}
