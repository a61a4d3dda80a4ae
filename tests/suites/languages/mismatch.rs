//! Two records that differ: C, at attach, names the same first difference as the layout crate, and so as Rust.

use std::process::Command;

use integration_tests::place::{Backend, Place};
use ipcgen::model::Model;
use ipcgen::source::Source;
use shmrecord::{Error, Reader, ShmRecord, Writer};
use shmrecord_layout::compat;
use shmrecord_layout::describe::{self, Description};

use crate::tools::{CC, model_of, run, write, write_header};

const SCHEMA: &str = r#"
[schema]
name = "base"
[record.Level]
fields = [
  { name = "price", type = "f64", unit = "USD" },
  { name = "open", type = "bool" },
]
[record.Book]
fields = [
  { name = "symbol", type = "[char; 10]" },
  { name = "grid", type = "[[u16; 3]; 2]" },
  { name = "levels", type = "[Level; 2]" },
  { name = "volume", type = "i64", unit = "shares" },
]
"#;

#[derive(ShmRecord, Clone, Copy, Debug)]
#[repr(C)]
struct Level {
    #[shm(unit = "USD")]
    price: f64,
    open: bool,
}

#[derive(ShmRecord, Clone, Copy, Debug)]
#[repr(C)]
struct Book {
    #[shm(text)]
    symbol: [u8; 10],
    grid: [[u16; 3]; 2],
    levels: [Level; 2],
    #[shm(unit = "shares")]
    volume: i64,
}

/// What another schema has instead.
const CHANGES: &[(&str, &str)] = &[
    ("[schema]", "[schema]"),
    ("[char; 10]", "[char; 9]"),
    ("[char; 10]", "[u8; 10]"),
    ("[char; 10]", "[i8; 10]"),
    ("symbol", "ticker"),
    ("[[u16; 3]; 2]", "[[u16; 2]; 3]"),
    ("[[u16; 3]; 2]", "[u16; 6]"),
    ("[[u16; 3]; 2]", "[[i16; 3]; 2]"),
    ("[[u16; 3]; 2]", "u16"),
    ("[Level; 2]", "[Level; 3]"),
    ("[Level; 2]", "[f64; 4]"),
    ("f64\", unit", "i64\", unit"),
    ("f64\", unit", "f32\", unit"),
    ("USD", "EUR"),
    (", unit = \"USD\"", ""),
    ("bool\" },", "bool\", unit = \"1\" },"),
    ("bool\" },", "bool\" },\n  { name = \"quantity\", type = \"u32\" },"),
    ("  { name = \"open\", type = \"bool\" },\n", ""),
    ("[record.Level]", "[record.Level]\nalign = 16"),
    ("[record.Level]", "[record.Level]\nsize = 64"),
    ("[record.Level]", "[record.Rung]"),
    ("\"shares\" },", "\"shares\" },\n  { name = \"more\", type = \"bool\" },"),
    ("i64\", unit = \"shares\" },", "i64\", unit = \"shares\", offset = 72 },"),
    ("[record.Book]", "[record.Book]\nsize = 128"),
    ("[record.Book]", "[record.Book]\nalign = 64\nsize = 128"),
    ("[record.Book]", "[record.Ladder]"),
];

#[test]
fn c_names_the_same_first_difference() {
    if !CC.is_there() {
        return;
    }
    let base = root(&model_of(&Source::new("base.toml", SCHEMA)));
    assert_eq!(base, Description::of(Book::LAYOUT));
    let others: Vec<Model> = CHANGES.iter().enumerate().map(|(at, change)| other(at, change)).collect();
    others.iter().for_each(write_header);
    let program = CC.compile("mismatch", &write("mismatch.c", &program(&others)), &[]);

    let table = Place::new(Backend::Posix);
    drop(Writer::<Book>::create(table.address(), 1).unwrap());
    let places: Vec<Place> = others.iter().map(|_| Place::new(Backend::Posix)).collect();
    let addresses = places.iter().map(Place::address);
    let said = run(Command::new(program).arg(table.address()).args(addresses));
    assert_eq!(said.lines().count(), others.len(), "{said}");

    for (((said, model), place), change) in said.lines().zip(&others).zip(&places).zip(CHANGES) {
        let other = root(model);
        let expected = refusal(table.address(), compat::first_difference(&base, &other));
        assert_eq!(said, expected, "{change:?}");
        // And the other way round: the table is C's, and it is Rust that finds out.
        let found = Reader::<Book>::open(place.address()).err();
        let expected = refusal(place.address(), compat::first_difference(&other, &base));
        assert_eq!(found.as_ref().map_or(String::new(), Error::to_string), expected, "{change:?}");
        println!("{expected}");
    }
}

fn refusal(address: &str, difference: Option<String>) -> String {
    difference.map_or(String::new(), |words| {
        format!(
            "open for reading {address}: layout mismatch: {words}; build both programs from the same schema"
        )
    })
}

fn root(model: &Model) -> Description {
    describe::decode(&model.records.last().expect("a record").description).expect("an own description")
}

/// The schema with one change, under a name of its own.
fn other(at: usize, (from, to): &(&str, &str)) -> Model {
    assert!(SCHEMA.contains(from), "{from} is not in the schema");
    let mut text = SCHEMA.replace("\"base\"", &format!("\"other{at}\"")).replace(from, to);
    if to.contains("Rung") {
        text = text.replace("[Level;", "[Rung;");
    }
    model_of(&Source::new(format!("other{at}.toml"), text))
}

/// Opens the first address as each of these records and says what came of it, creates a table of each at the others.
fn program(models: &[Model]) -> String {
    let mut text: String = models.iter().map(|model| format!("#include \"{}.h\"\n", model.name)).collect();
    text.push_str(
        "#include <stdio.h>\n\nint main(int argc, char **argv) {\n    static shmrec_error error;\n",
    );
    text.push_str(&format!("    if (argc != {}) return 2;\n", models.len() + 2));
    for (at, model) in models.iter().enumerate() {
        let (ty, at) = (&model.records.last().expect("a record").c_name, at + 2);
        text.push_str(&format!(
            "    static {ty}_reader reader{at};\n    static {ty}_writer writer{at};\n    \
             puts({ty}_open(&reader{at}, argv[1], NULL, &error) ? error.text : \"\");\n    \
             if ({ty}_create(&writer{at}, argv[{at}], 1, NULL, &error)) return fprintf(stderr, \"%s\\n\", error.text), 1;\n"
        ));
    }
    text.push_str("    return 0;\n}\n");
    text
}
