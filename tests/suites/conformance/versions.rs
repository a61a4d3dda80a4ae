//! Readers of one version of a record on tables of another: an old reader on a newer table, a new one on an older.

use std::thread;

use integration_tests::case::{CELLS, Case, every_backend, every_case};
use integration_tests::place::{Backend, Place};
use integration_tests::versions::{
    Version, one, perf_layouts, three, two, ver0, ver1, ver2, ver3, ver4, ver5, ver6, ver7,
};
use integration_tests::waiting::until;
use shmrecord::{
    Arrangement, Error, ErrorKind, Follower, Options, Reader, Reserved, ShmRecord, Versioned, Writer,
};

const CAPACITY: usize = 3;

fn compatible() -> Options {
    Options::new().compatible(true)
}

#[track_caller]
fn open<T: ShmRecord>(place: &Place) -> Reader<T> {
    compatible().open(place.address()).unwrap()
}

/// Calls `$test` for every ordered pair of these versions, of one with itself too.
macro_rules! every_pair {
    (@ $test:ident $writer:ty, [$($reader:ty),+]) => { $($test::<$writer, $reader>();)+ };
    (@@ $test:ident $all:tt $($writer:ty),+) => { $(every_pair!(@ $test $writer, $all);)+ };
    ($test:ident: $($all:ty),+) => { every_pair!(@@ $test [$($all),+] $($all),+) };
}

#[test]
fn every_version_is_read_as_every_other() {
    every_pair!(reads: one::Quote, two::Quote, three::Quote);
}

fn reads<W: Version, R: Version>() {
    every_case(|case| {
        let place = case.place();
        let mut writer = case.options().create::<W>(place.address(), CAPACITY).unwrap();
        let reader = open::<R>(&place);
        // Often enough to come round all cells.
        for version in 0..=10 {
            check::<W, R>(&reader, version);
            writer.write(1, &W::whole(version + 1)).unwrap();
        }
        drop(writer);
        check::<W, R>(&open(&place), 11);
        if case.cells == 1 {
            let mut writer = Writer::<W>::open(place.address()).unwrap();
            writer
                .batch(|it| (0..CAPACITY).try_for_each(|index| it.set(index, &W::whole(20 + index as u64))))
                .unwrap();
            let all: Vec<R> = (20..23).map(R::of_writer::<W>).collect();
            assert_eq!(reader.snapshot(0..CAPACITY).unwrap(), all);
        }
    });
}

/// Record 1 was published so often, its neighbours never.
#[track_caller]
fn check<W: Version, R: Version>(reader: &Reader<R>, version: u64) {
    let value = R::of_writer::<W>(version);
    assert_eq!(reader.read(1).unwrap(), value);
    assert_eq!(reader.read_versioned(1).unwrap(), Versioned { value, version });
    let newer = reader.read_since(1, version.saturating_sub(1)).unwrap();
    assert_eq!(newer, (version > 0).then_some(Versioned { value, version }));
    let mut out = R::whole(99);
    reader.read_into(1, &mut out).unwrap();
    assert_eq!(out, value);
    assert_eq!(reader.snapshot(0..CAPACITY).unwrap(), [R::whole(0), value, R::whole(0)]);
    let mut all = [R::whole(99); CAPACITY];
    reader.snapshot_into(0, &mut all).unwrap();
    assert_eq!(all, [R::whole(0), value, R::whole(0)]);
    reader.fold(0..CAPACITY, (), |(), index, record| assert_eq!(record, all[index])).unwrap();
    let last = reader.read(CAPACITY);
    assert_eq!(*last.unwrap_err().kind(), ErrorKind::IndexOutOfRange { index: 3, capacity: 3 });
    for (at, field) in R::LAYOUT.fields.iter().enumerate() {
        assert_eq!(reader.has(field.name), at < W::LAYOUT.fields.len(), "{}", field.name);
    }
    assert!(!reader.has("nothing"));
}

#[test]
fn no_read_of_another_version_is_torn() {
    every_pair!(stress: one::Quote, two::Quote, three::Quote);
}

/// One writer at full speed, and a reader of another version.
fn stress<W: Version + 'static, R: Version>() {
    for cells in CELLS {
        for arrangement in Arrangement::ALL {
            let case = Case { backend: Backend::Posix, cells, arrangement };
            let place = case.place();
            let mut writer = case.options().create::<W>(place.address(), 1).unwrap();
            let reader = open::<R>(&place);
            let writing = thread::spawn(move || {
                (1..=2000).for_each(|version| writer.write(0, &W::whole(version)).unwrap());
            });
            let mut seen = 0;
            loop {
                let is_last = writing.is_finished();
                let record = reader.read_versioned(0).unwrap();
                assert_eq!(record.value, R::of_writer::<W>(record.version), "{case}: torn");
                assert!(record.version >= seen, "{case}: {} after {seen}", record.version);
                seen = record.version;
                if is_last {
                    break;
                }
            }
            assert_eq!(seen, 2000, "{case}");
            writing.join().unwrap();
        }
    }
}

#[test]
fn every_published_size_of_perf_event_attr_is_read_as_every_other() {
    fn passes<W: Version, R: Version>() {
        let place = Place::new(Backend::Posix);
        let mut writer = Writer::<W>::create(place.address(), CAPACITY).unwrap();
        let reader = open::<R>(&place);
        for version in 0..=3 {
            check::<W, R>(&reader, version);
            writer.write(1, &W::whole(version + 1)).unwrap();
        }
    }
    assert_eq!(perf_layouts().map(|layout| layout.size), [64, 72, 80, 96, 104, 112, 120, 128]);
    every_pair!(passes: ver0::PerfEventAttr, ver1::PerfEventAttr, ver2::PerfEventAttr, ver3::PerfEventAttr,
        ver4::PerfEventAttr, ver5::PerfEventAttr, ver6::PerfEventAttr, ver7::PerfEventAttr);
}

#[test]
fn a_follower_reads_on_in_a_table_of_another_version() {
    every_case(|case| {
        let place = case.place();
        let address = place.address();
        let mut writer = case.options().create::<one::Quote>(address, CAPACITY).unwrap();
        writer.write(0, &one::Quote::whole(1)).unwrap();
        let mut old = compatible().follow::<one::Quote>(address).unwrap();
        let mut new = compatible().follow::<three::Quote>(address).unwrap();
        assert_eq!(old.read(0).unwrap(), one::Quote::whole(1));
        assert_eq!(new.read(0).unwrap(), three::Quote::of_writer::<one::Quote>(1));
        goes_on::<two::Quote>(case, &place, &mut old, &mut new, 2);
        goes_on::<three::Quote>(case, &place, &mut old, &mut new, 3);
        goes_on::<one::Quote>(case, &place, &mut old, &mut new, 4);
    });
}

/// A writer of this version takes the place of the one before; both read on.
fn goes_on<W: Version>(
    case: &Case,
    place: &Place,
    old: &mut Follower<impl Version>,
    new: &mut Follower<impl Version>,
    number: u64,
) {
    let mut writer = case.options().replace::<W>(place.address(), CAPACITY).unwrap();
    writer.write(0, &W::whole(number)).unwrap();
    is_read::<W, _>(old, number);
    is_read::<W, _>(new, number);
}

fn is_read<W: Version, R: Version>(follower: &mut Follower<R>, number: u64) {
    let expected = R::of_writer::<W>(number);
    until("the successor's value", || follower.read(0).unwrap() == expected);
    assert_eq!(follower.snapshot(0..1).unwrap(), [expected]);
    let last = R::LAYOUT.fields.last().unwrap();
    assert_eq!(follower.reader().has(last.name), R::LAYOUT.fields.len() <= W::LAYOUT.fields.len());
}

#[test]
fn only_readers_that_ask_for_it_accept_another_version() {
    every_backend(|place| {
        let address = place.address();
        let mut writer = Writer::<two::Quote>::create(address, CAPACITY).unwrap();
        writer.write(0, &two::Quote::whole(1)).unwrap();
        let appended = "last: absent in the segment, u64 at 32 here";
        refused(Reader::<three::Quote>::open(address), appended);
        refused(Options::new().follow::<three::Quote>(address), appended);
        refused(compatible().open_writer::<three::Quote>(address), appended);
        refused(compatible().create::<three::Quote>(address, CAPACITY), appended);
        refused(compatible().open_shared::<three::Quote>(address), appended);
        let mut exact = Reader::<two::Quote>::open(address).unwrap();
        let mut lenient = open::<two::Quote>(place);
        assert!(exact.has("venue") && lenient.has("venue"));
        drop(Writer::<three::Quote>::replace(address, CAPACITY).unwrap());
        refused(exact.refresh(), "last: u64 at 32 in the segment, absent here");
        assert_eq!(exact.read(0).unwrap(), two::Quote::whole(1), "it goes on with what it has");
        assert!(lenient.refresh().unwrap());
        assert_eq!(lenient.read(0).unwrap(), two::Quote::whole(0), "nothing is carried over");
    });
}

#[track_caller]
fn refused<T>(found: shmrecord::Result<T>, words: &str) {
    let error: Error = found.err().expect("another record");
    assert!(matches!(error.kind(), ErrorKind::LayoutMismatch { .. }), "{error}");
    assert!(error.to_string().contains(words), "{error}");
}

macro_rules! other {
    ($module:ident { $($field:tt)+ }) => {
        mod $module {
            use shmrecord::ShmRecord;

            #[derive(ShmRecord, Clone, Copy, Debug)]
            #[repr(C)]
            pub(super) struct Quote {
                $($field)+
            }
        }
    };
}

other!(renamed { seq: u64, cost: i64, more: u64 });
other!(retyped { seq: u64, price: f64, more: u64 });
other!(reordered { price: i64, seq: u64, more: u64 });
other!(measured {
    seq: u64,
    #[shm(unit = "USD")]
    price: i64,
    more: u64,
});
other!(wider { seq: u64, price: [i64; 2], more: u64 });
other!(shorter { seq: u64 });

#[derive(ShmRecord, Clone, Copy, Debug)]
#[repr(C)]
struct Trade {
    seq: u64,
    price: i64,
}

#[test]
fn what_is_no_other_version_is_refused_and_named() {
    every_backend(|place| {
        let address = place.address();
        drop(Writer::<one::Quote>::create(address, CAPACITY).unwrap());
        let at = "price: i64 at 8 in the segment";
        refused(
            compatible().open::<renamed::Quote>(address),
            "field 1: `price` (i64 at 8) in the segment, `cost` (i64 at 8) here",
        );
        refused(compatible().open::<retyped::Quote>(address), &format!("{at}, f64 at 8 here"));
        refused(
            compatible().open::<reordered::Quote>(address),
            "field 0: `seq` (u64 at 0) in the segment, `price` (i64 at 0) here",
        );
        refused(
            compatible().open::<measured::Quote>(address),
            "price: no unit in the segment, unit `USD` here",
        );
        refused(compatible().open::<wider::Quote>(address), &format!("{at}, [i64; 2] at 8 here"));
        refused(compatible().open::<Trade>(address), "record: name `Quote` in the segment, `Trade` here");
        open::<shorter::Quote>(place).read(0).unwrap();
    });
}

/// With a field that not all bits are a value of, and bytes in the middle that are reserved.
#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Gate {
    number: u32,
    #[shm(padding)]
    room: Reserved<3>,
    open: bool,
    locked: bool,
}

mod late {
    use super::*;

    #[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
    #[repr(C)]
    pub(super) struct Gate {
        pub(super) number: u32,
        #[shm(padding)]
        pub(super) room: Reserved<3>,
        pub(super) open: bool,
    }
}

#[test]
fn fields_of_which_not_all_bits_are_values_are_read_too() {
    every_backend(|place| {
        let mut writer = Writer::<late::Gate>::create(place.address(), 1).unwrap();
        writer.write(0, &late::Gate { number: 7, room: Reserved::ZERO, open: true }).unwrap();
        let gate = Gate { number: 7, room: Reserved::ZERO, open: true, locked: false };
        assert_eq!(open::<Gate>(place).read(0).unwrap(), gate);
        drop(writer);
        let mut writer = Writer::<Gate>::replace(place.address(), 1).unwrap();
        writer.write(0, &Gate { locked: true, ..gate }).unwrap();
        let early = open::<late::Gate>(place).read(0).unwrap();
        assert_eq!(early, late::Gate { number: 7, room: Reserved::ZERO, open: true });
    });
}
