//! Random records with random values: a C program writes them and prints them field by field; read by name in Rust they
//! look the same, and what the generated Rust reads and writes into other tables is the same to C again. `SHMRECORD_SEED`
//! repeats a run by the seed that it printed. Relies on cargo, which builds that Rust.

#[path = "../../../ipcgen/tests/support/random.rs"]
pub(crate) mod schemas;

use std::fmt::Write as _;
use std::fs::{self, File};
use std::process::Command;

use integration_tests::place::{Backend, Place};
use ipcgen::emit::Language;
use ipcgen::model::{Element, Enum, Form, Model, Record};
use shmrecord::{Kind, RawReader, Value};

use crate::tools::{CC, folder, project, run, suite, write, write_header};
use schemas::Random;

const RECORDS: usize = 30;
/// Larger records are left out: they take the compiler's time, and are arrays of what the others have.
const MAX_BYTES: u32 = 2048;

#[test]
fn random_records_are_read_as_they_were_written() {
    if !CC.is_there() {
        return;
    }
    let mut random = Random::seeded();
    let models = models(&mut random);
    models.iter().for_each(write_header);
    let program = CC.compile("random", &write("random.c", &program(&models)), &[&suite("c")]);

    let (mut expected, mut given) = (Vec::new(), Vec::new());
    for (model, record) in records(&models) {
        let mut bytes = vec![None; record.size as usize];
        fill(&mut random, model, record, &mut bytes);
        // What the program has in the padding must not reach the table.
        given.extend(bytes.iter().map(|byte| byte.unwrap_or(0xff)));
        expected.push(bytes.iter().map(|byte| byte.unwrap_or(0)).collect::<Vec<u8>>());
    }
    let input = folder().join("random.bin");
    fs::write(&input, given).unwrap();
    let places: Vec<Place> = expected.iter().map(|_| Place::new(Backend::Posix)).collect();
    let copies: Vec<Place> = expected.iter().map(|_| Place::new(Backend::Posix)).collect();
    let addresses =
        |places: &[Place]| places.iter().map(|place| place.address().to_owned()).collect::<Vec<_>>();
    let typed = |mode: &str, places: &[Place]| {
        let mut command = Command::new(&program);
        command.arg(mode).args(addresses(places)).stdin(File::open(&input).unwrap());
        let lines: Vec<String> = run(&mut command).lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), RECORDS);
        lines
    };
    let (given, found) = (typed("write", &places), typed("read", &places));
    run(copier(&models).args(addresses(&places)).args(addresses(&copies)));
    let returned = typed("read", &copies);

    for (at, ((model, record), bytes)) in records(&models).zip(expected).enumerate() {
        let about = format!("{}.{}", model.name, record.name);
        for place in [&places[at], &copies[at]] {
            let reader = RawReader::open(place.address()).unwrap();
            let mut found = vec![0; bytes.len()];
            assert_eq!(reader.read_bytes(0, &mut found).unwrap(), 1, "{about}");
            assert_eq!(found, bytes, "{about}");
        }
        let reader = RawReader::open(places[at].address()).unwrap();
        let value = show(&Value::Record(reader.read(0).unwrap().fields));
        let shown = [&given[at], &found[at], &returned[at]];
        assert_eq!(shown, [&value; 3], "{about}: written by C, read by C, copied by Rust, and read by Rust");
    }
}

/// A Rust program that reads each record from one table, in its generated type, and writes it into a new one: first come
/// the addresses of all tables that are there, then those of the new ones.
fn copier(models: &[Model]) -> Command {
    let package = folder().join("copier");
    fs::create_dir_all(package.join("src")).unwrap();
    let manifest = format!(
        "[package]\nname = \"copier\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n\
         shmrecord = {{ path = {:?} }}\n",
        project("runtime")
    );
    fs::write(package.join("Cargo.toml"), manifest).unwrap();
    fs::copy(project("Cargo.lock"), package.join("Cargo.lock")).unwrap();
    let mut main = "#![allow(dead_code)]\n".to_owned();
    for model in models {
        fs::write(package.join(format!("src/{}.rs", model.name)), Language::Rust.emit(model)).unwrap();
        let _ = writeln!(main, "mod {};", model.name);
    }
    main.push_str(
        "fn copy<T: shmrecord::ShmRecord>(from: &str, to: &str) {\n    \
         let value = shmrecord::Reader::<T>::open(from).unwrap().read(0).unwrap();\n    \
         shmrecord::Writer::<T>::create(to, 1).unwrap().write(0, &value).unwrap();\n}\n\
         fn main() {\n    let places: Vec<String> = std::env::args().skip(1).collect();\n",
    );
    for (at, (model, record)) in records(models).enumerate() {
        let (module, ty, to) = (&model.name, &record.name, at + RECORDS);
        let _ = writeln!(main, "    copy::<{module}::{ty}>(&places[{at}], &places[{to}]);");
    }
    fs::write(package.join("src/main.rs"), main + "}\n").unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["run", "--quiet", "--offline", "--"]).current_dir(package);
    cargo.env("CARGO_TARGET_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/copier-target"));
    cargo
}

/// Schemas with enough records.
fn models(random: &mut Random) -> Vec<Model> {
    let mut models = Vec::new();
    while records(&models).count() < RECORDS {
        models.push(random.schema(&format!("r{}", models.len())));
    }
    models
}

fn records(models: &[Model]) -> impl Iterator<Item = (&Model, &Record)> {
    let all = models.iter().flat_map(|model| model.records.iter().map(move |record| (model, record)));
    all.filter(|(_, record)| record.size <= MAX_BYTES).take(RECORDS)
}

/// Puts a random value into every field; what stays `None` is padding.
fn fill(random: &mut Random, model: &Model, record: &Record, bytes: &mut [Option<u8>]) {
    for field in record.fields() {
        let start = field.offset as usize;
        let bytes = &mut bytes[start..start + field.size as usize];
        let mut byte = |end| Some(u8::try_from(random.below(end)).unwrap());
        match field.ty.element {
            Element::Record(at) => {
                let part = &model.records[at];
                bytes.chunks_exact_mut(part.size as usize).for_each(|bytes| fill(random, model, part, bytes));
            }
            Element::Scalar(Kind::Bool) => bytes.fill_with(|| byte(2)),
            Element::Char => {
                let used = random.below(bytes.len() + 1);
                bytes.fill(Some(0));
                bytes[..used].fill_with(|| Some(b'a' + u8::try_from(random.below(26)).unwrap()));
            }
            Element::Enum(at) if model.enums[at].form == Form::Closed => {
                let named = &model.enums[at];
                let size = named.repr.size().unwrap() as usize;
                for element in bytes.chunks_exact_mut(size) {
                    let value = named.values[random.below(named.values.len())].value.to_le_bytes();
                    element.iter_mut().zip(value).for_each(|(byte, value)| *byte = Some(value));
                }
            }
            Element::Scalar(_) | Element::Enum(_) => match byte(8) {
                Some(0) => bytes.fill(Some(0xff)),
                Some(1) => bytes.fill(Some(0)),
                _ => bytes.fill_with(|| byte(256)),
            },
        }
    }
}

/// As the C program prints it; floats by their bits.
fn show(value: &Value<'_>) -> String {
    let all = |parts: Vec<String>| parts.into_iter().map(|part| part + ",").collect::<String>();
    match value {
        Value::F32(value) => format!("{:x}", value.to_bits()),
        Value::F64(value) => format!("{:x}", value.to_bits()),
        Value::Text(text) => format!("\"{text}\""),
        Value::Array(values) => format!("[{}]", all(values.iter().map(show).collect())),
        Value::Record(fields) => {
            format!(
                "{{{}}}",
                all(fields.iter().map(|(name, value)| format!("{name}:{}", show(value))).collect())
            )
        }
        _ => value.to_string(),
    }
}

/// `write`: reads the bytes of each record, writes them into a table of its own and prints them. `read`: prints what is in the
/// tables.
fn program(models: &[Model]) -> String {
    let mut text: String = models.iter().map(|model| format!("#include \"{}.h\"\n", model.name)).collect();
    text.push_str("#include \"show.h\"\n");
    for model in models {
        for record in model.records.iter().filter(|record| record.size <= MAX_BYTES) {
            let _ =
                writeln!(text, "\nstatic void show_{0}(const {0} *r) {{\n    putchar('{{');", record.c_name);
            for field in record.fields() {
                let _ = writeln!(text, "    fputs(\"{}:\", stdout);", field.name);
                let place = format!("r->{}", field.name);
                let null = field.null.map(|_| format!("{}_{}_is_null", record.c_name, field.c_name));
                elements(model, (field.ty.element, null.as_deref()), &field.ty.dims, &place, &mut text);
            }
            let _ = writeln!(text, "    putchar('}}');\n}}\nWRITE_AND_READ({})", record.c_name);
        }
    }
    let _ =
        writeln!(text, "\nint main(int argc, char **argv) {{\n    if (argc != {}) return 2;", RECORDS + 2);
    text.push_str("    const bool writes = strcmp(argv[1], \"write\") == 0;\n");
    for (at, (_, record)) in records(models).enumerate() {
        let _ = writeln!(text, "    (writes ? write_{0} : read_{0})(argv[{1}]);", record.c_name, at + 2);
    }
    text + "    return 0;\n}\n"
}

/// Prints what is at this place: an element, or a loop over those of the outermost dimension. `null` is the function that knows
/// whether there is a value.
fn elements(
    model: &Model,
    (element, null): (Element, Option<&str>),
    dims: &[u32],
    place: &str,
    out: &mut String,
) {
    let shown = match (element, dims) {
        (Element::Char, [length]) => format!("SHOW_TEXT({length}, {place});"),
        (_, [length, inner @ ..]) => {
            let i = format!("i{}", inner.len());
            let _ = writeln!(out, "    putchar('[');\n    for (size_t {i} = 0; {i} < {length}; {i}++) {{");
            elements(model, (element, null), inner, &format!("{place}[{i}]"), out);
            out.push_str("    }\n    fputs(\"],\", stdout);\n");
            return;
        }
        (Element::Char, []) => unreachable!("a lone char is no type"),
        (Element::Record(at), []) => format!("show_{}(&{place});", model.records[at].c_name),
        (Element::Enum(at), []) => named(&model.enums[at], place),
        (Element::Scalar(kind), []) => match kind {
            Kind::U8 | Kind::U16 | Kind::U32 | Kind::U64 => format!("SHOW_UNSIGNED({place});"),
            Kind::I8 | Kind::I16 | Kind::I32 | Kind::I64 => format!("SHOW_SIGNED({place});"),
            Kind::F32 => format!("show_f32({place});"),
            Kind::F64 => format!("show_f64({place});"),
            Kind::Bool | Kind::Record => format!("SHOW_BOOL({place});"),
        },
    };
    if let Some(null) = null {
        let _ = write!(out, "        if ({null}({place})) fputs(\"null\", stdout); else");
    }
    let _ = writeln!(out, "        {{ {shown} }}\n        putchar(',');");
}

/// Prints a value of an enum, or flags, as [`Value`] does.
fn named(named: &Enum, place: &str) -> String {
    let ty = &named.c_name;
    let sign = if named.repr.is_signed() { "SIGNED" } else { "UNSIGNED" };
    if named.form != Form::Flags {
        return format!(
            "const char *name = {ty}_name({place}); if (name) fputs(name, stdout); else SHOW_{sign}({place});"
        );
    }
    let mut text = format!("uint64_t rest = {place}; const char *between = \"\";");
    for flag in &named.values {
        let (name, c_name) = (&flag.name, &flag.c_name);
        let _ = write!(
            text,
            " if ({ty}_has({place}, {c_name})) {{ printf(\"%s{name}\", between); between = \"|\"; \
             rest &= ~(uint64_t){c_name}; }}"
        );
    }
    text + " if (rest) printf(\"%s0x%\" PRIx64, between, rest); else if (!*between) putchar('0');"
}
