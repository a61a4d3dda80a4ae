//! Versions of a record: C says of every pair what the layout crate says, and so Rust, and reads the same of it.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use integration_tests::place::{Backend, Place};
use integration_tests::versions::{Version, perf_layouts, ver0, ver1, ver2, ver3, ver4, ver5, ver6, ver7};
use ipcgen::source::Source;
use shmrecord::{Options, RawReader, ShmRecord, Writer};
use shmrecord_layout::compat;
use shmrecord_layout::describe::{self, Description};
use shmrecord_layout::{
    EnumLayout, FieldLayout, FieldType, Form, Kind, Number, RecordLayout, Time, ValueLayout,
};

use crate::tools::{CC, COMPILERS, model_of, run, suite, write, write_header};

fn scalar(name: &'static str, kind: Kind, offset: u32) -> FieldLayout<'static> {
    FieldLayout::new(name, FieldType::scalar(kind).unwrap(), offset)
}

fn since(version: u32, field: FieldLayout<'_>) -> FieldLayout<'_> {
    FieldLayout { since: Some(version), ..field }
}

/// Calls this with versions of a record, and with records that are none of each other.
fn with_layouts<R>(use_them: impl FnOnce(&[RecordLayout<'_>]) -> R) -> R {
    let value =
        |(name, value)| ValueLayout { name, value: Number::integer(Kind::U8, value).unwrap(), doc: "" };
    let [two, three, other] = [
        [("Bid", 1), ("Ask", 2)].as_slice(),
        [("None", 0), ("Bid", 1), ("Ask", 2)].as_slice(),
        [("Bid", 1), ("Offer", 2), ("Cross", 3)].as_slice(),
    ]
    .map(|values| values.iter().copied().map(value).collect::<Vec<_>>());
    let all = [&two, &three, &other];
    let enums: Vec<EnumLayout<'_>> = Form::ALL
        .iter()
        .flat_map(|&form| all.map(|values| EnumLayout::new("Side", form, Kind::U8, values, "")))
        .collect();
    let named: Vec<_> = enums
        .iter()
        .map(|named| {
            [scalar("seq", Kind::U32, 0), FieldLayout::new("side", FieldType::named(named).unwrap(), 4)]
        })
        .collect();
    let inner: Vec<_> =
        named.iter().map(|fields| RecordLayout::new("State", 8, 4, fields.as_slice(), "")).collect();
    let outer: Vec<_> = inner
        .iter()
        .map(|inner| {
            let states = FieldType::record(inner).array_of(2).unwrap();
            [scalar("seq", Kind::U32, 0), FieldLayout::new("states", states, 4)]
        })
        .collect();
    let (seq, price) = (scalar("seq", Kind::U32, 0), scalar("price", Kind::F64, 8));
    let (side, late, tail) =
        (scalar("hole", Kind::U16, 4), scalar("late", Kind::U8, 6), scalar("tail", Kind::U16, 16));
    let grown = [
        vec![seq],
        vec![seq, price],
        vec![seq, since(2, side), price],
        vec![seq, since(2, side), since(3, late), price, since(3, tail)],
        vec![seq, price, tail, scalar("flag", Kind::Bool, 18)],
        vec![seq, scalar("way", Kind::U16, 6)],
        vec![seq, since(2, side)],
        vec![seq, FieldLayout { unit: Some("USD"), ..price }, tail],
        vec![seq, FieldLayout { null: Number::float(Kind::F64, 0.0), ..price }, tail],
        vec![FieldLayout { exp: -3, ..seq }, price],
        vec![FieldLayout { time: Some(Time::UnixMs), ..seq }, price],
        vec![scalar("seq", Kind::I32, 0), price],
        vec![scalar("number", Kind::U32, 0), price],
        vec![seq, FieldLayout { ty: FieldType::scalar(Kind::F64).unwrap().array_of(2).unwrap(), ..price }],
        vec![
            seq,
            price,
            FieldLayout { null: Number::float(Kind::F32, -0.5), ..scalar("ratio", Kind::F32, 16) },
            FieldLayout { null: Number::integer(Kind::I16, -2), ..scalar("count", Kind::I16, 20) },
        ],
    ];
    let versions = [1, 1, 2, 3, 1, 1, 2];
    let mut layouts: Vec<RecordLayout<'_>> = grown
        .iter()
        .enumerate()
        .map(|(at, fields)| {
            RecordLayout::new("Quote", 24, 8, fields, "").of_version(versions.get(at).copied().unwrap_or(0))
        })
        .collect();
    let short = [scalar("seq", Kind::U16, 0)];
    layouts.push(RecordLayout::new("Quote", 16, 8, &grown[1], ""));
    layouts.push(RecordLayout::new("Quote", 128, 64, &grown[1], ""));
    layouts.push(RecordLayout::new("Trade", 24, 8, &grown[1], ""));
    layouts.push(RecordLayout::new("Quote", 4, 4, &grown[0], ""));
    layouts.push(RecordLayout::new("Quote", 2, 2, &short, ""));
    layouts.extend(named.iter().map(|fields| RecordLayout::new("Quote", 8, 4, fields.as_slice(), "")));
    layouts.extend(outer.iter().map(|fields| RecordLayout::new("Quote", 20, 4, fields.as_slice(), "")));
    use_them(&layouts)
}

#[test]
fn c_says_and_reads_the_same_of_every_pair() {
    if !CC.is_there() {
        return;
    }
    with_layouts(|layouts| {
        write("versions.h", &header(layouts));
        let program = CC.compile("versions", &suite("c/versions.c"), &[]);
        let places: Vec<Place> = layouts.iter().map(|_| Place::new(Backend::Posix)).collect();
        let said = run(Command::new(program).args(places.iter().map(Place::address)));
        let mut lines = said.lines();
        let mut read = 0;
        for (theirs, place) in layouts.iter().zip(&places) {
            for mine in layouts {
                let line = lines.next().expect("a line of each pair");
                let found = compat::common_fields(&Description::of(theirs), &Description::of(mine));
                let expected = match found {
                    _ if theirs.schema_id == mine.schema_id => seen(mine, |_| true, true),
                    Ok(common) => seen(mine, |at| common.contains(&at), false),
                    Err(words) => format!(
                        "open for reading {}: layout mismatch: {words}; build both programs from the same schema",
                        place.address()
                    ),
                };
                assert_eq!(line, expected, "{theirs:?}\nas\n{mine:?}");
                read += usize::from(!line.starts_with("open"));
            }
        }
        assert!(read > 2 * layouts.len(), "{read} pairs are versions of one another");
    });
}

/// The layouts as the C program wants them.
fn header(layouts: &[RecordLayout<'_>]) -> String {
    let mut text = format!("#define RECORD_WORDS {}\n", layouts.iter().map(|it| it.size).max().unwrap());
    let (mut all, mut names) = (String::new(), String::new());
    for (at, layout) in layouts.iter().enumerate() {
        let bytes = describe::encode(layout);
        let _ = writeln!(text, "static const unsigned char d{at}[] = {bytes:?};");
        let (name, size, align) = (layout.name, layout.size, layout.align);
        let (ids, length) = ((layout.layout_id, layout.schema_id), bytes.len());
        // Of use for objects only, which are not made here.
        let padded = 1;
        let _ = writeln!(
            all,
            "    {{\"{name}\", {size}, {align}, {padded}, UINT64_C({}), UINT64_C({}), d{at}, {length}}},",
            ids.0, ids.1
        );
        let fields: String = layout.fields.iter().map(|field| format!("\"{}\", ", field.name)).collect();
        let _ = writeln!(names, "    {{{fields}NULL}},");
    }
    text = text.replace("= [", "= {").replace("];", "};");
    let _ = write!(text, "static const shmrec_layout layouts[] = {{\n{all}}};\n");
    let _ = write!(text, "static const char *const names[][8] = {{\n{names}}};\n");
    text
}

/// What a reader with this layout sees of a record of ones: of the fields that the writer's has, or of all bytes; the others are
/// their null, or zeros.
fn seen(layout: &RecordLayout<'_>, has: impl Fn(usize) -> bool, all: bool) -> String {
    let mut bytes = vec![if all { 0xff } else { 0 }; layout.size as usize];
    let mut flags = String::new();
    for (at, field) in layout.fields.iter().enumerate() {
        let start = field.offset as usize;
        if has(at) {
            bytes[start..start + usize::try_from(field.ty.size().unwrap()).unwrap()].fill(0xff);
        } else if let Some(null) = field.null {
            null.put_le_bytes(field.ty.kind, &mut bytes[start..]);
        }
        flags.push_str(if has(at) { " 1" } else { " 0" });
    }
    hex(&bytes) + &flags + " 0"
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The sizes of perf_event_attr, as the schema language has them, in a header for each.
fn write_perf_headers() {
    let mut all = String::new();
    for (at, layout) in perf_layouts().iter().enumerate() {
        let mut schema = format!("[schema]\nname = \"ver{at}\"\n[record.PerfEventAttr]\nfields = [\n");
        for field in layout.fields {
            let _ =
                writeln!(schema, "  {{ name = \"{}\", type = \"{}\" }},", field.name, field.ty.kind.name());
        }
        schema.push_str("]\n");
        let model = model_of(&Source::new(format!("ver{at}.toml"), schema));
        assert_eq!(model.records[0].size, layout.size);
        write_header(&model);
        let _ = writeln!(all, "#include \"ver{at}.h\"");
    }
    write("perf.h", &all);
}

/// Calls `$run::<version>($more)` for each of the eight, and gathers what comes of it.
macro_rules! each {
    ($run:ident::<_ $(, $other:ty)?>($($more:expr),*)) => {
        [
            $run::<ver0::PerfEventAttr $(, $other)?>($($more),*),
            $run::<ver1::PerfEventAttr $(, $other)?>($($more),*),
            $run::<ver2::PerfEventAttr $(, $other)?>($($more),*),
            $run::<ver3::PerfEventAttr $(, $other)?>($($more),*),
            $run::<ver4::PerfEventAttr $(, $other)?>($($more),*),
            $run::<ver5::PerfEventAttr $(, $other)?>($($more),*),
            $run::<ver6::PerfEventAttr $(, $other)?>($($more),*),
            $run::<ver7::PerfEventAttr $(, $other)?>($($more),*),
        ]
    };
}

/// A table of this version with one value in it.
fn table<W: Version>() -> Place {
    let place = Place::new(Backend::Posix);
    Writer::<W>::create(place.address(), 2).unwrap().write(1, &W::whole(5)).unwrap();
    place
}

/// What C is to print of a value of `W` seen as an `R`.
fn printed<R: Version, W: Version>() -> String {
    hex(&bytes_of(&R::of_writer::<W>(5))) + " 1\n"
}

fn printed_of_all<W: Version>() -> String {
    each!(printed::<_, W>()).concat()
}

/// A record's bytes in a segment.
fn bytes_of<T: ShmRecord>(value: &T) -> Vec<u8> {
    let place = Place::new(Backend::Posix);
    Writer::<T>::create(place.address(), 1).unwrap().write(0, value).unwrap();
    let mut bytes = vec![0; size_of::<T>()];
    RawReader::open(place.address()).unwrap().read_bytes(0, &mut bytes).unwrap();
    bytes
}

fn is_read<R: Version, W: Version>(place: &Place) {
    let reader = Options::new().compatible(true).open::<R>(place.address()).unwrap();
    assert_eq!(reader.read(1).unwrap(), R::of_writer::<W>(5));
}

#[test]
fn every_published_size_of_perf_event_attr_is_read_by_each_language() {
    write_perf_headers();
    // Debug and optimised.
    for compiler in COMPILERS[..2].iter().filter(|compiler| compiler.is_there()) {
        let program = compiler.compile("perf", &suite("c/perf.c"), &[]);
        let tables = each!(table::<_>());
        let copies = [(); 8].map(|()| Place::new(Backend::Posix));
        let addresses = tables.iter().chain(&copies).map(Place::address);
        let said = run(Command::new(&program).arg("sizes").args(addresses));
        assert_eq!(said, each!(printed_of_all::<_>()).concat(), "Rust's tables read by C");
        each!(is_read::<_, ver0::PerfEventAttr>(&copies[0]));
        each!(is_read::<_, ver1::PerfEventAttr>(&copies[1]));
        each!(is_read::<_, ver2::PerfEventAttr>(&copies[2]));
        each!(is_read::<_, ver3::PerfEventAttr>(&copies[3]));
        each!(is_read::<_, ver4::PerfEventAttr>(&copies[4]));
        each!(is_read::<_, ver5::PerfEventAttr>(&copies[5]));
        each!(is_read::<_, ver6::PerfEventAttr>(&copies[6]));
        each!(is_read::<_, ver7::PerfEventAttr>(&copies[7]));
        for cells in [1, 4] {
            busy::<ver0::PerfEventAttr>(&program, cells);
            busy::<ver4::PerfEventAttr>(&program, cells);
            busy::<ver7::PerfEventAttr>(&program, cells);
        }
    }
}

/// C reads what Rust writes all the time, as the least size and as the largest.
fn busy<W: Version>(program: &Path, cells: u32) {
    let place = Place::new(Backend::Posix);
    let mut writer = Options::new().cells(cells).create::<W>(place.address(), 2).unwrap();
    let is_over = AtomicBool::new(false);
    let said = thread::scope(|scope| {
        scope.spawn(|| {
            let values: Vec<W> = (1..=VALUES).map(W::whole).collect();
            while !is_over.load(Ordering::Relaxed) {
                values.iter().for_each(|value| writer.write(1, value).unwrap());
            }
        });
        let _end = End(&is_over);
        run(Command::new(program).args(["often", place.address()]))
    });
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 4000);
    are_whole::<ver0::PerfEventAttr, W>(&lines[..2000]);
    are_whole::<ver7::PerfEventAttr, W>(&lines[2000..]);
}

/// How many values a busy writer repeats.
const VALUES: u64 = 64;

/// Ends the writer, whatever becomes of the reader.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Each line is a value that `W` wrote seen as an `R`, and its version.
fn are_whole<R: Version, W: Version>(lines: &[&str]) {
    let values: Vec<String> = (1..=VALUES).map(|number| hex(&bytes_of(&R::of_writer::<W>(number)))).collect();
    for line in lines {
        let (bytes, version) = line.split_once(' ').unwrap();
        let version: u64 = version.parse().unwrap();
        let expected = match version.checked_sub(1) {
            Some(before) => &values[usize::try_from(before % VALUES).unwrap()],
            None => &hex(&vec![0; size_of::<R>()]),
        };
        assert_eq!(bytes, expected, "version {version}: torn");
    }
}
